package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// rotations is about credentials that are changed on schedule.
type rotations struct {
	List     rotationsList     `cmd:"" help:"List the plans of scopes that you manage."`
	Add      rotationsAdd      `cmd:"" help:"Rotate a secret, a service principal's credential or a key on schedule."`
	Run      rotationsRun      `cmd:"" help:"Rotate now."`
	Close    rotationsClose    `cmd:"" help:"End the old one before its time."`
	Status   rotationsStatus   `cmd:"" help:"How far a plan's rotations are, and who still uses the old one."`
	Findings rotationsFindings `cmd:"" help:"What is overdue, failed or still used. Exit code 2 = there is something."`
}

// rotationPlan is a plan as the API shows it.
type rotationPlan struct {
	ID         string `json:"plan_id"`
	Kind       string
	Scope, Key string
	Schedule   string
	Overlap    int64 `json:"overlap_seconds"`
	Next       int64
	Paused     bool
	Rotation   *rotationRow
	Findings   []rotationFinding
	SigningKey string `json:"signing_key"`
}

type rotationRow struct {
	State, Old, New, Reason string
	Started, Switched       int64
	OverlapEnd              int64 `json:"overlap_end"`
	Ended                   int64
	Uses                    []struct {
		Principal  struct{ Name string }
		Credential string `json:"credential_id"`
		Last       int64
		Source     string
	} `json:"still_used_by"`
}

type rotationFinding struct {
	Plan    string `json:"plan_id"`
	Finding string
	Since   int64
	Reason  string
	Contact string
}

func (p *rotationPlan) what() string {
	if p.Scope == "" {
		return p.Kind
	}
	return p.Kind + " " + p.Scope + "/" + p.Key
}

func (p *rotationPlan) row() []string {
	state := "-"
	if p.Rotation != nil {
		state = p.Rotation.State
	}
	if p.Paused {
		state += " (paused)"
	}
	var findings []string
	for _, f := range p.Findings {
		findings = append(findings, f.Finding)
	}
	return []string{p.ID, p.what(), p.Schedule, fmt.Sprint(time.Duration(p.Overlap) * time.Second), moment(p.Next, "-"), state, strings.Join(findings, ", ")}
}

func (p *rotationPlan) show() error {
	err := printTable([][]string{{"PLAN", "WHAT", "SCHEDULE", "OVERLAP", "NEXT", "STATE", "FINDINGS"}, p.row()})
	if err == nil && p.SigningKey != "" {
		fmt.Printf("\nCalls of the webhook are signed with this key, which is shown once:\n%s\n", p.SigningKey)
	}
	return err
}

const rotationPlans = "/rotation/plans"

type rotationsList struct{ remote }

// Run prints the plans.
func (q *rotationsList) Run() error {
	return ask(&q.remote, rotationPlans, url.Values{}, func(a *struct{ Plans []rotationPlan }) error {
		rows := [][]string{{"PLAN", "WHAT", "SCHEDULE", "OVERLAP", "NEXT", "STATE", "FINDINGS"}}
		for _, p := range a.Plans {
			rows = append(rows, p.row())
		}
		return printTable(rows)
	})
}

type rotationsAdd struct {
	remote
	Kind             string        `arg:"" help:"secret, service-principal-secret, token, signing-key or encryption-key."`
	Secret           string        `arg:"" optional:"" help:"SCOPE/KEY of the secret that is rotated, or that takes the new credential."`
	Schedule         string        `required:"" help:"30d, 12h, 30d 03:00, 30d sun 03:00 or sun 03:00 (UTC)."`
	Overlap          time.Duration `help:"How long the old one holds beside the new one." default:"1h"`
	Unused           time.Duration `help:"Keep the old one after the overlap until it was unused for so long."`
	ServicePrincipal string        `help:"Application id of whose credential it is." placeholder:"ID"`
	Credential       string        `help:"Id of the credential that counts now, which the first rotation ends." placeholder:"ID"`
	Lifetime         time.Duration `help:"How long new credentials of service principals live."`
	Webhook          string        `help:"Address of who makes new values, for what is not ours." placeholder:"URL"`
	Contact          string        `help:"Who is told."`
	Length           int           `help:"Characters of a value that is made here." default:"32"`
	Alphabet         string        `help:"alphanumeric, hex, base64url, printable, or characters." default:"alphanumeric"`
}

