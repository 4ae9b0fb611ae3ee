package tracking

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"bailiwick/fail"
	"bailiwick/tracking/search"

	"github.com/google/go-cmp/cmp"
)

// verdict is a line of testdata/filters.jsonl: what MLflow's own parser says (testdata/filters.py).
type verdict struct {
	Domain, Text string
	OK           bool
	Clauses      []struct {
		Entity, Key, Op string
		Value           any
	}
}

// differs are the texts on which this grammar and MLflow's parser part, each with the reason.
var differs = map[string]string{
	"metrics. a = 1":     "MLflow takes the blank into the key, which nobody can have meant",
	"params.x = 'it''s'": "MLflow keeps both quotes, though its own client writes one quote as two",
	`params.x = "a""b"`:  "the same",
	"params.from = 'a'":  "MLflow's SQL parser trips over words of SQL",
	"metrics.1 > 2":      "and over numbers",
	"params.1 = 'a'":     "the same",
	`name = "a"`:         "MLflow takes the double quotes of logged models into the value",
}

func TestGrammarAgainstMLflow(t *testing.T) {
	file, err := os.Open("testdata/filters.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	used, n := map[string]bool{}, 0
	for lines := bufio.NewScanner(file); lines.Scan(); n++ {
		var v verdict
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		want, got := v.wanted(), parsed(v.Domain, v.Text)
		if want == got {
			continue
		}
		used[v.Text] = true
		if differs[v.Text] == "" {
			t.Errorf("%s %q\n  mlflow: %s\n  here:   %s", v.Domain, v.Text, want, got)
		}
	}
	for text, why := range differs {
		if !used[text] {
			t.Errorf("%q does not differ from MLflow any more (%s)", text, why)
		}
	}
	if n < 300 {
		t.Errorf("only %d lines", n)
	}
}

func (v *verdict) wanted() string {
	if !v.OK {
		return "refused"
	}
	var out []string
	for _, c := range v.Clauses {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s.%s %s %s", c.Entity, c.Key, c.Op, shown(c.Value))))
	}
	return strings.Join(out, " AND ")
}

func shown(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case float64:
		return fmt.Sprint(v)
	case []any:
		return fmt.Sprintf("%q", v)
	case string:
		if v == "inf" {
			return "+Inf"
		}
		return fmt.Sprintf("%q", v)
	}
	return fmt.Sprint(value)
}

var entityNames = map[search.Entity]string{search.Attribute: "attribute", search.Metric: "metric", search.Param: "param",
	search.Tag: "tag", search.Dataset: "dataset"}

var domainsByName = map[string]*search.Domain{"runs": Runs, "experiments": Experiments, "models": LoggedModels}

func parsed(domain, text string) string {
	if domain == "order" {
		o, err := search.ParseOrder(Runs, []string{text})
		if err != nil {
			return "refused"
		}
		return fmt.Sprintf("%s.%s %s", entityNames[o[0].Entity], o[0].Key, map[bool]string{true: "DESC", false: "ASC"}[o[0].Desc])
	}
	f, err := search.ParseFilter(domainsByName[domain], text)
	if err != nil {
		if !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), "character") {
			return "wrong error: " + err.Error()
		}
		return "refused"
	}
	var out []string
	for i := range f {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s.%s %s %s", entityNames[f[i].Entity], f[i].Key, f[i].Op, clauseValue(&f[i]))))
	}
	return strings.Join(out, " AND ")
}

func clauseValue(c *search.Clause) string {
	switch {
	case c.Op&search.Presence != 0:
		return ""
	case c.Type == search.ID && c.Op&search.Lists == 0:
		return fmt.Sprintf("%q", fmt.Sprint(c.Ints[0]))
	case c.Type == search.ID:
		return strings.ReplaceAll(fmt.Sprintf("%q", strings.Fields(strings.Trim(fmt.Sprint(c.Ints), "[]"))), ",", "")
	case c.Type != search.Text:
		return fmt.Sprint(c.Number)
	case c.Op&search.Lists != 0:
		return fmt.Sprintf("%q", c.List)
	}
	return fmt.Sprintf("%q", c.Text)
}

