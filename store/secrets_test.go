package store

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/secret"
)

// aScope makes a scope with its object and data key.
func aScope(t *testing.T, s *Store, name string) int64 {
	t.Helper()
	id := NewObjectID()
	changeHooks(t, s, func(tx *Tx) error {
		o := authz.Object{ID: id, Kind: authz.SecretScope, Parent: authz.WorkspaceObject, Name: name, Creator: 1}
		if err := tx.CreateSecretScope(secret.Scope{Object: id, Name: name}, secret.DataKey{ID: id + 1, KEK: "one", Wrapped: []byte(name)}); err != nil {
			return err
		}
		return tx.Govern(authz.Event{Op: authz.PutObject, Object: &o})
	})
	return id
}

// sealedAs seals for tests: what is stored shows where it belongs.
func sealedAs(value string) func(secret.Place) ([]byte, error) {
	return func(p secret.Place) ([]byte, error) { return fmt.Appendf(nil, "%s@%d", value, p.Version), nil }
}

func put(t *testing.T, s *Store, scope int64, key, value string, overlap time.Duration) {
	t.Helper()
	inTx(t, s, func(tx *Tx) error {
		_, err := tx.PutSecret(Put{Scope: scope, Key: key, By: 7, DataKey: scope + 1, Overlap: overlap}, sealedAs(value))
		return err
	})
}

func TestSecretScopes(t *testing.T) {
	s := openEither(t)
	b, a := aScope(t, s, "Beta"), aScope(t, s, "alpha")
	inTx(t, s, func(tx *Tx) error {
		all, err := tx.SecretScopes()
		if err != nil || len(all) != 2 || all[0].Object != a || all[1].Name != "Beta" {
			t.Errorf("%+v %v", all, err)
		}
		if got, err := tx.SecretScope("BETA"); err != nil || got.Object != b {
			t.Errorf("%+v %v", got, err)
		}
		d, err := tx.DataKeyOf(b)
		if diff := cmp.Diff(secret.DataKey{ID: b + 1, Scope: b, KEK: "one", Wrapped: []byte("Beta")}, d); diff != "" || err != nil {
			t.Error(diff, err)
		}
		return nil
	})
	err := s.Write(context.Background(), func(tx *Tx) error {
		return tx.CreateSecretScope(secret.Scope{Object: NewObjectID(), Name: "bETA"}, secret.DataKey{})
	})
	if !fail.Is(err, fail.Exists) {
		t.Errorf("a name in another case: %v", err)
	}
	put(t, s, b, "k", "v", 0)
	inTx(t, s, func(tx *Tx) error { return tx.DropSecretScope(b) })
	inTx(t, s, func(tx *Tx) error {
		if _, err := tx.SecretScope("Beta"); !fail.Is(err, fail.NotFound) {
			t.Errorf("a scope that was dropped: %v", err)
		}
		if all, err := tx.Secrets(b); err != nil || all != nil {
			t.Errorf("%v %v", all, err)
		}
		return nil
	})
}

