package mlflow

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"strings"

	"bailiwick/api"
	"bailiwick/blob"
	"bailiwick/fail"
)

// declared is what a client says of the bytes that it sends: digests in headers. What it says is held against what came; who says
// nothing is
// believed what came.
type declared struct {
	sha [][]byte
	md5 []byte
	sum hash.Hash // of md5, while the bytes come
}

// sayings are the headers that declare a sha256, each with how it is read; nil bytes where it declares something else.
var sayings = []struct {
	header string
	read   func(string) ([]byte, error)
}{
	{"X-Amz-Checksum-Sha256", base64.StdEncoding.DecodeString},
	{"X-Amz-Content-Sha256", func(s string) ([]byte, error) {
		if len(s) != hex.EncodedLen(len(blob.Digest{})) { // UNSIGNED-PAYLOAD and the like
			return nil, nil
		}
		return hex.DecodeString(s)
	}},
	{"Repr-Digest", func(s string) ([]byte, error) { return listed256(s, ":") }},
	{"Content-Digest", func(s string) ([]byte, error) { return listed256(s, ":") }},
	{"Digest", func(s string) ([]byte, error) { return listed256(s, "") }},
}

// listed256 reads the sha256 out of a list of digests (RFC 9530, with colons around the value, and RFC 3230, without).
func listed256(list, around string) ([]byte, error) {
	for item := range strings.SplitSeq(list, ",") {
		if name, value, ok := strings.Cut(strings.TrimSpace(item), "="); ok && strings.EqualFold(name, "sha-256") {
			return base64.StdEncoding.DecodeString(strings.Trim(value, around))
		}
	}
	return nil, nil
}

// declaredOf reads what a request declares of its body; what cannot be read is refused, as nobody could check it.
func declaredOf(c *api.Call) (*declared, error) {
	d := &declared{}
	for _, s := range sayings {
		said := c.Header(s.header)
		if said == "" {
			continue
		}
		sum, err := s.read(said)
		if err != nil || sum != nil && len(sum) != len(blob.Digest{}) {
			return nil, badDigest("The header %s declares no sha256: %q", s.header, said)
		}
		if sum != nil {
			d.sha = append(d.sha, sum)
		}
	}
	if said := c.Header("Content-MD5"); said != "" {
		sum, err := base64.StdEncoding.DecodeString(said)
		if err != nil || len(sum) != md5.Size {
			return nil, badDigest("The header Content-MD5 declares no MD5: %q", said)
		}
		d.md5, d.sum = sum, md5.New()
	}
	return d, nil
}

// over reads bytes and hashes them where that is needed.
func (d *declared) over(r io.Reader) io.Reader {
	if d.sum == nil {
		return r
	}
	return io.TeeReader(r, d.sum)
}

// check refuses bytes that are not what was declared.
func (d *declared) check(got blob.Digest) error {
	for _, sum := range d.sha {
		if !bytes.Equal(sum, got[:]) {
			return badDigest("The bytes that came have the sha256 %s, which is not what was declared; nothing of them was kept", got)
		}
	}
	if d.sum != nil && !bytes.Equal(d.sum.Sum(nil), d.md5) {
		return badDigest("The bytes that came do not have the MD5 that was declared; nothing of them was kept")
	}
	return nil
}

func badDigest(format string, args ...any) error {
	return fail.New(fail.Invalid, format, args...).WithCode("BAD_DIGEST")
}
