package governance

import (
	"bufio"
	"cmp"
	"io"
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/ledger"
)

// auditRoutes show the ledger to administrators and auditors.
func (f *Front) auditRoutes() []api.Route {
	return []api.Route{
		api.Read("GET /audit", authz.ReadAudit, api.At[auditRequest](authz.WorkspaceObject), f.audit),
		api.Read("GET /audit/qualifiers", authz.ReadAudit, api.At[nothing](authz.WorkspaceObject), auditQualifiers),
		api.Read("GET /audit/events/{id}", authz.ReadAudit, api.At[eventRequest](authz.WorkspaceObject), f.auditEvent),
		api.Download("GET /audit/download", authz.ReadAudit, api.At[downloadRequest](authz.WorkspaceObject), f.downloadAudit,
			api.As[downloadRequest]("downloadAudit")),
		api.Read("GET /audit/checkpoint", authz.ReadAudit, api.At[nothing](authz.WorkspaceObject), f.checkpoint),
		api.Download("GET /audit/export", authz.ReadAudit, api.At[exportRequest](authz.WorkspaceObject), f.export,
			api.As[exportRequest]("exportAudit")),
	}
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
	return f.spooled("audit.jsonl", "application/jsonl", func(file io.Writer) error { return f.exportTo(file, c, q) })
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
