package secret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"

	"bailiwick/fail"
)

// KeySize is the bytes of a data key and of a key-encryption key in a file: AES-256.
const KeySize = 32

// Place is where a sealed value belongs. It goes into the seal, so that a row that was copied elsewhere, or put back in the place of a later
// one, does not open.
type Place struct {
	Workspace int64
	Scope     int64
	Key       string
	Version   int64
	Created   int64 // of the version: numbers begin anew when a secret is deleted and made again
}

func (p *Place) bytes() []byte {
	b := []byte("bailiwick secret 1\x00")
	for _, n := range []int64{p.Workspace, p.Scope, p.Version, p.Created} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return append(b, Fold(p.Key)...)
}

// bytes is what a data key is bound to.
func (d *DataKey) bytes(workspace int64) []byte {
	b := []byte("bailiwick data key 1\x00")
	for _, n := range []int64{workspace, d.Scope, d.ID} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// Bind gives what is wrapped of a data key: the key, and what says whose it is. Key-encryption keys that live elsewhere cannot all take
// additional data, so it goes inside.
func (d *DataKey) Bind(workspace int64, key []byte) []byte {
	return append(bytes.Clone(key), d.bytes(workspace)...)
}

// Unbind gives the key of what was unwrapped; fail.Internal when it is not this data key's.
func (d *DataKey) Unbind(workspace int64, bound []byte) ([]byte, error) {
	if len(bound) != KeySize+sha256.Size || !bytes.Equal(bound[KeySize:], d.bytes(workspace)) {
		return nil, fail.Internalf(nil, "data key %d holds another one: the row is damaged or was exchanged", d.ID)
	}
	return bound[:KeySize], nil
}

// Seal seals a value under a data key.
func Seal(random io.Reader, key []byte, p Place, value []byte) ([]byte, error) {
	return Encrypt(random, key, p.bytes(), value)
}

// Open gives the value. What was truncated, changed, sealed elsewhere or under another key is fail.Internal, and nothing is given of it.
func Open(key []byte, p Place, sealed []byte) ([]byte, error) {
	value, err := Decrypt(key, p.bytes(), sealed)
	if err != nil {
		return nil, fail.Internalf(err, "version %d of the secret cannot be opened: its row is damaged or was exchanged", p.Version)
	}
	return value, nil
}

// Encrypt is AES-256 in Galois counter mode with a random nonce, which stands first in what it gives.
func Encrypt(random io.Reader, key, additional, text []byte) ([]byte, error) {
	aead, err := aeadOf(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(text)+aead.Overhead())
	if _, err := io.ReadFull(random, nonce); err != nil {
		return nil, err
	}
	return aead.Seal(nonce, nonce, text, additional), nil
}

// Decrypt undoes Encrypt, or gives an error that says nothing of the text.
func Decrypt(key, additional, sealed []byte) ([]byte, error) {
	aead, err := aeadOf(key)
	if err != nil {
		return nil, err
	}
	n := aead.NonceSize()
	if len(sealed) < n {
		return nil, errors.New("shorter than its nonce")
	}
	return aead.Open(nil, sealed[:n], sealed[n:], additional)
}

func aeadOf(key []byte) (cipher.AEAD, error) {
	if len(key) != KeySize {
		return nil, errors.New("a key has 32 bytes")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
