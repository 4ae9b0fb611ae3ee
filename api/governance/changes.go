package governance

import (
	"context"
	"slices"
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
)

// changeRoutes tell pages that what they show has changed.
func (f *Front) changeRoutes() []api.Route {
	return []api.Route{
		api.Stream("GET /changes", authz.SignedIn, api.At[changesRequest](authz.WorkspaceObject), f.changes,
			api.Also(authz.ViewItems, watchedTargets), api.Also(authz.SignedIn, missingTargets), api.Or[changesRequest](viewAbilities()...)),
	}
}

// changesRequest names what is watched, as GET /object does: experiments/123, runs/ID, registered-models/churn, a workspace path.
type changesRequest struct {
	Objects []string `json:"-" query:"object"`
	// named is what the texts stood for at the first look, nil for nothing: a stream is about the objects, whatever they are called later.
	named []*authz.Object
}

// find gives what is watched, nil for what is not there: said before all that is named earlier was decided about, it would tell that this is there.
func (q *changesRequest) find(c *api.Call) ([]*authz.Object, error) {
	if q.named != nil {
		return q.named, nil
	}
	if n := len(q.Objects); n == 0 || n > maxWatched {
		return nil, fail.Invalidf("name from 1 to %d objects to watch (object=…), not %d", maxWatched, n)
	}
	var named []*authz.Object
	for _, text := range q.Objects {
		at, err := findFound(c, text)
		if err != nil && !fail.Is(err, fail.NotFound) {
			return nil, err
		}
		if at.Object != nil && at.Kind.Viewing() == 0 {
			return nil, fail.Invalidf("%s cannot be watched", text)
		}
		named = append(named, at.Object)
	}
	q.named = named
	return named, nil
}

// maxWatched is the most objects of one stream.
const maxWatched = 50

// watchedTargets asks for a look at each object, up to the first that is not there.
func watchedTargets(c *api.Call, q *changesRequest) (targets []api.Target, err error) {
	named, err := q.find(c)
	if err != nil {
		return nil, err
	}
	for i, at := range named {
		text := q.Objects[i]
		if at == nil {
			return targets, nil
		}
		t := api.Target{Object: at.ID, Absent: absentObject(text), Ability: at.Kind.Viewing()}
		if c.Tx.Map.InTrash(at.ID) {
			t.Ability = authz.ViewTrashed
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// missingTargets says what is not there, once it was decided about what is named before it.
func missingTargets(c *api.Call, q *changesRequest) ([]api.Target, error) {
	named, err := q.find(c)
	if i := slices.Index(named, nil); err == nil && i >= 0 {
		err = absentObject(q.Objects[i])
	}
	return nil, err
}

// changedEvent says that an object has changed, or what belongs to it: permissions, contents, versions, requests, comments. Version rises with
// each change; what has changed is to be asked for.
type changedEvent struct {
	Object  string `json:"object"`
	Version int64  `json:"version"`
}

// readyEvent is the first of each stream: whatever is committed from now on is told. What a page has read before, it reads again.
type readyEvent struct {
	Objects []string `json:"objects"`
}

// changes tells each change of the objects that the request names, under the names that it gives them.
func (f *Front) changes(c *api.Call, _ int64, q *changesRequest) (api.Follow, error) {
	l := &listener{who: c.Who}
	names := map[int64][]string{}
	for i, text := range q.Objects {
		at := q.named[i]
		if names[at.ID] == nil {
			l.objects = append(l.objects, at.ID)
		}
		names[at.ID] = append(names[at.ID], text)
	}
	hub, texts := f.Hub, q.Objects
	return func(ctx context.Context, send func(api.Event) error) error {
		hub.join(l)
		defer hub.leave(l)
		return hub.follow(ctx, l, func(ready bool, changed map[int64]int64) error {
			if ready {
				return send(api.Event{Name: "ready", Data: readyEvent{texts}})
			}
			return sendChanges(l, changed, names, send)
		})
	}, nil
}

// follow calls use once when the listener is ready, then for all that has changed.
func (h *Hub) follow(ctx context.Context, l *listener, use func(ready bool, changed map[int64]int64) error) error {
	for first := true; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.signal:
		}
		ready, changed := h.take(l)
		if first && ready {
			first = false
			if err := use(true, nil); err != nil {
				return err
			}
		}
		if err := use(false, changed); err != nil {
			return err
		}
	}
}

func sendChanges(l *listener, changed map[int64]int64, names map[int64][]string, send func(api.Event) error) error {
	for _, id := range l.objects {
		stamp, ok := changed[id]
		if !ok {
			continue
		}
		for _, name := range names[id] {
			if err := send(api.Event{Name: "changed", ID: strconv.FormatInt(stamp, 10), Data: changedEvent{name, stamp}}); err != nil {
				return err
			}
		}
	}
	return nil
}
