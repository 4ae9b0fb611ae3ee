// Package rotation is how credentials are changed on schedule: plans, the steps of one rotation, and when somebody is told. It is pure: what is so and
// what time it is comes from outside, and every step may be decided again after a crash.
package rotation

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"bailiwick/fail"
)

// Schedule says how far rotations are apart, and at which moments of the week they may begin.
type Schedule struct {
	// Every is the least time between two rotations.
	Every time.Duration
	// AtTime: only at Hour:Minute (UTC), on Weekday alone where OnDay.
	AtTime, OnDay bool
	Weekday       time.Weekday
	Hour, Minute  int
}

// The limits of a schedule: more often is no rotation but a load, more seldom than credentials live is none at all.
const (
	MinEvery = time.Hour
	MaxEvery = 731 * Day
	Day      = 24 * time.Hour
)

var weekdays = map[string]time.Weekday{"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}

// ParseSchedule reads "30d", "12h", "30d 03:00", "30d sun 03:00" or "sun 03:00" (every week); times are UTC. Errors: fail.Invalid.
func ParseSchedule(text string) (s Schedule, err error) {
	words := strings.Fields(strings.ToLower(text))
	if len(words) > 0 && strings.ContainsAny(words[0], "0123456789") && !strings.Contains(words[0], ":") {
		if s.Every, err = parseEvery(words[0]); err != nil {
			return s, err
		}
		words = words[1:]
	}
	if len(words) > 0 {
		if s.Weekday, s.OnDay = weekdays[words[0]]; s.OnDay {
			words = words[1:]
		}
	}
	if len(words) == 1 {
		at, err := time.Parse("15:04", words[0])
		if err != nil {
			return s, badSchedule(text)
		}
		s.AtTime, s.Hour, s.Minute, words = true, at.Hour(), at.Minute(), nil
	}
	switch {
	case len(words) > 0, s.OnDay && !s.AtTime, s.Every == 0 && !s.AtTime, s.AtTime && s.Every%Day != 0:
		return s, badSchedule(text)
	case s.Every == 0 && s.OnDay:
		s.Every = 7 * Day
	case s.Every == 0:
		s.Every = Day
	}
	return s, nil
}

func parseEvery(text string) (every time.Duration, err error) {
	n, err := strconv.Atoi(text[:len(text)-1])
	unit := map[byte]time.Duration{'h': time.Hour, 'd': Day}[text[len(text)-1]]
	if err != nil || unit == 0 || n <= 0 || n > int(MaxEvery/time.Hour) {
		return 0, badSchedule(text)
	}
	if every = time.Duration(n) * unit; every < MinEvery || every > MaxEvery {
		return 0, fail.Invalidf("schedule: from 1h to %dd may be between two rotations.", MaxEvery/Day)
	}
	return every, nil
}

func badSchedule(text string) error {
	return fail.Invalidf("schedule: %.40q is none; it is like 30d, 12h, 30d 03:00, 30d sun 03:00 or sun 03:00 (UTC).", text)
}

// String gives the text that ParseSchedule reads.
func (s Schedule) String() string {
	text := fmt.Sprintf("%dd", s.Every/Day)
	if s.Every%Day != 0 {
		text = fmt.Sprintf("%dh", s.Every/time.Hour)
	}
	if s.OnDay {
		text += " " + strings.ToLower(s.Weekday.String()[:3])
	}
	if s.AtTime {
		text += fmt.Sprintf(" %02d:%02d", s.Hour, s.Minute)
	}
	return text
}

// MarshalText and UnmarshalText keep a schedule as its text.
func (s Schedule) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Schedule) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSchedule(string(text))
	return err
}

// Next gives the moment (ms since 1970) of the rotation after one at last. With a time of the day, it is on the day that Every names or the first
// right weekday after it, so that a rotation that took a minute does not push the next one to another day.
func (s Schedule) Next(last int64) int64 {
	at := time.UnixMilli(last).UTC().Add(s.Every)
	if !s.AtTime {
		return at.UnixMilli()
	}
	day := time.Date(at.Year(), at.Month(), at.Day(), s.Hour, s.Minute, 0, 0, time.UTC)
	if s.OnDay {
		day = day.AddDate(0, 0, (int(s.Weekday)-int(day.Weekday())+7)%7)
	}
	return day.UnixMilli()
}
