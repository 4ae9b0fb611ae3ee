package identity

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/fail"
)

// office is a workspace of ann (an operator, and in a group of her own), zoë, an administrator, who is away and a service principal.
func office(t *testing.T) *authz.Map {
	t.Helper()
	b := authz.NewBuilder()
	add := func(id int64, kind authz.PrincipalKind, name string, active bool, parents ...int64) {
		b.AddPrincipal(authz.Principal{ID: id, Kind: kind, Name: name, Active: active, Parents: parents})
	}
	add(200, authz.Group, "operators", true)
	add(201, authz.Group, "own", true)
	add(202, authz.Group, "chiefs", true, authz.GroupAdmins)
	add(100, authz.User, "ann", true, 200, 201)
	add(101, authz.User, "zo\u00eb", true)
	add(102, authz.User, "boss", true, 202)
	add(103, authz.User, "away", false)
	add(104, authz.ServicePrincipal, "7c9e6679-7425-40de-944b-e07fc1f90ae7", true)
	m, err := authz.NewMap(1, b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func arrive(t *testing.T, p *Provider, who Person, known int64, other bool) (Arrival, error) {
	t.Helper()
	next := int64(900)
	a, err := p.Arrive(office(t), &who, Known{
		Principal: known, Other: func(int64) (bool, error) { return other, nil },
		Memberships: func(int64) (map[int64]Source, error) { return map[int64]Source{200: FromProvider(p.Name)}, nil },
	}, func() int64 { next++; return next })
	a.Changing = nil
	return a, err
}

func TestArrive(t *testing.T) {
	p := okta()
	p.Groups["boss"] = "chiefs"
	tests := map[string]struct {
		who   Person
		known int64
		want  Arrival
	}{
		"the first time": {Person{UserName: "ann", Groups: []string{"ops", "unknown"}}, 0,
			Arrival{User: authz.Principal{ID: 100, Kind: authz.User, Name: "ann", Active: true, Parents: []int64{200, 201}}, Linked: true}},
		"again, under another name, without her groups": {Person{UserName: "anna"}, 100,
			Arrival{User: authz.Principal{ID: 100, Kind: authz.User, Name: "ann", Active: true, Parents: []int64{201}}, Left: []string{"operators"}}},
		"another case": {Person{UserName: "ANN", Groups: []string{"ops"}}, 0,
			Arrival{User: authz.Principal{ID: 100, Kind: authz.User, Name: "ann", Active: true, Parents: []int64{200, 201}}, Linked: true}},
		"new, with a new group": {Person{UserName: "new", Shown: "New", Groups: []string{"ml", "ops"}}, 0,
			Arrival{User: authz.Principal{ID: 901, Kind: authz.User, Name: "new", Shown: "New", Active: true, Parents: []int64{200, 902}}, New: true, Linked: true,
				Made: []authz.Principal{{ID: 902, Kind: authz.Group, Name: "ml-team", Active: true}}, Joined: []string{"ml-team", "operators"}}},
		"admins never through claims": {Person{UserName: "zo\u00eb", Groups: []string{"boss"}}, 0,
			Arrival{User: authz.Principal{ID: 101, Kind: authz.User, Name: "zo\u00eb", Active: true}, Linked: true, Held: []string{"chiefs"}}},
		"nor taken by them": {Person{UserName: "boss"}, 102,
			Arrival{User: authz.Principal{ID: 102, Kind: authz.User, Name: "boss", Active: true, Parents: []int64{202}}}},
	}
	for name, tt := range tests {
		got, err := arrive(t, p, tt.who, tt.known, false)
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestArriveRefused(t *testing.T) {
	tests := map[string]struct {
		change func(*Provider)
		who    string
		known  int64
		other  bool
		want   string
	}{
		"inactive":              {nil, "away", 0, false, "not active"},
		"inactive and known":    {nil, "x", 103, false, "not active"},
		"somebody else's name":  {nil, "ann", 0, true, "another subject"},
		"nobody is made":        {func(p *Provider) { p.Create = false }, "new", 0, false, "create-users"},
		"nobody is linked":      {func(p *Provider) { p.Link = false }, "ann", 0, false, "link-users"},
		"administrator":         {nil, "boss", 0, false, "link-administrators"},
		"service principal":     {nil, "7c9e6679-7425-40de-944b-e07fc1f90ae7", 0, false, "service principal"},
		"looks the same (NFKC)": {nil, "\uff41nn", 0, false, "differs from that of the user ann"},
	}
	for name, tt := range tests {
		p := okta()
		if tt.change != nil {
			tt.change(p)
		}
		if _, err := arrive(t, p, Person{UserName: tt.who}, tt.known, tt.other); !fail.Is(err, fail.Denied) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := okta()
	p.LinkAdmins = true
	if a, err := arrive(t, p, Person{UserName: "boss"}, 0, false); err != nil || !a.Linked {
		t.Errorf("%+v %v", a, err)
	}
}

func TestTwin(t *testing.T) {
	for name, want := range map[string]string{
		"ann": "", "ANN": "ann", "zoe\u0308": "zo\u00eb", "ZO\u00cb": "zo\u00eb", "bob": "", "operators": "", "\uff21nn": "ann",
	} {
		if got := Twin(office(t), name); got != want {
			t.Errorf("%q is taken for %q, want %q", name, got, want)
		}
	}
}
