package governance

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"strconv"
	"time"

	"bailiwick/api"
	"bailiwick/fail"
	"bailiwick/ledger"
	"bailiwick/store"
)

// downloadRequest asks for what a search finds as a file. PageToken goes on where a cut one ended.
type downloadRequest struct {
	auditFilter
	// Format is csv or json.
	Format    string `json:"-" query:"format"`
	PageToken string `json:"-" query:"page_token"`
}

const (
	// maxDownload is the most events of one file, maxDownloadSize about the most bytes, and mostDownloadScanned how many entries are looked at for
	// it. The whole ledger is to be had by GET /audit/export, with its proof.
	maxDownload         = 100_000
	maxDownloadSize     = 256 << 20
	mostDownloadScanned = 2_000_000
)

// downloadForms are the forms of a file.
var downloadForms = map[string]struct {
	mime  string
	write func(io.Writer) auditWriter
}{
	"csv":  {"text/csv; charset=utf-8", newCSVWriter},
	"json": {"application/json", newJSONWriter},
}

// auditWriter writes events into a file.
type auditWriter interface {
	event(r *ledger.Row) error
	// end closes the file; next is where a cut one is to be gone on with, empty for one that is whole.
	end(next string) error
}

// downloadAudit writes what was found into a file of its own and sends that, as export does. What is cut says so in the headers X-Truncated and
// X-Next-Page-Token.
func (f *Front) downloadAudit(c *api.Call, _ int64, q *downloadRequest) (*api.Content, error) {
	form, ok := downloadForms[q.Format]
	if !ok {
		return nil, fail.Invalidf("format must be csv or json, not '%s'", q.Format)
	}
	c.Note("q", q.Q)
	c.Note("format", q.Format)
	s, err := f.search(c, &q.auditFilter, q.PageToken)
	if err != nil {
		return nil, err
	}
	s.window = mostDownloadScanned
	name := "audit-" + c.Now.UTC().Format("20060102-150405") + "." + q.Format
	return f.spooled(name, form.mime, func(file io.Writer) error {
		next, err := s.writeTo(file, form.write, c.Tx)
		if next != "" {
			c.SetHeader("X-Truncated", "true")
			c.SetHeader("X-Next-Page-Token", next)
		}
		return err
	})
}

// errFull ends a walk whose file has become too large.
var errFull = fail.New(fail.TooLarge, "the file is full")

// writeTo writes what is found; next is where to go on, empty at the end.
func (s *auditSearch) writeTo(file io.Writer, form func(io.Writer) auditWriter, tx *store.Tx) (next string, err error) {
	sized := &counting{w: bufio.NewWriterSize(file, 1<<16)}
	w := form(sized)
	more, err := s.each(tx, maxDownload, mostDownloadScanned, func(e *ledger.Entry) error {
		if sized.n > maxDownloadSize {
			return errFull
		}
		row := ledger.AuditRow(e, s.workspace)
		return w.event(&row)
	})
	if err == errFull {
		more, err = true, nil
	}
	if err == nil && more && s.at != nil {
		next = placeToken(s.at)
	}
	if err == nil {
		err = w.end(next)
	}
	if err == nil {
		err = sized.w.Flush()
	}
	return next, err
}

// counting counts the bytes that are written.
type counting struct {
	w *bufio.Writer
	n int64
}

// Write implements io.Writer.
func (c *counting) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return c.w.Write(b)
}

// spooled is a file of this server that write fills and that is gone once it is sent: what does not fit into memory, and must not hold a
// snapshot of the database while a slow reader takes it.
func (f *Front) spooled(name, mime string, write func(io.Writer) error) (*api.Content, error) {
	file, err := os.CreateTemp(f.Folder, "export-*")
	if err != nil {
		return nil, fail.Internalf(err, "no room for the file")
	}
	os.Remove(file.Name()) // an opened file stays readable; where it does not, the system's cleaning takes it
	if err := write(file); err != nil {
		file.Close()
		return nil, err
	}
	open := func() (io.ReadSeekCloser, error) {
		_, err := file.Seek(0, io.SeekStart)
		return file, err
	}
	return &api.Content{Open: open, Name: name, Type: mime, Attachment: true}, nil
}

// csvWriter writes a line an event. Cells are inert in spreadsheets.
type csvWriter struct{ w *csv.Writer }

