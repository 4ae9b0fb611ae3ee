package ledger

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/fail"
)

func ms(text string) int64 {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t.UnixMilli()
}

func TestParseQuery(t *testing.T) {
	for text, want := range map[string]Query{
		"":                                 nil,
		"  ":                               nil,
		"\t ":                              nil,
		"actor:ann@x.org  -action:getRun":  {{Qualifier: "actor", Value: "ann@x.org"}, {Qualifier: "action", Value: "getRun", Negated: true}},
		`actor:"Ann \"A\" \\ Lee" class:A`: {{Qualifier: "actor", Value: `Ann "A" \ Lee`, Quoted: true}, {Qualifier: "class", Value: "A"}},
		`object:"/Shared/a b"`:             {{Qualifier: "object", Value: "/Shared/a b", Quoted: true}},
		"ACTOR:a:b":                        {{Qualifier: "actor", Value: "a:b"}},
		`actor:"*"`:                        {{Qualifier: "actor", Value: "*", Quoted: true}},
		`actor:a"b`:                        {{Qualifier: "actor", Value: `a"b`}},
		"created:2026-01-01..2026-01-31":   {{Qualifier: "created", Value: "2026-01-01..2026-01-31"}},
		"-actor-kind:service-principal":    {{Qualifier: "actor-kind", Value: "service-principal", Negated: true}},
		"source:2001:db8::/32":             {{Qualifier: "source", Value: "2001:db8::/32"}},
	} {
		got, err := ParseQuery(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
		if again, err := ParseQuery(got.String()); err != nil || !cmp.Equal(again, got) {
			t.Errorf("%q is written as %q: %v, %v", text, got.String(), again, err)
		}
	}
}

func TestParseQueryRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"churn":                              "'churn' is free text, which is not searched; put a qualifier before it, such as actor:churn",
		"actor:ann churn model":              "'churn' is free text",
		`"actor":ann`:                        "is free text",
		"-":                                  "'-' is free text",
		"colour:red":                         "'colour' is no qualifier; known: actor, actor-kind, action",
		"actor:":                             "actor: a value must follow the colon",
		"actor: ann":                         "actor: a value must follow the colon",
		`actor:""`:                           "actor: a value must follow",
		`actor:"ann`:                         "actor: the closing quote is missing",
		`actor:"ann\"`:                       "the closing quote is missing",
		`actor:"ann"b`:                       "a blank must follow the closing quote",
		"class:D":                            "class: 'D' is not one of A, B, C",
		"operation:delete":                   "operation: 'delete' is not one of create, modify, remove, access, authentication, restore",
		"result:ok":                          "result: 'ok' is not one of allowed, denied, failed",
		"created:yesterday":                  "created: 'yesterday' is no time",
		"created:2026-13-01":                 "is no time",
		"created:2026-02-01..2026-01-01":     "ends before it begins",
		"created:>":                          "is no time",
		"created:..":                         "is no time",
		"source:example.org":                 "neither an address nor a network",
		"source:10.0.0.0/99":                 "neither an address nor a network",
		"actor:\xff":                         "not valid UTF-8",
		strings.Repeat("class:A ", 65):       "more than 64 qualifiers",
		"actor:" + strings.Repeat("a", 5000): "at most 4096",
	} {
		if q, err := ParseQuery(text); !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, %v; want %q", text, q, err, want)
		}
	}
}

