package mlflow_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiwick/server"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

// dialect is one way in which clients send a file in parts.
type dialect struct {
	name string
	// begin gives the upload's id, the address of each part and, where the dialect has one, of its abortion.
	begin func(b *bench, who, file string, parts int) (id string, urls []string, abort string)
	// complete names the parts by their marks.
	complete func(b *bench, who, file, id string, etags []string) servertest.Answer
	abort    func(b *bench, who, file, id, address string) servertest.Answer
}

var dialects = []dialect{
	{"proxy",
		func(b *bench, who, file string, parts int) (string, []string, string) {
			a := b.must(who, "POST", b.mpu("create", file), map[string]any{"path": "/home/me/" + base(file), "num_parts": parts})
			return a.Text("upload_id"), b.urls(a, "credentials", "url", parts), ""
		},
		func(b *bench, who, file, id string, etags []string) servertest.Answer {
			return b.Do(who, "POST", b.mpu("complete", file), map[string]any{"path": base(file), "upload_id": id, "parts": marks(etags)})
		},
		func(b *bench, who, file, id, _ string) servertest.Answer {
			return b.Do(who, "POST", b.mpu("abort", file), map[string]any{"path": `C:\me\` + base(file), "upload_id": id})
		}},
	{"tracking",
		func(b *bench, who, file string, parts int) (string, []string, string) {
			a := b.must(who, "POST", "/api/2.0/mlflow/artifacts/create-multipart-upload", map[string]any{"run_id": b.run, "path": file, "num_parts": parts})
			return a.Text("upload_id"), b.urls(a, "upload_credential_infos", "signed_uri", parts), a.Text("abort_credential_info.signed_uri")
		},
		func(b *bench, who, file, id string, etags []string) servertest.Answer {
			return b.Do(who, "POST", "/api/2.0/mlflow/artifacts/complete-multipart-upload",
				map[string]any{"run_id": b.run, "path": file, "upload_id": id, "part_etags": marks(etags)})
		},
		func(b *bench, _, _, _, address string) servertest.Answer { return b.send("DELETE", address, nil) }},
	{"files",
		func(b *bench, who, file string, parts int) (string, []string, string) {
			id := b.must(who, "POST", b.fs(file)+"?action=initiate-upload&overwrite=true", nil).Text("multipart_upload.session_token")
			body := map[string]any{"path": "/" + b.place(file), "session_token": id, "start_part_number": 1, "count": parts, "expire_time": "2040-01-01T00:00:00Z"}
			a := b.must(who, "POST", "/api/2.0/fs/create-upload-part-urls", body)
			return id, b.urls(a, "upload_part_urls", "url", parts), b.must(who, "POST", "/api/2.0/fs/create-abort-upload-url", body).Text("abort_upload_url.url")
		},
		func(b *bench, who, file, id string, etags []string) servertest.Answer {
			return b.Do(who, "POST", b.fs(file)+"?action=complete-upload&upload_type=multipart&session_token="+id, map[string]any{"parts": marks(etags)})
		},
		func(b *bench, _, _, _, address string) servertest.Answer { return b.send("DELETE", address, nil) }},
}

func base(file string) string { return file[strings.LastIndexByte(file, '/')+1:] }

func (b *bench) mpu(what, file string) string {
	folder := strings.TrimSuffix(strings.TrimSuffix(file, base(file)), "/")
	return strings.TrimSuffix("/api/2.0/mlflow-artifacts/mpu/"+what+"/"+b.exp+"/"+b.run+"/artifacts/"+folder, "/")
}

func (b *bench) place(file string) string {
	return "WorkspaceInternal/Mlflow/Artifacts/" + b.exp + "/Runs/" + b.run + "/artifacts/" + file
}

func (b *bench) fs(file string) string { return "/api/2.0/fs/files/" + b.place(file) }

func (b *bench) must(who, method, path string, body any) servertest.Answer {
	b.t.Helper()
	a := b.Do(who, method, path, body)
	if a.Status != 200 {
		b.t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Body)
	}
	return a
}

func (b *bench) urls(a servertest.Answer, list, field string, want int) (urls []string) {
	b.t.Helper()
	for i := range want {
		urls = append(urls, a.Text(fmt.Sprintf("%s.%d.%s", list, i, field)))
		if n := a.JSON(fmt.Sprintf("%s.%d.part_number", list, i)); n != nil && fmt.Sprint(n) != fmt.Sprint(i+1) {
			b.t.Errorf("part %d has the number %v", i+1, n)
		}
	}
	if len(urls) == 0 || urls[want-1] == "" {
		b.t.Fatalf("not %d addresses: %s", want, a.Body)
	}
	return urls
}

func marks(etags []string) (parts []any) {
	for i, etag := range etags {
		parts = append(parts, map[string]any{"part_number": i + 1, "etag": etag, "url": "http://elsewhere/x"})
	}
	return parts
}

// send sends to a whole address, without a credential.
func (b *bench) send(method, address string, body []byte, headers ...string) servertest.Answer {
	b.t.Helper()
	req, err := http.NewRequest(method, address, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return b.Send(req)
}

// parts sends each part and gives the marks.
func (b *bench) parts(urls []string, parts ...string) (etags []string) {
	b.t.Helper()
	for i, p := range parts {
		a := b.send("PUT", urls[i], []byte(p))
		if want := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(p))); a.Status != 200 || a.Header.Get("Etag") != want {
			b.t.Fatalf("part %d: %d %s, ETag %s, want %s", i+1, a.Status, a.Body, a.Header.Get("Etag"), want)
		}
		etags = append(etags, a.Header.Get("Etag"))
	}
	return etags
}

func (b *bench) below(path string) (n int64) {
	b.t.Helper()
	err := b.Store.Read(context.Background(), func(tx *store.Tx) (err error) {
		n, err = tx.UploadsBelow(b.run, path)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *bench) content(file, want string) {
	b.t.Helper()
	a := b.Do(servertest.AdminToken, "GET", b.proxy("/"+file), nil)
	if string(a.Body) != want && (want != "" || a.Status != 404) {
		b.t.Errorf("%s: %d, %d bytes, want %d", file, a.Status, len(a.Body), len(want))
	}
}

// TestUploadInParts goes through each dialect as somebody who may, and as somebody who may no longer.
func TestUploadInParts(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			b := newBench(t)
			who := b.people["CAN_EDIT"]
			id, urls, _ := d.begin(b, who, "deep/in/big.bin", 3)
			if n := b.below("deep"); n != 1 {
				t.Errorf("%d uploads below deep, want 1", n)
			}
			b.parts(urls, "first version")
			etags := b.parts(urls, "one,", "two,", "three") // the first once more: the last wins
			if a := d.complete(b, who, "deep/in/big.bin", id, etags); a.Status != 200 {
				t.Fatalf("complete: %d %s", a.Status, a.Body)
			}
			b.content("deep/in/big.bin", "one,two,three")
			if n := b.below(""); n != 0 {
				t.Errorf("%d uploads after all, want 0", n)
			}
			b.Admin("PUT", b.proxy("/deep/in/big.bin"), []byte("newer"))
			if a := d.complete(b, who, "deep/in/big.bin", id, etags); a.Status != 200 {
				t.Errorf("complete, because the answer was lost: %d %s", a.Status, a.Body)
			}
			b.content("deep/in/big.bin", "newer")
			if a := b.send("PUT", urls[0], []byte("late")); a.Status != 404 {
				t.Errorf("a part of what is complete: %d %s", a.Status, a.Body)
			}
			if a := d.complete(b, b.people["CAN_READ"], "deep/in/big.bin", id, etags); a.Status != 403 {
				t.Errorf("complete as a reader: %d %s", a.Status, a.Body)
			}
		})
	}
}

func TestUploadAborted(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			b := newBench(t)
			who := b.people["CAN_EDIT"]
			id, urls, address := d.begin(b, who, "f", 2)
			etags := b.parts(urls, "one,", "two")
			if a := d.abort(b, who, "f", id, address); a.Status != 200 {
				t.Fatalf("abort: %d %s", a.Status, a.Body)
			}
			if a := d.complete(b, who, "f", id, etags); a.Status != 404 {
				t.Errorf("complete: %d %s", a.Status, a.Body)
			}
			if a := b.send("PUT", urls[0], []byte("x")); a.Status != 404 {
				t.Errorf("a part: %d %s", a.Status, a.Body)
			}
			if a := d.abort(b, who, "f", id, address); a.Status != 404 {
				t.Errorf("abort again: %d %s", a.Status, a.Body)
			}
			b.content("f", "")
			if n, err := b.Collect(context.Background(), -time.Hour); err != nil || n != 2 {
				t.Errorf("%d collected (%v), want the two parts", n, err)
			}
		})
	}
}

// TestUploadRefused holds uploads against clients that err, and against those whom they do not belong to.
func TestUploadRefused(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			b := newBench(t, func(c *server.Config) { c.Limits.Artifact = 20 })
			who := b.people["CAN_EDIT"]
			id, urls, _ := d.begin(b, who, "f", 2)
			etags := b.parts(urls, "one,", "two")
			wrong := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte("else")))
			for why, list := range map[string][]string{
				"none": {}, "one is not named": etags[:1], "another mark": {etags[0], wrong}, "the other way round": {etags[1], etags[0]},
				"one that did not come": {etags[0], etags[1], wrong},
			} {
				if a := d.complete(b, who, "f", id, list); a.Status != 400 {
					t.Errorf("%s: %d %s", why, a.Status, a.Body)
				}
			}
			for why, a := range map[string]servertest.Answer{
				"another's":         d.complete(b, b.people["CAN_MANAGE"], "f", id, etags),
				"of another file":   d.complete(b, who, "g", id, etags),
				"of nothing":        d.complete(b, who, "f", "NOTHING", etags),
				"of another folder": d.complete(b, who, "d/f", id, etags),
			} {
				if a.Status != 404 || !strings.Contains(a.Text("message"), "No upload") {
					t.Errorf("%s: %d %s", why, a.Status, a.Body)
				}
			}
			if a := b.send("PUT", urls[1], []byte(strings.Repeat("x", 17))); a.Status != 413 {
				t.Errorf("a part that passes the limit: %d %s", a.Status, a.Body)
			}
			if a := b.send("PUT", urls[1], []byte("x"), "Content-MD5", base64.StdEncoding.EncodeToString(make([]byte, md5.Size))); a.Status != 400 {
				t.Errorf("not what was declared: %d %s", a.Status, a.Body)
			}
			if a := d.complete(b, who, "f", id, []string{etags[0], ""}); a.Status != 200 {
				t.Errorf("what was refused has changed something: %d %s", a.Status, a.Body)
			}
			b.content("f", "one,two")
		})
	}
}

func TestUploadNumbers(t *testing.T) {
	b := newBench(t)
	who := b.people["CAN_EDIT"]
	for _, n := range []int{0, -1, 10_001} {
		if a := b.Do(who, "POST", b.mpu("create", "f"), map[string]any{"path": "f", "num_parts": n}); a.Status != 400 {
			t.Errorf("%d parts: %d %s", n, a.Status, a.Body)
		}
	}
	id := b.must(who, "POST", b.fs("f")+"?action=initiate-upload", nil).Text("multipart_upload.session_token")
	for _, c := range []struct{ first, count, want int }{{1, 1, 200}, {10_000, 5, 200}, {0, 1, 400}, {10_001, 1, 400}, {1, 0, 400}, {1, 10_001, 400}} {
		body := map[string]any{"path": "/" + b.place("f"), "session_token": id, "start_part_number": c.first, "count": c.count}
		if a := b.Do(who, "POST", "/api/2.0/fs/create-upload-part-urls", body); a.Status != c.want {
			t.Errorf("%d from %d: %d %s, want %d", c.count, c.first, a.Status, a.Body, c.want)
		}
	}
	part := "/api/2.0/mlflow/artifacts/get-presigned-upload-part-url?run_id=" + b.run + "&path=f&upload_id=" + id + "&part_number="
	if a := b.must(who, "GET", part+"7", nil); a.Text("upload_credential_info.run_id") != b.run || a.Text("upload_credential_info.path") != "f" {
		t.Errorf("another address: %s", a.Body)
	}
	if a := b.Do(who, "GET", part+"0", nil); a.Status != 400 {
		t.Errorf("part 0: %d %s", a.Status, a.Body)
	}
	if a := b.Do(who, "POST", b.fs("f")+"?action=else", nil); a.Status != 400 {
		t.Errorf("another action: %d %s", a.Status, a.Body)
	}
	if a := b.Do(who, "POST", b.mpu("create", ".."), map[string]any{"path": "..", "num_parts": 1}); a.Status != 400 {
		t.Errorf("a path that leads out: %d %s", a.Status, a.Body)
	}
	if a := b.Do(who, "POST", "/api/2.0/fs/create-resumable-upload-url", map[string]any{"path": "/" + b.place("f"), "session_token": id}); a.Status != 400 {
		t.Errorf("another form: %d %s", a.Status, a.Body)
	}
}

// TestUploadIntoVersion: nothing is sent into a registered version.
func TestUploadIntoVersion(t *testing.T) {
	b := newBench(t)
	b.put("/m/f", "x")
	b.Admin("POST", "/api/2.0/mlflow/registered-models/create", map[string]any{"name": "reg"})
	source := "mlflow-artifacts:/" + b.exp + "/" + b.run + "/artifacts/m"
	b.Admin("POST", "/api/2.0/mlflow/model-versions/create", map[string]any{"name": "reg", "source": source})
	a := b.Do(servertest.AdminToken, "POST", "/api/2.0/mlflow-artifacts/mpu/create/model-registry/reg/1", map[string]any{"path": "g", "num_parts": 1})
	if a.Status != 403 || !strings.Contains(a.Text("message"), "cannot be changed") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := b.Do(servertest.AdminToken, "GET", "/api/2.0/mlflow-artifacts/presigned/model-registry/reg/1/f", nil); a.Status != 200 {
		t.Errorf("an address to read from one: %d %s", a.Status, a.Body)
	}
	if a := b.Do(b.people["nothing"], "GET", "/api/2.0/mlflow-artifacts/presigned/model-registry/reg/1/f", nil); a.Status != 404 {
		t.Errorf("an address for nobody: %d %s", a.Status, a.Body)
	}
}

// TestUploadRevoked takes the right away between the beginning and a part, and between the last part and the end.
func TestUploadRevoked(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			b := newBench(t)
			who := b.people["CAN_EDIT"]
			id, urls, address := d.begin(b, who, "f", 2)
			etags := b.parts(urls, "one,", "two")
			b.Admin("PUT", "/api/2.0/permissions/experiments/"+b.exp, map[string]any{"access_control_list": []any{}})
			for what, a := range map[string]servertest.Answer{
				"part": b.send("PUT", urls[0], []byte("x")), "complete": d.complete(b, who, "f", id, etags), "abort": d.abort(b, who, "f", id, address),
			} {
				if a.Status != 403 || a.Text("error_code") != "PERMISSION_DENIED" {
					t.Errorf("%s: %d %s", what, a.Status, a.Body)
				}
			}
			b.content("f", "")
		})
	}
}

// atOnce runs each n times at the same time.
func atOnce(n int, each ...func(int)) {
	var all sync.WaitGroup
	for i := range n {
		for _, f := range each {
			all.Go(func() { f(i) })
		}
	}
	all.Wait()
}

func TestUploadConcurrently(t *testing.T) {
	b := newBench(t)
	d, who := dialects[0], b.people["CAN_EDIT"]
	for round := range 6 {
		file := fmt.Sprintf("f%d", round)
		id, urls, _ := d.begin(b, who, file, 2)
		atOnce(3, func(i int) { b.send("PUT", urls[0], bytes.Repeat([]byte{byte('a' + i)}, 100_000)) })
		b.parts(urls[1:], "end")
		var codes sync.Map
		finish := func(int) { codes.Store("complete", d.complete(b, who, file, id, []string{"", ""}).Status) }
		if round%2 == 0 { // complete beside complete
			var bad sync.Map
			atOnce(3, func(i int) {
				if a := d.complete(b, who, file, id, []string{"", ""}); a.Status != 200 {
					bad.Store(i, string(a.Body))
				}
			})
			bad.Range(func(_, why any) bool { t.Errorf("complete beside complete: %v", why); return true })
		} else { // complete beside abort: one wins
			atOnce(1, finish, func(int) { codes.Store("abort", d.abort(b, who, file, id, "").Status) })
			done, _ := codes.Load("complete")
			gone, _ := codes.Load("abort")
			if (done == 200) == (gone == 200) {
				t.Errorf("complete: %v, abort: %v", done, gone)
			}
			if gone == 200 {
				b.content(file, "")
				continue
			}
		}
		a := b.Do(servertest.AdminToken, "GET", b.proxy("/"+file), nil)
		if len(a.Body) != 100_003 || string(a.Body) != strings.Repeat(string(a.Body[:1]), 100_000)+"end" {
			t.Errorf("%s: %d bytes, %d", file, len(a.Body), a.Status)
		}
	}
}

// TestUploadExpires lets addresses lie about, and uploads rest.
func TestUploadExpires(t *testing.T) {
	b := newBench(t)
	who := b.people["CAN_EDIT"]
	id, urls, _ := dialects[0].begin(b, who, "f", 2)
	if a := b.send("PUT", strings.Replace(urls[0], "/parts/", "/parts/AAAA", 1), []byte("x")); a.Status != 401 {
		t.Errorf("an address that was changed: %d %s", a.Status, a.Body)
	}
	if a := b.send("DELETE", urls[0], nil); a.Status != 401 {
		t.Errorf("another method: %d %s", a.Status, a.Body)
	}
	if a := b.send("PUT", strings.Replace(urls[0], "/upload/parts/", "/transfer/", 1), []byte("x")); a.Status != 400 {
		t.Errorf("the address as another's: %d %s", a.Status, a.Body)
	}
	gone, err := b.Store.DropStaleUploads(context.Background(), time.Now().Add(time.Hour).UnixMilli())
	if err != nil || gone != 1 {
		t.Errorf("%d dropped (%v)", gone, err)
	}
	if a := b.send("PUT", urls[0], []byte("x")); a.Status != 404 {
		t.Errorf("a part of what was dropped: %d %s", a.Status, a.Body)
	}
	if a := dialects[0].complete(b, who, "f", id, []string{""}); a.Status != 404 {
		t.Errorf("what was dropped: %d %s", a.Status, a.Body)
	}
}

// permit writes a signed address of an editor's by hand, as if it had been made some time ago.
func (b *bench) permit(name, method string, ago time.Duration) string {
	body, err := json.Marshal(map[string]any{
		"m": method, "n": name, "p": b.PrincipalID("can_edit@x.org"), "c": strings.Repeat("t", 8) + b.people["CAN_EDIT"][:16],
		"e": time.Now().Add(store.UploadLife - ago).UnixMilli(),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	mac := hmac.New(sha256.New, b.Store.Key("addresses"))
	mac.Write(append([]byte("bailiwick signed address\x00"), body...))
	return b.URL + "/api/governance/1.0/upload/parts/" + base64.RawURLEncoding.EncodeToString(append(mac.Sum(nil), body...)) + "/x"
}

// TestUploadGoesOn holds addresses against their time: they live as long as parts keep coming, and are told from bad ones when they do
// not.
func TestUploadGoesOn(t *testing.T) {
	b := newBench(t)
	id, _, _ := dialects[0].begin(b, b.people["CAN_EDIT"], "f", 2)
	place := "/" + b.exp + "/" + b.run + "/artifacts/f"
	for _, c := range []struct {
		name   string
		ago    time.Duration
		status int
	}{
		{"upload/" + id + "/1" + place, 0, 200}, {"upload/" + id + "/2" + place, time.Hour, 200}, // a part has just come
		{"upload/NOTHING/1" + place, time.Hour, 403}, {"upload/NOTHING/1" + place, time.Minute, 404}, {"upload/" + id + "/1" + place, 2 * store.UploadLife, 403},
		{"upload/" + id + "/3" + place, 0, 400}, {"upload/" + id + "/x" + place, 0, 400}, {"part/" + id + "/1" + place, 0, 400},
		{"upload/" + id + "/1/" + b.otherExp + "/" + b.mine + "/artifacts/f", 0, 403},
	} {
		a := b.send("PUT", b.permit(c.name, "PUT", c.ago), []byte("x"))
		if expired := strings.Contains(string(a.Body), "<Message>Request has expired</Message>"); a.Status != c.status || expired != (c.ago >= time.Hour && c.status == 403) {
			t.Errorf("%s of %s ago: %d %s, want %d", c.name, c.ago, a.Status, a.Body, c.status)
		}
	}
}

// TestUploadAnyway makes files of random parts, several at a time, and holds what comes back against what was sent.
func TestUploadAnyway(t *testing.T) {
	b := newBench(t)
	atOnce(4, func(i int) {
		d, r := dialects[i%len(dialects)], rand.New(rand.NewPCG(7, uint64(i)))
		n, file := 1+r.IntN(9), fmt.Sprintf("any/%d", i)
		id, urls, _ := d.begin(b, servertest.AdminToken, file, n)
		parts, etags := make([]string, n), make([]string, n)
		for _, p := range r.Perm(n) {
			part := make([]byte, r.IntN(300_000))
			for k := range part {
				part[k] = byte(r.Uint32())
			}
			parts[p] = string(part)
			etags[p] = b.send("PUT", urls[p], part).Header.Get("Etag")
		}
		if a := d.complete(b, servertest.AdminToken, file, id, etags); a.Status != 200 {
			t.Errorf("%s: %d %s", d.name, a.Status, a.Body)
		}
		b.content(file, strings.Join(parts, ""))
	})
}