// auditColumns are the columns of the CSV form.
var auditColumns = []struct {
	name string
	of   func(r *ledger.Row) string
}{
	{"event_time", func(r *ledger.Row) string { return r.EventTime }},
	{"event_id", func(r *ledger.Row) string { return r.EventID }},
	{"actor", func(r *ledger.Row) string { return r.UserIdentity.Email }},
	{"actor_kind", func(r *ledger.Row) string { return actorOfRow(r).Kind }},
	{"actor_id", func(r *ledger.Row) string { return actorOfRow(r).ID }},
	{"service", func(r *ledger.Row) string { return r.ServiceName }},
	{"action", func(r *ledger.Row) string { return r.ActionName }},
	{"operation", func(r *ledger.Row) string { return string(r.Operation) }},
	{"object_kind", func(r *ledger.Row) string { return r.Object.Kind }},
	{"object_id", func(r *ledger.Row) string { return r.Object.ID }},
	{"object_name", func(r *ledger.Row) string { return r.Object.Name }},
	{"object_path", func(r *ledger.Row) string { return r.Object.Path }},
	{"result", func(r *ledger.Row) string { return string(r.Result) }},
	{"status", func(r *ledger.Row) string { return strconv.Itoa(r.Response.StatusCode) }},
	{"error", func(r *ledger.Row) string { return textOr(r.Response.ErrorMessage) }},
	{"source", func(r *ledger.Row) string { return r.SourceAddress }},
	{"credential_id", func(r *ledger.Row) string { return r.Credential }},
	{"request_id", func(r *ledger.Row) string { return r.RequestID }},
	{"reason", func(r *ledger.Row) string { return r.Reason }},
	{"audit_class", func(r *ledger.Row) string { return string(r.Class) }},
	{"count", func(r *ledger.Row) string { return strconv.FormatInt(max(1, r.Count), 10) }},
	{"parameters", paramsOfRow},
	{"before", func(r *ledger.Row) string { return string(r.Before) }},
	{"after", func(r *ledger.Row) string { return string(r.After) }},
}

func actorOfRow(r *ledger.Row) ledger.RowActor {
	if r.Actor == nil {
		return ledger.RowActor{}
	}
	return *r.Actor
}

func textOr(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// paramsOfRow are the parameters as JSON, nothing for none.
func paramsOfRow(r *ledger.Row) string {
	if len(r.RequestParams) == 0 {
		return ""
	}
	text, _ := json.Marshal(r.RequestParams) // texts always marshal
	return string(text)
}

func newCSVWriter(w io.Writer) auditWriter {
	c := csvWriter{csv.NewWriter(w)}
	names := make([]string, len(auditColumns))
	for i, col := range auditColumns {
		names[i] = col.name
	}
	_ = c.w.Write(names) // end tells what went wrong with any line
	return c
}

func (c csvWriter) event(r *ledger.Row) error {
	cells := make([]string, len(auditColumns))
	for i, col := range auditColumns {
		cells[i] = inert(col.of(r))
	}
	return c.w.Write(cells)
}

func (c csvWriter) end(string) error {
	c.w.Flush()
	return c.w.Error()
}

// jsonWriter writes {"events":[…],"truncated":false}, an event a line.
type jsonWriter struct {
	w     io.Writer
	lines int
}

func newJSONWriter(w io.Writer) auditWriter { return &jsonWriter{w: w} }

func (j *jsonWriter) event(r *ledger.Row) error {
	before := ",\n"
	if j.lines++; j.lines == 1 {
		before = "{\"events\":[\n"
	}
	text, err := api.EncodeJSON(r)
	if err == nil {
		_, err = io.WriteString(j.w, before+string(text))
	}
	return err
}

func (j *jsonWriter) end(next string) error {
	before := "\n"
	if j.lines == 0 {
		before = "{\"events\":["
	}
	text, err := api.EncodeJSON(struct {
		Truncated bool      `json:"truncated"`
		Next      string    `json:"next_page_token,omitempty"`
		Made      time.Time `json:"made_at"`
	}{next != "", next, time.Now().UTC()})
	if err == nil {
		_, err = io.WriteString(j.w, before+"],"+string(text[1:])+"\n")
	}
	return err
}