func TestParseSpan(t *testing.T) {
	day, next := ms("2026-01-01T00:00:00Z"), ms("2026-01-02T00:00:00Z")
	for text, want := range map[string]Span{
		"2026-01-01":                     {day, next},
		">=2026-01-01":                   {From: day},
		">2026-01-01":                    {From: next},
		"<2026-01-01":                    {To: day},
		"<=2026-01-01":                   {To: next},
		"2026-01-01..2026-01-01":         {day, next},
		"2026-01-01..*":                  {From: day},
		"*..2026-01-01":                  {To: next},
		"*..*":                           {},
		"2026-01-01T10:30Z":              {ms("2026-01-01T10:30:00Z"), ms("2026-01-01T10:31:00Z")},
		"2026-01-01T10:30":               {ms("2026-01-01T10:30:00Z"), ms("2026-01-01T10:31:00Z")},
		"2026-01-01T10:30:05+02:00":      {ms("2026-01-01T08:30:05Z"), ms("2026-01-01T08:30:06Z")},
		"2026-01-01T10:30:05.250Z":       {ms("2026-01-01T10:30:05.250Z"), ms("2026-01-01T10:30:05.251Z")},
		strconv.FormatInt(day, 10):       {day, day + 1},
		fmt.Sprintf(">=%d", day):         {From: day},
		fmt.Sprintf("%d..2026-01-01", 5): {5, next},
	} {
		if got, err := ParseSpan(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
}

// directory is a workspace's names: ann is 500; experiments/7 is 7, which holds run r1.
type directory struct{}

func (directory) Actor(name string) (int64, bool) { return 500, strings.EqualFold(name, "ann") }

func (directory) Object(text string) (int64, string, error) {
	switch text {
	case "experiments/7", "/Shared/seven":
		return 7, "", nil
	case "runs/r1":
		return 7, "r1", nil
	}
	return 0, "", fail.NotFoundf("Object '%s' does not exist.", text)
}

// trail are entries with the object that they are recorded of.
var trail = []struct {
	name   string
	object int64
	Entry
}{
	{"made", 7, Entry{Time: ms("2026-01-01T10:00:00Z"), Class: ClassA, Service: "mlflowExperiment", Action: "createRun", Status: 200, RequestID: "q1",
		Actor: Actor{500, "ann", "user"}, Object: Object{Kind: "experiment", ID: "7"}, Params: Params{{"runId", "r1"}}, Source: "10.1.2.3",
		Decision: Decision{Allowed: true, Ability: "manage-runs"}}},
	{"logged", 7, Entry{Time: ms("2026-01-02T10:00:00Z"), Class: ClassB, Service: "mlflowExperiment", Action: "logMetric", Status: 200,
		Actor: Actor{600, "job-1", "service-principal"}, Object: Object{Kind: "experiment", ID: "r1"}, Credential: "tok1", Source: "10.9.0.1"}},
	{"refused", 8, Entry{Time: ms("2026-01-03T10:00:00Z"), Class: ClassA, Service: "mlflowExperiment", Action: "getRun", Status: 404,
		ErrorCode: "RESOURCE_DOES_NOT_EXIST", Actor: Actor{700, "gone*", "user"}, Decision: Decision{Ability: "view-runs"}, Source: "2001:db8::1"}},
	{"stranger", -1, Entry{Time: ms("2026-01-04T10:00:00Z"), Class: ClassC, Service: "accounts", Action: "tokenLogin", Status: 401}},
	{"broken", 9, Entry{Time: ms("2026-01-05T10:00:00Z"), Class: ClassA, Service: "accounts", Action: "add", Status: 500,
		Actor: Actor{9, "bailiwick", "system"}}},
}

func TestFilter(t *testing.T) {
	for text, want := range map[string]string{
		"":                                           "made logged refused stranger broken",
		"actor:ann":                                  "made",
		"actor:ANN actor:job-1":                      "made logged",
		"actor:500":                                  "made",
		"-actor:ann":                                 "logged refused stranger broken",
		"actor:*o*":                                  "logged refused",
		`actor:"gone*"`:                              "refused",
		"actor:nobody":                               "",
		"actor-kind:user":                            "made refused",
		"actor-kind:nobody":                          "stranger",
		"-actor-kind:nobody":                         "made logged refused broken",
		"actor-kind:system":                          "broken",
		"action:createRun":                           "made",
		"action:createrun":                           "made",
		"action:mlflowExperiment.*":                  "made logged refused",
		"action:accounts.add":                        "broken",
		"action:mlflowExperiment.add":                "",
		"action:add -action:accounts.add":            "",
		"service:accounts":                           "stranger broken",
		"operation:create":                           "made broken",
		"operation:modify":                           "logged",
		"operation:access":                           "refused",
		"operation:authentication":                   "stranger",
		"object:experiments/7":                       "made logged",
		"object:/Shared/seven":                       "made logged",
		"-object:experiments/7":                      "refused stranger broken",
		"object:runs/r1":                             "made logged",
		"result:allowed":                             "made logged",
		"result:denied":                              "refused stranger",
		"result:failed":                              "broken",
		"result:denied result:failed":                "refused stranger broken",
		"created:2026-01-02":                         "logged",
		"created:>=2026-01-04":                       "stranger broken",
		"created:>2026-01-04":                        "broken",
		"created:<2026-01-02":                        "made",
		"created:2026-01-02..2026-01-03":             "logged refused",
		"created:2026-01-01 created:2026-01-03":      "made refused",
		"created:>=2026-01-02 created:<2026-01-04":   "logged refused",
		"created:>2026-01-04 created:<2026-01-02":    "",
		"-created:2026-01-02 -created:>=2026-01-04":  "made refused",
		"created:>=2026-01-02 created:2026-01-01..*": "logged refused stranger broken",
		"source:10.0.0.0/8":                          "made logged",
		"source:10.1.2.3":                            "made",
		"source:2001:db8::/32":                       "refused",
		"-source:10.0.0.0/8":                         "refused stranger broken",
		"class:B class:C":                            "logged stranger",
		"credential:tok1":                            "logged",
		"request:q1":                                 "made",
		"class:A actor-kind:user -result:denied":     "made",
	} {
		q, err := ParseQuery(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		f, err := q.Filter(directory{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got []string
		for i := range trail {
			if f.Fits(&trail[i].Entry, trail[i].object) {
				got = append(got, trail[i].name)
				if why := f.leftOut(&trail[i].Entry, trail[i].object); why != "" {
					t.Errorf("%s: a store that looks up %s would not give %s", text, why, trail[i].name)
				}
			}
		}
		if names := strings.Join(got, " "); names != want {
			t.Errorf("%s: %q, want %q", text, names, want)
		}
	}
}

// leftOut says by which of its lists a store would not give an entry.
func (f *Filter) leftOut(e *Entry, object int64) string {
	in := func(n int, holds bool) bool { return n == 0 || holds }
	switch {
	case f.Nothing:
		return "nothing"
	case !f.Span.Holds(e.Time):
		return "the span"
	case !in(len(f.Actors), strings.Contains(fmt.Sprint(f.Actors), fmt.Sprint(e.Actor.ID))):
		return "actors"
	case !in(len(f.Objects), strings.Contains(fmt.Sprint(f.Objects), fmt.Sprint(object))):
		return "objects"
	case !in(len(f.Actions), strings.Contains(strings.Join(f.Actions, " "), e.Action)):
		return "actions"
	case !in(len(f.Classes), strings.Contains(fmt.Sprint(f.Classes), string(e.Class))):
		return "classes"
	}
	return ""
}

// TestFilterLooksUp: what a store has columns for is looked up there.
func TestFilterLooksUp(t *testing.T) {
	q, err := ParseQuery("actor:ann actor:600 object:experiments/7 object:runs/r1 action:createRun action:accounts.add class:A class:B " +
		"created:>=2026-01-01 created:<=2026-01-31 -actor:700 -object:experiments/7 -action:logMetric -class:C")
	if err != nil {
		t.Fatal(err)
	}
	f, err := q.Filter(directory{})
	if err != nil {
		t.Fatal(err)
	}
	got := Filter{Span: f.Span, Actors: f.Actors, Objects: f.Objects, Actions: f.Actions, Classes: f.Classes}
	want := Filter{Span: Span{ms("2026-01-01T00:00:00Z"), ms("2026-02-01T00:00:00Z")}, Actors: []int64{500, 600}, Objects: []int64{7},
		Actions: []string{"add", "createRun"}, Classes: []Class{ClassA, ClassB}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Filter{})); diff != "" {
		t.Error(diff)
	}
	q, _ = ParseQuery("object:experiments/99")
	if _, err := q.Filter(directory{}); !fail.Is(err, fail.NotFound) {
		t.Errorf("an object that is not there: %v", err)
	}
}

func TestGlob(t *testing.T) {
	for _, x := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true}, {"a*", "abc", true}, {"*c", "abc", true}, {"a*c", "abc", true}, {"a*c", "ac", true}, {"a*a", "a", false},
		{"*b*", "abc", true}, {"*x*", "abc", false}, {"a**c", "abc", true}, {"ab*bc", "abc", false}, {"a*b*c", "aXbYc", true},
	} {
		if got := glob(x.pattern, x.text); got != x.want {
			t.Errorf("glob(%q, %q) = %v", x.pattern, x.text, got)
		}
	}
}

// TestOperations: each action is of one operation, and no read is of any.
func TestOperations(t *testing.T) {
	seen := map[string]Operation{}
	for op, actions := range actionsOf {
		for _, a := range strings.Fields(actions) {
			if other, twice := seen[a]; twice {
				t.Errorf("%s is %s and %s", a, op, other)
			}
			seen[a] = op
		}
	}
	for _, a := range ReadActions {
		if OperationOf(a) != Access {
			t.Errorf("%s is %s and said to read", a, OperationOf(a))
		}
	}
}

func FuzzParseQuery(f *testing.F) {
	for _, seed := range []string{"", "actor:ann", `-actor:"a \" b" created:>=2026-01-01`, "created:2026-01-01..*", "source:10.0.0.0/8 class:A", "object:/a*",
		"created:99999999999999999999", `action:"\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := ParseQuery(text)
		if err != nil {
			if !fail.Is(err, fail.Invalid) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		again, err := ParseQuery(q.String())
		if err != nil || !cmp.Equal(again, q) {
			t.Fatalf("%q: %q is read as %v, %v", text, q.String(), again, err)
		}
		filter, err := q.Filter(directory{})
		if err != nil {
			return
		}
		for i := range trail {
			e := &trail[i]
			if why := filter.leftOut(&e.Entry, e.object); why != "" && filter.Fits(&e.Entry, e.object) {
				t.Fatalf("%q fits %s, which a store that looks up %s would not give", text, e.name, why)
			}
		}
	})
}
