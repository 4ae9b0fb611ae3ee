package ledger

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"bailiwick/fail"
)

// An export is lines of JSON, each ending in a newline and each in exactly one possible form:
//
//	{"header":{…},"signed":"…"}                    first; signed by the ledger's key
//	{"leaf":0,"hash":"…","entry":"…"}              an entry: its index, its stored leaf hash, its stored bytes as text
//	{"checkpoint":"…"}                             between entries: a stored checkpoint of just this size
//	{"trailer":{…},"signed":"…"}                   last; the signature covers the whole file before it
//
// Intermediate checkpoints bound the place of a forgery that has recomputed every hash; simpler tampering is found at its own line.
// formatVersion is raised when any of this changes.
const formatVersion = 1

type header struct {
	Format    int         `json:"format"`
	Origin    string      `json:"origin"`
	Workspace string      `json:"workspace"`
	From      int64       `json:"from"`
	To        int64       `json:"to"`
	Before    []tlog.Hash `json:"before"` // frontier of the tree of the first From leaves
	Key       string      `json:"key"`    // the signer's public key, for the reader; a check uses the keys it was given
	Made      string      `json:"made"`
}

type trailer struct {
	Count      int64       `json:"count"`
	Checkpoint string      `json:"checkpoint"` // signed note of a tree of at least To leaves
	Proof      []tlog.Hash `json:"proof"`      // tlog.ProveTree(checkpoint's size, To)
	Since      *sinceProof `json:"since,omitempty"`
}

// sinceProof shows that the checkpoint's tree continues that of the first Size leaves.
type sinceProof struct {
	Size  int64       `json:"size"`
	Proof []tlog.Hash `json:"proof"`
}

type headerLine struct {
	Header *header `json:"header"`
	Signed string  `json:"signed"`
}

type trailerLine struct {
	Trailer *trailer `json:"trailer"`
	Signed  string   `json:"signed"`
}

type checkpointLine struct {
	Checkpoint string `json:"checkpoint"`
}

// mustJSON encodes a value of the types above, which always can be.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// decodeLine decodes a line that is exactly what mustJSON(v) would write.
func decodeLine(line []byte, v any) bool {
	return json.Unmarshal(line, v) == nil && bytes.Equal(mustJSON(v), line)
}

// The starts of the kinds of line, and what joins the fields of an entry's.
const (
	leafKey      = `{"leaf":`
	hashKey      = `,"hash":"`
	entryKey     = `","entry":"`
	damagedKey   = `","base64":"` // instead of entry, for bytes that are no text and so cannot be an undamaged entry's
	headerKey    = `{"header":`
	trailerKey   = `{"trailer":`
	checkpntKey  = `{"checkpoint":`
	lineEnd      = `"}`
	hashTextSize = 44
)

func appendEntryLine(dst []byte, leaf int64, hash tlog.Hash, data []byte) []byte {
	dst = append(appendInt(dst, leafKey, leaf), hashKey...)
	dst = base64.StdEncoding.AppendEncode(dst, hash[:])
	if isText(data) {
		dst = appendText(append(dst, entryKey...), data)
	} else {
		dst = base64.StdEncoding.AppendEncode(append(dst, damagedKey...), data)
	}
	return append(dst, lineEnd+"\n"...)
}

// isText reports whether b can stand in a JSON string with no other escapes than those of quote and backslash.
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' {
			return false
		}
	}
	return utf8.Valid(b)
}

func appendText(dst, b []byte) []byte {
	for _, c := range b {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return dst
}

// entryLine is a parsed line of an entry. Data is nil if the line holds bytes that are no text.
type entryLine struct {
	leaf int64
	hash []byte // base64
	data []byte
}

// parseEntryLine reads a line written by appendEntryLine, without its newline; the data is put into scratch.
func parseEntryLine(line, scratch []byte) (l entryLine, ok bool) {
	l.leaf, line, ok = cutInt(line, leafKey)
	if !ok || len(line) < len(hashKey)+hashTextSize || !bytes.HasPrefix(line, []byte(hashKey)) {
		return l, false
	}
	line = line[len(hashKey):]
	l.hash, line = line[:hashTextSize], line[hashTextSize:]
	line, ok = bytes.CutSuffix(line, []byte(lineEnd))
	if !ok {
		return l, false
	}
	if bytes.HasPrefix(line, []byte(damagedKey)) {
		return l, true
	}
	if line, ok = bytes.CutPrefix(line, []byte(entryKey)); !ok {
		return l, false
	}
	l.data, ok = cutText(scratch[:0], line)
	return l, ok
}

// cutText undoes appendText; ok is false for text that appendText would not have written.
func cutText(dst, text []byte) (out []byte, ok bool) {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '"' {
			return nil, false
		}
		if c == '\\' {
			if i++; i == len(text) || (text[i] != '"' && text[i] != '\\') {
				return nil, false
			}
			c = text[i]
		}
		dst = append(dst, c)
	}
	return dst, true
}

// attestation is the text signed for a part of an export: the part's name and the sha256 of the file up to and including it.
func attestation(origin, part string, digest []byte) string {
	return fmt.Sprintf("bailiwick-export/%d\n%s\n%s\n%s\n", formatVersion, origin, part, base64.StdEncoding.EncodeToString(digest))
}

func attest(s *Signer, origin, part string, digest []byte) (string, error) {
	msg, err := note.Sign(&note.Note{Text: attestation(origin, part, digest)}, s)
	return string(msg), err
}

// errUnlike is what checkAttest answers for a good signature over something else.
var errUnlike = fail.Invalidf("it is not as it was signed")

// checkAttest checks a signed attestation; it must be the one note that attest would have made with its key.
func checkAttest(msg, origin, part string, digest []byte, keys Keys) error {
	n, err := openNote([]byte(msg), keys)
	if err != nil {
		return err
	}
	text, s := attestation(origin, part, digest), n.Sigs[0]
	if n.Text != text || msg != text+"\n— "+s.Name+" "+s.Base64+"\n" {
		return errUnlike
	}
	return nil
}
