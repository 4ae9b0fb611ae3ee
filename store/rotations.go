package store

import (
	"database/sql"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"bailiwick/fail"
	"bailiwick/rotation"
)

// NoPlan is what is said of a plan that does not exist.
func NoPlan(id string) error { return fail.NotFoundf("Rotation plan '%.64s' does not exist.", id) }

func errLost() error {
	return fail.New(fail.Conflict, "another replica has taken over this rotation")
}

const planColumns = "SELECT body FROM rotation_plans "

func (tx *Tx) plansWhere(where string, args ...any) (all []*rotation.Plan, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var body string
		if err := r.Scan(&body); err != nil {
			return err
		}
		p := &rotation.Plan{}
		all = append(all, p)
		return json.Unmarshal([]byte(body), p)
	}, planColumns+where, args...)
	return all, err
}

// Plans gives all rotation plans, the next due first.
func (tx *Tx) Plans() ([]*rotation.Plan, error) { return tx.plansWhere("ORDER BY due, id") }

// Plan gives a rotation plan; NoPlan.
func (tx *Tx) Plan(id string) (*rotation.Plan, error) {
	all, err := tx.plansWhere("WHERE id = ?", id)
	if err == nil && len(all) == 0 {
		err = NoPlan(id)
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// CreatePlan keeps a new plan; fail.Exists where the same thing has one, fail.Limit when there are too many.
func (tx *Tx) CreatePlan(p *rotation.Plan) error {
	var n int64
	if _, err := tx.one([]any{&n}, "SELECT COUNT(*) FROM rotation_plans"); err != nil {
		return err
	}
	if n >= rotation.MaxPlans {
		return fail.New(fail.Limit, "There are %d rotation plans already, and may not be more: delete one that is not needed.", n)
	}
	same, err := tx.plansWhere("WHERE scope = ? AND name_key = ? AND (scope <> 0 OR kind = ?)", p.Scope, nameKey(p), string(p.Kind))
	if err != nil {
		return err
	}
	if len(same) > 0 {
		return fail.Existsf("Rotation plan %s is for the same already.", same[0].ID)
	}
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return tx.do("INSERT INTO rotation_plans (id, scope, principal, kind, name_key, body, due, lease, claim) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)",
		p.ID, p.Scope, p.Principal, string(p.Kind), nameKey(p), string(body), max(p.Next, p.NotBefore))
}

// nameKey compares names of secrets as the secrets' own rows do: whatever the case of their letters.
func nameKey(p *rotation.Plan) string { return strings.ToLower(p.Key) }

// UpdatePlan puts a changed plan in the place of what it was. due (ms since 1970) is when it is looked at next.
func (tx *Tx) UpdatePlan(p *rotation.Plan, due int64) error {
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	n, err := tx.exec("UPDATE rotation_plans SET body = ?, due = ? WHERE id = ?", string(body), due, p.ID)
	if err == nil && n == 0 {
		err = NoPlan(p.ID)
	}
	return err
}

// DeletePlan removes a plan with what is known of its rotations.
func (tx *Tx) DeletePlan(id string) error {
	if err := tx.do("DELETE FROM rotations WHERE plan = ?", id); err != nil {
		return err
	}
	return tx.do("DELETE FROM rotation_plans WHERE id = ?", id)
}

// ClaimedPlan is a plan that is the caller's alone to work on until its lease ends, with its newest rotation, nil where there is none.
type ClaimedPlan struct {
	*rotation.Plan
	Rotation *rotation.Rotation
	// Mark proves the claim in each step.
	Mark int64
}

// DuePlans gives the ids of plans that are to be looked at now and that nobody works on, the longest due first, at most limit.
func (tx *Tx) DuePlans(limit int) (ids []string, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, "SELECT id FROM rotation_plans WHERE due <= ? AND lease <= ? ORDER BY due LIMIT ?", tx.Now, tx.Now, limit)
	return ids, err
}

// ClaimPlan takes the lease (ms) of a plan; nil when somebody else has it, or it is not due any more.
func (tx *Tx) ClaimPlan(id string, lease int64) (*ClaimedPlan, error) {
	mark := tx.NextID()
	n, err := tx.exec("UPDATE rotation_plans SET lease = ?, claim = ? WHERE id = ? AND due <= ? AND lease <= ?", tx.Now+lease, mark, id, tx.Now, tx.Now)
	if err != nil || n == 0 {
		return nil, err
	}
	return tx.claimed(id, mark)
}

// RenewPlan gives a plan as it is now to who has claimed it, with a new lease (ms). fail.Conflict when the claim is not his any more.
func (tx *Tx) RenewPlan(id string, mark, lease int64) (*ClaimedPlan, error) {
	n, err := tx.exec("UPDATE rotation_plans SET lease = ? WHERE id = ? AND claim = ?", tx.Now+lease, id, mark)
	if err == nil && n == 0 {
		err = errLost()
	}
	if err != nil {
		return nil, err
	}
	return tx.claimed(id, mark)
}

func (tx *Tx) claimed(id string, mark int64) (*ClaimedPlan, error) {
	p, err := tx.Plan(id)
	if err != nil {
		return nil, err
	}
	r, err := tx.LastRotation(id)
	return &ClaimedPlan{p, r, mark}, err
}

// ReleasePlan gives a claim up; the plan is looked at again at due (ms since 1970).
func (tx *Tx) ReleasePlan(id string, mark, due int64) error {
	return tx.do("UPDATE rotation_plans SET lease = 0, claim = 0, due = ? WHERE id = ? AND claim = ?", due, id, mark)
}

// FreePlans ends all leases: at the start of the only process of a database, whose claims are those of one that is gone.
func (tx *Tx) FreePlans() error {
	return tx.do("UPDATE rotation_plans SET lease = 0, claim = 0 WHERE claim <> 0")
}

func (tx *Tx) rotationsWhere(where string, args ...any) (all []*rotation.Rotation, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var body string
		if err := r.Scan(&body); err != nil {
			return err
		}
		t := &rotation.Rotation{}
		all = append(all, t)
		return json.Unmarshal([]byte(body), t)
	}, "SELECT body FROM rotations "+where, args...)
	return all, err
}

