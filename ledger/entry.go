// Package ledger is the record of a workspace: what was done, asked and refused, by whom and why, and the proof that nobody changed it
// afterwards. It is pure: entries are bytes, the tree over them is arithmetic, and what lies in a database or a file is handed in.
//
// An Entry is encoded once (Append) when it is written; from then on its bytes are what counts. They are the leaves of a transparency
// log (RFC 6962, golang.org/x/mod/sumdb/tlog): a sealer gives them their places in batches (Seal), signs the size and root of the tree
// from time to time (Checkpoint), and anybody who holds the public key can check the stored ledger (VerifyStored) or an exported
// file (VerifyExport) and is told the first entry that is not as it was.
package ledger

import (
	"bytes"
	"encoding/json"

	"bailiwick/fail"
)

// MaxEntry is the size of the largest entry that can be exported and verified, in bytes. A change that would need more (a purge) is
// made in batches.
const MaxEntry = 64 << 20

// Class says how an entry is kept: A by itself and before the answer, B and C gathered by the minute.
type Class string

// The audit classes: A is an entry of its own, durable before the answer; B is gathered in the write's own transaction; C is gathered
// and written behind.
const (
	ClassA Class = "A"
	ClassB Class = "B"
	ClassC Class = "C"
)

// Actor is the principal who acted, with the name he had then. The zero value is somebody who proved no identity.
type Actor struct {
	ID   int64  `json:"id"`
	Name string `json:"name,omitempty"`
	Kind string `json:"kind,omitempty"` // "user", "service-principal", "system"
}

// Object is what the action was about. ID is a string because runs, versions and credentials have no number; a governed object's number
// is written in decimal.
type Object struct {
	Kind string `json:"kind"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
	Path string `json:"path,omitempty"`
}

// Param is one of the request's parameters, as the Databricks audit row shows them.
type Param struct{ Key, Value string }

// Params are a request's parameters in the order they are given; they are written as one JSON object.
type Params []Param

// Decision is what was decided and why: the ability that was asked, and the path that gave or would have given it.
type Decision struct {
	Allowed bool            `json:"allowed"`
	Ability string          `json:"ability,omitempty"`
	Path    json.RawMessage `json:"path,omitempty"` // sentences or steps, as authz gives them
}

// Entry is one line of the ledger. Service and Action are the names of the Databricks audit log. All times are in ms since 1970.
type Entry struct {
	ID      int64 `json:"id"` // order of writing; unique, not necessarily without holes
	Time    int64 `json:"time"`
	Version int64 `json:"version"` // governance version that this entry made; 0 if it changed no governance state
	Class   Class `json:"class"`

	Service    string `json:"service,omitempty"`
	Action     string `json:"action,omitempty"`
	RequestID  string `json:"request,omitempty"`
	Actor      Actor  `json:"actor,omitzero"`
	Credential string `json:"credential,omitempty"` // the credential's id, never its secret
	Source     string `json:"source,omitempty"`     // address of the client
	UserAgent  string `json:"agent,omitempty"`
	Object     Object `json:"object,omitzero"`
	Params     Params `json:"params,omitempty"`

	Status    int    `json:"status,omitempty"` // HTTP
	ErrorCode string `json:"error_code,omitempty"`
	Error     string `json:"error,omitempty"`

	Decision Decision `json:"decision,omitzero"`
	Reason   string   `json:"reason,omitempty"` // what the caller said he does it for

	// Before and After are the changed thing's state; Events are the governance events (a list of authz.Event) of the change.
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
	Events json.RawMessage `json:"events,omitempty"`

	// Count, First and Last are set in gathered rows only: how many requests, and when the first and last of them came.
	Count int64 `json:"count,omitempty"`
	First int64 `json:"first,omitempty"`
	Last  int64 `json:"last,omitempty"`
}

// Parse reads the bytes of an entry. It is strict: whatever Append would not have written just so (unknown or repeated keys, another
// order, blanks, needless escapes) is fail.Invalid, so that Append(nil, e) gives b again.
func Parse(b []byte) (*Entry, error) {
	e := new(Entry)
	if err := json.Unmarshal(b, e); err != nil {
		return nil, fail.Invalidf("this is not a ledger entry: %v", err)
	}
	if again := Append(make([]byte, 0, len(b)), e); !bytes.Equal(again, b) {
		return nil, fail.Invalidf("this is not a ledger entry in canonical form: byte %d differs", firstDifference(again, b))
	}
	return e, nil
}

// firstDifference gives the first index at which a and b, which differ, do so.
func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// UnmarshalJSON reads a JSON object of strings and keeps its order.
func (p *Params) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fail.Invalidf("params must be an object of strings")
	}
	*p = nil
	for d.More() {
		key, err := stringToken(d)
		if err != nil {
			return err
		}
		value, err := stringToken(d)
		if err != nil {
			return err
		}
		*p = append(*p, Param{key, value})
	}
	return nil
}

// MarshalJSON writes the pairs as one JSON object in their order.
func (p Params) MarshalJSON() ([]byte, error) { return appendParams(nil, p), nil }

// Map gives the pairs as a map; of a repeated key the last counts.
func (p Params) Map() map[string]string {
	m := make(map[string]string, len(p))
	for _, kv := range p {
		m[kv.Key] = kv.Value
	}
	return m
}

func stringToken(d *json.Decoder) (string, error) {
	t, err := d.Token()
	s, ok := t.(string)
	if err != nil || !ok {
		return "", fail.Invalidf("params must be an object of strings")
	}
	return s, nil
}
