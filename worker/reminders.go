package worker

import (
	"context"
	"strconv"
	"time"

	"bailiwick/authz"
	"bailiwick/ledger"
	"bailiwick/rotation"
	"bailiwick/store"
)

// keepNotices is how long it is remembered that somebody was told of an end that has passed.
const keepNotices = 400 * 24 * time.Hour

// reminder is one notice: that something ends, or was to be rotated.
type reminder struct {
	subject string
	ends    int64
	mark    int
	object  int64
	entry   *ledger.Entry
}

func (n *reminder) key() string { return store.NoticeKey(n.subject, n.ends, n.mark) }

// Remind writes into the ledger what ends soon or is overdue, 14, 3 and 1 days before and when it is late, each once whatever the number of replicas.
func (o *Rotations) Remind(ctx context.Context) error {
	var open []reminder
	err := o.Store.Read(ctx, func(tx *store.Tx) (err error) { open, err = o.untold(tx); return err })
	if err != nil || len(open) == 0 {
		return err
	}
	return o.Store.Write(ctx, func(tx *store.Tx) error {
		for _, n := range open {
			first, err := tx.Notice(n.subject, n.ends, n.mark)
			if err == nil && first {
				err = tx.Record(n.entry, n.object)
			}
			if err != nil {
				return err
			}
		}
		return tx.DropNotices(tx.Now - keepNotices.Milliseconds())
	})
}

// untold gives what nobody was told of.
func (o *Rotations) untold(tx *store.Tx) (open []reminder, err error) {
	all, err := tx.Plans()
	if err != nil {
		return nil, err
	}
	told, err := tx.Noticed(tx.Now - keepNotices.Milliseconds())
	if err != nil {
		return nil, err
	}
	add := func(n reminder) {
		if !told[n.key()] && len(open) < maxReminders {
			open = append(open, n)
		}
	}
	for _, p := range all {
		if mark, due := p.Mark(tx.Now); due && !p.Paused {
			add(ofPlan(p, mark))
		}
	}
	for p := range tx.Map.Principals() {
		for c := range tx.Map.Credentials(p.ID) {
			if mark, due := rotation.Mark(c.Expires, c.Expires-c.Created, tx.Now); due && mark != rotation.Overdue && lasting(c) {
				add(ofCredential(p, c, mark))
			}
		}
	}
	return open, nil
}

// maxReminders is how many are written in one transaction.
const maxReminders = 200

// lasting says whether a credential is one that somebody must renew: a token or a client secret, no session and nothing that renews itself.
func lasting(c *authz.Credential) bool {
	return !c.Session && (c.Kind == "" || c.Kind == authz.ClientSecret)
}

func ofPlan(p *rotation.Plan, mark int) reminder {
	action := "remindRotation"
	if mark == rotation.Overdue {
		action = "rotationOverdue"
	}
	e := entryOf(action, &Work{Plan: p})
	e.Params = append(e.Params, ledger.Param{Key: "due", Value: timeOf(p.Next)}, ledger.Param{Key: "days", Value: strconv.Itoa(mark)})
	return reminder{"plan " + p.ID, p.Next, mark, about(p), e}
}

func ofCredential(p *authz.Principal, c *authz.Credential, mark int) reminder {
	e := store.SystemEntry("rotation", "remindCredential")
	e.Params = ledger.Params{{Key: "credential", Value: c.ID}, {Key: "principal", Value: p.Name}, {Key: "ends", Value: timeOf(c.Expires)},
		{Key: "days", Value: strconv.Itoa(mark)}}
	return reminder{"credential " + c.ID, c.Expires, mark, authz.TokensRoot, e}
}

func timeOf(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
