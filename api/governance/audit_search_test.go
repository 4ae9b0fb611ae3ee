package governance_test

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"bailiwick/api/governance"
	"bailiwick/ledger"
	"bailiwick/store"
)

// auditPage is an answer of GET /audit.
type auditPage struct {
	Events []ledger.Row
	Next   string `json:"next_page_token"`
}

// find gives all that a search finds, newest first, in pages of that size (0 = the server's own).
func (o *office) find(t *testing.T, q string, size int) (out []ledger.Row) {
	t.Helper()
	query := url.Values{"q": {q}}
	if size > 0 {
		query.Set("max_results", fmt.Sprint(size))
	}
	for {
		a := o.ask("eve", "/audit", query)
		var page auditPage
		if err := json.Unmarshal(a.Body, &page); a.Status != 200 || err != nil {
			t.Fatalf("%s: %d %s", q, a.Status, a.Body)
		}
		if size > 0 && len(page.Events) > size {
			t.Errorf("%s: a page of %d", q, len(page.Events))
		}
		if out = append(out, page.Events...); page.Next == "" {
			return out
		}
		query.Set("page_token", page.Next)
	}
}

func TestAuditSearch(t *testing.T) {
	o := newOffice(t)
	o.Do(o.tokens["cyd"], "GET", "/api/2.0/mlflow/runs/get?run_id="+o.run, nil) // refused
	o.as(t, "ann", "POST", "/api/2.0/mlflow/runs/delete", map[string]any{"run_id": o.run})
	o.as(t, "ann", "POST", "/api/2.0/mlflow/runs/restore", map[string]any{"run_id": o.run})
	all := o.find(t, "", 0)
	churn, today := "experiments/"+o.experiment, time.Now().UTC().Format(time.DateOnly)
	of := func(actions ...string) func(*ledger.Row) bool {
		return func(r *ledger.Row) bool { return slices.Contains(actions, r.ActionName) }
	}
	anns := func(r *ledger.Row) bool { return r.UserIdentity.Email == "ann@x.org" }
	onChurn := func(r *ledger.Row) bool { return strings.HasSuffix(r.Object.Path, "/churn") }
	for q, fits := range map[string]func(*ledger.Row) bool{
		"actor:ann@x.org":                         anns,
		"actor:ANN@*":                             anns,
		"actor:ann@x.org actor:cyd@x.org":         func(r *ledger.Row) bool { return anns(r) || r.UserIdentity.Email == "cyd@x.org" },
		"-actor:ann@x.org":                        func(r *ledger.Row) bool { return !anns(r) },
		"object:" + churn:                         onChurn,
		`object:"/Users/ann@x.org/churn"`:         onChurn,
		"-object:" + churn:                        func(r *ledger.Row) bool { return !onChurn(r) },
		"action:createRun":                        of("createRun"),
		"action:mlflowExperiment.createRun":       of("createRun"),
		"operation:restore":                       of("restoreRun"),
		"operation:remove object:runs/" + o.run:   of("deleteRun"),
		"result:denied actor:cyd@x.org":           func(r *ledger.Row) bool { return r.UserIdentity.Email == "cyd@x.org" && r.Result == ledger.Denied },
		"created:" + today:                        func(*ledger.Row) bool { return true },
		"created:>" + today:                       func(*ledger.Row) bool { return false },
		"created:<2020-01-01":                     func(*ledger.Row) bool { return false },
		"created:>2020-01-01 created:<2019-01-01": func(*ledger.Row) bool { return false },
		"actor-kind:system":                       func(r *ledger.Row) bool { return r.Actor.Kind == "system" },
		"source:127.0.0.0/8 service:workspace":    func(r *ledger.Row) bool { return r.ServiceName == "workspace" },
		"object:experiments/99":                   func(*ledger.Row) bool { return false },
		"request:" + all[0].RequestID:             func(r *ledger.Row) bool { return r.RequestID == all[0].RequestID },
		"credential:" + all[0].Credential:         func(r *ledger.Row) bool { return r.Credential == all[0].Credential },
	} {
		var want []string
		for _, r := range all {
			if fits(&r) {
				want = append(want, r.EventID)
			}
		}
		for _, size := range []int{0, 1} {
			var got []string
			for _, r := range o.find(t, q, size) {
				got = append(got, r.EventID)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s in pages of %d (-want +got): %s", q, size, diff)
			}
		}
	}
	if len(o.find(t, "operation:create result:allowed", 0)) < 2 {
		t.Error("nothing was created")
	}
}

