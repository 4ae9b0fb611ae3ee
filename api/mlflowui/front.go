// Package mlflowui serves MLflow's own web pages, unmodified, under /mlflow/: out of a wheel or an installed package that the configuration
// names, or of a wheel that an administrator has sent. The pages' calls are api/mlflow's, mounted under the same prefix.
package mlflowui

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/blob"
	"bailiwick/store"
)

// Prefix is where the pages are.
const Prefix = "/mlflow"

// Front serves the pages. Its fields are set before Mount.
type Front struct {
	// Configured is what the configuration names (Open); nil = nothing. It goes before what was sent.
	Configured *Bundle
	// Blobs keeps a wheel that was sent, Folder takes it while it is looked at; empty = the system's folder for temporary files.
	Blobs  blob.Store
	Folder string
	// Map gives the access map, whose settings say which wheel was sent.
	Map func() *authz.Map
	Log *slog.Logger

	loading sync.Mutex
	value   string // the setting that sent is of
	sent    *Bundle
}

// Mount adds the pages to the door.
func (f *Front) Mount(d *api.Door) {
	d.Mount(&api.Front{
		Name: "mlflow-ui", Service: "mlflowExperiment", Prefixes: []string{""}, Decode: decode, Encode: encode, ContentType: "application/json",
		Fail: api.FailJSON, Routes: f.pageRoutes(),
	})
}

// Available says whether there are pages to be served.
func (f *Front) Available() bool {
	value, _ := f.Map().Setting(store.SettingPages)
	return f.Configured != nil || value != ""
}

// bundle gives what is served now; nil = nothing.
func (f *Front) bundle(ctx context.Context) (*Bundle, error) {
	if f.Configured != nil {
		return f.Configured, nil
	}
	value, _ := f.Map().Setting(store.SettingPages)
	if value == "" {
		return nil, nil
	}
	f.loading.Lock()
	defer f.loading.Unlock()
	if value == f.value {
		return f.sent, nil
	}
	b, err := f.load(ctx, value)
	if err == nil {
		f.value, f.sent = value, b
	}
	return b, err
}

// load reads a wheel that was sent.
func (f *Front) load(ctx context.Context, value string) (*Bundle, error) {
	s, err := parseSent(value)
	if err != nil {
		return nil, err
	}
	r, _, err := f.Blobs.Open(ctx, s.digest)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	wheel, err := io.ReadAll(io.LimitReader(blob.Checked(r, s.digest), MaxWheel+1))
	if err != nil {
		return nil, err
	}
	return FromWheel(bytes.NewReader(wheel), int64(len(wheel)))
}
