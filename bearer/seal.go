package bearer

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
)

// Sealer keeps private keys at rest. about ties a sealed text to what it is, so that one cannot be put in another's place.
type Sealer interface {
	Seal(plain, about []byte) (sealed []byte, err error)
	Open(sealed, about []byte) (plain []byte, err error)
}

// Under seals with AES-256-GCM under a key of 32 bytes.
func Under(key []byte) (Sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	return box{aead}, err
}

type box struct{ aead cipher.AEAD }

// Seal encrypts.
func (b box) Seal(plain, about []byte) ([]byte, error) {
	nonce := make([]byte, b.aead.NonceSize())
	rand.Read(nonce)
	return b.aead.Seal(nonce, nonce, plain, about), nil
}

// Open decrypts what Seal gave.
func (b box) Open(sealed, about []byte) ([]byte, error) {
	if len(sealed) < b.aead.NonceSize() {
		return nil, errors.New("sealed text is cut")
	}
	return b.aead.Open(nil, sealed[:b.aead.NonceSize()], sealed[b.aead.NonceSize():], about)
}
