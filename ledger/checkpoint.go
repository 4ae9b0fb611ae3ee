package ledger

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"bailiwick/fail"
)

// Checkpoint says what a workspace's ledger was at a time: so many entries with this root. Signed, it is a note of four lines (origin,
// size, root in base64, "time …"), the format of C2SP tlog-checkpoint, so that other tools can read and witness it.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
	Time   int64 // ms since 1970
}

const (
	originPrefix = "bailiwick/"
	timePrefix   = "time "
)

// Origin gives the name of a workspace's ledger: the first line of its checkpoints and the name of its keys. The id must be free of
// blanks and '+'.
func Origin(workspaceID string) string { return originPrefix + workspaceID }

// Text gives the text that is signed.
func (c Checkpoint) Text() string {
	return fmt.Sprintf("%s\n%d\n%s\n%s%s\n", c.Origin, c.Size, c.Root, timePrefix, timeText(c.Time))
}

// ParseCheckpointText reads the text of a checkpoint; anything but what Text writes is fail.Invalid. It checks no signature.
func ParseCheckpointText(text string) (Checkpoint, error) {
	bad := fail.Invalidf("this is not a checkpoint: want the four lines origin, size, root, time")
	l := strings.Split(text, "\n")
	if len(l) != 5 || !strings.HasPrefix(l[0], originPrefix) {
		return Checkpoint{}, bad
	}
	size, err1 := strconv.ParseInt(l[1], 10, 64)
	root, err2 := tlog.ParseHash(l[2])
	at, err3 := time.Parse(timeFormat, strings.TrimPrefix(l[3], timePrefix))
	c := Checkpoint{Origin: l[0], Size: size, Root: root, Time: at.UnixMilli()}
	if errors.Join(err1, err2, err3) != nil || size < 0 || size > maxLeaves || c.Text() != text {
		return Checkpoint{}, bad
	}
	return c, nil
}

// Sign gives the signed note.
func (c Checkpoint) Sign(s *Signer) ([]byte, error) {
	return note.Sign(&note.Note{Text: c.Text()}, s)
}

// OpenCheckpoint reads a signed checkpoint and checks that one of keys signed it; fail.Invalid otherwise. Further signatures, of
// witnesses, may be there and are not looked at.
func OpenCheckpoint(msg []byte, keys Keys) (Checkpoint, error) {
	n, err := openNote(msg, keys)
	if err != nil {
		return Checkpoint{}, err
	}
	return ParseCheckpointText(n.Text)
}

// openNote opens a note and gives the reason in our words when it cannot be trusted.
func openNote(msg []byte, keys Keys) (*note.Note, error) {
	n, err := note.Open(msg, keys.list)
	var unknown *note.UnverifiedNoteError
	var wrong *note.InvalidSignatureError
	switch {
	case errors.As(err, &unknown):
		return nil, fail.Invalidf("signed by %s, which is none of the given keys", signers(unknown.Note.UnverifiedSigs))
	case errors.As(err, &wrong):
		return nil, fail.Invalidf("the signature by %s+%08x does not fit the text", wrong.Name, wrong.Hash)
	case err != nil:
		return nil, fail.Invalidf("this is not a signed note: %v", err)
	}
	for _, s := range n.Sigs {
		// A signature in base64 has unused bits; a flipped one must not pass.
		if raw, _ := base64.StdEncoding.DecodeString(s.Base64); base64.StdEncoding.EncodeToString(raw) != s.Base64 {
			return nil, fail.Invalidf("the signature by %s+%08x is not in canonical form", s.Name, s.Hash)
		}
	}
	return n, nil
}

func signers(sigs []note.Signature) string {
	names := make([]string, len(sigs))
	for i, s := range sigs {
		names[i] = fmt.Sprintf("%s+%08x", s.Name, s.Hash)
	}
	return strings.Join(names, ", ")
}

// GenerateKey makes an Ed25519 key pair in the note format: the signer's key, which is secret, and the verifier's, which is for
// everybody (--pubkey). The name is the ledger's Origin.
func GenerateKey(rand io.Reader, name string) (skey, vkey string, err error) {
	return note.GenerateKey(rand, name)
}

// Signer signs checkpoints and exports.
type Signer struct {
	note.Signer
	public string
}

// NewSigner reads a signer's key ("PRIVATE+KEY+name+hash+data"); fail.Invalid if it is none. The message never shows the key.
func NewSigner(skey string) (*Signer, error) {
	skey = strings.TrimSpace(skey)
	s, err := note.NewSigner(skey)
	if err != nil {
		return nil, fail.Invalidf("this is not a ledger key: want PRIVATE+KEY+<name>+<hash>+<data>")
	}
	// The parts are as note.NewSigner found them good: five of them, the last an algorithm byte and a seed of 32 bytes.
	seed, err := base64.StdEncoding.DecodeString(strings.SplitN(skey, "+", 5)[4])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return nil, fail.Invalidf("this is not an Ed25519 ledger key")
	}
	public := ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(s.Name(), public)
	return &Signer{Signer: s, public: vkey}, err
}

// Public gives the verifier's key ("name+hash+data"), the value for --pubkey.
func (s *Signer) Public() string { return s.public }

// Keys are the verifiers' keys that a check trusts.
type Keys struct {
	list  note.Verifiers
	texts []string
}

// ParseKeys reads verifiers' keys; fail.Invalid if one is malformed or none is given, since a check without a key proves nothing.
func ParseKeys(texts ...string) (Keys, error) {
	var k Keys
	var verifiers []note.Verifier
	for _, text := range texts {
		text = strings.TrimSpace(text)
		if slices.Contains(k.texts, text) {
			continue
		}
		v, err := note.NewVerifier(text)
		if err != nil {
			return Keys{}, fail.Invalidf("%q is not a public key of a ledger: want <name>+<hash>+<data>", text)
		}
		verifiers, k.texts = append(verifiers, v), append(k.texts, text)
	}
	if len(verifiers) == 0 {
		return Keys{}, fail.Invalidf("name at least one public key: without one nothing is proven")
	}
	k.list = note.VerifierList(verifiers...)
	return k, nil
}
