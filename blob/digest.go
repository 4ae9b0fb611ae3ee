package blob

import (
	"crypto/sha256"
	"encoding/hex"

	"bailiwick/fail"
)

// Digest is the sha256 of a blob's bytes and its only name.
type Digest [sha256.Size]byte

// DigestOf hashes bytes that are at hand anyway.
func DigestOf(b []byte) Digest { return sha256.Sum256(b) }

// ParseDigest reads 64 lower-case hexadecimal digits; anything else is fail.Invalid. Capitals are refused so that a digest has
// one spelling, in rows and in manifests as on disk.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	if len(s) != hex.EncodedLen(len(d)) {
		return Digest{}, fail.Invalidf("a sha256 digest has 64 hexadecimal digits, this has %d characters", len(s))
	}
	if _, err := hex.Decode(d[:], []byte(s)); err != nil || d.String() != s {
		return Digest{}, fail.Invalidf("a sha256 digest has only the digits 0-9 and a-f: %q", s)
	}
	return d, nil
}

// String gives 64 lower-case hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// IsZero reports whether d was never set; no content has the zero digest.
func (d Digest) IsZero() bool { return d == Digest{} }

// MarshalText is String; encoding/json uses it.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDigest.
func (d *Digest) UnmarshalText(text []byte) error {
	parsed, err := ParseDigest(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}
