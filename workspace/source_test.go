package workspace

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/fail"
)

// said is what a cell says, without how it stood in a file.
type said struct {
	Kind     CellKind
	Language Language
	Source   string
	Title    string
	Hidden   bool
}

func saidBy(nb *Notebook) []said {
	all := make([]said, len(nb.Cells))
	for i, c := range nb.Cells {
		all[i] = said{c.Kind, c.Language, c.Source, c.Title, c.HideTitle}
	}
	return all
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var sourceSamples = map[string]Language{"churn.py": Python, "report.sql": SQL, "etl.scala": Scala, "survival.r": R}

func mustSource(t testing.TB, content []byte, l Language) *Notebook {
	t.Helper()
	nb, err := ParseSource(content, l)
	if err != nil {
		t.Fatal(err)
	}
	return nb
}

func TestParseSource(t *testing.T) {
	for name, want := range map[string][]said{
		"churn.py": {
			{Markdown, "", "# Churn, weekly training\n\nTrains on the **last 90 days** and logs to `/Users/ana@example.com/churn`.\n" +
				"- owner: Ana\n- data: `sales.events`", "", false},
			{Magic, "", "%pip install scikit-learn==1.5.2\n%pip install -r requirements.txt", "", false},
			{Magic, "", `%run ./setup $env="prod"`, "", false},
			{Code, Python, "import mlflow\nimport pandas as pd\n\ndf = spark.table(\"sales.events\").where(\"day >= current_date() - 90\").toPandas()",
				"Load the events", false},
			{Code, SQL, "-- how many a day\nSELECT day, count(*) AS n\nFROM sales.events\nGROUP BY day", "Look at it", true},
			{Code, Python, "with mlflow.start_run(run_name=\"weekly\"):\n    model = train(df)\n\n\n" +
				"    # two blank lines above, and a literal \"# MAGIC\" in the text\n    mlflow.log_metric(\"auc\", score(model, df))", "", false},
			{Code, Python, "", "", false},
		},
		"report.sql": {
			{Markdown, "", "## Revenue by month", "", false},
			{Code, SQL, "SELECT month, sum(amount) AS revenue\nFROM sales.orders\nGROUP BY month -- fiscal months", "", false},
			{Code, Python, "display(_sqldf)", "", false},
			{Code, SQL, "CREATE OR REPLACE TEMP VIEW top AS SELECT * FROM sales.orders LIMIT 10", "", false},
		},
		"etl.scala": {
			{Code, Scala, "import org.apache.spark.sql.functions._\n\nval events = spark.read.parquet(\"/mnt/events\")\n  .filter(col(\"day\") > \"2024-01-01\")", "", false},
			{Magic, "", "%sh\nls -l /mnt/events | head\ndf -h", "", false},
			{Code, Scala, `events.write.partitionBy("day").mode("overwrite").save("/mnt/out")`, "Write, partitioned", false},
		},
		"survival.r": {
			{Code, R, "library(survival)\nlibrary(magrittr)", "", false},
			{Code, R, "fit <- lung %>%\n  subset(age %in% 40:70) %>%\n  survfit(Surv(time, status) ~ sex, data = .)\nsummary(fit)", "", false},
			{Code, Python, `print("from python")`, "", false},
		},
	} {
		if d := cmp.Diff(want, saidBy(mustSource(t, sample(t, name), sourceSamples[name]))); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// oddSources are Python files that are spaced in ways Databricks does not write; each has to come back to the byte.
var oddSources = map[string]string{
	"empty":              "",
	"header only":        "# Databricks notebook source",
	"header, newline":    "# Databricks notebook source\n",
	"no header":          "x = 1\n# COMMAND ----------\ny = 2",
	"byte order mark":    "\uFEFF# Databricks notebook source\nx = 1\n",
	"no final newline":   "# Databricks notebook source\nx = 1\n\n# COMMAND ----------\n\ny = 2",
	"ends in separator":  "# Databricks notebook source\nx = 1\n# COMMAND ----------",
	"separators in rows": "# Databricks notebook source\n# COMMAND ----------\n# COMMAND ----------  \n\n\n# COMMAND ----------\n",
	"trailing spaces":    "# Databricks notebook source  \n# MAGIC %md   two\n# MAGIC \n# MAGIC\n#MAGIC x\n# COMMAND ----------\t\nx = 1   \n",
	"mixed magic":        "# MAGIC %pip install a\nimport a\n",
	"magic without sign": "# MAGIC no percent\n# COMMAND ----------\n%md plain\n",
	"two titles":         "# DBTITLE 1,One\n# DBTITLE 1,Two\nx\n# COMMAND ----------\n# DBTITLE 2,no\n# COMMAND ----------\n# DBTITLE 1,\n",
	"lone returns":       "a\rb\r\r\nc\n\r\n",
	"mixed line ends":    "# Databricks notebook source\r\nx\n\n# COMMAND ----------\r\ny\r\n",
	"form feed":          "x\n\f\n# COMMAND ----------\n\u00a0\ny",
}

func TestSourceComesBackToTheByte(t *testing.T) {
	check := func(name string, content []byte, l Language) {
		got, err := WriteSource(mustSource(t, content, l))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: %v, (-want +got):\n%s", name, err, cmp.Diff(string(content), string(got)))
		}
	}
	for name, l := range sourceSamples {
		content := sample(t, name)
		check(name, content, l)
		check(name+", CRLF", bytes.ReplaceAll(content, []byte("\n"), []byte("\r\n")), l)
		check(name+", cut", bytes.TrimRight(content, "\n"), l)
		check(name+", of another language", content, Scala)
	}
	for name, content := range oddSources {
		check(name, []byte(content), Python)
	}
}

// TestRenderedSource: cells without their place in the file are written as Databricks writes them, which is how the samples stand.
func TestRenderedSource(t *testing.T) {
	for name, l := range sourceSamples {
		content := sample(t, name)
		nb := mustSource(t, content, l)
		fresh := &Notebook{Language: l}
		for _, c := range saidBy(nb) {
			fresh.Cells = append(fresh.Cells, Cell{Kind: c.Kind, Language: c.Language, Source: c.Source, Title: c.Title, HideTitle: c.Hidden})
		}
		got, err := WriteSource(fresh)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.ReplaceAll(string(content), "-- MAGIC %md ##", "-- MAGIC %md\n-- MAGIC ##") // the one word put on its own line
		if d := cmp.Diff(strings.TrimRight(want, "\n"), strings.TrimRight(string(got), "\n")); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestEditKeepsTheRest(t *testing.T) {
	const before = "# Databricks notebook source\r\na = 1   \r\n# COMMAND ----------\r\n\r\n\r\nb = 2\r\n# COMMAND ----------\r\nc = 3"
	edit := func(change func(nb *Notebook)) string {
		nb := mustSource(t, []byte(before), Python)
		change(nb)
		got, err := WriteSource(nb)
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	for name, c := range map[string]struct {
		change func(nb *Notebook)
		want   string
	}{
		"one changed": {func(nb *Notebook) { nb.Cells[1].Source = "b = 20\nb" },
			"# Databricks notebook source\r\na = 1   \r\n# COMMAND ----------\r\n\r\nb = 20\r\nb\r\n\r\n# COMMAND ----------\r\nc = 3"},
		"one removed": {func(nb *Notebook) { nb.Cells = nb.Cells[1:] },
			"# Databricks notebook source\r\n\r\n\r\nb = 2\r\n# COMMAND ----------\r\nc = 3"},
		"one appended": {func(nb *Notebook) { nb.Cells = append(nb.Cells, Cell{Kind: Markdown, Source: "end\n\nof it"}) },
			before + "\r\n# COMMAND ----------\r\n\r\n# MAGIC %md\r\n# MAGIC end\r\n# MAGIC\r\n# MAGIC of it\r\n"},
		"other language": {func(nb *Notebook) { nb.Cells, nb.Language = nb.Cells[:1], SQL },
			"-- Databricks notebook source\n-- MAGIC %python\r\n-- MAGIC a = 1   \r\n"},
	} {
		if d := cmp.Diff(c.want, edit(c.change)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// TestCellsThatLookLikeTheFormat: what a cell says survives the SOURCE format even when it contains the format's own lines.
func TestCellsThatLookLikeTheFormat(t *testing.T) {
	want := []said{
		{Code, Python, "x = 1\n# COMMAND ----------\ny = 2", "", false},
		{Code, Python, "# MAGIC %md not markdown", "", false},
		{Code, Python, "# DBTITLE 1,not a title\nx", "", false},
		{Code, SQL, "# MAGIC %md", "", false},
		{Markdown, "", "# COMMAND ----------\n%md\n", "A title, with comma", false},
		{Markdown, "", "", "", false},
		{Raw, "", "raw\n\n text", "", false},
		{Code, Python, "", "", false},
		{Magic, "", "!ls", "", false},
	}
	nb := &Notebook{Language: Python}
	for _, c := range want {
		nb.Cells = append(nb.Cells, Cell{Kind: c.Kind, Language: c.Language, Source: c.Source, Title: c.Title})
	}
	content, err := WriteSource(nb)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, saidBy(mustSource(t, content, Python))); d != "" {
		t.Errorf("(-want +got):\n%s\n%s", d, content)
	}
}

func TestSourceRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		content, says, code string
		language            Language
	}{
		"UTF-8":     {"x\n  \xffy", "not valid UTF-8 at line 2, column 3", "", Python},
		"NUL":       {"x\x00", "NUL character at line 1, column 2", "", Python},
		"too large": {strings.Repeat("x", MaxNotebook+1), "10485761 bytes, 10485760 are allowed", "MAX_NOTEBOOK_SIZE_EXCEEDED", Python},
		"cells":     {strings.Repeat("# COMMAND ----------\n", MaxCells), "more than 10000 cells", "", Python},
		"language":  {"x", "language 'python' is not known; known are PYTHON, SQL, SCALA and R", "", "python"},
	} {
		_, err := ParseSource([]byte(c.content), c.language)
		if !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), c.says) || err.(*fail.Error).Code != c.code {
			t.Errorf("%s: %v; want Invalid with %q and code %q", name, err, c.says, c.code)
		}
	}
	if nb := mustSource(t, []byte(strings.Repeat("# COMMAND ----------\n", MaxCells-1)), Python); len(nb.Cells) != MaxCells {
		t.Errorf("%d cells; want %d", len(nb.Cells), MaxCells)
	}
}

func TestWriteRefuses(t *testing.T) {
	for says, c := range map[string]Cell{
		"cell 1: kind 'x' is not known":       {Kind: "x"},
		"cell 1: language '' is not known":    {Kind: Code},
		"magic cell starts with '%' or '!'":   {Kind: Magic, Source: "ls"},
		"outputs or metadata are not JSON":    {Kind: Markdown, Outputs: []byte("[")},
		"cell 1: its key 'id' is not JSON":    {Kind: Markdown, Extra: map[string]json.RawMessage{"id": json.RawMessage("x")}},
		"cell 1: language 'JULIA' is not kno": {Kind: Code, Language: "JULIA"},
	} {
		nb := &Notebook{Language: Python, Cells: []Cell{c}}
		for format, write := range map[string]func(*Notebook) ([]byte, error){"SOURCE": WriteSource, "JUPYTER": WriteJupyter} {
			if _, err := write(nb); !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v; want Invalid with %q", format, err, says)
			}
		}
	}
}

func FuzzSource(f *testing.F) {
	for name, l := range sourceSamples {
		f.Add(sample(f, name), string(l))
	}
	for _, s := range oddSources {
		f.Add([]byte(s), "PYTHON")
	}
	f.Fuzz(func(t *testing.T, content []byte, language string) {
		nb, err := ParseSource(content, Language(language))
		if _, imported := Import("/Shared/n", FormatSource, Language(language), content); (err == nil) != (imported == nil) && language != "" {
			t.Fatalf("parsed with %v, imported with %v", err, imported)
		}
		if err != nil {
			if !fail.Is(err, fail.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if got, err := WriteSource(nb); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%q came back as %q, %v", content, got, err)
		}
		want := saidBy(nb)
		for i := range nb.Cells {
			nb.Cells[i].source = nil
		}
		rendered, err := WriteSource(nb)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, saidBy(mustSource(t, rendered, nb.Language))); d != "" {
			t.Fatalf("%q was rendered as %q (-want +got):\n%s", content, rendered, d)
		}
	})
}