func TestSecretVersions(t *testing.T) {
	s := openEither(t)
	scope := aScope(t, s, "v")
	put(t, s, scope, "Key", "one", 0)
	put(t, s, scope, "KEY", "two", 0)
	put(t, s, scope, "key", "three", time.Hour)
	inTx(t, s, func(tx *Tx) error {
		i, err := tx.Secret(scope, "kEy")
		if err != nil || i.Key != "Key" || i.Newest != 3 {
			t.Errorf("%+v %v", i, err)
		}
		for number, want := range map[int64]string{0: "three@3", 1: "", 2: "two@2", 3: "three@3"} {
			v, err := tx.SecretVersion(scope, "key", number)
			if err != nil || string(v.Sealed) != want || v.Holds(tx.Now) != (want != "") {
				t.Errorf("version %d: %+v %v", number, v, err)
			}
		}
		v, err := tx.SecretVersion(scope, "key", 2)
		if err != nil || v.Holds(tx.Now+3_600_001) || v.CreatedBy != 7 {
			t.Errorf("%+v %v", v, err)
		}
		if _, err := tx.SecretVersion(scope, "key", 4); !fail.Is(err, fail.NotFound) {
			t.Error(err)
		}
		if due, err := tx.DueSecretVersions(10); err != nil || due != nil {
			t.Errorf("%+v %v", due, err)
		}
		return nil
	})
	put(t, s, scope, "key", "four", 0)
	inTx(t, s, func(tx *Tx) error {
		v, err := tx.SecretVersion(scope, "key", 2)
		if err != nil || !v.Holds(tx.Now) {
			t.Errorf("a put without an overlap ends somebody else's: %+v %v", v, err)
		}
		if err := tx.CloseSecretVersion(scope, "key", 4); !fail.Is(err, fail.State) {
			t.Errorf("the newest version closed: %v", err)
		}
		return tx.CloseSecretVersion(scope, "key", 2)
	})
	inTx(t, s, func(tx *Tx) error {
		all, err := tx.SecretVersions(scope, "key")
		if err != nil || len(all) != 4 || all[0].Number != 4 || all[2].Closed == 0 || all[1].Closed == 0 {
			t.Errorf("%+v %v", all, err)
		}
		v, err := tx.SecretVersion(scope, "key", 2)
		if err != nil || v.Holds(tx.Now) || len(v.Sealed) != 0 {
			t.Errorf("%+v %v", v, err)
		}
		return tx.DeleteSecret(scope, "KEY")
	})
	err := s.Write(context.Background(), func(tx *Tx) error { return tx.DeleteSecret(scope, "key") })
	if !fail.Is(err, fail.NotFound) {
		t.Error(err)
	}
}

func TestDueSecretVersions(t *testing.T) {
	s := openEither(t)
	scope := aScope(t, s, "due")
	put(t, s, scope, "k", "one", 0)
	put(t, s, scope, "k", "two", time.Millisecond)
	time.Sleep(3 * time.Millisecond)
	inTx(t, s, func(tx *Tx) error {
		due, err := tx.DueSecretVersions(10)
		if err != nil || len(due) != 1 || due[0].Version != 1 || due[0].Key != "k" || due[0].Scope != scope {
			t.Errorf("%+v %v", due, err)
		}
		return tx.CloseSecretVersion(scope, "k", 1)
	})
	inTx(t, s, func(tx *Tx) error {
		if due, err := tx.DueSecretVersions(10); err != nil || due != nil {
			t.Errorf("%+v %v", due, err)
		}
		return nil
	})
}

func TestSecretReads(t *testing.T) {
	s := openEither(t)
	scope := aScope(t, s, "reads")
	put(t, s, scope, "k", "one", 0)
	for range 3 {
		inTx(t, s, func(tx *Tx) error {
			return tx.NoteSecretRead(scope, "K", 1, secret.Reader{Principal: 5, Credential: "c1", Source: "127.0.0.1"})
		})
	}
	inTx(t, s, func(tx *Tx) error {
		return tx.NoteSecretRead(scope, "k", 1, secret.Reader{Principal: 6, Credential: "c2"})
	})
	inTx(t, s, func(tx *Tx) error {
		all, err := tx.SecretReads(scope, "k")
		n := map[string]int64{}
		for _, r := range all {
			n[fmt.Sprint(r.Credential, " ", r.Principal, " ", r.Source)] = r.Count
		}
		if diff := cmp.Diff(map[string]int64{"c1 5 127.0.0.1": 3, "c2 6 ": 1}, n); diff != "" || err != nil {
			t.Error(diff, err)
		}
		by, err := tx.SecretReadsBy("c1", 10)
		if err != nil || len(by) != 1 || by[0].Key != "k" || by[0].Scope.Name != "reads" || by[0].Count != 3 || by[0].Version != 1 {
			t.Errorf("%+v %v", by, err)
		}
		return nil
	})
}

// TestSecretsAtOnce: puts that come together make versions one after the other, none lost, and one of them is the newest.
func TestSecretsAtOnce(t *testing.T) {
	s := openEither(t)
	scope := aScope(t, s, "race")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() { put(t, s, scope, "k", fmt.Sprint("v", i), 0) })
	}
	all.Wait()
	inTx(t, s, func(tx *Tx) error {
		versions, err := tx.SecretVersions(scope, "k")
		open := 0
		for _, v := range versions {
			if v.Holds(tx.Now) {
				open++
			}
		}
		if err != nil || len(versions) != 8 || versions[0].Number != 8 || open != 1 {
			t.Errorf("%+v %v", versions, err)
		}
		return nil
	})
}

