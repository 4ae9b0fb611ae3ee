package mlflow

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/fail"
)

// ours are documents of our own, of the same form as those of MLflow's pages and smaller.
var ours = map[string]string{
	"GetRun": `query GetRun($data: MlflowGetRunInput!) @component(name: "a.b") { # a comment
		mlflowGetRun(input: $data) { __typename apiError { code message } run { info { runUuid, status, endTime } experiment { name } } } }`,
	"SearchRuns": `query SearchRuns($data: MlflowSearchRunsInput!) { mlflowSearchRuns(input: $data) { runs { data { metrics { key value } } } } }`,
	"MlflowGetExperimentQuery": `query MlflowGetExperimentQuery($input: MlflowGetExperimentInput) {
		mlflowGetExperiment(input: $input) { experiment { experimentId tags { key value __typename } } } }`,
	"GetMetricHistoryBulkInterval": `query GetMetricHistoryBulkInterval($data: MlflowGetMetricHistoryBulkIntervalInput!) {
		mlflowGetMetricHistoryBulkInterval(input: $data) { metrics { runId value step } apiError { code } } }`,
}

// installed is where a test run's own Python has MLflow's pages, if it has been made (make test does that).
const installed = "../../.venv/lib/python3*/site-packages/mlflow/server/js/build/static/js/*.js"

var inBundle = regexp.MustCompile("`(\\s*query (\\w+)\\(\\$\\w+: Mlflow[^`]*)`")

// documents are the documents that are tried: those of the installed pages, and ours.
func documents(t testing.TB) map[string][]string {
	all := map[string][]string{}
	for name, text := range ours {
		all[name] = []string{text}
	}
	files, err := filepath.Glob(installed)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range inBundle.FindAllSubmatch(code, -1) {
			all[string(m[2])] = append(all[string(m[2])], string(m[1]))
			found++
		}
	}
	if len(files) > 0 && found < len(ours) {
		t.Errorf("the installed pages have %d documents, where %d were found before", found, len(ours))
	}
	t.Logf("%d documents of installed pages", found)
	return all
}

// TestGraphDocuments: each document of the pages is known, as it is and as Apollo sends it, with __typename in every selection.
func TestGraphDocuments(t *testing.T) {
	all := documents(t)
	if len(all) != len(graphOperations) {
		t.Errorf("documents of %d names, and %d are known", len(all), len(graphOperations))
	}
	for name, texts := range all {
		for _, text := range texts {
			// Apollo asks for the name of each object's type, but the root's.
			plain := strings.TrimSpace(strings.ReplaceAll(text, "__typename", ""))
			inner := strings.ReplaceAll(strings.TrimSuffix(plain, "}"), "}", " __typename }")
			for _, doc := range []string{text, inner + "}"} {
				q, err := parseGraph(doc)
				if err == nil {
					_, err = operationOf(q)
				}
				if err != nil {
					t.Errorf("%s: %v\n%s", name, err, doc)
				}
			}
		}
	}
}

func TestParseGraph(t *testing.T) {
	q, err := parseGraph("\ufeff" + ours["GetRun"])
	want := &graphQuery{"GetRun", "data", "MlflowGetRunInput", graphSelection{"mlflowGetRun", []graphSelection{
		{name: "__typename"}, {"apiError", []graphSelection{{name: "code"}, {name: "message"}}},
		{"run", []graphSelection{{"info", []graphSelection{{name: "runUuid"}, {name: "status"}, {name: "endTime"}}},
			{"experiment", []graphSelection{{name: "name"}}}}},
	}}}
	if diff := cmp.Diff(want, q, cmp.AllowUnexported(graphQuery{}, graphSelection{})); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestGraphRefusals: whatever is more or other than the documents is refused, and told so.
func TestGraphRefusals(t *testing.T) {
	run, deep := ours["GetRun"], strings.Repeat("{ run ", 20)+strings.Repeat("}", 20)
	replace := func(old, new string) string {
		if !strings.Contains(run, old) {
			t.Fatalf("the document has no %q", old)
		}
		return strings.Replace(run, old, new, 1)
	}
	for name, text := range map[string]string{
		"nothing": "", "no document": "hello", "unnamed": "{ mlflowGetRun { run { info { status } } } }",
		"introspection": "query IntrospectionQuery { __schema { types { name } } }",
		"a mutation":    strings.Replace(run, "query", "mutation", 1), "a subscription": strings.Replace(run, "query", "subscription", 1),
		"another name": replace("query GetRun", "query Other"), "the name of another": replace("query GetRun", "query SearchRuns"),
		"two operations": run + run, "two roots": replace("} } } }", "} } } mlflowGetRun(input: $data) { run { info { status } } } }"),
		"an alias": replace("runUuid", "a: runUuid"), "an alias of the root": replace("mlflowGetRun(", "a: mlflowGetRun("),
		"a fragment": replace("runUuid", "...F") + " fragment F on MlflowRunInfo { runUuid }", "an inline fragment": replace("runUuid", "... on X { runUuid }"),
		"arguments": replace("runUuid", `runUuid(a: "b")`), "a literal": replace("$data)", `{runId: "x"})`),
		"a directive": replace("runUuid", "runUuid @include(if: true)"), "another directive": replace("@component", "@defer"),
		"a block string": replace(`"a.b"`, `"""a.b"""`), "an escape": replace(`"a.b"`, `"\""`), "no end of a string": replace(`"a.b"`, `"a.b`),
		"two variables": replace("MlflowGetRunInput!", "MlflowGetRunInput!, $b: Int"), "a default": replace("MlflowGetRunInput!", "MlflowGetRunInput = {}"),
		"another type": replace("MlflowGetRunInput!", "[MlflowGetRunInput]"), "another variable": strings.ReplaceAll(run, "$data", "$input"),
		"another field": replace("status", "workspace"), "a field of another type": replace("status", "value"), "a field twice": replace("status", "runUuid"),
		"an object without fields": replace("experiment { name }", "experiment"), "fields of a text": replace("status", "status { a }"),
		"fields of the type's name": replace("__typename", "__typename { a }"), "no fields": replace("{ name }", "{ }"),
		"too deep": strings.Replace(run, "{ info", deep+" { info", 1), "no end": run[:len(run)-1], "something behind": run + " x",
		"too many": replace("runUuid", strings.Repeat("runUuid ", maxGraphFields+1)), "too long": run + strings.Repeat(" ", maxGraphText),
	} {
		q, err := parseGraph(text)
		if err == nil {
			_, err = operationOf(q)
		}
		if !fail.Is(err, fail.Invalid) {
			t.Errorf("%s: %v is no refusal\n%s", name, err, text)
		}
	}
}

// FuzzGraph: nothing takes the parser apart, and what it takes for a document says nothing beyond the schema.
func FuzzGraph(f *testing.F) {
	for _, texts := range documents(f) {
		for _, text := range texts {
			f.Add(text)
		}
	}
	f.Add(`query a($b: c) @component(name: "d") { e(input: $b) { f } }`)
	f.Add("{{{{{{{{")
	f.Fuzz(func(t *testing.T, text string) {
		q, err := parseGraph(text)
		if err != nil {
			return
		}
		o, err := operationOf(q)
		if err != nil {
			return
		}
		a := graphAnswer{&graphCall{parsed: q, operation: o}, map[string]any{}}
		if _, err := messageOf(a.json()); err != nil {
			t.Errorf("%s answers %s", text, a.json())
		}
	})
}
