package store

import (
	"context"
	"crypto/sha256"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry"
	"bailiwick/tracking"
)

// stagedModel makes a model with versions in the stages given.
func stagedModel(t *testing.T, s *Store, name string, stages ...registry.Stage) (list []*registry.Version) {
	t.Helper()
	o := plant(t, s, authz.RegisteredModel, authz.ModelsRoot, name)
	write(t, s, func(tx *Tx) error {
		list = nil
		if err := tx.InsertRegisteredModel(&registry.Model{ID: o.ID, Name: name}); err != nil {
			return err
		}
		for _, stage := range stages {
			m, err := registry.NewManifest([]registry.File{{Path: "a", Digest: sha256.Sum256([]byte{byte(len(list))})}})
			if err != nil {
				return err
			}
			v := &registry.Version{Model: o.ID, Name: name, Stage: stage, Status: registry.Ready, Source: "x"}
			if err := tx.InsertVersion(v, m); err != nil {
				return err
			}
			list = append(list, v)
		}
		return nil
	})
	return list
}

func requestFor(v *registry.Version, by int64, to registry.Stage) *registry.Request {
	return &registry.Request{Key: v.Key(), Stage: to, Creator: by, UserName: "gone", Comment: "please", Digest: v.Digest, Checks: []byte("text")}
}

