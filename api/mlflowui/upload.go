package mlflowui

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/blob"
	"bailiwick/fail"
	"bailiwick/store"
)

// Routes are the endpoints by which administrators bring the pages, for the front of the governance API.
func (f *Front) Routes() []api.Route {
	return []api.Route{
		api.Read("GET /mlflow-ui", authz.ReadSettings, api.At[noFields](authz.WorkspaceObject), f.show, api.As[noFields]("getMlflowUi")),
		api.Upload("PUT /mlflow-ui", authz.ManageSettings, api.At[noFields](authz.WorkspaceObject), f.receive, f.install,
			api.As[noFields]("putMlflowUi")),
		api.Write("DELETE /mlflow-ui", authz.ManageSettings, api.At[noFields](authz.WorkspaceObject), f.remove, api.As[noFields]("deleteMlflowUi")),
	}
}

type noFields struct{}

// status says what is served.
type status struct {
	// Source is "setting" for what the configuration names, "upload" for what an administrator sent, "none".
	Source  string `json:"source"`
	Version string `json:"version,omitempty"`
	Files   int    `json:"files"`
	Size    int64  `json:"size"` // bytes of the files, uncompressed
	Digest  string `json:"digest,omitempty"`
}

func statusOf(source string, b *Bundle) *status {
	return &status{Source: source, Version: b.Version, Files: b.Files(), Size: b.Size}
}

// sent is the value of the setting: the wheel and its version.
type sent struct {
	digest  blob.Digest
	version string
}

func (s sent) String() string { return s.digest.String() + " " + s.version }

func parseSent(value string) (s sent, err error) {
	digest, version, _ := strings.Cut(value, " ")
	s.version = version
	s.digest, err = blob.ParseDigest(digest)
	return s, err
}

func (f *Front) show(c *api.Call, _ int64, _ *noFields) (*status, error) {
	if f.Configured != nil {
		return statusOf("setting", f.Configured), nil
	}
	b, err := f.bundle(c.Context())
	if err != nil {
		return nil, f.unreadable(err)
	}
	if b == nil {
		return &status{Source: "none"}, nil
	}
	s := statusOf("upload", b)
	value, _ := c.Tx.Map.Setting(store.SettingPages)
	s.Digest, _, _ = strings.Cut(value, " ")
	return s, nil
}

// received is a wheel that was looked at and kept, and is not yet served.
type received struct {
	sent
	bundle *Bundle
}

// receive takes a wheel in and looks at it before any of it is kept.
func (f *Front) receive(c *api.Call, _ int64, _ *noFields, body io.Reader) (got received, err error) {
	if f.Configured != nil {
		return got, fail.Statef("the server's setting mlflow-ui names the pages, and goes before what is sent: take it out first")
	}
	wheel, err := os.CreateTemp(f.Folder, "mlflow-ui-*.whl")
	if err != nil {
		return got, fail.Internalf(err, "the wheel cannot be taken in")
	}
	defer os.Remove(wheel.Name())
	defer wheel.Close()
	size, err := io.Copy(wheel, io.LimitReader(body, MaxWheel+1))
	if err != nil {
		return got, fail.Invalidf("the wheel did not come whole: %v", err)
	}
	if got.bundle, err = FromWheel(wheel, size); err != nil {
		return got, err
	}
	got.version = got.bundle.Version
	got.digest, err = f.keep(c.Context(), io.NewSectionReader(wheel, 0, size))
	return got, err
}

// keep puts a wheel where all servers of the installation find it.
func (f *Front) keep(ctx context.Context, wheel io.Reader) (d blob.Digest, err error) {
	w, err := f.Blobs.Create(ctx)
	if err != nil {
		return d, err
	}
	defer w.Abort()
	if _, err := w.ReadFrom(wheel); err != nil {
		return d, err
	}
	d, _, err = w.Commit()
	return d, err
}

// install has a wheel served from the commit on, here and by every other server of the installation.
func (f *Front) install(c *api.Call, _ int64, _ *noFields, got received) (*status, error) {
	c.Note("version", got.version)
	c.Note("digest", got.digest.String())
	if err := f.set(c, got.String()); err != nil {
		return nil, err
	}
	s := statusOf("upload", got.bundle)
	s.Digest = got.digest.String()
	return s, nil
}

func (f *Front) remove(c *api.Call, _ int64, _ *noFields) (*status, error) {
	if f.Configured != nil {
		return nil, fail.Statef("the pages are those that the server's setting mlflow-ui names, and cannot be removed from here")
	}
	return &status{Source: "none"}, f.set(c, "")
}

// set changes the setting, where it changes.
func (f *Front) set(c *api.Call, value string) error {
	before, _ := c.Tx.Map.Setting(store.SettingPages)
	if before == value {
		return nil
	}
	c.Change(quoted(before), quoted(value))
	return c.Tx.Govern(authz.Event{Op: authz.PutSetting, Setting: &authz.Setting{Key: store.SettingPages, Value: value}})
}

// quoted gives the JSON text of a setting's value; nothing for none.
func quoted(value string) []byte {
	if value == "" {
		return nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Appendf(nil, "%q", value)
	}
	return text
}
