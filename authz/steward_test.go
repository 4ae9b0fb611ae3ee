package authz

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bailiwick/fail"

	"github.com/google/go-cmp/cmp"
)

// owned is the small world with an experiment in /project that the team owns, and a group and a user of one name.
func owned(t *testing.T) *Map {
	t.Helper()
	return mustApply(t, small(t),
		putObject(Object{ID: 2000, Kind: Experiment, Parent: project, Name: "e", Creator: bob, Steward: &Steward{Owner: team, Contact: "#ml-help"}}),
		Event{Op: PutPrincipal, Principal: &Principal{ID: 300, Kind: Group, Name: "ops", Active: true}},
		Event{Op: PutPrincipal, Principal: &Principal{ID: 301, Kind: User, Name: "Ops", Active: true}},
	)
}

func TestOwner(t *testing.T) {
	m := owned(t)
	removed := mustApply(t, m, Event{Op: DropPrincipal, Principal: &Principal{ID: team}}, Event{Op: DropPrincipal, Principal: &Principal{ID: ann}})
	for name, c := range map[string]struct {
		m      *Map
		object int64
		owner  int64
		ok     bool
	}{
		"the creator":    {m, churn, ann, true},
		"another":        {m, 2000, team, true},
		"removed":        {removed, 2000, team, false},
		"creator gone":   {removed, churn, ann, false},
		"never one":      {m, below, 0, false},
		"a folder":       {m, project, 0, false},
		"the registry":   {m, ModelsRoot, 0, false},
		"nothing at all": {m, 5555, 0, false},
	} {
		if owner, ok := c.m.Owner(c.object); owner != c.owner || ok != c.ok {
			t.Errorf("%s: %d %v", name, owner, ok)
		}
	}
	moved := *mustObject(t, removed, 2000)
	moved.Name = "renamed"
	if _, err := removed.Apply(9, putObject(moved)); err != nil {
		t.Errorf("an object of somebody who was removed cannot be changed: %v", err)
	}
	_, err := m.Apply(9, putObject(Object{ID: 2001, Kind: Notebook, Parent: project, Name: "n", Steward: &Steward{Owner: ann}}))
	wantKind(t, "steward of a notebook", err, fail.Invalid)
}

func TestUnowned(t *testing.T) {
	m := owned(t)
	all := func(m *Map, after int64) (out []string) {
		for o, why := range m.Unowned(after) {
			out = append(out, fmt.Sprint(o.ID, " ", why))
		}
		return out
	}
	if got := all(m, -1); got != nil {
		t.Errorf("%v", got)
	}
	inactive := *mustPrincipal(t, m, ann)
	inactive.Active = false
	idle := mustApply(t, m, Event{Op: PutPrincipal, Principal: &inactive})
	want := []string{fmt.Sprint(churn, " owner-inactive"), fmt.Sprint(secretModel, " owner-inactive"), "2000 owner-empty"}
	slices.Sort(want)
	got := all(idle, -1)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := all(idle, 1999); !slices.Equal(got, []string{"2000 owner-empty"}) {
		t.Errorf("%v", got)
	}
	nobody := mustApply(t, m, Event{Op: DropPrincipal, Principal: &Principal{ID: team}},
		putObject(Object{ID: 2001, Kind: Experiment, Parent: project, Name: "of the server"}))
	if got := all(nobody, 1999); !slices.Equal(got, []string{"2000 owner-removed", "2001 no-owner"}) {
		t.Errorf("%v", got)
	}
	cycle := mustApply(t, idle, Event{Op: PutPrincipal, Principal: &Principal{ID: lab, Kind: Group, Name: "lab", Parents: []int64{team}}})
	if got := all(cycle, 1999); !slices.Equal(got, []string{"2000 owner-empty"}) {
		t.Errorf("groups in a circle: %v", got)
	}
}