// Rotations gives the rotations of a plan, the newest first, at most limit.
func (tx *Tx) Rotations(plan string, limit int) ([]*rotation.Rotation, error) {
	return tx.rotationsWhere("WHERE plan = ? ORDER BY started DESC, id DESC LIMIT ?", plan, limit)
}

// LastRotation gives the newest rotation of a plan; nil where there is none.
func (tx *Tx) LastRotation(plan string) (*rotation.Rotation, error) {
	all, err := tx.Rotations(plan, 1)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// keptRotations is how many rotations of a plan are remembered; the ledger has them all.
const keptRotations = 50

// BeginRotation writes a rotation down before anything is done, and forgets those of long ago.
func (tx *Tx) BeginRotation(r *rotation.Rotation) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	err = tx.do("INSERT INTO rotations (id, plan, started, body, staged, staged_key) VALUES (?, ?, ?, ?, ?, 0)", r.ID, r.Plan, r.Started, string(body), []byte{})
	if err != nil {
		return err
	}
	old, err := tx.Rotations(r.Plan, keptRotations+10)
	for _, o := range old[min(len(old), keptRotations):] {
		if err == nil {
			err = tx.do("DELETE FROM rotations WHERE id = ?", o.ID)
		}
	}
	return err
}

// UpdateRotation puts a changed rotation in the place of what it was. The staged value goes when it is in force, or given up.
func (tx *Tx) UpdateRotation(r *rotation.Rotation) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := tx.do("UPDATE rotations SET body = ? WHERE id = ?", string(body), r.ID); err != nil {
		return err
	}
	if r.State == rotation.Created || r.State == rotation.Tested {
		return nil
	}
	return tx.do("UPDATE rotations SET staged = ?, staged_key = 0 WHERE id = ?", []byte{}, r.ID)
}

// StageValue keeps the new value of a rotation, sealed under a data key, until the switch.
func (tx *Tx) StageValue(id string, dataKey int64, sealed []byte) error {
	return tx.do("UPDATE rotations SET staged = ?, staged_key = ? WHERE id = ?", sealed, dataKey, id)
}

// StagedValue gives it; fail.State where there is none, or it was sealed under another data key: the scope was made anew meanwhile.
func (tx *Tx) StagedValue(id string, dataKey int64) (sealed []byte, err error) {
	var key int64
	found, err := tx.one([]any{&sealed, &key}, "SELECT staged, staged_key FROM rotations WHERE id = ?", id)
	if err == nil && (!found || len(sealed) == 0 || key != dataKey) {
		err = fail.Statef("the new value is gone: the scope was deleted or made anew meanwhile")
	}
	return sealed, err
}

// Notice notes that somebody is told of an end (ms since 1970); first is false when that was done before.
func (tx *Tx) Notice(subject string, ends int64, mark int) (first bool, err error) {
	n, err := tx.exec("INSERT INTO rotation_notices (subject, ends, mark, at) VALUES (?, ?, ?, ?) ON CONFLICT (subject, ends, mark) DO NOTHING",
		subject, ends, mark, tx.Now)
	return n == 1, err
}

// Noticed gives the marks that were told of since an end (ms since 1970), by subject and end.
func (tx *Tx) Noticed(since int64) (told map[string]bool, err error) {
	told = map[string]bool{}
	err = tx.each(func(r *sql.Rows) error {
		var subject string
		var ends, mark int64
		err := r.Scan(&subject, &ends, &mark)
		told[NoticeKey(subject, ends, int(mark))] = true
		return err
	}, "SELECT subject, ends, mark FROM rotation_notices WHERE ends >= ?", since)
	return told, err
}

// DropNotices forgets what was told of ends before a time (ms since 1970).
func (tx *Tx) DropNotices(before int64) error {
	return tx.do("DELETE FROM rotation_notices WHERE ends < ?", before)
}

// NoticeKey is the key of Noticed.
func NoticeKey(subject string, ends int64, mark int) string {
	return subject + " " + strconv.FormatInt(ends, 36) + " " + strconv.Itoa(mark)
}

// NewPlanID gives the id of a new plan or rotation.
func NewPlanID() string { return uuid.NewString() }
