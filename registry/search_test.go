package registry

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"bailiwick/fail"
	"bailiwick/tracking/search"
)

// verdict is a line of testdata/filters.jsonl: what MLflow's own parsers and store say (testdata/filters.py).
type verdict struct {
	Domain, Text string
	OK           bool
	Clauses      []struct {
		Entity, Key, Op string
		Value           any
	}
}

// differs are the texts on which this grammar and MLflow part, each with the reason.
var differs = map[string]string{
	"`name` = 'x'":        "MLflow's registry, unlike its experiments, takes no backticks around attributes",
	"attribute.name":      "MLflow takes the prefix in orders of versions only",
	"name = ('a', 'b')":   "MLflow parses it, and breaks in SQL",
	"name = ('a',)":       "the same",
	"run_id = ('a', 'b')": "the same",
	"run_id = ('a',)":     "the same",
}

// columns are the names that orders have in MLflow's tables.
var columns = map[string]string{"last_updated_timestamp": "last_updated_time", "creation_timestamp": "creation_time", "version_number": "version"}

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
		value := c.Value
		if list, ok := value.([]any); ok {
			value = fmt.Sprintf("%q", list)
		}
		if value == nil {
			value = ""
		}
		out = append(out, fmt.Sprintf("%s.%s %s %v", c.Entity, c.Key, c.Op, value))
	}
	return strings.Join(out, " AND ")
}

var domains = map[string]*search.Domain{"models": Models, "versions": Versions}

func parsed(domain, text string) string {
	domain, order, _ := strings.Cut(domain, " ")
	d := domains[domain]
	if order != "" {
		o, err := search.ParseOrder(d, []string{text})
		if err != nil {
			return "refused"
		}
		key := o[0].Key
		if c := columns[key]; c != "" {
			key = c
		}
		return fmt.Sprintf("attribute.%s %s ", key, map[bool]string{true: "DESC", false: "ASC"}[o[0].Desc])
	}
	f, err := search.ParseFilter(d, text)
	if err != nil {
		if !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), "character") {
			return "wrong error: " + err.Error()
		}
		return "refused"
	}
	var out []string
	for i := range f {
		entity := map[search.Entity]string{search.Attribute: "attribute", search.Tag: "tag"}[f[i].Entity]
		out = append(out, fmt.Sprintf("%s.%s %s %s", entity, f[i].Key, f[i].Op, clauseValue(&f[i])))
	}
	return strings.Join(out, " AND ")
}

func clauseValue(c *search.Clause) string {
	switch {
	case c.Type == search.Counter:
		return fmt.Sprint(c.Int)
	case c.Op&search.Lists != 0:
		return fmt.Sprintf("%q", c.List)
	}
	return c.Text
}

func TestSearchErrors(t *testing.T) {
	for _, c := range []struct {
		domain       *search.Domain
		filter, want string
	}{
		{Models, "timestamp > 5", "at character 1: Invalid attribute key 'timestamp', allowed are name"},
		{Models, "run_id = 'x'", "at character 1: Invalid attribute key 'run_id', allowed are name"},
		{Models, "params.x = 'x'", "at character 1: unknown entity 'params', allowed are attribute, tag"},
		{Models, "name > 'x'", "at character 6: expected a comparator for attribute 'name' (one of = != LIKE ILIKE IN NOT IN)"},
		{Versions, "version_number = 'one'", "at character 18: expected an integer for 'version_number', found 'one'"},
		{Versions, "version_number = 1.5", "at character 18: expected an integer for 'version_number', found 1.5"},
		{Versions, "version_number IN (1)", "at character 16: expected a comparator for attribute 'version_number'"},
		{Versions, "source_path IN ('x')", "at character 13: expected a comparator for attribute 'source_path'"},
		{Versions, "current_stage = 'Production'", "Invalid attribute key 'current_stage', allowed are name, version_number, run_id, source_path"},
		{Versions, "name = 'a' OR name = 'b'", "at character 12: OR is not part of the grammar"},
	} {
		if _, err := search.ParseFilter(c.domain, c.filter); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.filter, err, c.want)
		}
	}
	for _, c := range []struct {
		domain *search.Domain
		order  []string
		want   string
	}{
		{Models, []string{"creation_timestamp"}, "allowed are name, last_updated_timestamp"},
		{Models, []string{"timestamp", "last_updated_timestamp DESC"}, "order_by contains duplicate fields"},
		{Models, []string{"tags.a"}, "nothing can be ordered by tag"},
		{Versions, []string{"run_id"}, "allowed are name, version_number, creation_timestamp, last_updated_timestamp"},
	} {
		if _, err := search.ParseOrder(c.domain, c.order); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.order, err, c.want)
		}
	}
}

func TestPageSizes(t *testing.T) {
	for _, c := range []struct {
		domain *search.Domain
		given  int64
		want   int
	}{
		{Models, 0, 100}, {Models, 1, 1}, {Models, 1000, 1000}, {Models, 1001, 0}, {Models, -1, 0},
		{Versions, 0, 0}, {Versions, 200_000, 200_000}, {Versions, 200_001, 0},
	} {
		got, err := c.domain.PageSize(&c.given)
		if got != c.want || (err == nil) != (c.want > 0) {
			t.Errorf("%s, %d: %d, %v", c.domain.Name, c.given, got, err)
		}
	}
	if n, err := Versions.PageSize(nil); n != 10_000 || err != nil {
		t.Error(n, err)
	}
}
