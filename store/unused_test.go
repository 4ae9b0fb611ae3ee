package store

import (
	"context"
	"slices"
	"testing"
	"time"

	"bailiwick/authz"
	"bailiwick/identity"
)

// A token that nobody uses is announced three times, then revoked, each in the ledger; one that is used, or was opened a session with, stays.
func TestRevokeUnused(t *testing.T) {
	s, _, _ := openAny(t)
	ctx, made := context.Background(), time.Now().Add(-time.Hour)
	token := func(tx *Tx, id string, n byte, change func(*authz.Credential)) error {
		c := authz.Credential{ID: id, Principal: 500, Hash: make([]byte, 32), Created: made.UnixMilli()}
		c.Hash[0] = n
		if change != nil {
			change(&c)
		}
		if err := tx.Govern(authz.Event{Op: authz.PutCredential, Credential: &c}); err != nil {
			return err
		}
		return nil
	}
	err := s.WriteAlone(ctx, func(tx *Tx) error {
		if err := newUser(tx, 500, "ann"); err != nil {
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	later := made.Add(80 * 24 * time.Hour)
	err = s.WriteAlone(ctx, func(tx *Tx) error {
		for i, id := range []string{"idle", "used", "opened"} {
			if err := token(tx, id, byte(i+1), nil); err != nil {
				return err
			}
		}
		err := token(tx, "session", 9, func(c *authz.Credential) { c.Session, c.Origin, c.Created = true, "opened", later.UnixMilli() })
		if err != nil {
			return err
		}
		return tx.Record(SystemEntry("test", "tokens"), 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(ctx, func(tx *Tx) error {
		return tx.NoteUses([]Use{{Credential: "used", At: later.UnixMilli(), Source: "10.0.0.1"}})
	}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		day   float64
		gone  int
		notes int
	}{{70, 0, 0}, {76.5, 0, 1}, {76.6, 0, 1}, {80, 0, 1}, {87.5, 0, 2}, {89.5, 0, 3}, {89.6, 0, 3}, {89.9, 0, 3}, {90.1, 1, 3}, {91, 0, 3}} {
		n, err := s.RevokeUnused(ctx, made.Add(time.Duration(step.day*24*float64(time.Hour))))
		if err != nil || n != step.gone {
			t.Errorf("day %v: %d revoked, %v", step.day, n, err)
		}
		if notes := countActions(t, s, "announceTokenRevocation"); notes != step.notes {
			t.Errorf("day %v: %d announcements, want %d", step.day, notes, step.notes)
		}
	}
	var left []string
	for c := range s.Map().Credentials(500) {
		left = append(left, c.ID)
	}
	if slices.Sort(left); !slices.Equal(left, []string{"opened", "session", "used"}) {
		t.Errorf("left: %v", left)
	}
	if n := countActions(t, s, "garbageCollectDbToken"); n != 1 {
		t.Errorf("%d entries of revocations", n)
	}
}

// What is overdue and was not announced is announced first, and nothing is revoked where the setting says never.
func TestRevokeUnusedAnnouncesFirst(t *testing.T) {
	s, _, _ := openAny(t)
	ctx, now := context.Background(), time.Now()
	set := func(days string) {
		t.Helper()
		err := s.WriteAlone(ctx, func(tx *Tx) error {
			if err := tx.Govern(authz.Event{Op: authz.PutSetting, Setting: &authz.Setting{Key: identity.SettingMaxUnused, Value: days}}); err != nil {
				return err
			}
			return tx.Record(SystemEntry("test", "set"), 0)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := s.WriteAlone(ctx, func(tx *Tx) error { return newUser(tx, 500, "ann") })
	if err != nil {
		t.Fatal(err)
	}
	err = s.WriteAlone(ctx, func(tx *Tx) error {
		c := authz.Credential{ID: "old", Principal: 500, Hash: make([]byte, 32), Created: now.Add(-400 * 24 * time.Hour).UnixMilli()}
		if err := tx.Govern(authz.Event{Op: authz.PutCredential, Credential: &c}); err != nil {
			return err
		}
		return tx.Record(SystemEntry("test", "token"), 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	turn := func(at time.Time, want int) {
		t.Helper()
		if n, err := s.RevokeUnused(ctx, at); err != nil || n != want {
			t.Errorf("%d revoked, %v; want %d", n, err, want)
		}
	}
	set("0")
	turn(now, 0)
	set("90")
	turn(now, 0)
	turn(now.Add(time.Hour), 0)
	turn(now.Add(25*time.Hour), 1)
}

func countActions(t *testing.T, s *Store, action string) (n int) {
	t.Helper()
	err := s.Read(context.Background(), func(tx *Tx) error {
		_, err := tx.one([]any{&n}, "SELECT COUNT(*) FROM ledger WHERE action = ?", action)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
