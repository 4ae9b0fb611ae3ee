package blob

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"net/url"
	"strconv"
	"strings"
	"time"

	"bailiwick/fail"
)

// gcsSigner signs addresses with the key of a service account (Google's "V4 signing process", algorithm GOOG4-RSA-SHA256).
// Credentials without a private key, such as a machine's, cannot.
type gcsSigner struct {
	account string
	key     *rsa.PrivateKey
}

// newGCSSigner reads the file of a service account's credential. Of any other it makes a signer that refuses.
func newGCSSigner(credentials []byte) (s gcsSigner) {
	var file struct {
		Account string `json:"client_email"`
		Key     string `json:"private_key"`
	}
	if json.Unmarshal(credentials, &file) != nil {
		return s
	}
	block, _ := pem.Decode([]byte(file.Key))
	if block == nil {
		return s
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		s.key, _ = key.(*rsa.PrivateKey)
	}
	s.account = file.Account
	return s
}

const gcsHost = "https://storage.googleapis.com"

func (b *gcsBucket) sign(_ context.Context, r signing) (Address, error) {
	key := r.key
	if r.n > 0 {
		key = partKey(key, r.n)
	}
	query := url.Values{}
	if d := r.disposition(); d != nil {
		query.Set("response-content-disposition", *d)
	}
	text, err := b.signer.sign(r.method, firstOf(b.endpoint, gcsHost), "/"+b.bucket+"/"+key, query, r.life, time.Now())
	return Address{URL: text}, err
}

// sign gives the URL for a request of that method to a path on a host, which has its scheme, with the host as the only header.
func (s gcsSigner) sign(method, host, path string, query url.Values, life time.Duration, now time.Time) (string, error) {
	if s.key == nil {
		return "", fail.Statef("addresses for direct transfer need the key of a service account: the credentials here have none")
	}
	stamp := now.UTC().Format("20060102T150405Z")
	scope := stamp[:8] + "/auto/storage/goog4_request"
	query.Set("X-Goog-Algorithm", "GOOG4-RSA-SHA256")
	query.Set("X-Goog-Credential", s.account+"/"+scope)
	query.Set("X-Goog-Date", stamp)
	query.Set("X-Goog-Expires", strconv.Itoa(int(life.Seconds())))
	query.Set("X-Goog-SignedHeaders", "host")
	_, bare, _ := strings.Cut(host, "://")
	escaped := (&url.URL{Path: path}).EscapedPath()
	text := strings.ReplaceAll(query.Encode(), "+", "%20")
	request := strings.Join([]string{method, escaped, text, "host:" + bare, "", "host", "UNSIGNED-PAYLOAD"}, "\n")
	digest := sha256.Sum256([]byte(request))
	claim := sha256.Sum256([]byte("GOOG4-RSA-SHA256\n" + stamp + "\n" + scope + "\n" + hex.EncodeToString(digest[:])))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, claim[:])
	if err != nil {
		return "", err
	}
	return host + escaped + "?" + text + "&X-Goog-Signature=" + hex.EncodeToString(signature), nil
}
