package mlflow_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"bailiwick/server"
	"bailiwick/server/servertest"
)

// TestDirect sends parts to an object store and fetches the file from there, as the Files API's clients do. What the other kinds of
// stores do
// differently is held in package blob.
func TestDirect(t *testing.T) {
	if place := os.Getenv("BAILIWICK_TEST_S3"); place != "" { // set by scripts/with-stores
		newBench(t, func(c *server.Config) { c.Artifacts, c.ArtifactsDirect, c.Limits.Artifact = place, true, 8<<20 }).direct()
	}
	b := newBench(t, func(c *server.Config) { c.ArtifactsDirect = true })
	b.put("/f", "x")
	down := b.must(servertest.AdminToken, "GET", strings.Replace(b.proxy("/f"), "/artifacts/", "/presigned/", 1), nil)
	if !strings.HasPrefix(down.Text("url"), b.URL) {
		t.Errorf("a folder has no addresses of its own: %s", down.Body)
	}
}

// overTheStore sends to an address of the object store with the headers that it needs.
func (b *bench) overTheStore(method string, a servertest.Answer, at string, body string) servertest.Answer {
	b.t.Helper()
	address := a.Text(at + "url")
	if strings.HasPrefix(address, b.URL) || address == "" {
		b.t.Fatalf("not an address of the store: %q in %s", address, a.Body)
	}
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; a.JSON(fmt.Sprintf("%sheaders.%d", at, i)) != nil; i++ {
		req.Header.Set(a.Text(fmt.Sprintf("%sheaders.%d.name", at, i)), a.Text(fmt.Sprintf("%sheaders.%d.value", at, i)))
	}
	return b.Send(req)
}

func (b *bench) direct() {
	who, parts := b.people["CAN_EDIT"], []string{strings.Repeat("a", 5<<20), "the end"}
	send := func(file string, parts ...string) (id string, etags []string) {
		id = b.must(who, "POST", b.fs(file)+"?action=initiate-upload&overwrite=false", nil).Text("multipart_upload.session_token")
		body := map[string]any{"path": "/" + b.place(file), "session_token": id, "start_part_number": 1, "count": len(parts)}
		urls := b.must(who, "POST", "/api/2.0/fs/create-upload-part-urls", body)
		for i, p := range parts {
			got := b.overTheStore("PUT", urls, fmt.Sprintf("upload_part_urls.%d.", i), p)
			if got.Status/100 != 2 {
				b.t.Fatalf("part %d: %d %s", i+1, got.Status, got.Body)
			}
			etags = append(etags, got.Header.Get("Etag"))
		}
		return id, etags
	}
	files := dialects[2]
	id, etags := send("d/big.bin", parts...)
	if n := b.below("d"); n != 1 {
		b.t.Errorf("%d uploads below, want 1", n)
	}
	if a := files.complete(b, b.people["CAN_MANAGE"], "d/big.bin", id, etags); a.Status != 404 {
		b.t.Errorf("another's: %d %s", a.Status, a.Body)
	}
	for range 2 {
		if a := files.complete(b, who, "d/big.bin", id, etags); a.Status != 200 {
			b.t.Fatalf("complete: %d %s", a.Status, a.Body)
		}
	}
	b.content("d/big.bin", strings.Join(parts, ""))
	down := b.must(b.people["CAN_READ"], "POST", "/api/2.0/fs/create-download-url?path=/"+b.place("d/big.bin"), nil)
	if got := b.overTheStore("GET", down, "", ""); string(got.Body) != strings.Join(parts, "") {
		b.t.Errorf("from the store: %d, %d bytes", got.Status, len(got.Body))
	}
	proxied := b.must(who, "GET", strings.Replace(b.proxy("/d/big.bin"), "/artifacts/", "/presigned/", 1), nil)
	if got := b.overTheStore("GET", proxied, "", ""); got.Status != 200 || proxied.Text("file_size") != fmt.Sprint(5<<20+7) {
		b.t.Errorf("from the store, for the proxy: %d, %s bytes", got.Status, proxied.Text("file_size"))
	}
	if a := b.Do(b.people["nothing"], "POST", "/api/2.0/fs/create-download-url?path=/"+b.place("d/big.bin"), nil); a.Status != 403 {
		b.t.Errorf("an address for nobody: %d %s", a.Status, a.Body)
	}
	if a := b.Do(who, "POST", "/api/2.0/fs/create-download-url?path=/"+b.place("none"), nil); a.Status != 404 {
		b.t.Errorf("an address of nothing: %d %s", a.Status, a.Body)
	}
	id, etags = send("large", strings.Repeat("a", 5<<20), strings.Repeat("b", 5<<20))
	if a := files.complete(b, who, "large", id, etags); a.Status != 413 {
		b.t.Errorf("more than is allowed: %d %s", a.Status, a.Body)
	}
	id, etags = send("late", "x")
	b.Admin("PUT", "/api/2.0/permissions/experiments/"+b.exp, map[string]any{"access_control_list": []any{}})
	if a := files.complete(b, who, "late", id, etags); a.Status != 403 {
		b.t.Errorf("revoked before the end: %d %s", a.Status, a.Body)
	}
	b.content("late", "")
	b.content("large", "")
}
