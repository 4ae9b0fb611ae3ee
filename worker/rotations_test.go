package worker

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/ledger"
	"bailiwick/rotation"
	"bailiwick/secret"
	"bailiwick/store"
	"bailiwick/store/storetest"
)

// shop is a store with a scope of secrets, and rotations that work on it.
type shop struct {
	*Rotations
	t     *testing.T
	scope int64
	log   bytes.Buffer
}

// plainVault has one key for all scopes; while broken it fails.
type plainVault struct {
	key    []byte
	mu     sync.Mutex
	broken bool
}

func (v *plainVault) DataKey(context.Context, secret.DataKey) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.broken {
		return nil, fail.New(fail.Unavailable, "the key cannot be used now")
	}
	return v.key, nil
}

func newShop(t *testing.T) (*shop, *plainVault) {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{Data: t.TempDir(), Database: storetest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, _, err := s.Found(context.Background(), store.Founding{Admin: "admin"}); err != nil {
		t.Fatal(err)
	}
	sh, v := &shop{t: t, scope: store.NewObjectID()}, &plainVault{key: make([]byte, secret.KeySize)}
	rand.Read(v.key)
	sh.Rotations = &Rotations{Store: s, Log: slog.New(slog.NewTextHandler(&sh.log, nil)), Rotators: map[rotation.Kind]Rotator{
		rotation.Secret: NewSecrets(s, v, nil),
	}}
	sh.write(func(tx *store.Tx) error {
		key := secret.DataKey{ID: store.NewObjectID(), Scope: sh.scope, KEK: "k", Wrapped: []byte{1}}
		if err := tx.CreateSecretScope(secret.Scope{Object: sh.scope, Name: "s"}, key); err != nil {
			return err
		}
		o := authz.Object{ID: sh.scope, Kind: authz.SecretScope, Parent: authz.WorkspaceObject, Name: "s"}
		if err := tx.Govern(authz.Event{Op: authz.PutObject, Object: &o}); err != nil {
			return err
		}
		return tx.Record(store.SystemEntry("secrets", "createScope"), sh.scope)
	})
	return sh, v
}

func (s *shop) write(do func(*store.Tx) error) {
	s.t.Helper()
	if err := s.Store.WriteAlone(context.Background(), do); err != nil {
		s.t.Fatal(err)
	}
}

// plan makes a plan of the administrator's that is due in a while.
func (s *shop) plan(key string, in time.Duration) *rotation.Plan {
	s.t.Helper()
	p := &rotation.Plan{ID: store.NewPlanID(), Kind: rotation.Secret, Scope: s.scope, Key: key, Schedule: rotation.Schedule{Every: 30 * rotation.Day},
		Rotator: rotation.BuiltIn, By: s.admin(), Next: time.Now().Add(in).UnixMilli()}
	s.write(func(tx *store.Tx) error { return tx.CreatePlan(p) })
	return p
}

func (s *shop) admin() (id int64) {
	p, _ := s.Store.Map().PrincipalByName(authz.User, "admin")
	return p.ID
}

// entries gives how often each action of rotations is in the ledger.
func (s *shop) entries() map[string]int {
	s.t.Helper()
	count := map[string]int{}
	err := s.Store.Read(context.Background(), func(tx *store.Tx) error {
		rows, err := tx.AuditPage(store.Audit{Limit: 1000})
		for _, row := range rows {
			e, err := ledger.Parse(row.Body)
			if err != nil {
				return err
			}
			if e.Service == "rotation" {
				count[e.Action]++
			}
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return count
}

func (s *shop) last(p *rotation.Plan) (r *rotation.Rotation) {
	s.t.Helper()
	err := s.Store.Read(context.Background(), func(tx *store.Tx) (err error) { r, err = tx.LastRotation(p.ID); return err })
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *shop) until(p *rotation.Plan, state rotation.State, workers ...*Rotations) *rotation.Rotation {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		for _, w := range append(workers, s.Rotations) {
			if err := w.Pass(context.Background()); err != nil {
				s.t.Fatal(err)
			}
		}
		if r := s.last(p); r != nil && r.State == state {
			for _, w := range append(workers, s.Rotations) {
				w.all.Wait()
			}
			return r
		}
	}
	s.t.Fatalf("not %s: %+v; log: %s", state, s.last(p), s.log.String())
	return nil
}

// Several that work on one database do each step once.
func TestRotationsTogether(t *testing.T) {
	s, v := newShop(t)
	others := []*Rotations{}
	for range 3 {
		others = append(others, &Rotations{Store: s.Store, Log: s.Log, Rotators: map[rotation.Kind]Rotator{rotation.Secret: NewSecrets(s.Store, v, nil)}})
	}
	var all []*rotation.Plan
	for n := range 6 {
		all = append(all, s.plan(fmt.Sprint("k", n), -time.Second))
	}
	for _, p := range all {
		s.until(p, rotation.Closed, others...)
	}
	got := s.entries()
	if got["rotateCreate"] != 6 || got["rotateSwitch"] != 6 || got["rotateClose"] != 6 {
		t.Errorf("%v", got)
	}
}

// Who lost his claim does nothing, however late he comes.
func TestOvertaken(t *testing.T) {
	s, _ := newShop(t)
	p := s.plan("k", -time.Second)
	var mine *Work
	s.write(func(tx *store.Tx) (err error) { mine, err = tx.ClaimPlan(p.ID, 1); return err })
	time.Sleep(5 * time.Millisecond)
	s.until(p, rotation.Closed)
	before := s.entries()
	if _, err := s.step(context.Background(), mine, rotation.Begin); !fail.Is(err, fail.Conflict) {
		t.Errorf("overtaken: %v", err)
	}
	s.write(func(tx *store.Tx) error {
		if err := s.release(tx, mine, false); err != nil {
			t.Errorf("putting down what is somebody else's: %v", err)
		}
		return nil
	})
	if after := s.entries(); after["rotateCreate"] != before["rotateCreate"] {
		t.Errorf("%v", after)
	}
}

// A step that fails is tried again, with its reason shown; the value is nowhere.
func TestStepFailsAndGoesOn(t *testing.T) {
	s, v := newShop(t)
	v.broken = true
	p := s.plan("k", -time.Second)
	for range 400 {
		if err := s.Pass(context.Background()); err != nil {
			t.Fatal(err)
		}
		if r := s.last(p); r != nil && r.Tries > 0 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.all.Wait()
	if r := s.last(p); r == nil || r.Tries != 1 || r.Reason != "the key cannot be used now" || r.State != rotation.Due {
		t.Fatalf("%+v", r)
	}
	v.mu.Lock()
	v.broken = false
	v.mu.Unlock()
	r := s.until(p, rotation.Closed)
	if r.Tries != 0 || r.Reason != "" || r.New != "1" {
		t.Errorf("%+v", r)
	}
	got := s.entries()
	if got["rotateFail"] != 1 || got["rotateClose"] != 1 {
		t.Errorf("%v", got)
	}
	err := s.Store.Read(context.Background(), func(tx *store.Tx) error {
		if _, err := tx.StagedValue(r.ID, 0); !fail.Is(err, fail.State) {
			t.Errorf("the value is still staged: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Each notice is told once, whoever looks.
func TestReminders(t *testing.T) {
	s, _ := newShop(t)
	day := 24 * time.Hour
	soon, late := s.plan("soon", 2*day), s.plan("late", -2*time.Hour)
	s.plan("far", 20*day)
	now := time.Now()
	owner := s.admin()
	s.write(func(tx *store.Tx) error {
		credential := func(id string, days int, session bool) authz.Event {
			hash := bytes.Repeat([]byte{id[0]}, 32)
			return authz.Event{Op: authz.PutCredential, Credential: &authz.Credential{ID: id, Principal: owner, Hash: hash, Session: session,
				Created: now.Add(-100 * day).UnixMilli(), Expires: now.Add(time.Duration(days)*day - time.Hour).UnixMilli()}}
		}
		if err := tx.Govern(credential("a-token", 14, false), credential("b-session", 1, true), credential("c-far", 50, false)); err != nil {
			return err
		}
		return tx.Record(store.SystemEntry("accounts", "generateDbToken"), authz.TokensRoot)
	})
	other := &Rotations{Store: s.Store, Log: s.Log}
	var wg sync.WaitGroup
	for range 3 {
		for _, w := range []*Rotations{s.Rotations, other} {
			wg.Go(func() {
				if err := w.Remind(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	got := s.entries()
	if got["remindRotation"] != 1 || got["rotationOverdue"] != 1 || got["remindCredential"] != 1 {
		t.Errorf("%v", got)
	}
	for what, w := range map[string]*rotation.Plan{"3": soon, "0": late} {
		e := entryOf("x", &Work{Plan: w})
		if mark, _ := w.Mark(time.Now().UnixMilli()); fmt.Sprint(mark) != what || !slices.ContainsFunc(e.Params, func(p ledger.Param) bool { return p.Value == w.Key }) {
			t.Errorf("%s: %d %v", what, mark, e.Params)
		}
	}
}

// What nobody named in an error stays in the log; what a receiver said is nowhere.
func TestSaid(t *testing.T) {
	for _, tt := range []struct {
		err   error
		want  string
		final bool
	}{
		{fail.Statef("no"), "no", true}, {fail.New(fail.Unavailable, "later"), "later", false}, {fmt.Errorf("hunter2"), "the server's log says what went wrong", false},
		{fail.Internalf(nil, "hunter2"), "the server's log says what went wrong", false},
	} {
		if got := said(tt.err); got != tt.want || final(tt.err) != tt.final {
			t.Errorf("%v: %q %v", tt.err, got, final(tt.err))
		}
	}
	for _, answer := range []string{"", "hunter2", `"hunter2"`, `{"value": 7}`, `{"value": "hunter2", "value_base64": "aHVudGVyMg=="}`, `{"value_base64": "hunter2!"}`, `{"value": ""}`} {
		if v, err := valueOf([]byte(answer)); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %q %v", answer, v, err)
		}
	}
	if v, err := valueOf([]byte(`{"value_base64": "aHVudGVyMg=="}`)); err != nil || string(v) != "hunter2" {
		t.Errorf("%q %v", v, err)
	}
}
