package policy

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"bailiwick/authz"
)

var (
	somePrincipals = []string{"principal", `principal == User::"ann@x.org"`, `principal in Group::"oncall"`, "principal is ServicePrincipal",
		`principal in Group::"users"`, `principal in Role::"releaser"`, `principal is User in Group::"team"`}
	someActions = []string{"action", `action == Action::"view-runs"`, `action in [Action::"view-model", Action::"log-runs"]`, `action == Action::"view-items"`}
	someObjects = []string{"resource", `resource == Experiment::"/team/churn"`, `resource in Directory::"/team/inner"`, `resource in Directory::"/team"`,
		`resource == RegisteredModel::"churn-model"`}
	someConditions = []string{"", "", " when { context.hour < 13 }", ` unless { context.claims.contains("c") }`,
		` when { principal.name like "a*" }`, ` when { context.method == "token" }`, ` when { resource.name like "*u*" }`}
)

func pick(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }

// somePolicy gives a policy that may be about anything; not all of them are well typed.
func somePolicy(r *rand.Rand, effect string, n int) string {
	return fmt.Sprintf("@id(\"p%d\") %s (%s, %s, %s)%s;\n", n, effect, pick(r, somePrincipals), pick(r, someActions), pick(r, someObjects), pick(r, someConditions))
}

func someText(r *rand.Rand, from, n int, effects ...string) (text string) {
	for tries := 0; n > 0 && tries < 1000; tries++ {
		p := somePolicy(r, pick(r, effects), from+n)
		if _, err := Check(releaserRole + p); err == nil {
			text, n = text+p, n-1
		}
	}
	return text
}

func someone(r *rand.Rand) authz.Who {
	who := authz.Who{Principal: []int64{ann, bob, root, robot}[r.IntN(4)], Method: "other", Source: "10.0.0.1"}
	if r.IntN(2) == 0 {
		who.By = &authz.Assertion{Roles: []string{"c", "release-managers"}}
	}
	if r.IntN(2) == 0 {
		who.Roles = []string{"releaser"}
	}
	return who
}

var asked = []struct {
	ability authz.Ability
	objects []int64
}{
	{authz.ViewRuns, []int64{churn, fraud}}, {authz.LogRuns, []int64{churn, fraud}}, {authz.ViewModel, []int64{model, secondModel}},
	{authz.ViewItems, []int64{folder, inner, churn, fraud}},
}

// TestRandomPolicies: a forbid always wins, a permit never takes away, and lists, levels and comparisons say what decisions say.
func TestRandomPolicies(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 6))
		permits, forbids := someText(r, 100, 3, "permit"), someText(r, 200, 3, "forbid")
		both := mapWith(t, releaserRole+permits+forbids)
		onlyForbids, onlyPermits := mapWith(t, releaserRole+forbids), mapWith(t, releaserRole+permits)
		for range 40 {
			who, q := someone(r), asked[r.IntN(len(asked))]
			scope := authz.ScopeOf(both, who, q.ability, noon)
			for _, object := range q.objects {
				d := authz.Decide(both, who, q.ability, object, noon)
				base := authz.Decide(onlyForbids, who, q.ability, object, noon)
				if base.Rule == authz.RuleForbidden && d.Rule != authz.RuleForbidden || base.Allowed && !d.Allowed {
					t.Fatalf("seed %d: %+v, without permits %+v\n%s", seed, d, base, permits+forbids)
				}
				if d.Allowed && !authz.Decide(onlyPermits, who, q.ability, object, noon).Allowed {
					t.Fatalf("seed %d: a forbid gave %+v", seed, d)
				}
				o, _ := both.Object(object)
				if scope.AdmitsIn(both, o) != d.Allowed {
					t.Fatalf("seed %d: scope %+v, decision %+v\n%s", seed, scope, d, permits+forbids)
				}
				_, list := authz.AbilitiesOn(both, who, object, noon)
				if slices.Contains(list, q.ability) != d.Allowed {
					t.Fatalf("seed %d: abilities %v, decision %+v", seed, list, d)
				}
			}
		}
		compared(t, mapWith(t, ""), both)
	}
}

