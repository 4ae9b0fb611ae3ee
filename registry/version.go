package registry

import (
	"encoding/hex"

	"bailiwick/keyed"
)

// Status says whether a version's bytes are in the registry, with MLflow's numbers.
type Status uint8

// The statuses.
const (
	Pending Status = 1 + iota
	Failed
	Ready
)

var statusNames = [...]string{Pending: "PENDING_REGISTRATION", Failed: "FAILED_REGISTRATION", Ready: "READY"}

// String gives the protocol's name.
func (s Status) String() string {
	if s < Pending || s > Ready {
		return "MODEL_VERSION_STATUS_UNKNOWN"
	}
	return statusNames[s]
}

// Version is a version of a registered model. It follows its model in everything that is decided.
type Version struct {
	Model       int64
	Name        string // the model's
	Number      int64  // from 1, never used twice
	Description string
	Creator     int64
	UserName    string
	Created     int64 // ms since 1970
	Updated     int64 // ms since 1970
	Stage       Stage
	// Source is where the bytes came from, as the client wrote it; Run, RunLink and LoggedModel what it said besides.
	Source      string
	Run         string
	RunLink     string
	LoggedModel string
	// Experiment is where the run, or the logged model, is; 0 when the source names none.
	Experiment int64
	Status     Status
	StatusText string
	// Digest is the sha256 of the manifest, which names each file with its own; zero while the version is pending, and of prompts.
	Digest [32]byte
	Size   int64 // bytes of all files
	Files  int64
	Tags   []keyed.Pair
	// Aliases are the model's aliases for this version.
	Aliases []string
}

// Bytesless reports whether the version has no files and never will: it is one of a prompt.
func (v *Version) Bytesless() bool { return v.Status == Ready && v.Digest == ([32]byte{}) }

// DigestText writes a digest in hexadecimal digits, as `sha256sum` does; the zero value is empty.
func DigestText(d [32]byte) string {
	if d == ([32]byte{}) {
		return ""
	}
	return hex.EncodeToString(d[:])
}

// Key names a version.
type Key struct {
	Model  int64
	Number int64
}

// Key gives the version's own.
func (v *Version) Key() Key { return Key{v.Model, v.Number} }
