package store

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/credential"
	"bailiwick/fail"
)

func sighting(id string, a credential.Aspect, what string, at, n, writes int64) Sighting {
	return Sighting{id, credential.Sighting{Seen: credential.Seen{Aspect: a, What: what}, First: at, Last: at, Count: n, Writes: writes}}
}

func noteAll(t *testing.T, s *Store, rows ...Sighting) {
	t.Helper()
	in(t, s, func(tx *Tx) (int, error) { return 0, tx.NoteSightings(rows) })
}

func sightings(t *testing.T, s *Store, id string, aspects ...credential.Aspect) []credential.Sighting {
	t.Helper()
	return in(t, s, func(tx *Tx) ([]credential.Sighting, error) {
		all, err := tx.Sightings([]string{id, "none"}, aspects...)
		return all[id], err
	})
}

// withTokens makes ann with the tokens.
func withTokens(t *testing.T, s *Store, ids ...string) {
	t.Helper()
	events := []authz.Event{putPrincipal(700, authz.User, "ann")}
	for i, id := range ids {
		c := authz.Credential{ID: id, Principal: 700, Hash: make([]byte, 32), Created: 1}
		c.Hash[0] = byte(i + 1)
		events = append(events, authz.Event{Op: authz.PutCredential, Credential: &c})
	}
	govern(t, s, events...)
}

// What two replicas saw adds up, in whatever order it comes; what is seen of a credential that is gone is nothing.
func TestSightingsAddUp(t *testing.T) {
	s := openEither(t)
	withTokens(t, s, "a", "b")
	noteAll(t, s, sighting("a", credential.Program, "mlflow", 50, 2, 1), sighting("b", credential.Program, "curl", 60, 1, 0),
		sighting("gone", credential.Program, "curl", 60, 1, 0))
	noteAll(t, s, sighting("a", credential.Program, "mlflow", 40, 3, 0), sighting("a", credential.Network, "10.0.0.0/24", 45, 1, 1),
		Sighting{"a", credential.Sighting{Seen: credential.Seen{Aspect: credential.Object, Object: 2000}, First: 1, Last: 2, Count: 1}})
	want := []credential.Sighting{
		{Seen: credential.Seen{Aspect: credential.Program, What: "mlflow"}, First: 40, Last: 50, Count: 5, Writes: 1},
		{Seen: credential.Seen{Aspect: credential.Network, What: "10.0.0.0/24"}, First: 45, Last: 45, Count: 1, Writes: 1},
		{Seen: credential.Seen{Aspect: credential.Object, What: "2000", Object: 2000}, First: 1, Last: 2, Count: 1},
	}
	if diff := cmp.Diff(want, sightings(t, s, "a", credential.Program, credential.Network, credential.Object)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := sightings(t, s, "a", credential.Network); len(got) != 1 {
		t.Errorf("one aspect gives %v", got)
	}
	if got := sightings(t, s, "gone", credential.Program); got != nil {
		t.Errorf("of a credential that is gone: %v", got)
	}
	govern(t, s, authz.Event{Op: authz.DropCredential, Credential: &authz.Credential{ID: "a", Principal: 700}})
	if got := sightings(t, s, "a", credential.Program); got != nil {
		t.Errorf("of a revoked credential: %v", got)
	}
	govern(t, s, authz.Event{Op: authz.DropPrincipal, Principal: &authz.Principal{ID: 700}})
	if got := sightings(t, s, "b", credential.Program); got != nil {
		t.Errorf("of somebody removed: %v", got)
	}
}

// Networks that are too many are counted together and never wash a known one away; of runs the least recent gives way.
func TestSightingsAreBounded(t *testing.T) {
	s := openEither(t)
	withTokens(t, s, "a")
	networks, runs := credential.Network.Most(), credential.Run.Most()
	var rows []Sighting
	for i := range networks + 20 {
		rows = append(rows, sighting("a", credential.Network, fmt.Sprintf("10.0.%d.0/24", i), int64(100+i), 1, 0))
	}
	for i := range runs + 20 {
		rows = append(rows, sighting("a", credential.Run, fmt.Sprintf("%032x", i), int64(100+i), 1, 1))
	}
	noteAll(t, s, rows...)
	got := sightings(t, s, "a", credential.Network)
	others := slices.IndexFunc(got, func(x credential.Sighting) bool { return x.What == credential.Others })
	if len(got) != networks+1 || others < 0 || got[others].Count != 20 ||
		!slices.ContainsFunc(got, func(x credential.Sighting) bool { return x.What == "10.0.0.0/24" }) {
		t.Errorf("%d networks are kept: %v", len(got), got)
	}
	kept := sightings(t, s, "a", credential.Run)
	if len(kept) != runs || kept[0].What != fmt.Sprintf("%032x", runs+19) || kept[runs-1].What != fmt.Sprintf("%032x", 20) {
		t.Errorf("%d runs are kept, from %s to %s", len(kept), kept[0].What, kept[len(kept)-1].What)
	}
}

func TestAcceptedFindings(t *testing.T) {
	s := openEither(t)
	accepted := func() map[string]Accepted { return in(t, s, (*Tx).AcceptedFindings) }
	put := func(a Accepted) { in(t, s, func(tx *Tx) (int, error) { return 0, tx.AcceptFinding(a) }) }
	now := in(t, s, func(tx *Tx) (int64, error) { return tx.Now, nil })
	stays := Accepted{"unused:a", now + 100_000, "needed once a year", 700, now}
	put(Accepted{"unused:a", now + 50, "before", 701, now - 5})
	put(stays)
	put(Accepted{"unused:b", now - 1, "over", 700, now - 10})
	if diff := cmp.Diff(map[string]Accepted{"unused:a": stays}, accepted()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	recall := func(id string) error {
		return s.Write(context.Background(), func(tx *Tx) error { return tx.RecallFinding(id) })
	}
	if err := recall("unused:a"); err != nil || len(accepted()) != 0 {
		t.Errorf("recalled: %v, %v", err, accepted())
	}
	if err := recall("unused:a"); !fail.Is(err, fail.NotFound) {
		t.Errorf("recalled twice: %v", err)
	}
}
