package governance

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/ledger"
	"bailiwick/store"
)

// auditRoutes show the ledger to administrators and auditors.
func (f *Front) auditRoutes() []api.Route {
	return []api.Route{
		api.Read("GET /audit", authz.ReadAudit, api.At[auditRequest](authz.WorkspaceObject), f.audit),
		api.Read("GET /audit/checkpoint", authz.ReadAudit, api.At[nothing](authz.WorkspaceObject), f.checkpoint),
		api.Download("GET /audit/export", authz.ReadAudit, api.At[exportRequest](authz.WorkspaceObject), f.export,
			api.As[exportRequest]("exportAudit")),
	}
}

type auditRequest struct {
	// Since and Until bound the time: RFC 3339, or ms since 1970; since is included, until is not.
	Since string `json:"-" query:"since"`
	Until string `json:"-" query:"until"`
	// Actor is a name or an id.
	Actor string `json:"-" query:"actor"`
	// Object is experiments/123, runs/…, or a workspace path. What does not exist any more is found by its id.
	Object  string `json:"-" query:"object"`
	Service string `json:"-" query:"service"`
	Action  string `json:"-" query:"action"`
	// Class is A, B or C.
	Class     string `json:"-" query:"class"`
	Max       int    `json:"-" query:"max_results"`
	PageToken string `json:"-" query:"page_token"`
}

// auditAnswer is a page of the audit trail, newest first, in the shape of rows of the Databricks audit log.
type auditAnswer struct {
	Events []ledger.Row `json:"events"`
	Next   string       `json:"next_page_token,omitempty"`
}

const (
	defaultAuditPage = 100
	maxAuditPage     = 1000
	// mostScanned bounds what one page looks at; a filter that fits little gives a short page with a token to go on.
	mostScanned = 20_000
	auditBatch  = 500
)

func (f *Front) audit(c *api.Call, _ int64, q *auditRequest) (*auditAnswer, error) {
	a, fits, err := auditOf(c, q)
	if err != nil {
		return nil, err
	}
	limit := cmp.Or(q.Max, defaultAuditPage)
	if limit < 0 || limit > maxAuditPage {
		return nil, fail.Invalidf("max_results must be from 1 to %d, not %d", maxAuditPage, q.Max)
	}
	return f.page(c.Tx, a, fits, limit)
}

// page gathers entries until the page is full, the ledger ends, or enough was looked at.
func (f *Front) page(tx *store.Tx, a store.Audit, fits func(*ledger.Entry) bool, limit int) (*auditAnswer, error) {
	out := &auditAnswer{Events: []ledger.Row{}}
	a.Limit = auditBatch
	for scanned := 0; scanned < mostScanned; {
		rows, err := tx.AuditPage(a)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			e, err := ledger.Parse(row.Body)
			if err != nil {
				return nil, err
			}
			a.Before = &row.LedgerPlace
			if !fits(e) {
				continue
			}
			if out.Events = append(out.Events, ledger.AuditRow(e, strconv.FormatInt(f.Workspace, 10))); len(out.Events) == limit {
				out.Next = placeToken(a.Before)
				return out, nil
			}
		}
		if scanned += len(rows); len(rows) < auditBatch {
			return out, nil
		}
	}
	out.Next = placeToken(a.Before)
	return out, nil
}

// placeToken is a place in the ledger's order. It opens nothing: every page asks for ReadAudit.
func placeToken(p *store.LedgerPlace) string { return fmt.Sprintf("%d.%d", p.Stamp, p.ID) }

func parsePlace(token string) (*store.LedgerPlace, error) {
	stamp, id, _ := strings.Cut(token, ".")
	var p store.LedgerPlace
	var err1, err2 error
	p.Stamp, err1 = strconv.ParseInt(stamp, 10, 64)
	p.ID, err2 = strconv.ParseInt(id, 10, 64)
	if err1 != nil || err2 != nil {
		return nil, fail.Invalidf("page_token is not one of this endpoint's")
	}
	return &p, nil
}

// auditOf makes the store's question of the request's filters; fits is what is looked at in each entry.
func auditOf(c *api.Call, q *auditRequest) (a store.Audit, fits func(*ledger.Entry) bool, err error) {
	a.Action, a.Class = q.Action, ledger.Class(q.Class)
	fits = func(e *ledger.Entry) bool { return q.Service == "" || e.Service == q.Service }
	if a.Class != "" && a.Class != ledger.ClassA && a.Class != ledger.ClassB && a.Class != ledger.ClassC {
		return a, fits, fail.Invalidf("class must be A, B or C, not '%s'", q.Class)
	}
	if a.Since, err = parseTime("since", q.Since); err != nil {
		return a, fits, err
	}
	if a.Until, err = parseTime("until", q.Until); err != nil {
		return a, fits, err
	}
	if q.PageToken != "" {
		if a.Before, err = parsePlace(q.PageToken); err != nil {
			return a, fits, err
		}
	}
	if a.Actor, err = actorOf(c.Tx.Map, q.Actor); err != nil || q.Object == "" {
		return a, fits, err
	}
	return auditObject(c, a, q, fits)
}

