package mlflow_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"bailiwick/server/servertest"
)

// TestArriving counts a file that is arriving whole.
func TestArriving(t *testing.T) {
	b := newBench(t)
	for _, ends := range []bool{true, false} {
		var during int64
		r, w := io.Pipe()
		go func() {
			w.Write([]byte("first"))
			for range 100 {
				if during = b.below("a"); during > 0 {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			if ends {
				w.Close()
			} else {
				w.CloseWithError(io.ErrUnexpectedEOF)
			}
		}()
		req, _ := http.NewRequest("PUT", b.URL+b.proxy("/a/f"), r)
		req.Header.Set("Authorization", "Bearer "+servertest.AdminToken)
		res, err := http.DefaultTransport.RoundTrip(req)
		if err == nil {
			res.Body.Close()
		}
		if during != 1 {
			t.Errorf("%d during the upload, want 1", during)
		}
		if n := b.below(""); n != 0 && ends {
			t.Errorf("%d when it was answered", n)
		}
		for range 100 {
			if b.below("") == 0 {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if n := b.below(""); n != 0 {
			t.Errorf("%d after all", n)
		}
	}
}

// TestResumable sends a file piece by piece, is cut off, asks, and goes on.
func TestResumable(t *testing.T) {
	b := newBench(t)
	who := b.people["CAN_EDIT"]
	begin := func(file string) string {
		id := b.must(who, "POST", b.fs(file)+"?action=initiate-upload&overwrite=false&upload_type=resumable", nil).Text("resumable_upload.session_token")
		body := map[string]any{"path": "/" + b.place(file), "session_token": id}
		return b.must(who, "POST", "/api/2.0/fs/create-resumable-upload-url", body).Text("resumable_upload_url.url")
	}
	to := begin("f")
	for i, s := range []struct {
		span, body, reached string
		status              int
	}{
		{"bytes */*", "", "", 308}, {"bytes 0-4/*", "01234", "bytes=0-4", 308}, {"bytes */*", "", "bytes=0-4", 308},
		{"bytes 7-8/*", "78", "bytes=0-4", 308}, {"bytes 0-4/*", "01234", "bytes=0-4", 308}, {"bytes 5-7/*", "56", "", 400},
		{"bytes 5-3/*", "56", "", 400}, {"bytes 5-7/7", "567", "", 400}, {"pages 1-2", "x", "", 400}, {"bytes 5-7/*", "567", "bytes=0-7", 308},
		{"bytes */20", "", "bytes=0-7", 308}, {"bytes 8-9/10", "89", "", 200}, {"bytes 8-9/10", "89", "", 200}, {"bytes */10", "", "", 200},
	} {
		a := b.send("PUT", to, []byte(s.body), "Content-Range", s.span)
		if a.Status != s.status || a.Header.Get("Range") != s.reached {
			t.Errorf("%d. %s: %d %q %s, want %d %q", i, s.span, a.Status, a.Header.Get("Range"), a.Body, s.status, s.reached)
		}
	}
	b.content("f", "0123456789")
	if a := b.send("DELETE", to, nil); a.Status != 404 {
		t.Errorf("abort of what is complete: %d %s", a.Status, a.Body)
	}
	if a := b.send("PUT", begin("whole"), []byte("all at once")); a.Status != 200 {
		t.Errorf("whole: %d %s", a.Status, a.Body)
	}
	b.content("whole", "all at once")
	if a := b.Do(who, "POST", b.fs("f")+"?action=initiate-upload&overwrite=false", nil); a.Status != 409 {
		t.Errorf("over a file: %d %s", a.Status, a.Body)
	}
	to = begin("gone")
	b.send("PUT", to, []byte("x"), "Content-Range", "bytes 0-0/*")
	if a := b.send("DELETE", to, nil); a.Status != 200 {
		t.Errorf("abort: %d %s", a.Status, a.Body)
	}
	if a := b.send("PUT", to, []byte("x"), "Content-Range", "bytes 1-1/2"); a.Status != 404 {
		t.Errorf("after the abortion: %d %s", a.Status, a.Body)
	}
}

func TestPresigned(t *testing.T) {
	b := newBench(t)
	who := b.people["CAN_EDIT"]
	up := b.must(who, "POST", "/api/2.0/mlflow/artifacts/presigned-upload-url", map[string]any{"run_id": b.run, "path": "p/f", "expiration": 900}).Text("presigned_url")
	if a := b.send("PUT", up, []byte("hello")); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	model := b.must(who, "POST", "/api/2.0/mlflow/artifacts/presigned-upload-url", map[string]any{"model_id": b.mod, "path": "f"}).Text("presigned_url")
	if a := b.send("PUT", model, []byte("model")); a.Status != 200 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	down := b.must(who, "POST", "/api/2.0/mlflow/artifacts/presigned-download-url", map[string]any{"run_id": b.run, "path": "p/f"})
	proxied := b.must(b.people["CAN_READ"], "GET", strings.Replace(b.proxy("/p/f"), "/artifacts/", "/presigned/", 1), nil)
	for address, size := range map[string]string{down.Text("presigned_url"): down.Text("file_size"), proxied.Text("url"): proxied.Text("file_size")} {
		if a := b.send("GET", address, nil, "Range", "bytes=1-2"); a.Status != 206 || string(a.Body) != "el" || size != "5" {
			t.Errorf("%s: %d %s, size %s", address, a.Status, a.Body, size)
		}
	}
	for _, body := range []map[string]any{
		{"run_id": b.run, "model_id": b.mod, "path": "f"}, {"path": "f"}, {"run_id": b.run}, {"run_id": b.run, "path": "f", "expiration": 0},
		{"run_id": b.run, "path": "f", "expiration": 604801}, {"run_id": b.run, "path": "../f"},
	} {
		if a := b.Do(who, "POST", "/api/2.0/mlflow/artifacts/presigned-upload-url", body); a.Status != 400 {
			t.Errorf("%v: %d %s", body, a.Status, a.Body)
		}
	}
}
