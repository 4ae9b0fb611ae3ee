package store

import (
	"bytes"
	"testing"
	"time"

	"bailiwick/fail"
	"bailiwick/rotation"
)

func aPlan(key string) *rotation.Plan {
	return &rotation.Plan{ID: NewPlanID(), Kind: rotation.Secret, Scope: 1000, Key: key, Schedule: rotation.Schedule{Every: 30 * rotation.Day},
		Rotator: rotation.BuiltIn, By: 100}
}

func TestPlans(t *testing.T) {
	s := openEither(t)
	p := aPlan("Key")
	inTx(t, s, func(tx *Tx) error {
		if err := tx.CreatePlan(p); err != nil {
			return err
		}
		if err := tx.CreatePlan(aPlan("kEY")); !fail.Is(err, fail.Exists) {
			t.Errorf("two plans for one secret: %v", err)
		}
		if err := tx.CreatePlan(&rotation.Plan{ID: "x", Kind: rotation.SigningKey, Schedule: rotation.Schedule{Every: rotation.Day}}); err != nil {
			t.Error(err)
		}
		if err := tx.CreatePlan(&rotation.Plan{ID: "y", Kind: rotation.SigningKey, Schedule: rotation.Schedule{Every: rotation.Day}}); !fail.Is(err, fail.Exists) {
			t.Errorf("two plans for the signing keys: %v", err)
		}
		p.Contact = "ops"
		if err := tx.UpdatePlan(p, 7); err != nil {
			t.Error(err)
		}
		got, err := tx.Plan(p.ID)
		if err != nil || got.Contact != "ops" || got.Schedule != p.Schedule {
			t.Errorf("%+v %v", got, err)
		}
		if err := tx.DeletePlan("x"); err != nil {
			t.Error(err)
		}
		if _, err := tx.Plan("x"); !fail.Is(err, fail.NotFound) {
			t.Errorf("a deleted plan: %v", err)
		}
		return nil
	})
}

// A plan is one worker's at a time; whose lease has ended can neither renew nor put it down.
func TestPlanClaims(t *testing.T) {
	s := openEither(t)
	p := aPlan("k")
	inTx(t, s, func(tx *Tx) error { return tx.CreatePlan(p) })
	claim := func(lease int64) (c *ClaimedPlan) {
		inTx(t, s, func(tx *Tx) (err error) { c, err = tx.ClaimPlan(p.ID, lease); return err })
		return c
	}
	first := claim(1)
	time.Sleep(5 * time.Millisecond)
	second := claim(60_000)
	if first == nil || second == nil || claim(1) != nil {
		t.Fatalf("%+v %+v", first, second)
	}
	inTx(t, s, func(tx *Tx) error {
		if _, err := tx.RenewPlan(p.ID, first.Mark, 1); !fail.Is(err, fail.Conflict) {
			t.Errorf("renewed by who lost it: %v", err)
		}
		if err := tx.ReleasePlan(p.ID, first.Mark, 0); err != nil {
			t.Error(err)
		}
		if c, err := tx.ClaimPlan(p.ID, 1); c != nil || err != nil {
			t.Errorf("put down by who lost it: %+v %v", c, err)
		}
		if err := tx.ReleasePlan(p.ID, second.Mark, tx.Now+60_000); err != nil {
			t.Error(err)
		}
		ids, err := tx.DuePlans(9)
		if len(ids) != 0 || err != nil {
			t.Errorf("due: %v %v", ids, err)
		}
		return nil
	})
}

// A staged value is there until the switch, for the scope that it was made in.
func TestStagedValues(t *testing.T) {
	s := openEither(t)
	p := aPlan("k")
	r := p.Start("r", 1)
	inTx(t, s, func(tx *Tx) error {
		if err := tx.BeginRotation(&r); err != nil {
			return err
		}
		if err := tx.StageValue(r.ID, 5, []byte("sealed")); err != nil {
			return err
		}
		r.HasMade("", 2)
		if err := tx.UpdateRotation(&r); err != nil {
			return err
		}
		if v, err := tx.StagedValue(r.ID, 5); err != nil || !bytes.Equal(v, []byte("sealed")) {
			t.Errorf("%q %v", v, err)
		}
		if _, err := tx.StagedValue(r.ID, 6); !fail.Is(err, fail.State) {
			t.Errorf("another data key: %v", err)
		}
		p.HasSwitched(&r, "", "1", 3)
		if err := tx.UpdateRotation(&r); err != nil {
			return err
		}
		if _, err := tx.StagedValue(r.ID, 5); !fail.Is(err, fail.State) {
			t.Errorf("after the switch: %v", err)
		}
		return nil
	})
}

func TestRotationsAreForgotten(t *testing.T) {
	s := openEither(t)
	p := aPlan("k")
	inTx(t, s, func(tx *Tx) error {
		for n := range keptRotations + 20 {
			r := p.Start(NewPlanID(), int64(n))
			if err := tx.BeginRotation(&r); err != nil {
				return err
			}
		}
		all, err := tx.Rotations(p.ID, 1000)
		if err != nil || len(all) != keptRotations || all[0].Started != keptRotations+19 {
			t.Errorf("%d %v", len(all), err)
		}
		return nil
	})
}

func TestNoticesAreGivenOnce(t *testing.T) {
	s := openEither(t)
	inTx(t, s, func(tx *Tx) error {
		for _, tt := range []struct {
			subject string
			ends    int64
			mark    int
			first   bool
		}{{"a", 10, 3, true}, {"a", 10, 3, false}, {"a", 10, 1, true}, {"a", 20, 3, true}, {"b", 10, 3, true}} {
			if first, err := tx.Notice(tt.subject, tt.ends, tt.mark); first != tt.first || err != nil {
				t.Errorf("%+v: %v %v", tt, first, err)
			}
		}
		told, err := tx.Noticed(15)
		if err != nil || len(told) != 1 || !told[NoticeKey("a", 20, 3)] {
			t.Errorf("%v %v", told, err)
		}
		return tx.DropNotices(30)
	})
}