func TestSetStewardTag(t *testing.T) {
	m := owned(t)
	full := Steward{team, "#help", "high", "active"}
	for name, c := range map[string]struct {
		key, value string
		want       Steward
		says       string
	}{
		"a user, whatever the case": {TagOwner, "ANN@example.com", Steward{ann, "#help", "high", "active"}, ""},
		"a service principal":       {TagOwner, "0f0f-app", Steward{bot, "#help", "high", "active"}, ""},
		"a group":                   {TagOwner, "lab", Steward{lab, "#help", "high", "active"}, ""},
		"a group by its word":       {TagOwner, "group:ops", Steward{300, "#help", "high", "active"}, ""},
		"a user by his word":        {TagOwner, "user:ops", Steward{301, "#help", "high", "active"}, ""},
		"the creator again":         {TagOwner, "", Steward{0, "#help", "high", "active"}, ""},
		"no contact":                {TagContact, "", Steward{team, "", "high", "active"}, ""},
		"a tier in capitals":        {TagTier, "CRITICAL", Steward{team, "#help", "critical", "active"}, ""},
		"no lifecycle":              {TagLifecycle, "", Steward{team, "#help", "high", ""}, ""},
		"two of one name":           {TagOwner, "ops", Steward{}, `write "user:ops" or "group:ops"`},
		"nobody":                    {TagOwner, "zoe", Steward{}, `no user, group or service principal has the name "zoe"`},
		"not of that kind":          {TagOwner, "group:ann@example.com", Steward{}, "no user, group"},
		"inactive":                  {TagOwner, "gone@example.com", Steward{}, "is inactive"},
		"unknown tier":              {TagTier, "5", Steward{}, "must be one of critical, high, medium, low"},
		"unknown lifecycle":         {TagLifecycle, "old", Steward{}, "must be one of experimental, active, deprecated, retired"},
		"two lines of contact":      {TagContact, "a\nb", Steward{}, "one line"},
		"a long contact":            {TagContact, strings.Repeat("x", maxContact+1), Steward{}, "501 bytes"},
		"unknown key":               {"bailiwick.ower", "ann", Steward{}, "bailiwick.owner, bailiwick.contact, bailiwick.tier, bailiwick.lifecycle"},
	} {
		got, err := m.SetStewardTag(full, c.key, c.value)
		if c.says != "" {
			if !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || got != c.want {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	o := mustObject(t, m, 2000).WithSteward(full)
	for key, want := range map[string]string{TagOwner: "team", TagContact: "#help", TagTier: "high", TagLifecycle: "active", "team": ""} {
		if got := m.StewardTag(&o, key); got != want {
			t.Errorf("%s: %q", key, got)
		}
	}
	if o = o.WithSteward(Steward{}); o.Steward != nil || m.StewardTag(&o, TagOwner) != "bob@example.com" {
		t.Errorf("%+v", o)
	}
}

// TestRefusalAsks: a refusal names the contact, else the owner, else the administrators, and the owner once only.
func TestRefusalAsks(t *testing.T) {
	m := owned(t)
	with := func(s *Steward, creator int64) *Map {
		o := *mustObject(t, m, 2000)
		o.Steward, o.Creator = s, creator
		return mustApply(t, m, putObject(o))
	}
	for name, c := range map[string]struct {
		m      *Map
		object int64
		ask    string
		says   string
	}{
		"contact":          {m, 2000, "#ml-help", " Ask #ml-help."},
		"owner":            {with(&Steward{Owner: team}, bob), 2000, "group team", " Ask group team."},
		"nobody":           {with(nil, 0), 2000, "the administrators", " Ask the administrators."},
		"inactive":         {with(nil, gone), 2000, "the administrators", " Ask the administrators."},
		"named among them": {m, churn, "Ann@example.com", "root@example.com."},
		"a folder":         {m, project, "", "root@example.com."},
	} {
		ability := ChangePermissions
		r := Refuse(c.m, Decide(c.m, Who{Principal: bob}, ability, c.object, noon))
		if r.Ask != c.ask || !strings.HasSuffix(r.Message, c.says) {
			t.Errorf("%s: %q %q", name, r.Ask, r.Message)
		}
	}
}

func mustObject(t *testing.T, m *Map, id int64) *Object {
	t.Helper()
	o, ok := m.Object(id)
	if !ok {
		t.Fatalf("no object %d", id)
	}
	return o
}

func mustPrincipal(t *testing.T, m *Map, id int64) *Principal {
	t.Helper()
	p, ok := m.Principal(id)
	if !ok {
		t.Fatalf("no principal %d", id)
	}
	return p
}
