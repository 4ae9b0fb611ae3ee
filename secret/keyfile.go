package secret

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// FileKey is a key-encryption key that stands in a file. Its id is made of the key, so that a wrong key is known before it is used.
type FileKey struct {
	ID  string
	Key []byte
}

// FileKeyPrefix begins the ids of keys in files.
const FileKeyPrefix = "file-"

// NewFileKey makes a key-encryption key for a file.
func NewFileKey(random io.Reader) (FileKey, error) {
	key := make([]byte, KeySize)
	_, err := io.ReadFull(random, key)
	return FileKey{fileKeyID(key), key}, err
}

func fileKeyID(key []byte) string {
	sum := sha256.Sum256(append([]byte("bailiwick key-encryption key\x00"), key...))
	return FileKeyPrefix + hex.EncodeToString(sum[:8])
}

// Line is the key as it stands in a file.
func (k FileKey) Line() string { return k.ID + " " + base64.StdEncoding.EncodeToString(k.Key) + "\n" }

// ParseFileKeys reads a file of keys, oldest first: a line has a key's id and the key in base64; lines that begin with # say something to people.
// The error names the line and never what is in it.
func ParseFileKeys(text string) (keys []FileKey, err error) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 2 {
			return nil, fmt.Errorf("line %d: a line has a key's id and the key in base64", n)
		}
		key, err := base64.StdEncoding.DecodeString(fields[1])
		if err != nil || len(key) != KeySize {
			return nil, fmt.Errorf("line %d: the key is not 32 bytes in base64", n)
		}
		if fields[0] != fileKeyID(key) {
			return nil, fmt.Errorf("line %d: the id does not belong to the key, so one of them is damaged", n)
		}
		keys = append(keys, FileKey{fields[0], key})
	}
	return keys, nil
}
