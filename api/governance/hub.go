package governance

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"bailiwick/authz"
	"bailiwick/store"
)

// Hub tells listeners what has changed. While somebody listens it looks what is new in the ledger, for all of them at once: soon after each commit
// of this process, and each second where there may be others.
type Hub struct {
	Store *store.Store
	Log   *slog.Logger

	mu        sync.Mutex
	listeners map[*listener]struct{}
	running   bool
	woken     chan struct{}
}

const (
	// hubPause is how long a look waits for more after a commit, so that many commits make few looks.
	hubPause = 100 * time.Millisecond
	// hubOthers and hubAlone are how often is looked where replicas may have committed, and where there are none.
	hubOthers = time.Second
	hubAlone  = 15 * time.Second
	// hubTime is how long a look may take.
	hubTime = 5 * time.Second
)

// NewHub makes a hub; its fields are set before anybody listens.
func NewHub() *Hub { return &Hub{listeners: map[*listener]struct{}{}, woken: make(chan struct{}, 1)} }

// Wake says that this process has committed something. It returns at once.
func (h *Hub) Wake() {
	select {
	case h.woken <- struct{}{}:
	default:
	}
}

// listener waits for changes of some objects. What it was not told yet is held once an object, so that a slow one holds no more than it asked about.
type listener struct {
	who     authz.Who
	objects []int64
	signal  chan struct{}

	// Under the hub's mu.
	ready   bool
	pending map[int64]int64 // object → stamp of its last change
}

// join begins to listen.
func (h *Hub) join(l *listener) {
	l.signal, l.pending = make(chan struct{}, 1), map[int64]int64{}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listeners[l] = struct{}{}
	h.Wake()
	if !h.running {
		h.running = true
		go h.run()
	}
}

func (h *Hub) leave(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.listeners, l)
	h.Wake() // so that the last one's leaving is seen
}

// take gives what a listener was not told yet, and whether it listens since.
func (h *Hub) take(l *listener) (ready bool, changed map[int64]int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	changed, l.pending = l.pending, map[int64]int64{}
	return l.ready, changed
}

// run looks until nobody listens.
func (h *Hub) run() {
	every := hubOthers
	if h.Store.Engine() == "sqlite" {
		every = hubAlone
	}
	feed := &store.Feed{}
	for h.wanted() {
		if err := h.look(feed); err != nil {
			h.Log.Warn("changes could not be read; it is tried again", "error", err)
			time.Sleep(hubPause)
		}
		timer := time.NewTimer(every)
		select {
		case <-h.woken:
		case <-timer.C:
		}
		timer.Stop()
		time.Sleep(hubPause)
	}
}

// wanted says whether anybody listens; where nobody does, the run is over.
func (h *Hub) wanted() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = len(h.listeners) > 0
	return h.running
}

// look tells listeners what is new.
func (h *Hub) look(feed *store.Feed) error {
	ctx, cancel := context.WithTimeout(context.Background(), hubTime)
	defer cancel()
	listeners := h.present()
	return h.Store.Read(ctx, func(tx *store.Tx) error {
		changes, all, err := feed.Next(tx, experimentsOf(tx.Map, listeners))
		if err != nil {
			return err
		}
		for _, l := range listeners {
			changed := l.concerned(tx, changes)
			if all {
				changed = l.everything(feed.Reached())
			}
			h.tell(l, changed)
		}
		return nil
	})
}

func (h *Hub) present() []*listener {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Keys(h.listeners))
}

// experimentsOf are the experiments that somebody listens to.
func experimentsOf(m *authz.Map, listeners []*listener) (ids []int64) {
	for _, l := range listeners {
		for _, id := range l.objects {
			if o, ok := m.Object(id); ok && o.Kind == authz.Experiment {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (h *Hub) tell(l *listener, changed map[int64]int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if l.ready && len(changed) == 0 {
		return
	}
	l.ready = true
	maps.Copy(l.pending, changed)
	select {
	case l.signal <- struct{}{}:
	default:
	}
}

// everywhere are the actions that change what people may do wherever they are.
var everywhere = strings.Fields(`addPrincipalToGroup removePrincipalFromGroup setAdmin removeAdmin updateGroup removeGroup workspaceConfEdit`)

// concerned gives those of the listener's objects that changes are about.
func (l *listener) concerned(tx *store.Tx, changes []store.Change) map[int64]int64 {
	changed := map[int64]int64{}
	for _, c := range changes {
		for _, id := range l.objects {
			if l.about(tx, &c, id) {
				changed[id] = max(changed[id], c.Stamp)
			}
		}
	}
	return changed
}

// everything is told where too much has changed to look at each.
func (l *listener) everything(stamp int64) map[int64]int64 {
	changed := map[int64]int64{}
	for _, id := range l.objects {
		changed[id] = stamp
	}
	return changed
}

// about says whether a change is one of an object: of itself, of the permissions of what contains it, or of what lies directly in it, as far as
// the listener may know of that.
func (l *listener) about(tx *store.Tx, c *store.Change, id int64) bool {
	if c.Object == id {
		return true
	}
	if c.Governance && (slices.Contains(everywhere, c.Action) || contains(tx.Map, c.Object, id)) {
		return true
	}
	o, ok := tx.Map.Object(c.Object)
	if !ok || c.Action == "moveItem" { // it has left its folder, whichever that was
		folder, _ := tx.Map.Object(id)
		return folder != nil && folder.Kind == authz.Directory && l.mayKnow(tx, o)
	}
	return o.Parent == id && l.mayKnow(tx, o)
}

// mayKnow says whether the listener may know of an object; what is gone nobody is told of where names are hidden.
func (l *listener) mayKnow(tx *store.Tx, o *authz.Object) bool {
	if !tx.Map.NamesHidden() {
		return true
	}
	return o != nil && authz.Decide(tx.Map, l.who, o.Kind.Viewing(), o.ID, time.UnixMilli(tx.Now)).Known
}

// contains says whether an object lies in another, however deep.
func contains(m *authz.Map, outer, inner int64) bool {
	for o := range m.Chain(inner) {
		if o.ID == outer {
			return true
		}
	}
	return false
}
