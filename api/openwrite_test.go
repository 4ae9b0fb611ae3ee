package api_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/ledger"
	"bailiwick/store"
)

type proof struct {
	Word string `json:"word"`
}

// TestOpenWrite: what anybody may call and what changes something is recorded with who he turned out to be; a wrong proof changes nothing.
func TestOpenWrite(t *testing.T) {
	w := begin(t, api.OpenWrite("POST /enter", "nobody has a credential yet", func(c *api.Call, q *proof) (*proof, error) {
		if err := c.Tx.Govern(authz.Event{Op: authz.PutSetting, Setting: &authz.Setting{Key: "entered", Value: q.Word}}); err != nil {
			return nil, err
		}
		if q.Word != "friend" {
			return nil, fail.New(fail.Unauthenticated, "say friend")
		}
		c.Who = authz.Who{Principal: ann, Method: "word"}
		c.Action("entered")
		c.Note("word", q.Word)
		return q, nil
	}))
	post := func(body string) (int, string) {
		t.Helper()
		return w.do("", "POST", "/t/enter", body)
	}
	if status, body := post(`{"word":"foe"}`); status != 401 || !strings.Contains(body, "say friend") {
		t.Errorf("%d %s", status, body)
	}
	if _, ok := w.store.Map().Setting("entered"); ok {
		t.Error("a wrong proof changed something")
	}
	if status, body := post(`{"word":"friend"}`); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	found := w.entries("entered")
	if len(found) != 1 {
		t.Fatalf("%d entries", len(found))
	}
	last := found[0]
	if last.Action != "entered" || last.Actor.Name != "ann" || len(last.Events) == 0 || last.Params[0].Value != "friend" {
		t.Errorf("%+v", last)
	}
}

// TestUses: the use of a credential is gathered once a minute, and kept when it could not be written.
// What was gathered is written in small transactions, and what was written is not written again when a later one fails.
func TestFlushInBatches(t *testing.T) {
	w := begin(t, plain()...)
	for i := range 2500 {
		w.do("ann-token", "GET", "/t/read/2000", "", "X-Forwarded-For", fmt.Sprintf("10.0.%d.%d", i/250, i%250))
	}
	full, written, calls := errors.New("full"), 0, 0
	write := func(rows []ledger.Tally) error {
		if calls++; calls == 2 {
			return full
		}
		written += len(rows)
		return nil
	}
	if err := w.door.Flush(write); err != full || written != 1000 || w.door.Gathered() != 1500 {
		t.Errorf("%v, %d written, %d kept", err, written, w.door.Gathered())
	}
	if err := w.door.Flush(write); err != nil || written != 2500 || w.door.Gathered() != 0 {
		t.Errorf("%v, %d written, %d kept", err, written, w.door.Gathered())
	}
}

func TestUses(t *testing.T) {
	w := begin(t, api.Read("GET /who", authz.SignedIn, api.At[proof](authz.WorkspaceObject),
		func(*api.Call, int64, *proof) (*proof, error) { return nil, nil }))
	for range 3 {
		w.do("ann-token", "GET", "/t/who", "")
	}
	w.do("no-token", "GET", "/t/who", "")
	var got []store.Use
	take := func(err error) func([]store.Use) error {
		return func(uses []store.Use) error { got = append([]store.Use{}, uses...); return err }
	}
	full := fail.New(fail.Unavailable, "the disk is full")
	if err := w.door.FlushUses(take(full)); err != full {
		t.Error(err)
	}
	if err := w.door.FlushUses(take(nil)); err != nil || len(got) != 1 || got[0].Source != "127.0.0.1" ||
		time.Since(time.UnixMilli(got[0].At)) > time.Minute {
		t.Errorf("%v %+v", err, got)
	}
	got = nil
	if err := w.door.FlushUses(take(nil)); err != nil || got != nil {
		t.Errorf("flushed twice: %v", got)
	}
}
