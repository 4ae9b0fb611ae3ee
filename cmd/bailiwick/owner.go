package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// owner is about who answers for models and experiments.
type owner struct {
	Show     ownerShow     `cmd:"" help:"Who answers for a model or an experiment."`
	Set      ownerSet      `cmd:"" help:"Change who answers for a model or an experiment (who manages it)."`
	Unowned  ownerUnowned  `cmd:"" help:"List models and experiments whose owner is gone, inactive or was never named."`
	Required ownerRequired `cmd:"" help:"Show the tags that must be given where something is made."`
	Require  ownerRequire  `cmd:"" help:"Require tags in a folder or the registry, in place of those it requires now (who manages it)."`
}

// steward is who answers for an object, as the API shows it.
type steward struct {
	object
	Owner     string
	OwnerID   string `json:"owner_id"`
	OwnerKind string `json:"owner_kind"`
	Contact   string
	Tier      string
	Lifecycle string
	Unowned   string
}

func (s *steward) show() error {
	name := s.Owner
	if name == "" && s.OwnerID != "" {
		name = s.OwnerID
	}
	if s.Unowned != "" {
		name = strings.TrimSpace(name + " (" + s.Unowned + ")")
	}
	return printTable([][]string{{"OBJECT", s.title()}, {"OWNER", name}, {"CONTACT", s.Contact}, {"TIER", s.Tier}, {"LIFECYCLE", s.Lifecycle}})
}

type ownerShow struct {
	remote
	Object string `arg:"" help:"experiments/123, registered-models/NAME, or a workspace path."`
}

// Run prints it.
func (q *ownerShow) Run() error {
	return ask(&q.remote, "/steward", url.Values{"object": {q.Object}}, (*steward).show)
}

type ownerSet struct {
	remote
	Object    string  `arg:"" help:"experiments/123, registered-models/NAME, or a workspace path."`
	Owner     *string `help:"A user, service principal or group by name; empty: the creator." placeholder:"NAME"`
	Contact   *string `help:"Where to ask." placeholder:"TEXT"`
	Tier      *string `help:"critical, high, medium or low; empty: none." placeholder:"TIER"`
	Lifecycle *string `help:"experimental, active, deprecated or retired; empty: none." placeholder:"LIFECYCLE"`
}

// Run changes what was named and prints what is so now.
func (q *ownerSet) Run() error {
	body := map[string]string{}
	for key, value := range map[string]*string{"owner": q.Owner, "contact": q.Contact, "tier": q.Tier, "lifecycle": q.Lifecycle} {
		if value != nil {
			body[key] = *value
		}
	}
	return tell(&q.remote, http.MethodPatch, "/steward", q.Object, body, (*steward).show)
}

// tell sends a change of an object and prints the answer as ask does.
func tell[A any](r *remote, method, path, object string, body any, show func(*A) error) error {
	c, err := r.connect()
	if err != nil {
		return err
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	query := url.Values{"object": {object}}
	answer, err := c.open(method, "/api/governance/1.0"+path+"?"+query.Encode(), bytes.NewReader(text))
	if err != nil {
		return err
	}
	defer answer.Close()
	var raw json.RawMessage
	if err := json.NewDecoder(answer).Decode(&raw); err != nil {
		return err
	}
	_, err = printed(r, c, raw, show)
	return err
}

type ownerUnowned struct {
	remote
	Kind string `help:"Only experiment or registered-model." placeholder:"KIND"`
}

// unowned is one page of what nobody answers for.
type unowned struct {
	Objects []steward
	Next    string `json:"next_page_token"`
}

// Run prints the objects, page by page.
func (q *ownerUnowned) Run() error {
	query := url.Values{"kind": {q.Kind}}
	heading := [][]string{{"WHY", "KIND", "OBJECT", "OWNER", "CONTACT", "TIER", "LIFECYCLE"}}
	for more := true; more; {
		err := ask(&q.remote, "/unowned", query, func(a *unowned) error {
			rows := heading
			for _, o := range a.Objects {
				rows = append(rows, []string{o.Unowned, o.Kind, o.title(), o.Owner, o.Contact, o.Tier, o.Lifecycle})
			}
			heading, more = nil, a.Next != ""
			query.Set("page_token", a.Next)
			return printTable(rows)
		})
		if err != nil || q.JSON {
			return err
		}
	}
	return nil
}

// required is what must be given when something is made in an object.
type required struct {
	Tags []struct {
		Key     string
		Allowed []string
		From    object
		By      string `json:"asked_by"`
	} `json:"required_tags"`
}

func (a *required) show() error {
	rows := [][]string{{"TAG", "ALLOWED", "REQUIRED BY", "ASKED BY"}}
	for _, t := range a.Tags {
		allowed := "any"
		if len(t.Allowed) > 0 {
			allowed = strings.Join(t.Allowed, ", ")
		}
		rows = append(rows, []string{t.Key, allowed, t.From.title(), t.By})
	}
	return printTable(rows)
}

type ownerRequired struct {
	remote
	Object string `arg:"" help:"A folder's path, directories/123, or registered-models/root."`
}

// Run prints them, those of the folders above too.
func (q *ownerRequired) Run() error {
	return ask(&q.remote, "/required-tags", url.Values{"object": {q.Object}}, (*required).show)
}

type ownerRequire struct {
	remote
	Object string   `arg:"" help:"A folder's path, directories/123, or registered-models/root."`
	Tags   []string `arg:"" optional:"" sep:"none" help:"KEY for any value, KEY=A|B|C for one of these; none: nothing is required any more."`
}

// Run replaces what the object itself requires.
func (q *ownerRequire) Run() error {
	type tag struct {
		Key     string   `json:"key"`
		Allowed []string `json:"allowed,omitempty"`
	}
	tags := []tag{}
	for _, text := range q.Tags {
		key, values, some := strings.Cut(text, "=")
		t := tag{Key: key}
		if some {
			t.Allowed = strings.Split(values, "|")
		}
		tags = append(tags, t)
	}
	return tell(&q.remote, http.MethodPut, "/required-tags", q.Object, map[string]any{"required_tags": tags}, (*required).show)
}
