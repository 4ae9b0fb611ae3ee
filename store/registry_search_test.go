package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/ledger"
	"bailiwick/registry"
	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

// ownerTags are tags that the map gives a model.
func ownerTags(m *authz.Map, o *authz.Object) []tracking.Pair {
	return []tracking.Pair{{Key: authz.TagOwner, Value: m.StewardTag(o, authz.TagOwner)}}
}

func writeModel(tx *Tx) WriteRegistered {
	return func(dst []byte, m *registry.Model, o *authz.Object, latest []*registry.Version) []byte {
		dst = fmt.Appendf(dst, "%s %q %v %v %s:", m.Name, m.Description, m.Tags, m.Aliases, ownerTags(tx.Map, o)[0].Value)
		for _, v := range latest {
			dst = append(writeVersion(append(dst, " ["...), v), ']')
		}
		return dst
	}
}

func writeVersion(dst []byte, v *registry.Version) []byte {
	return fmt.Appendf(dst, "%s/%d %s %q %v %v", v.Name, v.Number, v.Stage, v.Description, v.Tags, v.Aliases)
}

// searched gives all documents of a search, five at a time.
func searched(tx *Tx, who int64, models bool, filter string) (all []string, err error) {
	d := registry.Versions
	if models {
		d = registry.Models
	}
	q := &search.Query{View: search.Active, Limit: 5}
	if q.Filter, err = search.ParseFilter(d, filter); err != nil {
		return nil, err
	}
	if q.Order, err = search.ParseOrder(d, []string{"name"}); err != nil {
		return nil, err
	}
	scope := authz.ScopeOf(tx.Map, authz.Who{Principal: who}, authz.ViewModel, time.Now())
	for more := true; more; {
		var p RegistryPage
		var bodies [][]byte
		if models {
			if p, err = tx.SearchRegistered(q, scope, ownerTags); err == nil {
				bodies, err = tx.RegisteredDocuments(p, 0, writeModel(tx))
			}
		} else {
			if p, err = tx.SearchVersions(q, scope, ownerTags); err == nil {
				bodies, err = tx.VersionDocuments(p, 0, writeVersion)
			}
		}
		if err != nil {
			return nil, err
		}
		for _, b := range bodies {
			all = append(all, string(b))
		}
		q.After, more = p.Next, p.More
	}
	return all, nil
}

// looked is what searched must give: every model read alone, and decided on alone.
func looked(tx *Tx, who int64, models bool, holds func(*registry.Model, *authz.Object) bool) (all []string, err error) {
	var found []*authz.Object
	for o := range tx.Map.Subtree(authz.ModelsRoot) {
		if o.ID != authz.ModelsRoot && authz.Decide(tx.Map, authz.Who{Principal: who}, authz.ViewModel, o.ID, time.Now()).Allowed {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b *authz.Object) int { return strings.Compare(a.Name, b.Name) })
	for _, o := range found {
		m, err := tx.RegisteredModel(o.ID)
		if err != nil {
			return nil, err
		}
		if models && (m.Prompt() || !holds(m, o)) {
			continue
		}
		if models {
			latest, err := tx.LatestVersions(o.ID)
			if err != nil {
				return nil, err
			}
			all = append(all, string(writeModel(tx)(nil, m, o, latest)))
			continue
		}
		list, err := tx.modelVersions("WHERE v.model = ? ORDER BY v.version DESC", o.ID)
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			if !m.Prompt() {
				all = append(all, string(writeVersion(nil, &v.Version)))
			}
		}
	}
	return all, nil
}

// people of the worlds below: ann and bob are users, the group has bob.
const (
	annID = 500 + iota
	bobID
	groupID
)

// adminOf gives the administrator who founded the workspace.
func adminOf(s *Store) int64 {
	p, _ := s.Map().PrincipalByName(authz.User, "admin")
	return p.ID
}

// registryWorld is a registry that changes at random.
type registryWorld struct {
	t    *testing.T
	s    *Store
	rng  *rand.Rand
	made int
}

func (w *registryWorld) govern(fn func(*Tx) error) {
	w.t.Helper()
	change(w.t, w.s, fn)
}