// Run makes the plan.
func (q *rotationsAdd) Run() error {
	body := map[string]any{"kind": q.Kind, "schedule": q.Schedule, "overlap_seconds": int64(q.Overlap.Seconds()),
		"unused_seconds": int64(q.Unused.Seconds()), "contact": q.Contact}
	if q.Secret != "" {
		scope, key, _ := strings.Cut(q.Secret, "/")
		body["scope"], body["key"] = scope, key
	}
	for key, value := range map[string]string{"service_principal": q.ServicePrincipal, "credential_id": q.Credential, "url": q.Webhook} {
		if value != "" {
			body[key] = value
		}
	}
	if q.Lifetime > 0 {
		body["lifetime_seconds"] = int64(q.Lifetime.Seconds())
	}
	switch {
	case q.Webhook != "":
		body["rotator"] = "webhook"
	case q.Kind == "secret":
		body["rule"] = map[string]any{"length": q.Length, "alphabet": q.Alphabet}
	}
	return tell(&q.remote, http.MethodPost, rotationPlans, "", body, (*rotationPlan).show)
}

type rotationsRun struct {
	remote
	Plan string `arg:"" help:"Id of the plan."`
}

// Run has the rotation begin.
func (q *rotationsRun) Run() error {
	return tell(&q.remote, http.MethodPost, rotationPlans+"/"+url.PathEscape(q.Plan)+"/run", "", map[string]any{}, (*rotationPlan).show)
}

type rotationsClose struct {
	remote
	Plan  string `arg:"" help:"Id of the plan."`
	Force bool   `help:"Even though somebody uses the old one, or nobody can know."`
}

// Run has the old one end.
func (q *rotationsClose) Run() error {
	path := rotationPlans + "/" + url.PathEscape(q.Plan) + "/close"
	return tell(&q.remote, http.MethodPost, path, "", map[string]any{"force": q.Force}, (*rotationPlan).show)
}

type rotationsStatus struct {
	remote
	Plan string `arg:"" help:"Id of the plan."`
}

// Run prints the rotations, and who uses the old one.
func (q *rotationsStatus) Run() error {
	return ask(&q.remote, rotationPlans+"/"+url.PathEscape(q.Plan)+"/rotations", url.Values{}, func(a *struct{ Rotations []rotationRow }) error {
		rows := [][]string{{"STARTED", "STATE", "OLD", "NEW", "SWITCHED", "OVERLAP ENDS", "ENDED", "REASON"}}
		var uses [][]string
		for _, r := range a.Rotations {
			rows = append(rows, []string{moment(r.Started, "-"), r.State, r.Old, r.New, moment(r.Switched, "-"), moment(r.OverlapEnd, "-"), moment(r.Ended, "-"), r.Reason})
			for _, u := range r.Uses {
				uses = append(uses, []string{u.Principal.Name, u.Credential, moment(u.Last, "-"), u.Source})
			}
		}
		if err := printTable(rows); err != nil || uses == nil {
			return err
		}
		fmt.Println()
		return printTable(append([][]string{{"OLD STILL USED BY", "CREDENTIAL", "LAST", "FROM"}}, uses...))
	})
}

type rotationsFindings struct{ remote }

// Run prints the findings.
func (q *rotationsFindings) Run() error {
	found := 0
	err := ask(&q.remote, "/rotation/findings", url.Values{}, func(a *struct{ Findings []rotationFinding }) error {
		rows := [][]string{{"PLAN", "FINDING", "SINCE", "CONTACT", "REASON"}}
		for _, f := range a.Findings {
			rows = append(rows, []string{f.Plan, f.Finding, moment(f.Since, "-"), f.Contact, f.Reason})
		}
		found = len(a.Findings)
		return printTable(rows)
	})
	if err == nil && found > 0 {
		return codeUnsound
	}
	return err
}