// compared holds Compare against one decision after another.
func compared(t *testing.T, before, after *authz.Map) {
	t.Helper()
	for _, object := range []int64{churn, fraud, model} {
		effect := authz.CompareAt(before, after, noon, object)
		o, _ := before.Object(object)
		for _, id := range []int64{ann, bob, root, robot} {
			var gains, loses []string
			for _, row := range authz.Rows(o.Kind) {
				was := authz.Decide(before, authz.Who{Principal: id}, row.Ability, object, noon).Allowed
				is := authz.Decide(after, authz.Who{Principal: id}, row.Ability, object, noon).Allowed
				if is && !was && !slices.Contains(gains, row.Title) {
					gains = append(gains, row.Title)
				}
				if was && !is && !slices.Contains(loses, row.Title) {
					loses = append(loses, row.Title)
				}
			}
			var got authz.Change
			for _, c := range effect.Changes {
				if c.Principal == id {
					got = c
				}
			}
			if !slices.Equal(got.Gains, gains) || !slices.Equal(got.Loses, loses) {
				t.Fatalf("%d on %d: %+v, want %v and %v", id, object, got, gains, loses)
			}
		}
	}
}

// benchmarkText is a thousand policies, as a company has them: about teams, folders and models, and some about everything.
func benchmarkText(n, groups, folders int) string {
	var b strings.Builder
	for i := range n {
		switch i % 10 {
		case 0:
			fmt.Fprintf(&b, "@id(\"p%d\") forbid (principal in Group::\"group-%d\", action, resource is Experiment) when { resource has tier && resource.tier == \"critical\" };\n", i, i%groups)
		case 1:
			fmt.Fprintf(&b, "@id(\"p%d\") permit (principal == User::\"person%d@example.com\", action == Action::\"view-runs\", resource in Directory::\"/folder-%d\");\n", i, i, i%6)
		default:
			fmt.Fprintf(&b, "@id(\"p%d\") permit (principal in Group::\"group-%d\", action in [Action::\"view-runs\", Action::\"log-runs\"], resource in Directory::\"/folder-%d\") when { context.hour >= 6 };\n", i, i%groups, i%6)
		}
	}
	b.WriteString("@id(\"network\") forbid (principal, action == Action::\"log-runs\", resource) when { context has source && context.source.isLoopback() };\n")
	return b.String()
}

// BenchmarkDecide decides with 1,000 policies on 100,000 objects.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{0, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m := bigMap(b, n)
			var i int
			one := func() {
				who := authz.Who{Principal: int64(10_000 + i*37%10_000), Method: "other", Source: "10.1.2.3"}
				authz.Decide(m, who, authz.LogRuns, int64(11_000+i*7919%90_000), noon)
				i++
			}
			for range 20_000 { // groups worked out, as in a server that runs
				one()
			}
			var took []time.Duration
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				one()
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "median-ns")
		})
	}
}

// BenchmarkScope works out a list's scope with 1,000 policies on 100,000 objects.
func BenchmarkScope(b *testing.B) {
	m := bigMap(b, 1000)
	for b.Loop() {
		authz.ScopeOf(m, authz.Who{Principal: 10_037, Method: "other", Source: "10.1.2.3"}, authz.ViewRuns, noon)
	}
}

func bigMap(b *testing.B, n int) *authz.Map {
	b.Helper()
	c := authz.NewBuilder()
	c.ReadPolicies(Compile)
	for g := range 500 {
		c.AddPrincipal(authz.Principal{ID: int64(1000 + g), Kind: authz.Group, Name: fmt.Sprint("group-", g), Active: true})
	}
	for i := range 10_000 {
		p := authz.Principal{ID: int64(10_000 + i), Kind: authz.User, Name: fmt.Sprintf("person%d@example.com", i), Active: true}
		for j := range 4 {
			p.Parents = append(p.Parents, int64(1000+(i*7+j*131)%500))
		}
		c.AddPrincipal(p)
	}
	for i := range 100_000 {
		o := authz.Object{ID: int64(1000 + i), Kind: authz.Directory, Name: fmt.Sprint("folder-", i)}
		if i >= 6 {
			o.Parent = int64(1000 + (i/6 - 1))
		}
		if i >= 10_000 {
			o.Kind, o.Parent, o.Name = authz.Experiment, int64(1000+i%10_000), fmt.Sprint("experiment-", i)
		}
		c.AddObject(o)
	}
	m, err := authz.NewMap(1, c)
	if err != nil || n == 0 {
		return m
	}
	read, err := Check(benchmarkText(n, 500, 6))
	if err != nil {
		b.Fatal(err)
	}
	names, err := read.Bind(m)
	if err != nil {
		b.Fatal(err)
	}
	m, err = m.Apply(2, authz.Event{Op: authz.PutPolicies, Policies: &authz.PolicyText{Version: 1, Text: benchmarkText(n, 500, 6), Names: names}})
	if err != nil {
		b.Fatal(err)
	}
	return m
}
