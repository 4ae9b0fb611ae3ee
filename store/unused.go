package store

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"bailiwick/authz"
	"bailiwick/identity"
	"bailiwick/ledger"
)

// noticeDays are how long before its end by disuse a token is announced to be revoked; each is an entry of the ledger.
var noticeDays = []int64{14, 3, 1}

const dayMillis = int64(24 * time.Hour / time.Millisecond)

// RevokeUnused revokes the tokens that nobody has used for as long as the workspace allows (identity.SettingMaxUnused), and announces those that
// will be. None is revoked that was not announced a day before. It gives the number of those revoked.
func (s *Store) RevokeUnused(ctx context.Context, now time.Time) (n int, err error) {
	var idle []idleToken
	err = s.Read(ctx, func(tx *Tx) (err error) {
		idle, err = tx.idleTokens(now.UnixMilli())
		return err
	})
	for _, t := range idle {
		if err != nil || ctx.Err() != nil {
			return n, err
		}
		var gone bool
		if t.ends > now.UnixMilli() {
			err = s.announce(ctx, t, now.UnixMilli())
			continue
		}
		if gone, err = s.revokeIdle(ctx, t.ID, now.UnixMilli()); gone {
			n++
		}
	}
	return n, err
}

// idleToken is a token that is near its end by disuse, or beyond it.
type idleToken struct {
	*authz.Credential
	used, ends int64 // ms since 1970
}

// stage gives the shortest of noticeDays that has begun.
func (t idleToken) stage(now int64) (days int64) {
	for _, d := range noticeDays {
		if t.ends-now <= d*dayMillis {
			days = d
		}
	}
	return days
}

// idleTokens gives the tokens whose end by disuse is to be announced, or has come.
func (tx *Tx) idleTokens(now int64) (idle []idleToken, err error) {
	value, _ := tx.Map.Setting(identity.SettingMaxUnused)
	days, err := identity.ParseMaxUnused(value)
	if err != nil || days == 0 {
		return nil, err
	}
	var tokens []*authz.Credential
	opened := map[string]int64{} // the last session that was opened with a token
	for p := range tx.Map.Principals() {
		for c := range tx.Map.Credentials(p.ID) {
			if c.Session {
				opened[c.Origin] = max(opened[c.Origin], c.Created)
			} else if c.Expires == 0 || c.Expires > now {
				tokens = append(tokens, c)
			}
		}
	}
	ids := make([]string, len(tokens))
	for i, c := range tokens {
		ids[i] = c.ID
	}
	uses, err := tx.Uses(ids)
	for _, c := range tokens {
		t := idleToken{Credential: c, used: max(c.Created, uses[c.ID].At, opened[c.ID])}
		if t.ends = t.used + int64(days)*dayMillis; t.stage(now) > 0 {
			idle = append(idle, t)
		}
	}
	return idle, err
}

// announce writes that a token will be revoked, once for each of noticeDays.
func (s *Store) announce(ctx context.Context, t idleToken, now int64) error {
	told := false
	days := t.stage(now)
	err := s.Read(ctx, func(tx *Tx) (err error) {
		told, err = tx.noticed(t, days)
		return err
	})
	if err != nil || told {
		return err
	}
	return s.Write(ctx, func(tx *Tx) error {
		n, err := tx.exec("INSERT INTO token_notices (id, until, days, told) VALUES (?, ?, ?, ?) ON CONFLICT (id, until, days) DO NOTHING", t.ID, t.ends, days, now)
		if err != nil || n == 0 { // another replica was faster
			return err
		}
		return tx.recordIdle("announceTokenRevocation", t)
	})
}

func (tx *Tx) noticed(t idleToken, days int64) (told bool, err error) {
	var at int64
	return tx.one([]any{&at}, "SELECT told FROM token_notices WHERE id = ? AND until = ? AND days = ?", t.ID, t.ends, days)
}

// revokeIdle revokes a token whose end has come, if it was announced, and nobody has used it meanwhile. What was not announced is announced now,
// and its end comes a day later: a server that was off for long, or gets the rule with an update, takes nobody by surprise.
func (s *Store) revokeIdle(ctx context.Context, id string, now int64) (gone bool, err error) {
	var late *idleToken
	err = s.WriteAlone(ctx, func(tx *Tx) error {
		gone, late = false, nil
		idle, err := tx.idleTokens(now)
		if err != nil {
			return err
		}
		for _, t := range idle {
			if t.ID != id || t.ends > now {
				continue
			}
			var first sql.NullInt64
			if _, err := tx.one([]any{&first}, "SELECT MIN(told) FROM token_notices WHERE id = ? AND until = ?", t.ID, t.ends); err != nil {
				return err
			}
			if !first.Valid {
				late = &t
			}
			if !first.Valid || first.Int64 > now-dayMillis {
				return nil
			}
			gone = true
			return tx.dropIdle(t)
		}
		return nil
	})
	if err == nil && late != nil {
		err = s.announce(ctx, *late, now)
	}
	return gone, err
}

func (tx *Tx) dropIdle(t idleToken) error {
	if err := tx.Govern(authz.Event{Op: authz.DropCredential, Credential: &authz.Credential{ID: t.ID, Principal: t.Principal}}); err != nil {
		return err
	}
	return tx.recordIdle("garbageCollectDbToken", t)
}

// recordIdle writes the entry about a token that is not used.
func (tx *Tx) recordIdle(action string, t idleToken) error {
	e := SystemEntry("accounts", action)
	at := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
	e.Params = ledger.Params{{Key: "tokenId", Value: t.ID}, {Key: "targetUserId", Value: strconv.FormatInt(t.Principal, 10)}}
	if p, ok := tx.Map.Principal(t.Principal); ok {
		e.Params = append(e.Params, ledger.Param{Key: "targetUserName", Value: p.Name})
	}
	e.Params = append(e.Params, ledger.Param{Key: "comment", Value: t.Comment}, ledger.Param{Key: "lastUsed", Value: at(t.used)},
		ledger.Param{Key: "revokedAfter", Value: at(t.ends)})
	e.Object.ID = strconv.FormatInt(authz.TokensRoot, 10)
	return tx.Record(e, authz.TokensRoot)
}