func TestSecretLimits(t *testing.T) {
	s := openEither(t)
	scope := aScope(t, s, "full")
	fill := func(n int) error {
		return s.Write(context.Background(), func(tx *Tx) error {
			for i := range n {
				if _, err := tx.PutSecret(Put{Scope: scope, Key: fmt.Sprint("k", i)}, sealedAs("v")); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := fill(secret.MaxSecrets); err != nil {
		t.Fatal(err)
	}
	if err := fill(1); err != nil {
		t.Errorf("another version in a full scope: %v", err)
	}
	if err := fill(secret.MaxSecrets + 1); !fail.Is(err, fail.Limit) {
		t.Errorf("one secret too many: %v", err)
	}
	for range secret.KeptVersions + 5 {
		put(t, s, scope, "k3", "v", 0)
	}
	inTx(t, s, func(tx *Tx) error {
		if all, err := tx.SecretVersions(scope, "k3"); err != nil || len(all) != secret.KeptVersions {
			t.Errorf("%d versions are remembered: %v", len(all), err)
		}
		return nil
	})
}

func TestKEKs(t *testing.T) {
	s := openEither(t)
	alone := func(fn func(tx *Tx) error) {
		t.Helper()
		if err := s.WriteAlone(context.Background(), fn); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"one", "late"} {
		alone(func(tx *Tx) error {
			if active, err := tx.FirstKEK(id); err != nil || active != "one" {
				t.Errorf("%s %v", active, err)
			}
			return nil
		})
	}
	scopes := []int64{aScope(t, s, "a"), aScope(t, s, "b")}
	alone(func(tx *Tx) error { return tx.ActivateKEK("two") })
	states := func() map[string]string {
		got := map[string]string{}
		inTx(t, s, func(tx *Tx) error {
			all, err := tx.KEKs()
			for _, k := range all {
				got[k.ID] = fmt.Sprint(k.State, " ", k.DataKeys)
			}
			return err
		})
		return got
	}
	if diff := cmp.Diff(map[string]string{"one": "retiring 2", "two": "active 0"}, states()); diff != "" {
		t.Error(diff)
	}
	alone(func(tx *Tx) error {
		active, keys, err := tx.DataKeysToWrap(1)
		if err != nil || active != "two" || len(keys) != 1 {
			t.Fatalf("%s %v %v", active, keys, err)
		}
		is := keys[0]
		is.KEK, is.Wrapped = "two", []byte("anew")
		late := is
		late.Wrapped = []byte("late") // of another replica
		return tx.RewrapDataKeys([]Rewrapped{{keys[0], is}, {keys[0], late}})
	})
	alone(func(tx *Tx) error {
		if ids, err := tx.RetireKEKs(); err != nil || ids != nil {
			t.Errorf("%v %v", ids, err)
		}
		return tx.DropSecretScope(scopes[1])
	})
	alone(func(tx *Tx) error {
		d, err := tx.DataKeyOf(scopes[0])
		if err != nil || d.KEK == "two" && !bytes.Equal(d.Wrapped, []byte("anew")) {
			t.Errorf("%+v %v", d, err)
		}
		_, keys, err := tx.DataKeysToWrap(10)
		for _, k := range keys {
			k2 := k
			k2.KEK = "two"
			if err := tx.RewrapDataKeys([]Rewrapped{{k, k2}}); err != nil {
				return err
			}
		}
		return err
	})
	alone(func(tx *Tx) error {
		if ids, err := tx.RetireKEKs(); err != nil || len(ids) != 1 || ids[0] != "one" {
			t.Errorf("%v %v", ids, err)
		}
		if err := tx.ActivateKEK("two"); !fail.Is(err, fail.State) {
			t.Error(err)
		}
		return nil
	})
	if diff := cmp.Diff(map[string]string{"one": "retired 0", "two": "active 1"}, states()); diff != "" {
		t.Error(diff)
	}
}
