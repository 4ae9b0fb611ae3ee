package search

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// herd has the types that birds lack.
var herd = &Domain{Name: "herd", Groups: []Group{
	{Entity: Attribute, Names: []string{"attribute"}, Bare: true, Fields: []Field{
		{Name: "number", Type: ID, Ops: Equality | Lists, Key: true},
		{Name: "born", Aliases: []string{"birth day"}, Type: Number, Ops: Ordered},
		{Name: "name", Ops: Matching | Lists},
	}},
	{Entity: FirstFree, Names: []string{"feed", "feeds"}, Ops: Matching | Presence},
}}

func TestClauses(t *testing.T) {
	for filter, want := range map[string][]Clause{
		"":                                    nil,
		"AND":                                 nil,
		"number = '007'":                      {{Key: "number", Type: ID, Op: Eq, Ints: []int64{7}}},
		"number NOT  IN ( '1' ,\n'-2', )":     {{Key: "number", Type: ID, Op: NotIn, Ints: []int64{1, -2}}},
		"born > 5":                            {{Field: 1, Key: "born", Type: Number, Op: Gt, Number: 5, Int: 5, Whole: true}},
		"born<=-.5e-1":                        {{Field: 1, Key: "born", Type: Number, Op: Le, Number: -0.05}},
		"`birth day` != 9223372036854775808":  {{Field: 1, Key: "born", Type: Number, Op: Ne, Number: 1 << 63}},
		"\"birth day\" < 1e400":               {{Field: 1, Key: "born", Type: Number, Op: Lt, Number: math.Inf(1)}},
		"name = 'it''s' and name != \"\"\"\"": {{Field: 2, Key: "name", Op: Eq, Text: "it's"}, {Field: 2, Key: "name", Op: Ne, Text: `"`}},
		`name = 'C:\dir\'`:                    {{Field: 2, Key: "name", Op: Eq, Text: `C:\dir\`}},
		"attribute.`name` ilike '%É'":         {{Field: 2, Key: "name", Op: ILike, Text: "%É"}},
		"name in (\"a\",'b')":                 {{Field: 2, Key: "name", Op: In, List: []string{"a", "b"}}},
		"feed.hay is  null AND feeds.a.b_1 IS NOT NULL": {{Entity: FirstFree, Field: -1, Key: "hay", Op: IsNull},
			{Entity: FirstFree, Field: -1, Key: "a.b_1", Op: IsNotNull}},
		"feed.'sweet ''n'' dry' LIKE ''": {{Entity: FirstFree, Field: -1, Key: "sweet 'n' dry", Op: Like}},
		"`feed`.\"a.b\" = 'x'":           {{Entity: FirstFree, Field: -1, Key: "a.b", Op: Eq, Text: "x"}},
	} {
		got, err := ParseFilter(herd, filter)
		if diff := cmp.Diff(Filter(want), got); err != nil || diff != "" {
			t.Errorf("%q: %v %s", filter, err, diff)
		}
	}
}

func TestRefusals(t *testing.T) {
	for filter, want := range map[string]string{
		" \t":                   "at character 1: expected a clause",
		"number = 7":            "at character 10: expected a value in quotes for 'number', found «7»",
		"number = 'x'":          "at character 10: 'number' must be a valid integer, found 'x'",
		"number IN ('1', 'x')":  "'number' must be a valid integer",
		"number LIKE '1'":       "expected a comparator for attribute 'number' (one of = != IN NOT IN)",
		"born = 1.2.3":          "at character 8: expected a number for 'born', found «1.2.3»",
		"born = 5x":             "expected a number",
		"born = --5":            "expected a number",
		"born = .":              "expected a number",
		"born = 1e":             "expected a number",
		"born = 5 born":         "at character 14: expected a comparator for attribute 'born' (one of = != > >= < <=), found the end",
		"name IN ()":            "at character 10: expected a value in quotes, found «)»",
		"name IN ('a'":          "expected , or ), found the end",
		"name IN ('a',,'b')":    "expected a value in quotes",
		"name IN 'a'":           "expected a list of values in quotes",
		"name = ('a')":          "expected a value in quotes for 'name'",
		"name = 'a'; name":      "at character 11: ; is not part of the grammar",
		"NOT name = 'a'":        "at character 1: NOT is not part",
		"(name = 'a')":          "( is not part",
		"name = 'a' -- x":       "-- is not part",
		"name = 'a' /* x */":    "/* is not part",
		"ORDER = 'a'":           "Invalid attribute key 'ORDER', allowed are number, born, name",
		"Feed.hay = 'a'":        "unknown entity 'Feed', allowed are attribute, feed",
		"feed.hay NOT LIKE 'a'": "expected a comparator for feed 'hay'",
		"feed.hay IS 'a'":       "expected a comparator",
		"feed. hay = 'a'":       "at character 6: expected a key",
		"feed.`hay = 'a'":       "the quote ` is not closed",
		"'name' = 'a'":          "at character 1: expected a key",
		"name == 'a'":           "at character 6",
		"name <> 'a'":           "at character 6",
		"name = 'ü' , name":     "at character 12: expected a key",
	} {
		_, err := ParseFilter(herd, filter)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", filter, err, want)
		}
	}
}

func TestMatchInt(t *testing.T) {
	for _, c := range []struct {
		filter   string
		yes, not []int64
	}{
		{"born > 2.5", []int64{3}, []int64{2, -3}},
		{"born != 9007199254740993", []int64{9007199254740992}, []int64{9007199254740993}},
		{"born >= 2", []int64{2, 3}, []int64{1}},
		{"born < 2", []int64{1}, []int64{2}},
		{"born <= 2", []int64{2}, []int64{3}},
		{"born = 2.0", []int64{2}, []int64{3}},
		{"number = '4'", []int64{4}, []int64{5}},
		{"number NOT IN ('4', '5')", []int64{6}, []int64{4, 5}},
	} {
		f, err := ParseFilter(herd, c.filter)
		if err != nil {
			t.Fatal(err)
		}
		holds := f[0].MatchInt()
		for _, v := range append(c.yes, c.not...) {
			if want := slices.Contains(c.yes, v); holds(v) != want {
				t.Errorf("%s with %d: %v", c.filter, v, !want)
			}
		}
	}
}

func cmpInt(n int) int { return max(-1, min(n, 1)) }

func TestKeysCompare(t *testing.T) {
	rising := []Key{{Num: math.Inf(-1)}, {Num: -1}, {}, {Num: 1}, NumberKey(math.NaN()), NoKey}
	for i := range rising {
		for j := range rising {
			want := map[bool]int{true: 1, false: -1}[i > j]
			if i == j {
				want = 0
			}
			if got := cmpInt(rising[i].compare(&rising[j], false)); got != want {
				t.Errorf("%v and %v: %d", rising[i], rising[j], got)
			}
			if i < 4 && j < 4 {
				want = -want
			}
			if got := cmpInt(rising[i].compare(&rising[j], true)); got != want {
				t.Errorf("%v and %v, descending: %d", rising[i], rising[j], got)
			}
		}
	}
}

// FuzzPattern compares LIKE with the regular expression that says the same.
func FuzzPattern(f *testing.F) {
	for _, s := range [][2]string{{"a%b", "axxb"}, {"%_é%", "xé"}, {"__", "日本"}, {"%a%a%", "a"}, {"", ""}, {"%b_", "abbc"}, {"a_%_b", "aab"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, like, s string) {
		if len(like) > 40 || len(s) > 200 || !utf8.ValidString(like) || !utf8.ValidString(s) {
			return
		}
		source := strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(like))
		want := regexp.MustCompile(`(?s)\A` + source + `\z`).MatchString(s)
		if got := (&Clause{Op: Like, Text: like}).MatchText()(s); got != want {
			t.Errorf("%q LIKE %q: %v", s, like, got)
		}
	})
}
