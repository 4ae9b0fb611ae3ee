package search

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math"

	"bailiwick/fail"
)

// Hash names a query: what was searched, with which filter, order and view.
type Hash [sha256.Size]byte

// QueryHash makes the name of a query from its parts. Which part ends where counts.
func QueryHash(parts ...string) Hash {
	var all []byte
	for _, p := range parts {
		all = binary.AppendUvarint(all, uint64(len(p)))
		all = append(all, p...)
	}
	return sha256.Sum256(all)
}

// Token is what a client hands back to get the next page. It says after which row that page begins, and it is good for one caller and
// one query only.
type Token struct {
	After Cursor
}

// Sizes of a token. A longer one than maxToken (eight megabytes) was not made here.
const (
	macSize      = 16
	maxToken     = 8 << 20
	tokenVersion = 1
)

// Encode signs the token for a caller and a query.
func (t Token) Encode(key []byte, caller int64, query Hash) string {
	body := []byte{tokenVersion}
	for _, k := range t.After {
		body = appendKey(body, k)
	}
	return base64.RawURLEncoding.EncodeToString(append(body, sign(key, caller, query, body)...))
}

// DecodeToken gives the token that Encode made with the same key, for the same caller and query. An empty one is the first page. Any
// other is fail.Invalid: it was changed, or was given to somebody else or for another query.
func DecodeToken(s string, key []byte, caller int64, query Hash) (Token, error) {
	if s == "" {
		return Token{}, nil
	}
	if len(s) > maxToken {
		return Token{}, errToken("it is too long")
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(raw) < 1+macSize {
		return Token{}, errToken("could not base64-decode it")
	}
	body, mac := raw[:len(raw)-macSize], raw[len(raw)-macSize:]
	if !hmac.Equal(mac, sign(key, caller, query, body)) || body[0] != tokenVersion {
		return Token{}, errToken("it was not given to this caller for this query")
	}
	var t Token
	for body = body[1:]; len(body) > 0; {
		var k Key
		if k, body, err = cutKey(body); err != nil {
			return Token{}, err
		}
		t.After = append(t.After, k)
	}
	return t, nil
}

func errToken(why string) error {
	return fail.Invalidf("Invalid page token: %s; ask for the first page again, without a token", why)
}

func sign(key []byte, caller int64, query Hash, body []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte("bailiwick page token\x00"))
	m.Write(binary.BigEndian.AppendUint64(nil, uint64(caller)))
	m.Write(query[:])
	m.Write(body)
	return m.Sum(nil)[:macSize]
}

// appendKey writes a sort key.
func appendKey(b []byte, k Key) []byte {
	b = append(b, k.Rank)
	b = binary.AppendVarint(b, k.Int)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(k.Num))
	b = binary.AppendUvarint(b, uint64(len(k.Text)))
	return append(b, k.Text...)
}

// cutKey reads a sort key and gives what follows it.
func cutKey(b []byte) (Key, []byte, error) {
	bad := errToken("it is cut off")
	k := Key{Rank: b[0]}
	v, n := binary.Varint(b[1:])
	if n <= 0 || len(b) < 1+n+8 {
		return k, nil, bad
	}
	k.Int, b = v, b[1+n:]
	k.Num, b = math.Float64frombits(binary.LittleEndian.Uint64(b)), b[8:]
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return k, nil, bad
	}
	b = b[n:]
	k.Text = string(b[:size])
	return k, b[size:], nil
}