func TestFilterErrors(t *testing.T) {
	for _, c := range []struct{ filter, want string }{
		{"metrics.loss == 1", "at character 14: expected a comparator for metric 'loss' (one of = != > >= < <=), found «== 1»"},
		{"params.é = 'a' OR params.x = 'b'", "at character 16: OR is not part of the grammar"},
		{"status = RUNNING", "at character 10: expected a value in quotes for 'status', found «RUNNING»"},
		{"metrics.loss > 'a'", "at character 16: expected a number for 'loss'"},
		{"params.x = 'open", "at character 12: the quote ' is not closed"},
		{"foo.x = 'a'", "at character 1: unknown entity 'foo', allowed are attribute, metric, parameter, tag, dataset"},
		{"duration > 1", "at character 1: Invalid attribute key 'duration', allowed are run_id, run_name,"},
		{"status IN ('RUNNING')", "at character 8: expected a comparator for attribute 'status'"},
		{"run_id IN ('a' 'b')", "at character 16: expected , or ), found"},
		{"metrics.a-b > 1", "at character 10: expected a comparator"},
		{"metrics.", "at character 9: expected a key"},
		{"metrics.`` > 1", "at character 9: a key must not be empty"},
		{"params.x = 'a\x00' ;", "at character 17: ; is not part of the grammar"},
		{"params.x = '\xff'", "not valid UTF-8"},
		{strings.Repeat("metrics.a > 1 AND ", search.MaxClauses+1), "at most 200 clauses"},
		{"params.x LIKE '" + strings.Repeat("%a", 2000) + "'", "a pattern may have at most"},
	} {
		_, err := search.ParseFilter(Runs, c.filter)
		if !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.filter, err, c.want)
		}
	}
}

func TestOrderErrors(t *testing.T) {
	for _, c := range []struct {
		order []string
		want  string
	}{
		{[]string{"start_time", "metrics.a b"}, "order_by[1], at character 11: expected ASC, DESC or the end, found «b»"},
		{[]string{"start_time", "created DESC"}, "duplicate fields: 'start_time'"},
		{[]string{"dataset.name"}, "nothing can be ordered by dataset"},
		{make([]string, search.MaxTerms+1), "at most 50 keys"},
	} {
		_, err := search.ParseOrder(Runs, c.order)
		if !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.order, err, c.want)
		}
	}
}

func TestOrderIsCompleted(t *testing.T) {
	for _, c := range []struct {
		domain *search.Domain
		order  []string
		want   string
	}{
		{Runs, nil, "-start_time run_id"},
		{Runs, []string{"metrics.a DESC"}, "-a -start_time run_id"},
		{Runs, []string{"start_time"}, "start_time run_id"},
		{Runs, []string{"run_id DESC", "user_id"}, "-run_id user_id -start_time"},
		{Experiments, nil, "-creation_time experiment_id"},
		{Experiments, []string{"name"}, "name -experiment_id"},
		{LoggedModels, []string{"name"}, "name -creation_timestamp model_id"},
	} {
		o, err := search.ParseOrder(c.domain, c.order)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, term := range o {
			got = append(got, map[bool]string{true: "-"}[term.Desc]+term.Key)
		}
		if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%v: %s", c.order, diff)
		}
	}
}

func TestPageSize(t *testing.T) {
	n := func(v int64) *int64 { return &v }
	for _, c := range []struct {
		domain *search.Domain
		given  *int64
		want   int
	}{
		{Runs, nil, 1000}, {Runs, n(0), 0}, {Runs, n(-1), 0}, {Runs, n(1), 1}, {Runs, n(50000), 50000}, {Runs, n(50001), 0},
		{Experiments, nil, 1000}, {Experiments, n(0), 0}, {LoggedModels, nil, 100}, {LoggedModels, n(0), 100}, {LoggedModels, n(5100), 5100},
		{Runs, n(math.MaxInt64), 0},
	} {
		got, err := c.domain.PageSize(c.given)
		if got != c.want || (err != nil) != (c.want == 0) {
			t.Errorf("%s: %d %v, want %d", c.domain.Name, got, err, c.want)
		}
	}
}
