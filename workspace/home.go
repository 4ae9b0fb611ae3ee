package workspace

import (
	"strconv"

	"bailiwick/authz"
)

// HomeEvents gives the events that give a user or service principal the home folder /Users/<name>: a new one with the given object id, or
// his own that was kept or that has his former name. There are none for a group and for somebody whose home is in its place. They follow
// the event that puts the principal. Errors: fail.Invalid for a name that no folder can have; applying fails with fail.Exists when
// something else has the name.
func HomeEvents(m *authz.Map, user authz.Principal, id int64) ([]authz.Event, error) {
	if user.Kind == authz.Group {
		return nil, nil
	}
	if _, err := HomePath(user.Name); err != nil {
		return nil, err
	}
	home := authz.Object{ID: id, Kind: authz.Directory, Home: user.ID}
	if old, ok := m.Home(user.ID); ok {
		home = *old
	}
	return place(home, authz.FolderUsers, user.Name), nil
}

// RemoveHomeEvents gives the events that put the home folder of somebody who is being removed away as /Users/.removed/<name>-<id>. The
// folder stays his by his id: HomeEvents gives it back to nobody else. They come before the event that drops the principal. Errors:
// fail.Invalid for a name that is too long to be kept with its id.
func RemoveHomeEvents(m *authz.Map, user authz.Principal) ([]authz.Event, error) {
	home, ok := m.Home(user.ID)
	if !ok {
		return nil, nil
	}
	path, err := RemovedHomePath(user.Name, strconv.FormatInt(user.ID, 10))
	if err != nil {
		return nil, err
	}
	return place(*home, authz.FolderRemoved, Base(path)), nil
}

func place(home authz.Object, folder int64, name string) []authz.Event {
	if home.Parent == folder && home.Name == name && !home.Trashed {
		return nil
	}
	home.Parent, home.Name, home.Trashed = folder, name, false
	return []authz.Event{{Op: authz.PutObject, Object: &home}}
}