// auditObject narrows the question to an object; of a run, to what names it among what is recorded of its experiment.
func auditObject(c *api.Call, a store.Audit, q *auditRequest, fits func(*ledger.Entry) bool) (store.Audit, func(*ledger.Entry) bool, error) {
	if o, err := findObject(c, q.Object); err == nil {
		a.Object = &o.ID
	} else if _, id, ok := strings.Cut(strings.TrimPrefix(q.Object, "/"), "/"); ok && fail.Is(err, fail.NotFound) {
		gone, perr := strconv.ParseInt(id, 10, 64)
		if perr != nil {
			return a, fits, err
		}
		a.Object = &gone
	} else {
		return a, fits, err
	}
	run, ok := strings.CutPrefix(q.Object, "runs/")
	if !ok {
		return a, fits, nil
	}
	return a, func(e *ledger.Entry) bool { return fits(e) && names(e, run) }, nil
}

// names says whether an entry is about a run.
func names(e *ledger.Entry, run string) bool {
	if e.Object.ID == run {
		return true
	}
	for _, p := range e.Params {
		if p.Value == run {
			return true
		}
	}
	return false
}

// actorOf reads a name or an id; who was removed is found by his id.
func actorOf(m *authz.Map, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	if p, ok := findPrincipal(m, text); ok {
		return p.ID, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fail.NotFoundf("Principal '%s' does not exist; one that was removed is found by its id.", text)
	}
	return id, nil
}

// parseTime reads RFC 3339, a date, or ms since 1970; 0 for nothing.
func parseTime(name, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms > 0 {
		return ms, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UnixMilli(), nil
		}
	}
	return 0, fail.Invalidf("%s: '%s' is neither a time as 2006-01-02T15:04:05Z, nor a date, nor milliseconds since 1970", name, text)
}

// checkpointAnswer is the newest signed checkpoint of the ledger, empty before the first, and the keys to check it with.
type checkpointAnswer struct {
	Checkpoint string   `json:"checkpoint"`
	Size       int64    `json:"size"`
	PublicKeys []string `json:"public_keys"`
}

func (f *Front) checkpoint(c *api.Call, _ int64, _ *nothing) (*checkpointAnswer, error) {
	note, size, err := c.Tx.Sealed()
	return &checkpointAnswer{note, size, f.PublicKeys}, err
}

// exportRequest names the leaves [From, To) of the ledger; To 0 = all that is sealed. Since is the size of a checkpoint that the caller
// keeps, whose continuation the export then proves.
type exportRequest struct {
	From  int64 `json:"-" query:"from"`
	To    int64 `json:"-" query:"to"`
	Since int64 `json:"-" query:"since"`
}

// export writes the ledger into a file of its own and sends that: the ledger does not fit into memory, and a slow reader must not hold
// a snapshot of the database.
func (f *Front) export(c *api.Call, _ int64, q *exportRequest) (*api.Content, error) {
	c.Note("from", strconv.FormatInt(q.From, 10))
	c.Note("to", strconv.FormatInt(q.To, 10))
	file, err := os.CreateTemp(f.Folder, "export-*.jsonl")
	if err != nil {
		return nil, fail.Internalf(err, "no room for the export")
	}
	os.Remove(file.Name()) // an opened file stays readable; where it does not, the system's cleaning takes it
	if err := f.exportTo(file, c, q); err != nil {
		file.Close()
		return nil, err
	}
	open := func() (io.ReadSeekCloser, error) {
		_, err := file.Seek(0, io.SeekStart)
		return file, err
	}
	return &api.Content{Open: open, Name: "audit.jsonl", Type: "application/jsonl", Attachment: true}, nil
}

func (f *Front) exportTo(file io.Writer, c *api.Call, q *exportRequest) error {
	note, size, err := c.Tx.Sealed()
	if err != nil {
		return err
	}
	if size == 0 {
		return fail.Statef("nothing of the ledger is sealed yet; try again in a second")
	}
	w := bufio.NewWriterSize(file, 1<<16)
	to := cmp.Or(q.To, size)
	x, err := ledger.NewExporter(w, ledger.Plan{
		Workspace: strconv.FormatInt(f.Workspace, 10), From: q.From, To: to, Made: c.Now.UnixMilli(), Checkpoint: []byte(note), Size: size,
		Since: q.Since, Signer: f.Signer, Hashes: c.Tx.Hashes(),
	})
	if err != nil {
		return err
	}
	if err := c.Tx.ExportLedger(x, q.From, to); err != nil {
		return err
	}
	if err := x.Close(); err != nil {
		return err
	}
	return w.Flush()
}