func TestAuditSearchRefuses(t *testing.T) {
	o := newOffice(t)
	for q, want := range map[string]string{
		"churn": "free text", "colour:red": "known: actor, actor-kind", "object:nothing": "Object 'nothing' does not exist", "created:soon": "is no time",
	} {
		a := o.ask("eve", "/audit", url.Values{"q": {q}})
		if a.Status != 400 && a.Status != 404 || !strings.Contains(a.Text("message"), want) {
			t.Errorf("%s: %d %s", q, a.Status, a.Body)
		}
	}
	o.sealed(t)
	for _, path := range []string{"/audit/qualifiers", "/audit/events/" + o.find(t, "", 0)[0].EventID, "/audit/download?format=csv"} {
		for who, want := range map[string]int{"": 401, "ann": 403, "eve": 200, "admin": 200} {
			if a := o.Do(o.tokens[who], "GET", root+path, nil); a.Status != want {
				t.Errorf("%s as %s: %d %s", path, who, a.Status, a.Body)
			}
		}
	}
	for path, want := range map[string]int{"/audit/events/12": 404, "/audit/events/x": 400, "/audit/download": 400, "/audit/download?format=xml": 400} {
		if a := o.Do(o.tokens["eve"], "GET", root+path, nil); a.Status != want {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
}

// TestAuditQualifiers: what is listed is taken.
func TestAuditQualifiers(t *testing.T) {
	o := newOffice(t)
	var list []ledger.Qualifier
	if err := json.Unmarshal(o.ask("eve", "/audit/qualifiers", nil).Body, &list); err != nil || len(list) != len(ledger.Qualifiers) {
		t.Fatalf("%v, %v", list, err)
	}
	for _, q := range list {
		for _, v := range append(slices.Clone(q.Values), q.Example) {
			if q.Name == "object" {
				v = "/Users/ann@x.org/churn"
			}
			if v != "" {
				o.find(t, q.Name+":"+v, 0)
			}
		}
	}
}

// auditEvent is an answer of GET /audit/events/{id}.
type auditEvent struct {
	Event         ledger.Row
	Before, After json.RawMessage
	Proof         struct {
		State      string
		Index      int64
		Size       int64
		LeafHash   string `json:"leaf_hash"`
		Path       []string
		Checkpoint string
		Verified   bool
		Problem    string
	}
}

// event asks for an event until it is sealed.
func (o *office) event(t *testing.T, id string) (e auditEvent) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		a := o.ask("eve", "/audit/events/"+id, nil)
		e = auditEvent{}
		if err := json.Unmarshal(a.Body, &e); a.Status != 200 || err != nil {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		if e.Proof.State != "pending" {
			return e
		}
		if e.Proof.Verified || len(e.Proof.Path) > 0 {
			t.Errorf("pending, and yet: %+v", e.Proof)
		}
	}
	t.Fatal("the event was never sealed")
	return e
}

// TestAuditEvent checks the proof of each event as somebody would who trusts nothing but the key.
func TestAuditEvent(t *testing.T) {
	o := newOffice(t)
	_, keys := o.sealed(t)
	trusted, err := ledger.ParseKeys(keys...)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range o.find(t, "class:A", 0) {
		e := o.event(t, r.EventID)
		if !e.Proof.Verified || e.Proof.Problem != "" || e.Event.EventID != r.EventID || e.Event.Before != nil {
			t.Errorf("%+v", e)
		}
		c, err := ledger.OpenCheckpoint([]byte(e.Proof.Checkpoint), trusted)
		if err != nil {
			t.Fatal(err)
		}
		var path []tlog.Hash
		for _, text := range append(e.Proof.Path, e.Proof.LeafHash) {
			h, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			path = append(path, tlog.Hash(h))
		}
		leaf := path[len(path)-1]
		if err := tlog.CheckRecord(path[:len(path)-1], c.Size, c.Root, e.Proof.Index, leaf); err != nil || c.Size != e.Proof.Size {
			t.Errorf("%s: %v", r.ActionName, err)
		}
		if r.ActionName == "changeWorkspaceAcl" && (len(e.Before) < 5 || len(e.After) < 5 || bytes.Equal(e.Before, e.After)) {
			t.Errorf("before %s, after %s", e.Before, e.After)
		}
	}
}

// TestAuditEventOfAnotherKey: a proof is only as good as the key and the bytes.
func TestAuditEventOfAnotherKey(t *testing.T) {
	o := newOffice(t)
	o.sealed(t)
	_, strange, err := ledger.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)), o.Store.Origin())
	if err != nil {
		t.Fatal(err)
	}
	id := o.find(t, "action:createRun", 0)[0].EventID
	o.event(t, id)
	err = o.Store.Read(t.Context(), func(tx *store.Tx) error {
		row, err := tx.LedgerEntry(parse(t, id))
		if err != nil {
			return err
		}
		for what, c := range map[string]struct {
			keys []string
			body []byte
		}{
			"another key":   {[]string{strange}, row.Body},
			"changed bytes": {nil, bytes.Replace(row.Body, []byte("createRun"), []byte("deleteRun"), 1)},
		} {
			keys := c.keys
			if keys == nil {
				_, keys = o.sealed(t)
			}
			state, verified, problem := governance.Proven(tx, o.Store.Workspace(), keys, store.AuditRow{LedgerPlace: row.LedgerPlace, Body: c.body})
			if state != "sealed" || verified || problem == "" {
				t.Errorf("%s: %s, %v, %s", what, state, verified, problem)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func parse(t *testing.T, id string) (n int64) {
	t.Helper()
	if _, err := fmt.Sscan(id, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAuditDownload(t *testing.T) {
	o := newOffice(t)
	// a name that a spreadsheet would run
	o.as(t, "ann", "POST", "/api/2.0/mlflow/experiments/create", map[string]any{"name": "=cmd|'calc'!A0"})
	want := o.find(t, "actor:ann@x.org", 0)
	a := o.ask("eve", "/audit/download", url.Values{"q": {"actor:ann@x.org"}, "format": {"csv"}})
	rows, err := csv.NewReader(bytes.NewReader(a.Body)).ReadAll()
	if err != nil || len(rows) != len(want)+1 || a.Header.Get("X-Truncated") != "" {
		t.Fatalf("%d rows, %v, %v", len(rows), err, a.Header)
	}
	if !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment; filename*=UTF-8''audit-") {
		t.Errorf("%v", a.Header)
	}
	column := slices.Index(rows[0], "object_name")
	if got := rows[1][column]; got != "'=cmd|'calc'!A0" {
		t.Errorf("the name is %q in the file", got)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("a cell that a spreadsheet may run: %q", cell)
			}
		}
	}
	a = o.ask("eve", "/audit/download", url.Values{"q": {"actor:ann@x.org"}, "format": {"json"}})
	var got struct {
		auditPage
		Truncated bool
	}
	if err := json.Unmarshal(a.Body, &got); err != nil || got.Truncated || a.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%v: %s", err, a.Body)
	}
	if diff := cmp.Diff(want, got.Events); diff != "" {
		t.Error(diff)
	}
	a = o.ask("eve", "/audit/download", url.Values{"q": {"actor:ann@x.org created:<2020-01-01"}, "format": {"json"}})
	if err := json.Unmarshal(a.Body, &got); err != nil {
		t.Errorf("nothing found: %s", a.Body)
	}
	if n := len(o.find(t, "action:downloadAudit operation:access", 0)); n != 3 {
		t.Errorf("%d downloads are recorded", n)
	}
}

// TestAuditSearchIsBounded: a page looks at no more than its window of what the database may pass over, and the next one goes on at the entry behind it.
func TestAuditSearchIsBounded(t *testing.T) {
	o := newOffice(t)
	anns := o.find(t, "actor:ann@x.org", 0)
	ann, err := strconv.ParseInt(anns[0].Actor.ID, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	experiment, err := strconv.ParseInt(o.experiment, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	all, actors, objects := len(o.find(t, "", 0)), []int64{ann}, []int64{experiment}
	for _, c := range []struct {
		what   store.Audit
		passed int
		want   []string
	}{
		{store.Audit{Actions: []string{"createRun", "createWorkspace"}}, all, []string{"createRun", "createWorkspace"}},
		{store.Audit{Actions: []string{"createRun"}, Actors: actors}, len(anns), []string{"createRun"}},
		{store.Audit{Actions: []string{"createRun"}, Objects: objects}, len(o.find(t, "object:experiments/"+o.experiment, 0)), []string{"createRun"}},
		{store.Audit{Actions: []string{"createRun"}, Actors: actors, Objects: objects}, len(anns), []string{"createRun"}},
		{store.Audit{Actions: []string{"createRun"}, Actors: append(actors, 1)}, all, []string{"createRun"}},
	} {
		err := o.Store.Read(t.Context(), func(tx *store.Tx) error {
			for _, window := range []int{1, 2, 3, 1000} {
				found, pages, err := governance.Searched(tx, window, c.what)
				if err != nil {
					return err
				}
				if diff := cmp.Diff(c.want, found); diff != "" {
					t.Errorf("%+v in windows of %d: %s", c.what, window, diff)
				}
				if most := all/window + 2; pages > most || window == 1 && pages < c.passed-1 {
					t.Errorf("%+v: %d pages in windows of %d, over %d entries of %d", c.what, pages, window, c.passed, all)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
