package mlflow_test

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"bailiwick/server/servertest"
)

func TestDeclaredDigests(t *testing.T) {
	b := newBench(t)
	sum, hash := sha256.Sum256([]byte("x")), md5.Sum([]byte("x"))
	right, other := base64.StdEncoding.EncodeToString(sum[:]), base64.StdEncoding.EncodeToString(make([]byte, 32))
	for _, c := range []struct {
		header, value string
		want          int
	}{
		{"Content-MD5", base64.StdEncoding.EncodeToString(hash[:]), 200}, {"Content-MD5", "no", 400}, {"Content-MD5", other, 400},
		{"X-Amz-Checksum-Sha256", right, 200}, {"X-Amz-Checksum-Sha256", other, 400}, {"X-Amz-Checksum-Sha256", "AAAA", 400},
		{"X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD", 200}, {"X-Amz-Content-Sha256", fmt.Sprintf("%x", sum), 200},
		{"X-Amz-Content-Sha256", strings.Repeat("00", 32), 400},
		{"Repr-Digest", "md5=:AAAA:, sha-256=:" + right + ":", 200}, {"Content-Digest", "sha-256=:" + other + ":", 400},
		{"Digest", "SHA-256=" + right, 200}, {"Digest", "SHA-256=" + other, 400}, {"Digest", "adler32=0", 200},
	} {
		a := b.send("PUT", b.URL+b.proxy("/d"), []byte("x"), "Authorization", "Bearer "+servertest.AdminToken, c.header, c.value)
		if a.Status != c.want || a.Status == 400 && a.Text("error_code") != "BAD_DIGEST" {
			t.Errorf("%s: %s: %d %s, want %d", c.header, c.value, a.Status, a.Body, c.want)
		}
	}
}
