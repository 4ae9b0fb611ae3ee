package api

import (
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/workspace"
)

// Place is where a path leads.
type Place struct {
	// Path is clean, as package workspace says.
	Path string
	// Object is what is there; nil when nothing is.
	Object *authz.Object
	// Folder is what contains it, or would; the root's is the root. Nil when there is no such folder.
	Folder *authz.Object
}

// FindPlace looks a path up, in any of the forms that clients write it. Errors: fail.Invalid for what is no path.
func FindPlace(m *authz.Map, raw string) (Place, error) {
	path, err := workspace.Clean(raw)
	if err != nil {
		return Place{}, err
	}
	p := Place{Path: path}
	if o, ok := m.Resolve(path); ok {
		p.Object = o
	}
	if o, ok := m.Resolve(workspace.Parent(path)); ok && o.Kind == authz.Directory {
		p.Folder = o
	}
	return p, nil
}

// ExistingPlace is FindPlace for what must be there: fail.NotFound with Absent otherwise.
func ExistingPlace(m *authz.Map, raw string) (Place, error) {
	p, err := FindPlace(m, raw)
	if err == nil && p.Object == nil {
		err = p.Absent()
	}
	return p, err
}

// Absent is what is said of a path at which nothing is.
func (p Place) Absent() error { return fail.NotFoundf("Path (%s) doesn't exist.", p.Path) }

// NoFolder is what is said of a path whose folder is missing: clients make the folder then, and try again.
func (p Place) NoFolder() error {
	return fail.NotFoundf("The parent folder (%s) does not exist.", workspace.Parent(p.Path))
}

// Taken is what is said of a path at which something is already.
func (p Place) Taken() error { return fail.Existsf("Path (%s) already exists.", p.Path) }

// Itself is the target of a decision about the object at the place.
func (p Place) Itself(ability authz.Ability) Target {
	return Target{Object: p.Object.ID, Absent: p.Absent(), Ability: ability}
}

// InFolder is the target of a decision about the folder of the object at the place. Where names are hidden, one who may not know of the
// object is asked ViewItems on it instead, which refuses as if nothing were there; the route declares it by api.Or.
func (p Place) InFolder(c *Call, ability authz.Ability) Target {
	if !c.Visible(p.Object) {
		return p.Itself(authz.ViewItems)
	}
	return Target{Object: p.Folder.ID, Absent: p.Absent(), Ability: ability}
}

// ToFolder is the target of a decision about what is to be made at the place, in a folder that must be there.
func (p Place) ToFolder(ability authz.Ability) (Target, error) {
	if p.Folder == nil {
		return Target{}, p.NoFolder()
	}
	return Target{Object: p.Folder.ID, Absent: p.NoFolder(), Ability: ability}, nil
}

// Visible says whether the caller may know that the object is there. Decisions say the same; it is for what a finder takes as the target
// and for the names that a list shows.
func (c *Call) Visible(o *authz.Object) bool {
	if !c.Tx.Map.NamesHidden() {
		return true
	}
	if o.Kind == authz.Directory {
		return c.Can(authz.ListItems, o.ID)
	}
	return c.Can(authz.ViewItems, o.ID)
}

// Nearest is the innermost folder at or above the place that is there and that the caller may know of. Who may not know a folder has no
// level on it, so what he is told about the one above is the same whether it is there or not.
func (p Place) Nearest(c *Call) *authz.Object {
	at, _ := c.Tx.Map.Object(authz.Root)
	for _, name := range workspace.Split(p.Path) {
		next, ok := c.Tx.Map.ChildNamed(at.ID, authz.Directory, name)
		if !ok || next.Kind != authz.Directory || !c.Visible(next) {
			break
		}
		at = next
	}
	return at
}

// CheckFolder refuses to make anything directly in the folders of homes, which belong to users and are made with them.
func CheckFolder(folder *authz.Object) error {
	if folder.ID != authz.FolderUsers && folder.ID != authz.FolderRemoved {
		return nil
	}
	return fail.New(fail.Invalid, "Folder %s is protected: the folders in it are homes and are made with their users.", workspace.UsersPath).
		WithCode("DIRECTORY_PROTECTED")
}

// NewObject is a new object of the tree that the caller makes: he manages it.
func (c *Call) NewObject(kind authz.Kind, folder int64, name string) authz.Object {
	return authz.Object{
		ID: store.NewObjectID(), Kind: kind, Parent: folder, Name: name, Creator: c.Who.Principal, CreatorManages: true,
		CreatedOpen: !c.Tx.Map.AccessControl(),
	}
}

// PutObject is the event of making or changing an object.
func PutObject(o authz.Object) authz.Event { return authz.Event{Op: authz.PutObject, Object: &o} }

// ByKind gives the ability about an experiment where the object is one, and the other one where it is anything else: the law asks less of
// experiments (Edit or Manage on the folder) than of other items.
func ByKind(o *authz.Object, experiment, other authz.Ability) authz.Ability {
	if o.Kind == authz.Experiment {
		return experiment
	}
	return other
}

// ObjectType is the object_type of a kind, as Databricks' clients know it.
func ObjectType(k authz.Kind) string {
	return map[authz.Kind]string{
		authz.Directory: "DIRECTORY", authz.Notebook: "NOTEBOOK", authz.File: "FILE", authz.Experiment: "MLFLOW_EXPERIMENT",
	}[k]
}
