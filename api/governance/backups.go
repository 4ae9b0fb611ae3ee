package governance

import (
	"io"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
)

// backupRoutes make backups of the running server and hand them out.
func (f *Front) backupRoutes() []api.Route {
	return []api.Route{
		api.Read("GET /backups", authz.OperateServer, api.At[nothing](authz.WorkspaceObject), f.listBackups),
		api.Write("POST /backups", authz.OperateServer, api.At[nothing](authz.WorkspaceObject), f.createBackup, api.As[nothing]("createBackup")),
		api.Download("GET /backups/{name}", authz.OperateServer, f.findBackup, f.downloadBackup, api.As[backupRequest]("downloadBackup")),
		api.Write("DELETE /backups/{name}", authz.OperateServer, f.findBackup, f.deleteBackup, api.As[backupRequest]("deleteBackup")),
	}
}

// Backups makes backups of this server and keeps them.
type Backups interface {
	// Possible gives why this server cannot make backups by itself, with what is to be run instead; nil = it can.
	Possible() error
	// List gives all that are kept and the one that is being made, newest first.
	List() ([]BackupState, error)
	// Folder is where they are kept on the server.
	Folder() string
	// Busy says why no backup of a name can begin now: fail.Conflict while another is being made, fail.Unavailable while the server stops.
	Busy(name string) error
	// Start begins a backup under a name. Errors: fail.Conflict while another is being made, fail.State where the disk has not the room.
	Start(name string) error
	// Open opens a finished one. Errors: fail.NotFound, fail.State.
	Open(name string) (io.ReadSeekCloser, error)
	// Remove deletes one. Errors: fail.NotFound, fail.State for the one that is being made.
	Remove(name string) error
}

// The states of a backup.
const (
	BackupRunning = "running"
	BackupDone    = "done"
	BackupFailed  = "failed"
)

// BackupState is a backup as it is kept: a .tar file for `bailiwick restore`.
type BackupState struct {
	// Name is when it was begun, as 20260131-100000.
	Name  string `json:"name"`
	State string `json:"state"` // "running", "done" or "failed"
	// Size is in bytes, of one that is being made so far.
	Size    int64 `json:"size"`
	Started int64 `json:"started_at"`         // ms since 1970
	Ended   int64 `json:"ended_at,omitempty"` // ms since 1970
	// Error is why it failed.
	Error string `json:"error,omitempty"`
	// Verified says that the file was read again: each artifact compared with its digest, and the database opened and checked.
	Verified bool `json:"verified"`
	// Files and Entries are the artifacts and the sealed ledger entries in it, Checkpoint the ledger's newest: to be kept elsewhere.
	Files      int    `json:"files,omitempty"`
	Entries    int64  `json:"ledger_entries,omitempty"`
	Checkpoint string `json:"checkpoint,omitempty"`
}

type backupRequest struct {
	Name string `json:"-" path:"name"`
}

// backupsAnswer lists backups, newest first.
type backupsAnswer struct {
	Backups []BackupState `json:"backups"`
	// Possible is false where this server cannot make backups by itself; Instead says what to do then.
	Possible bool   `json:"possible"`
	Instead  string `json:"instead,omitempty"`
	// Folder is where they are kept on the server: the setting backups.
	Folder string `json:"folder"`
}

func (f *Front) listBackups(*api.Call, int64, *nothing) (*backupsAnswer, error) {
	a := &backupsAnswer{Backups: []BackupState{}, Possible: true, Folder: f.Backups.Folder()}
	if err := f.Backups.Possible(); err != nil {
		a.Possible, a.Instead = false, err.Error()
	}
	list, err := f.Backups.List()
	a.Backups = append(a.Backups, list...)
	return a, err
}

// backupName is a backup's name: when it was begun.
func backupName(at time.Time) string { return at.UTC().Format("20060102-150405") }

func (f *Front) createBackup(c *api.Call, _ int64, _ *nothing) (*BackupState, error) {
	if err := f.Backups.Possible(); err != nil {
		return nil, err
	}
	name := backupName(c.Now)
	if err := f.Backups.Busy(name); err != nil { // before there is an entry that says it was made
		return nil, err
	}
	c.Note("backup", name)
	c.After(func() error { return f.Backups.Start(name) })
	return &BackupState{Name: name, State: BackupRunning, Started: c.Now.UnixMilli()}, nil
}

// findBackup finds a backup that is kept, or is being made.
func (f *Front) findBackup(_ *api.Call, q *backupRequest) (*BackupState, api.Target, error) {
	target := api.Target{Object: authz.WorkspaceObject, Name: "backups/" + q.Name}
	list, err := f.Backups.List()
	for i := range list {
		if list[i].Name == q.Name {
			return &list[i], target, nil
		}
	}
	return nil, target, err // that there is none is said after the decision
}

func noBackup(name string) error { return fail.NotFoundf("There is no backup '%s'.", name) }

func (f *Front) downloadBackup(c *api.Call, b *BackupState, q *backupRequest) (*api.Content, error) {
	switch {
	case b == nil:
		return nil, noBackup(q.Name)
	case b.State != BackupDone:
		return nil, fail.Statef("Backup '%s' is %s, and cannot be downloaded.", b.Name, b.State)
	}
	c.Note("backup", b.Name)
	open := func() (io.ReadSeekCloser, error) { return f.Backups.Open(b.Name) }
	return &api.Content{
		Open: open, Name: "bailiwick-" + b.Name + ".tar", Type: "application/x-tar", Modified: time.UnixMilli(b.Ended), Attachment: true,
	}, nil
}

func (f *Front) deleteBackup(c *api.Call, b *BackupState, q *backupRequest) (*nothing, error) {
	switch {
	case b == nil:
		return nil, noBackup(q.Name)
	case b.State == BackupRunning:
		return nil, fail.Statef("Backup '%s' is being made; wait until it has ended.", b.Name)
	}
	c.Note("backup", b.Name)
	c.After(func() error { return f.Backups.Remove(b.Name) })
	return &nothing{}, nil
}
