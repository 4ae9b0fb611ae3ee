package rotation

import (
	"cmp"
	"slices"
	"time"
)

// Marks are the days before an end at which somebody is told, each once.
var Marks = []int{14, 3, 1}

// Overdue is the mark of an end that has passed.
const Overdue = 0

// grace is how late a rotation may begin before it counts as overdue.
const grace = time.Hour

// Mark gives which notice stands out now: the smallest of Marks whose day has come, or Overdue. span is how long the thing lives at all; what is
// longer before its end than half of that is not told, so that a daily rotation does not cry daily. What was told is not looked at here.
func Mark(end, span, now int64) (mark int, due bool) {
	if end == 0 {
		return 0, false
	}
	if now >= end {
		return Overdue, true
	}
	for _, days := range slices.Backward(Marks) {
		ahead := int64(days) * Day.Milliseconds()
		if now >= end-ahead && (span == 0 || ahead <= span/2) {
			return days, true
		}
	}
	return 0, false
}

// Mark gives the notice of a plan that stands out: its rotation is due soon, or overdue, which it is when nothing has switched an hour after.
func (p *Plan) Mark(now int64) (mark int, due bool) {
	if mark, due = Mark(p.Next, p.Schedule.Every.Milliseconds(), now); due && mark == Overdue {
		due = now >= p.Next+grace.Milliseconds()
	}
	return mark, due
}

// Why names a finding.
type Why string

// The findings of plans.
const (
	IsOverdue   Why = "rotation-overdue"    // nothing has switched though it was due
	HasGivenUp  Why = "rotation-failed"     // the last one was given up
	OldStays    Why = "old-still-used"      // the overlap has ended, and somebody uses the old one
	CannotClose Why = "old-cannot-be-ended" // closing has failed
)

// Finding is something about a plan that somebody should look at.
type Finding struct {
	Plan   string
	Why    Why
	Since  int64 // ms since 1970
	Reason string
}

// Findings gives what is wrong with a plan now; last is its newest rotation, nil where there is none.
func (p *Plan) Findings(last *Rotation, f Facts) (all []Finding) {
	if mark, due := p.Mark(f.Now); due && mark == Overdue {
		all = append(all, Finding{p.ID, IsOverdue, p.Next, ""})
	}
	if last == nil {
		return all
	}
	switch {
	case last.State == Failed:
		all = append(all, Finding{p.ID, HasGivenUp, last.Ended, last.Reason})
	case last.State == Switched && last.Tries > 0:
		all = append(all, Finding{p.ID, CannotClose, last.OverlapEnd, last.Reason})
	}
	if last.State == Switched && f.Now >= last.OverlapEnd && p.StillUsed(last, f) {
		all = append(all, Finding{p.ID, OldStays, last.OverlapEnd, ""})
	}
	slices.SortFunc(all, func(a, b Finding) int { return cmp.Compare(a.Why, b.Why) })
	return all
}
