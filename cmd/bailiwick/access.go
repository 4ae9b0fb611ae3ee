package main

import (
	"net/url"
	"strings"
	"time"
)

// access is about how access changes.
type access struct {
	Feed accessFeed `cmd:"" help:"Who gained and lost what, because of which event (auditors and administrators; everybody about himself)."`
}

type accessFeed struct {
	remote
	Since     string `help:"A time such as 2026-01-31T12:00:00Z, or the cursor of an earlier line." placeholder:"TIME|CURSOR"`
	Principal string `help:"Only what is about somebody, by name or id." placeholder:"NAME"`
	Object    string `help:"Only what is about an object: experiments/123, registered-models/NAME, or a workspace path." placeholder:"OBJECT"`
	Follow    bool   `help:"Go on with what happens."`
}

// followEvery is how often a command that follows looks again.
const followEvery = 2 * time.Second

// shift is a change as the API shows it.
type shift struct {
	Cursor string
	At     int64
	Event  struct{ Action, Actor, Reason string }
	Object *object
	Before string
	After  string

	Credential string
	Gained     bool
	Principals []principal
	Count      int
}

func (s *shift) row() []string {
	names := make([]string, 0, len(s.Principals))
	for _, p := range s.Principals {
		names = append(names, p.Name)
	}
	who := strings.Join(names, ", ")
	if more := s.Count - len(names); len(names) > 1 && more > 0 {
		who += ", …"
	}
	what, change := s.Object.title(), orNone(s.Before)+" → "+orNone(s.After)
	if s.Credential != "" {
		what, change = "token "+s.Credential[:min(12, len(s.Credential))], "taken"
		if s.Gained {
			change = "given"
		}
	}
	return []string{time.UnixMilli(s.At).UTC().Format(time.RFC3339), who, what, change, s.Event.Action + " by " + s.Event.Actor, s.Event.Reason, s.Cursor}
}

func orNone(level string) string {
	if level == "" {
		return "nothing"
	}
	return level
}

type shifts struct {
	Changes []shift
	Next    string
	More    bool
}

// Run prints the changes, page by page.
func (q *accessFeed) Run() error {
	ctx, stop := interrupted()
	defer stop()
	query := url.Values{"since": {q.Since}, "principal": {q.Principal}, "object": {q.Object}}
	rows := [][]string{{"TIME", "WHO", "WHAT", "CHANGE", "BECAUSE", "REASON", "CURSOR"}}
	for {
		page, err := askFor(&q.remote, "/access-feed", query, func(a *shifts) error {
			for _, s := range a.Changes {
				rows = append(rows, s.row())
			}
			if len(rows) == 0 {
				return nil
			}
			defer func() { rows = nil }()
			return printTable(rows)
		})
		if err != nil || q.JSON && !q.Follow {
			return err
		}
		query.Set("since", page.Next)
		if page.More {
			continue
		}
		if !q.Follow {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followEvery):
		}
	}
}