func TestTransitionRequests(t *testing.T) {
	s, _, _ := openAny(t)
	v := stagedModel(t, s, "churn", registry.StageNone)[0]
	ask := func(by int64, to registry.Stage) error {
		return s.Write(context.Background(), func(tx *Tx) error { return tx.AskTransition(requestFor(v, by, to)) })
	}
	for _, r := range []struct {
		by int64
		to registry.Stage
	}{{700, registry.StageStaging}, {701, registry.StageStaging}, {700, registry.StageProduction}} {
		if err := ask(r.by, r.to); err != nil {
			t.Fatal(err)
		}
		if err := ask(r.by, r.to); !fail.Is(err, fail.Exists) {
			t.Errorf("twice: %v", err)
		}
	}
	see(t, s, func(tx *Tx) error {
		list, err := tx.TransitionRequests(v.Key())
		if len(list) != 3 {
			t.Fatalf("%v", list)
		}
		want := requestFor(v, 700, registry.StageStaging)
		want.ID, want.Created = list[0].ID, list[0].Created
		if diff := cmp.Diff(want, list[0]); diff != "" || want.ID == "" || want.Created == 0 {
			t.Error(diff)
		}
		return err
	})
	write(t, s, func(tx *Tx) error {
		there, err := tx.CancelRequest(requestFor(v, 701, registry.StageStaging))
		again, err2 := tx.CancelRequest(requestFor(v, 701, registry.StageStaging))
		n, err3 := tx.CloseRequests(v.Key(), registry.StageStaging)
		none, err4 := tx.CloseRequests(v.Key(), registry.StageStaging)
		if !there || again || n != 1 || none != 0 {
			t.Errorf("cancelled %v, %v, closed %d, %d", there, again, n, none)
		}
		for _, err := range []error{err, err2, err3, err4} {
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// TestOneCloses: of many that close the same requests at once, each in a transaction that holds the version, one gets them; whoever comes
// with a version that was moved meanwhile is told so.
func TestOneCloses(t *testing.T) {
	s, _, _ := openAny(t)
	v := stagedModel(t, s, "churn", registry.StageNone)[0]
	write(t, s, func(tx *Tx) error { return tx.AskTransition(requestFor(v, 700, registry.StageStaging)) })
	var won, lost atomic.Int64
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			var got int64
			err := s.Write(context.Background(), func(tx *Tx) (err error) {
				own, err := tx.ModelVersion(v.Key())
				if err == nil {
					err = tx.HoldVersion(own)
				}
				if err == nil {
					got, err = tx.CloseRequests(v.Key(), registry.StageStaging)
				}
				if err == nil && got > 0 {
					err = tx.MoveVersion(own, registry.StageStaging)
				}
				return err
			})
			switch {
			case err == nil && got == 1:
				won.Add(1)
			case err == nil && got == 0 || fail.Is(err, fail.Conflict):
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 || lost.Load() != 11 {
		t.Errorf("%d won, %d lost", won.Load(), lost.Load())
	}
}

// TestHoldVersion: what was decided on must be what is.
func TestHoldVersion(t *testing.T) {
	s, _, _ := openAny(t)
	v := stagedModel(t, s, "churn", registry.StageNone)[0]
	stale := &registry.Version{Model: v.Model, Name: v.Name, Number: v.Number}
	if err := s.Write(context.Background(), func(tx *Tx) error { return tx.HoldVersion(stale) }); !fail.Is(err, fail.Conflict) {
		t.Errorf("a version that was not looked at: %v", err)
	}
	write(t, s, func(tx *Tx) error { return tx.HoldVersion(v) })
	old := *v
	write(t, s, func(tx *Tx) error { return tx.MoveVersion(v, registry.StageArchived) })
	err := s.Write(context.Background(), func(tx *Tx) error {
		if err := tx.HoldVersion(&old); err != nil {
			return err
		}
		return tx.MoveVersion(&old, registry.StageStaging)
	})
	if !fail.Is(err, fail.Conflict) {
		t.Errorf("a version that was moved: %v", err)
	}
}

func TestChecksAndChoices(t *testing.T) {
	s, _, _ := openAny(t)
	v := stagedModel(t, s, "churn", registry.StageNone)[0]
	put := func(name string, state registry.CheckState) {
		write(t, s, func(tx *Tx) error {
			return tx.PutCheck(&registry.Check{Key: v.Key(), Name: name, State: state, URL: "https://x/" + name, Digest: v.Digest, Actor: 700})
		})
	}
	put("b", registry.CheckPending)
	put("a", registry.CheckError)
	put("b", registry.CheckSuccess)
	required := []registry.Required{{Stage: registry.StageStaging, Name: "b"}, {Stage: registry.StageProduction, Name: "a"}}
	write(t, s, func(tx *Tx) error {
		return tx.RequireChecks(v.Model, []registry.Required{{Stage: registry.StageNone, Name: "z"}})
	})
	write(t, s, func(tx *Tx) error { return tx.RequireChecks(v.Model, required) })
	write(t, s, func(tx *Tx) error { return tx.SetTwoPersons(v.Model, registry.Yes) })
	see(t, s, func(tx *Tx) error {
		m, err := tx.Move(v, registry.StageStaging, true, "why")
		if err != nil {
			return err
		}
		var names []string
		for _, c := range m.Checks {
			names = append(names, c.Name+" "+string(c.State))
		}
		if !slices.Equal(names, []string{"a error", "b success"}) || !m.TwoPersons || !m.Archive || m.Checks[1].Digest != v.Digest {
			t.Errorf("%+v", m)
		}
		if diff := cmp.Diff(required, m.Required); diff != "" {
			t.Error(diff)
		}
		return nil
	})
	for i := range registry.MaxChecks - 2 {
		put(string(rune('c'+i)), registry.CheckSuccess)
	}
	err := s.Write(context.Background(), func(tx *Tx) error { return tx.PutCheck(&registry.Check{Key: v.Key(), Name: "one more"}) })
	if !fail.Is(err, fail.Limit) {
		t.Errorf("too many: %v", err)
	}
	put("a", registry.CheckSuccess)
}

func TestActivitiesAndComments(t *testing.T) {
	s, _, _ := openAny(t)
	v := stagedModel(t, s, "churn", registry.StageNone)[0]
	m := &registry.Comment{Key: v.Key(), Creator: 700, UserName: "ann", Text: "first"}
	write(t, s, func(tx *Tx) error {
		for _, kind := range []registry.ActivityKind{registry.Requested, registry.Approved, registry.Applied} {
			if err := tx.PutActivity(&registry.Activity{Key: v.Key(), Kind: kind, Actor: 700, UserName: "ann", To: registry.StageStaging}); err != nil {
				return err
			}
		}
		return tx.InsertComment(m)
	})
	write(t, s, func(tx *Tx) error { return tx.ChangeComment(m, "second") })
	kinds := func(want ...registry.ActivityKind) {
		t.Helper()
		see(t, s, func(tx *Tx) error {
			var got []registry.ActivityKind
			var place *ActivityPlace
			for {
				page, err := tx.Activities(v.Key(), place, 2)
				if err != nil || len(page) == 0 {
					break
				}
				for _, a := range page {
					got, place = append(got, a.Kind), &ActivityPlace{a.At, a.ID}
					if a.Kind == registry.NewComment && a.Comment != m.Text {
						t.Errorf("%+v", a)
					}
				}
			}
			last, err := tx.LastDecision(v.Key(), registry.StageStaging)
			none, err2 := tx.LastDecision(v.Key(), registry.StageProduction)
			if !slices.Equal(got, want) || last.Kind != registry.Approved || none != nil || err2 != nil {
				t.Errorf("%v, %+v, %+v, %v", got, last, none, err2)
			}
			return err
		})
	}
	kinds(registry.NewComment, registry.Applied, registry.Approved, registry.Requested)
	see(t, s, func(tx *Tx) error {
		got, err := tx.Comment(m.ID)
		if diff := cmp.Diff(m, got); diff != "" {
			t.Error(diff)
		}
		return err
	})
	write(t, s, func(tx *Tx) error { return tx.DeleteComment(m) })
	kinds(registry.Applied, registry.Approved, registry.Requested)
	err := s.Read(context.Background(), func(tx *Tx) error { _, err := tx.Comment(m.ID); return err })
	if !fail.Is(err, fail.NotFound) {
		t.Errorf("deleted: %v", err)
	}
}

// TestDeletedMeanwhile: what changes a version that somebody else has deleted since it was read changes nothing, and leaves nothing behind.
func TestDeletedMeanwhile(t *testing.T) {
	s, _, _ := openAny(t)
	v := stagedModel(t, s, "churn", registry.StageNone)[0]
	write(t, s, func(tx *Tx) error { return tx.DeleteVersion(v.Key()) })
	for what, change := range map[string]func(*Tx) error{
		"alias":       func(tx *Tx) error { return tx.SetAlias(v.Key(), "best") },
		"tag":         func(tx *Tx) error { return tx.SetVersionTags(v.Key(), tracking.Pair{Key: "k", Value: "v"}) },
		"description": func(tx *Tx) error { return tx.DescribeVersion(v, "text") },
		"comment":     func(tx *Tx) error { return tx.InsertComment(&registry.Comment{Key: v.Key(), Text: "text"}) },
	} {
		if err := s.Write(t.Context(), change); !fail.Is(err, fail.NotFound) {
			t.Errorf("%s: %v, want NotFound", what, err)
		}
	}
	see(t, s, func(tx *Tx) error {
		_, found, err := tx.Aliased(v.Model, "best")
		if found {
			t.Error("an alias means a version that is gone")
		}
		return err
	})
}