func (w *registryWorld) settle() {
	w.govern(func(tx *Tx) error {
		group := &authz.Principal{ID: groupID, Kind: authz.Group, Name: "g"}
		ann := &authz.Principal{ID: annID, Kind: authz.User, Name: "ann", Active: true}
		bob := &authz.Principal{ID: bobID, Kind: authz.User, Name: "bob", Active: true, Parents: []int64{groupID}}
		for _, p := range []*authz.Principal{group, ann, bob} {
			if err := tx.Govern(authz.Event{Op: authz.PutPrincipal, Principal: p}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *registryWorld) create() {
	w.made++
	o := authz.Object{ID: NewObjectID(), Kind: authz.RegisteredModel, Parent: authz.ModelsRoot, Name: fmt.Sprintf("m%03d", w.rng.IntN(1000)*1000+w.made),
		Creator: annID + w.rng.Int64N(2), CreatorManages: w.rng.IntN(3) > 0}
	m := &registry.Model{ID: o.ID}
	if w.rng.IntN(6) == 0 {
		m.Tags = []tracking.Pair{{Key: registry.PromptTag, Value: "true"}}
	}
	w.govern(func(tx *Tx) error {
		if err := tx.Govern(authz.Event{Op: authz.PutObject, Object: &o}); err != nil {
			return err
		}
		err := tx.InsertRegisteredModel(m)
		if err == nil && w.made%3 == 0 {
			err = tx.InsertVersion(&registry.Version{Model: o.ID, Name: o.Name, Status: registry.Ready}, nil)
		}
		return err
	})
}

// any gives one of the models; nil if there are none.
func (w *registryWorld) any() *authz.Object {
	var all []*authz.Object
	for o := range w.s.Map().Subtree(authz.ModelsRoot) {
		if o.ID != authz.ModelsRoot {
			all = append(all, o)
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b *authz.Object) int { return strings.Compare(a.Name, b.Name) })
	return all[w.rng.IntN(len(all))]
}

// regovern changes something of a model that is the map's.
func (w *registryWorld) regovern(o *authz.Object) {
	next := *o
	w.made++
	switch w.rng.IntN(6) {
	case 0:
		w.govern(func(tx *Tx) error { return tx.RenameRegistered(*o, fmt.Sprintf("n%03d", w.rng.IntN(1000)*1000+w.made)) })
		return
	case 1:
		w.govern(func(tx *Tx) error { return tx.DeleteRegistered(o.ID) })
		return
	case 2:
		who, _ := w.s.Map().Principal(annID)
		renamed := *who
		renamed.Name = fmt.Sprint("ann", w.made)
		w.govern(func(tx *Tx) error { return tx.Govern(authz.Event{Op: authz.PutPrincipal, Principal: &renamed}) })
		return
	case 3:
		next = o.WithSteward(authz.Steward{Owner: annID + w.rng.Int64N(3)})
	case 4:
		next.Entries, next.CreatorManages = nil, w.rng.IntN(2) == 0
	default:
		next.Entries = []authz.Entry{{Principal: annID + w.rng.Int64N(3), Level: authz.CanRead}}
	}
	w.govern(func(tx *Tx) error { return tx.Govern(authz.Event{Op: authz.PutObject, Object: &next}) })
}

// rewrite changes something of a model that is in rows.
func (w *registryWorld) rewrite(o *authz.Object) {
	k := registry.Key{Model: o.ID, Number: 1 + w.rng.Int64N(4)}
	tag := tracking.Pair{Key: "k", Value: fmt.Sprint(w.rng.IntN(3))}
	write(w.t, w.s, func(tx *Tx) error {
		v, err := tx.ModelVersion(k)
		if err != nil {
			return tx.InsertVersion(&registry.Version{Model: o.ID, Name: o.Name, Run: "r", Source: "s", Status: registry.Ready}, nil)
		}
		return []func() error{
			func() error { return tx.SetRegisteredTags(o.ID, tag) }, func() error { return tx.DeleteRegisteredTag(o.ID, "k") },
			func() error { return tx.DescribeRegistered(o.ID, tag.Value) }, func() error { return tx.SetVersionTags(k, tag) },
			func() error { return tx.MoveVersion(v, registry.Stages()[w.rng.IntN(4)]) }, func() error { return tx.SetAlias(k, "best") },
			func() error { _, err := tx.DeleteAlias(o.ID, "best"); return err }, func() error { return tx.DeleteVersion(k) },
			func() error { return tx.DescribeVersion(v, tag.Value) }, func() error { return tx.DeleteVersionTag(k, "k") },
		}[w.rng.IntN(10)]()
	})
}

func (w *registryWorld) check(step int) {
	w.t.Helper()
	for _, who := range []int64{annID, bobID, adminOf(w.s)} {
		for _, c := range []struct {
			models bool
			filter string
			holds  func(*registry.Model, *authz.Object) bool
		}{
			{true, "", func(*registry.Model, *authz.Object) bool { return true }},
			{true, "tags.k != '1'", func(m *registry.Model, _ *authz.Object) bool {
				v, ok := tracking.Lookup(m.Tags, "k")
				return ok && v != "1"
			}},
			{true, "tags.`bailiwick.owner` LIKE 'ann%'", func(_ *registry.Model, o *authz.Object) bool { return o.OwnerID() == annID }},
			{false, "", nil},
		} {
			see(w.t, w.s, func(tx *Tx) error {
				got, err := searched(tx, who, c.models, c.filter)
				if err != nil {
					return err
				}
				want, err := looked(tx, who, c.models, c.holds)
				if diff := cmp.Diff(want, got); diff != "" {
					w.t.Fatalf("step %d, %d, %q: %s", step, who, c.filter, diff)
				}
				return err
			})
		}
	}
}

// TestRegistrySearchAgainstDecide compares what callers find with every model read alone and decided on alone, while models, versions, names,
// readers, owners and people change between the searches.
func TestRegistrySearchAgainstDecide(t *testing.T) {
	s, _, _ := openAny(t)
	w := &registryWorld{t: t, s: s, rng: rand.New(rand.NewPCG(8, 4))}
	w.settle()
	w.check(-1)
	for step := range 240 {
		o := w.any()
		switch roll := w.rng.IntN(10); {
		case o == nil || roll == 0:
			w.create()
		case roll < 4:
			w.regovern(o)
		default:
			w.rewrite(o)
		}
		if w.rng.IntN(2) == 0 {
			w.check(step)
		}
	}
	w.forgetGroup()
}

// forgetGroup removes a group that has an entry on a model and owns it, while somebody else reads all models.
func (w *registryWorld) forgetGroup() {
	w.t.Helper()
	w.create()
	root, _ := w.s.Map().Object(authz.ModelsRoot)
	open, owned := *root, w.any().WithSteward(authz.Steward{Owner: groupID})
	open.Entries = append(slices.Clone(root.Entries), authz.Entry{Principal: bobID, Level: authz.CanRead})
	slices.SortFunc(open.Entries, func(a, b authz.Entry) int { return int(a.Principal - b.Principal) })
	owned.Entries = []authz.Entry{{Principal: groupID, Level: authz.CanRead}}
	for _, e := range []authz.Event{
		{Op: authz.PutObject, Object: &open}, {Op: authz.PutObject, Object: &owned},
		{Op: authz.DropPrincipal, Principal: &authz.Principal{ID: groupID, Kind: authz.Group, Name: "g"}},
	} {
		w.govern(func(tx *Tx) error { return tx.Govern(e) })
		w.check(-2)
	}
}

// TestRegistrySearchSeesWhatIsCommitted: a search that begins after a write was answered sees it, whoever else searches and writes.
func TestRegistrySearchSeesWhatIsCommitted(t *testing.T) {
	s, _, _ := openAny(t)
	w := &registryWorld{t: t, s: s, rng: rand.New(rand.NewPCG(1, 1))}
	w.settle()
	w.create()
	o := w.any()
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			for range 20 {
				v := &registry.Version{Model: o.ID, Name: o.Name, Status: registry.Ready}
				if err := s.Write(context.Background(), func(tx *Tx) error { return tx.InsertVersion(v, nil) }); err != nil {
					t.Error(err)
				}
				k := v.Key()
				if v.Number%3 == 0 {
					if err := s.Write(context.Background(), func(tx *Tx) error { return tx.DeleteVersion(k) }); err != nil {
						t.Error(err)
					}
				}
				err := s.Read(context.Background(), func(tx *Tx) error {
					got, err := searched(tx, adminOf(s), false, fmt.Sprintf("version_number = %d", k.Number))
					if want := k.Number%3 != 0; (len(got) == 1) != want {
						t.Errorf("version %d: %q", k.Number, got)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	w.check(0)
}

// shelved makes a registry of many models with two versions each.
func shelved(b *testing.B, models int) *Store {
	s, _, _ := openAny(b)
	for at := 0; at < models; at += 250 {
		err := s.WriteAlone(context.Background(), func(tx *Tx) error {
			for i := at; i < at+250; i++ {
				o := authz.Object{ID: NewObjectID(), Kind: authz.RegisteredModel, Parent: authz.ModelsRoot, Name: fmt.Sprintf("model-%05d", i), Creator: authz.System}
				if i%(models/10) == 0 {
					o.Entries = []authz.Entry{{Principal: annID, Level: authz.CanRead}}
				}
				if i == 0 {
					if err := tx.Govern(authz.Event{Op: authz.PutPrincipal, Principal: &authz.Principal{ID: annID, Kind: authz.User, Name: "ann", Active: true}}); err != nil {
						return err
					}
				}
				if err := tx.Govern(authz.Event{Op: authz.PutObject, Object: &o}); err != nil {
					return err
				}
				if err := tx.InsertRegisteredModel(&registry.Model{ID: o.ID, Tags: []tracking.Pair{{Key: "team", Value: "a"}}}); err != nil {
					return err
				}
				for range 2 {
					if err := tx.InsertVersion(&registry.Version{Model: o.ID, Name: o.Name, Status: registry.Ready}, nil); err != nil {
						return err
					}
				}
			}
			return tx.Record(&ledger.Entry{Class: ledger.ClassA, Action: "test"}, 0)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// BenchmarkRegistryPage gives a page of 100 out of 5,000 models to somebody who sees all and to somebody who sees ten.
func BenchmarkRegistryPage(b *testing.B) {
	s := shelved(b, 5000)
	q := &search.Query{View: search.Active, Limit: 100, Order: registry.Models.Default}
	for _, c := range []struct {
		name string
		who  int64
	}{{"all", adminOf(s)}, {"ten", annID}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				err := s.Read(context.Background(), func(tx *Tx) error {
					p, err := tx.SearchRegistered(q, authz.ScopeOf(tx.Map, authz.Who{Principal: c.who}, authz.ViewModel, time.Now()), ownerTags)
					if err == nil {
						_, err = tx.RegisteredDocuments(p, 0, writeModel(tx))
					}
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
