package credential

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/identity"
)

const today = 1_000 * msPerDay

// days is a moment some days ago.
func days(ago int64) int64 { return today - ago*msPerDay }

func seen(a Aspect, what string, firstAgo, lastAgo int64) Sighting {
	return Sighting{Seen: Seen{Aspect: a, What: what}, First: days(firstAgo), Last: days(lastAgo), Count: 3}
}

// sound is a token with which nothing is wrong.
func sound() *Facts {
	return &Facts{
		Credential: &authz.Credential{ID: "t1", Principal: 500, Created: days(100), Expires: days(-30), Scopes: []string{"mlflow"}},
		Owner:      &authz.Principal{ID: 500, Name: "ann", Active: true}, Reached: []string{"mlflow"}, Expires: days(-30), Stands: true, LastUse: days(1),
		Seen: []Sighting{
			seen(Family, "mlflow", 100, 1), seen(Network, "10.0.0.0/24", 100, 1), seen(Network, "10.0.1.0/24", 100, 60), seen(Program, "mlflow", 100, 1),
			seen(Program, "databricks-sdk-py", 90, 2), seen(Program, "terraform", 90, 31),
		},
	}
}

// TestFind plants one thing wrong at a time, and at each limit what is just not wrong.
func TestFind(t *testing.T) {
	all := []string{"jobs", "mlflow", "scim"}
	tests := map[string]struct {
		change func(*Facts)
		set    map[string]string
		want   []Class
	}{
		"nothing wrong":                 {change: func(*Facts) {}},
		"unused for 90 days":            {change: func(f *Facts) { f.LastUse = days(90) }, want: []Class{Unused}},
		"unused for less":               {change: func(f *Facts) { f.LastUse = days(89) }},
		"never used":                    {change: func(f *Facts) { f.LastUse, f.Seen = 0, nil }, want: []Class{Unused}},
		"never used, and new":           {change: func(f *Facts) { f.LastUse, f.Seen, f.Credential.Created = 0, nil, days(1) }},
		"unused, other limit":           {change: func(f *Facts) { f.LastUse = days(7) }, set: map[string]string{"credentialUnusedDays": "7"}, want: []Class{Unused}},
		"unused, switched off":          {change: func(f *Facts) { f.LastUse = days(500) }, set: map[string]string{"credentialUnusedDays": "off"}},
		"unused, setting emptied":       {change: func(f *Facts) { f.LastUse = days(91) }, set: map[string]string{"credentialUnusedDays": ""}, want: []Class{Unused}},
		"owner inactive":                {change: func(f *Facts) { f.Owner.Active = false }, want: []Class{OwnerInactive}},
		"owner gone":                    {change: func(f *Facts) { f.Owner = nil }, want: []Class{OwnerInactive}},
		"no end":                        {change: func(f *Facts) { f.Expires = 0 }, want: []Class{NeverExpires}},
		"no end, and young enough":      {change: func(f *Facts) { f.Expires = 0 }, set: map[string]string{"credentialNeverExpiresDays": "101"}},
		"all scopes":                    {change: func(f *Facts) { f.Reached = all }, want: []Class{WiderThanUsed}},
		"a scope too many":              {change: func(f *Facts) { f.Reached = []string{"mlflow", "scim"} }, want: []Class{WiderThanUsed}},
		"a scope too many, seen lately": {change: func(f *Facts) { f.Reached, f.Seen[0].First = all, days(29) }},
		"a new network":                 {change: func(f *Facts) { f.Seen = append(f.Seen, seen(Network, "1.2.3.0/24", 13, 1)) }, want: []Class{NewNetwork}},
		"a network that is known by now": {
			change: func(f *Facts) { f.Seen = append(f.Seen, seen(Network, "1.2.3.0/24", 14, 1)) },
		},
		"a third program":           {change: func(f *Facts) { f.Seen[5].Last = days(29) }, want: []Class{SharedByPrograms}},
		"two programs, one allowed": {change: func(*Facts) {}, set: map[string]string{"credentialMaxPrograms": "1"}, want: []Class{SharedByPrograms}},
		"in a notebook":             {change: func(f *Facts) { f.Places = []Place{{Object: 2000, At: "line 1", Found: days(2)}} }, want: []Class{HardCoded}},
		"all of it": {
			change: func(f *Facts) {
				f.Owner, f.Expires, f.LastUse, f.Reached = nil, 0, days(200), all
				f.Places = []Place{{Object: 2000}}
				f.Seen[5].Last = days(29)
				f.Seen = append(f.Seen, seen(Network, "1.2.3.0/24", 13, 1))
			},
			want: Classes(),
		},
		"a session is short-lived anyway": {change: func(f *Facts) { f.Credential.Session, f.Expires, f.LastUse, f.Reached = true, 0, days(200), all }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := sound()
			tt.change(f)
			var got []Class
			for _, x := range Find(f, func(key string) (string, bool) { v, ok := tt.set[key]; return v, ok }, today) {
				got = append(got, x.Class)
				if x.ID != string(x.Class)+":t1" || x.Credential != "t1" || x.Severity == "" || x.Text == "" || x.Advice == "" || len(x.Evidence) == 0 {
					t.Errorf("a finding that does not say all: %+v", x)
				}
				if x.Since > today {
					t.Errorf("%s since the future", x.Class)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A first day in several networks (a laptop, then the cluster) is no news, whatever the limit.
func TestFirstDayIsNoNews(t *testing.T) {
	f := sound()
	f.Seen = []Sighting{seen(Network, "10.0.0.0/24", 1, 0), seen(Network, "10.0.1.0/24", 1, 0)}
	f.Seen[1].First += msPerDay - 1
	for _, x := range Find(f, func(string) (string, bool) { return "", false }, today) {
		t.Errorf("found %s: %s", x.Class, x.Text)
	}
}

func TestSettings(t *testing.T) {
	if len(Settings()) != len(Classes()) {
		t.Errorf("%d settings of %d classes", len(Settings()), len(Classes()))
	}
	for _, class := range Classes() {
		if !slices.ContainsFunc(rules, func(r rule) bool { return r.class == class }) {
			t.Errorf("no rule finds %s", class)
		}
	}
	for key, standard := range Settings() {
		if err := CheckSetting(key, standard); err != nil {
			t.Error(err)
		}
		for _, wrong := range []string{"", "-1", "36501", "many", "1.5"} {
			if CheckSetting(key, wrong) == nil {
				t.Errorf("%s takes %q", key, wrong)
			}
		}
		if CheckSetting(key, "off") != nil || CheckSetting(key, " 7 ") != nil {
			t.Errorf("%s refuses off, or 7", key)
		}
	}
}

func TestKinds(t *testing.T) {
	for name, c := range map[string]authz.Credential{"token": {}, "session": {Session: true}} {
		if k := KindOf(&c); k.Name != name || !slices.Contains(KindNames(), name) {
			t.Errorf("%s is a %s", name, k.Name)
		}
	}
	for _, k := range kinds {
		if k.Title == "" || k.Revoke == 0 || k.RevokeAt == 0 || len(k.Classes) == 0 {
			t.Errorf("kind %s does not say all", k.Name)
		}
		for _, class := range k.Classes {
			if !slices.Contains(Classes(), class) {
				t.Errorf("kind %s has the class %s, which nothing finds", k.Name, class)
			}
		}
	}
}

// The families that decisions are counted under are the scopes that tokens are offered: otherwise what was used would be said to be unused.
func TestFamiliesAreScopes(t *testing.T) {
	offered := map[string]bool{}
	for _, s := range identity.Offered() {
		offered[s.Name] = true
	}
	for a := authz.Ability(1); ; a++ {
		info, ok := a.Info()
		if !ok {
			break
		}
		if info.Family != "" && !offered[info.Family] {
			t.Errorf("%s is of the family %q, which is no scope (%s)", a, info.Family, strings.Join(slices.Sorted(maps.Keys(offered)), ", "))
		}
	}
}
