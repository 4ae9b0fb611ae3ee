package governance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"bailiwick/ledger"
)

func TestAudit(t *testing.T) {
	o := newOffice(t)
	o.Do(o.tokens["cyd"], "GET", "/api/2.0/mlflow/runs/get?run_id="+o.run, nil) // refused
	list := func(query url.Values) (out []ledger.Row) {
		t.Helper()
		for {
			a := o.ask("eve", "/audit", query)
			var got struct {
				Events []ledger.Row
				Next   string `json:"next_page_token"`
			}
			if err := json.Unmarshal(a.Body, &got); a.Status != 200 || err != nil {
				t.Fatalf("%v: %d %s", query, a.Status, a.Body)
			}
			out = append(out, got.Events...)
			if got.Next == "" {
				return out
			}
			query.Set("page_token", got.Next)
		}
	}
	all := list(url.Values{})
	if n := len(list(url.Values{"max_results": {"2"}})); n != len(all) || n < 6 {
		t.Errorf("%d entries in pages, %d at once", n, len(all))
	}
	churn := "experiments/" + o.experiment
	for name, c := range map[string]struct {
		query url.Values
		fits  func(r *ledger.Row) bool
		least int
	}{
		"actor":     {url.Values{"actor": {"ann@x.org"}}, func(r *ledger.Row) bool { return r.UserIdentity.Email == "ann@x.org" }, 3},
		"object":    {url.Values{"object": {churn}}, func(r *ledger.Row) bool { return strings.HasSuffix(r.Object.Path, "/churn") }, 3},
		"path":      {url.Values{"object": {"/Users/ann@x.org/churn"}}, func(r *ledger.Row) bool { return strings.HasSuffix(r.Object.Path, "/churn") }, 3},
		"action":    {url.Values{"action": {"changeWorkspaceAcl"}}, func(r *ledger.Row) bool { return r.ActionName == "changeWorkspaceAcl" }, 1},
		"service":   {url.Values{"service": {"mlflowExperiment"}}, func(r *ledger.Row) bool { return r.ServiceName == "mlflowExperiment" }, 3},
		"class":     {url.Values{"class": {"A"}}, func(r *ledger.Row) bool { return r.Class == ledger.ClassA }, 6},
		"the past":  {url.Values{"until": {"2020-01-01"}}, func(*ledger.Row) bool { return false }, 0},
		"refusal":   {url.Values{"actor": {"cyd@x.org"}}, func(r *ledger.Row) bool { return r.Response.StatusCode == 403 && !r.Decision.Allowed }, 1},
		"gone":      {url.Values{"object": {"experiments/99"}}, func(*ledger.Row) bool { return false }, 0},
		"from now":  {url.Values{"since": {time.Now().Add(time.Hour).Format(time.RFC3339)}}, func(*ledger.Row) bool { return false }, 0},
		"all of it": {url.Values{"since": {"1"}}, func(*ledger.Row) bool { return true }, 6},
	} {
		rows := list(c.query)
		for _, r := range rows {
			if !c.fits(&r) {
				t.Errorf("%s: %+v does not fit", name, r)
			}
		}
		if len(rows) < c.least {
			t.Errorf("%s: %d entries, at least %d fit", name, len(rows), c.least)
		}
	}
}

func TestAuditRefuses(t *testing.T) {
	o := newOffice(t)
	for _, path := range []string{"/audit", "/audit/export", "/audit/checkpoint"} {
		for who, want := range map[string]int{"": 401, "ann": 403, "eve": 200, "admin": 200} {
			o.sealed(t)
			if a := o.ask(who, path, nil); a.Status != want {
				t.Errorf("%s as %s: %d %s", path, who, a.Status, a.Body)
			}
		}
	}
	for name, query := range map[string]url.Values{
		"time": {"since": {"yesterday"}}, "class": {"class": {"D"}}, "page": {"page_token": {"x.y"}}, "many": {"max_results": {"5000"}},
	} {
		if a := o.ask("eve", "/audit", query); a.Status != 400 {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
}

// sealed waits until what made the office is sealed, and gives the checkpoint's answer.
func (o *office) sealed(t *testing.T) (note string, keys []string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var got struct {
			Checkpoint string
			PublicKeys []string `json:"public_keys"`
		}
		if err := json.Unmarshal(o.ask("eve", "/audit/checkpoint", nil).Body, &got); err != nil {
			t.Fatal(err)
		}
		if trusted, err := ledger.ParseKeys(got.PublicKeys...); err == nil && got.Checkpoint != "" {
			if c, err := ledger.OpenCheckpoint([]byte(got.Checkpoint), trusted); err != nil || c.Size >= 5 {
				return got.Checkpoint, got.PublicKeys
			}
		}
	}
	t.Fatal("nothing was sealed")
	return "", nil
}

func TestExport(t *testing.T) {
	o := newOffice(t)
	note, keys := o.sealed(t)
	trusted, err := ledger.ParseKeys(keys...)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := ledger.OpenCheckpoint([]byte(note), trusted)
	if err != nil {
		t.Fatal(err)
	}
	a := o.ask("eve", "/audit/export", url.Values{"since": {fmt.Sprint(kept.Size)}})
	report, err := ledger.VerifyExport(bytes.NewReader(a.Body), keys, &kept)
	if a.Status != 200 || err != nil || report.To < kept.Size || report.From != 0 {
		t.Errorf("%d: %+v, %v", a.Status, report, err)
	}
	a = o.ask("eve", "/audit/export", url.Values{"from": {"1"}, "to": {"3"}})
	if report, err = ledger.VerifyExport(bytes.NewReader(a.Body), keys, nil); err != nil || report.From != 1 || report.To != 3 {
		t.Errorf("a part: %+v, %v", report, err)
	}
	if a := o.ask("eve", "/audit/export", url.Values{"from": {"5"}, "to": {"3"}}); a.Status != 400 {
		t.Errorf("backwards: %d %s", a.Status, a.Body)
	}
}
