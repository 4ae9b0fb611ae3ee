package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
	"bailiwick/ledger"
	"bailiwick/store"
)

// world is a founded workspace with a door, an administrator, and "ann" who may read experiment 2000 only.
type world struct {
	testing.TB
	store *store.Store
	door  *api.Door
	url   string
	log   bytes.Buffer
}

const (
	ann      int64 = 500
	readable int64 = 2000
	hidden   int64 = 2001 // below a model root: its existence may not be known
)

func begin(t testing.TB, routes ...api.Route) *world {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w := &world{TB: t, store: s}
	h := identity.Hash(s.Key("tokens"), []byte("admin-token"))
	if _, _, err := s.Found(context.Background(), store.Founding{Admin: "admin", TokenHash: h[:], TokenID: "t-admin", AccessControl: true}); err != nil {
		t.Fatal(err)
	}
	w.govern(
		authz.Event{Op: authz.PutPrincipal, Principal: &authz.Principal{ID: ann, Kind: authz.User, Name: "ann", Active: true}},
		authz.Event{Op: authz.PutObject, Object: &authz.Object{ID: readable, Kind: authz.Experiment, Parent: authz.FolderUsers, Name: "e",
			Entries: []authz.Entry{{Principal: ann, Level: authz.CanRead}}}},
		authz.Event{Op: authz.PutObject, Object: &authz.Object{ID: hidden, Kind: authz.RegisteredModel, Parent: authz.ModelsRoot, Name: "m"}})
	w.credential("ann-token", ann)
	w.door = &api.Door{Store: s, Log: slog.New(slog.NewTextHandler(&w.log, nil)), Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	w.door.Mount(&api.Front{Name: "test", Service: "test", Prefixes: []string{"/t", "/second"}, Decode: api.DecodeJSON, Encode: api.EncodeJSON,
		ContentType: "application/json", Fail: api.FailJSON, Routes: routes})
	srv := httptest.NewServer(w.door)
	t.Cleanup(srv.Close)
	w.url = srv.URL
	return w
}

func (w *world) govern(events ...authz.Event) {
	w.Helper()
	err := w.store.WriteAlone(context.Background(), func(tx *store.Tx) error {
		if err := tx.Govern(events...); err != nil {
			return err
		}
		return tx.Record(&ledger.Entry{Class: ledger.ClassA, Action: "set-up"}, 0)
	})
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) credential(token string, owner int64) {
	h := identity.Hash(w.store.Key("tokens"), []byte(token))
	w.govern(authz.Event{Op: authz.PutCredential, Credential: &authz.Credential{ID: "t-" + token, Principal: owner, Hash: h[:]}})
}

func (w *world) do(token, method, path, body string, header ...string) (int, string) {
	w.Helper()
	req, err := http.NewRequest(method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// entries gives the ledger's entries of an action, newest first.
func (w *world) entries(action string) (found []*ledger.Entry) {
	w.Helper()
	err := w.store.Read(context.Background(), func(tx *store.Tx) error {
		rows, err := tx.AuditPage(store.Audit{Actions: []string{action}, Limit: 1000})
		for _, r := range rows {
			e, err := ledger.Parse(r.Body)
			if err != nil {
				return err
			}
			found = append(found, e)
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return found
}

type ask struct {
	ID   int64  `json:"-" path:"id"`
	Text string `json:"text" query:"text"`
	N    int64  `json:"n"`
}

type told struct {
	Said string `json:"said"`
}

// object finds an object by its id and says the same of a missing one and of one that may not be known.
func object(c *api.Call, q *ask) (int64, api.Target, error) {
	absent := fail.NotFoundf("Object %d does not exist.", q.ID)
	if _, ok := c.Tx.Map.Object(q.ID); !ok {
		return 0, api.Target{}, absent
	}
	return q.ID, api.Target{Object: q.ID, Absent: absent}, nil
}

func say(_ *api.Call, id int64, q *ask) (*told, error) {
	return &told{fmt.Sprintf("%d %s", id, q.Text)}, nil
}

func plain() []api.Route {
	return []api.Route{
		api.Read("GET /read/{id}", authz.ViewRuns, object, say),
		api.Write("POST /write/{id}", authz.LogRuns, object, say, api.Body[ask](1000)),
		api.Write("POST /gathered/{id}", authz.ViewRuns, object, say, api.Audit[ask](api.Gathered, "", "")),
		api.Read("GET /model/{id}", authz.ViewModel, object, say),
		api.Read("GET /panic/{id}", authz.ViewRuns, object, func(*api.Call, int64, *ask) (*told, error) { panic("defect with a secret") }),
		api.Read("GET /broken/{id}", authz.ViewRuns, object, func(*api.Call, int64, *ask) (*told, error) {
			return nil, fmt.Errorf("a password in an error")
		}),
		api.Open("GET /open", "a test", func(*api.Call, *ask) (*told, error) { return &told{"hello"}, nil }),
		api.Read("GET /rest/{path...}", authz.SignedIn, api.At[struct {
			Path string `json:"-" path:"path"`
		}](authz.WorkspaceObject), func(_ *api.Call, _ int64, q *struct {
			Path string `json:"-" path:"path"`
		}) (*told, error) {
			return &told{q.Path}, nil
		}),
	}
}

func TestAnswers(t *testing.T) {
	w := begin(t, plain()...)
	for name, c := range map[string]struct {
		token, method, path, body string
		status                    int
		contains                  string
	}{
		"allowed":             {"ann-token", "GET", "/t/read/2000?text=hi", "", 200, `{"said":"2000 hi"}`},
		"second prefix":       {"ann-token", "GET", "/second/read/2000", "", 200, "2000"},
		"no credential":       {"", "GET", "/t/read/2000", "", 401, "UNAUTHENTICATED"},
		"bad credential":      {"nobody", "GET", "/t/read/2000", "", 401, "UNAUTHENTICATED"},
		"open":                {"", "GET", "/t/open", "", 200, "hello"},
		"refused with reason": {"ann-token", "POST", "/t/write/2000", "{}", 403, `"level_needed":"CAN_EDIT"`},
		"admin":               {"admin-token", "POST", "/t/write/2000", `{"text":"x"}`, 200, "2000 x"},
		"no such route":       {"ann-token", "GET", "/t/nothing", "", 404, "ENDPOINT_NOT_FOUND"},
		"wrong method":        {"ann-token", "PUT", "/t/read/2000", "", 405, "METHOD_NOT_ALLOWED"},
		"malformed":           {"admin-token", "POST", "/t/write/2000", `{"text":`, 400, "malformed JSON at byte"},
		"wrong type":          {"admin-token", "POST", "/t/write/2000", `{"n":"x"}`, 400, "n: expected"},
		"not an object":       {"admin-token", "POST", "/t/write/2000", `[1]`, 400, "INVALID_PARAMETER_VALUE"},
		"too large":           {"admin-token", "POST", "/t/write/2000", `{"text":"` + strings.Repeat("x", 2000) + `"}`, 413, "larger than 1000"},
		"too deep":            {"admin-token", "POST", "/t/write/2000", strings.Repeat("[", 100), 400, "nested deeper"},
		"NUL":                 {"admin-token", "POST", "/t/write/2000", `{"text":"\u0000"}`, 400, "NUL"},
		"no NUL":              {"admin-token", "POST", "/t/write/2000", `{"text":"\\u0000"}`, 200, `\\u0000`},
		"not UTF-8":           {"admin-token", "POST", "/t/write/2000", "{\"text\":\"\xff\"}", 400, "UTF-8"},
		"bad id":              {"admin-token", "GET", "/t/read/x", "", 400, "id:"},
		"rest once decoded":   {"ann-token", "GET", "/t/rest/a%2Fb/%2e%2e/c%252Fd", "", 200, `a/b/../c%2Fd`},
		"panic":               {"ann-token", "GET", "/t/panic/2000", "", 500, "internal error"},
		"unnamed error":       {"ann-token", "GET", "/t/broken/2000", "", 500, "internal error"},
	} {
		status, body := w.do(c.token, c.method, c.path, c.body)
		if status != c.status || !strings.Contains(body, c.contains) {
			t.Errorf("%s: %d %s, want %d with %s", name, status, body, c.status, c.contains)
		}
		if strings.Contains(body, "secret") || strings.Contains(body, "a password in") || !json.Valid([]byte(body)) {
			t.Errorf("%s: the answer shows too much or is no JSON: %s", name, body)
		}
	}
	if !strings.Contains(w.log.String(), "defect with a secret") || !strings.Contains(w.log.String(), "a password in an error") {
		t.Errorf("the log lacks the causes:\n%s", w.log.String())
	}
}

// Messages may repeat what was sent, but not at any length.
func TestMessagesAreCut(t *testing.T) {
	w := begin(t, plain()...)
	status, body := w.do("ann-token", "GET", "/t/read/"+strings.Repeat("é", 20_000), "")
	if status != 400 || len(body) > 10_000 || !strings.Contains(body, "é…") {
		t.Errorf("%d with %d bytes", status, len(body))
	}
}

// What may not be known is answered exactly as what does not exist.
func TestHiddenIsLikeMissing(t *testing.T) {
	w := begin(t, plain()...)
	there, body := w.do("ann-token", "GET", fmt.Sprintf("/t/model/%d", hidden), "")
	missing, other := w.do("ann-token", "GET", "/t/model/2999", "")
	if there != 404 || missing != 404 || strings.ReplaceAll(body, "2001", "2999") != other {
		t.Errorf("hidden %d %s, missing %d %s", there, body, missing, other)
	}
}

func TestRecords(t *testing.T) {
	w := begin(t, plain()...)
	w.do("admin-token", "POST", "/t/write/2000", "{}")
	w.do("ann-token", "POST", "/t/write/2000", "{}")
	got := w.entries("write")
	if len(got) != 2 {
		t.Fatalf("%d entries, want the refusal and the write", len(got))
	}
	refusal, write := got[0], got[1]
	if refusal.Status != 403 || refusal.Actor.Name != "ann" || refusal.Decision.Allowed || !strings.Contains(string(refusal.Decision.Path), "ann") {
		t.Errorf("refusal %+v", refusal)
	}
	if write.Status != 200 || write.Actor.Name != "admin" || write.Object.Path != "/Users/e" || write.Class != ledger.ClassA {
		t.Errorf("write %+v", write)
	}
	for range 3 {
		w.do("ann-token", "POST", "/t/gathered/2000", "{}")
		w.do("ann-token", "GET", "/t/read/2000", "")
		w.do("nobody", "GET", "/t/read/2000", "")
	}
	if n := len(w.entries("gathered")) + len(w.entries("read")); n != 0 {
		t.Errorf("%d entries for what is only counted", n)
	}
	counted := map[string]int64{}
	if err := w.door.Flush(func(rows []ledger.Tally) error {
		for _, r := range rows {
			counted[r.Key.Action] += r.Count
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if counted["read"] != 3 || counted["tokenLogin"] != 3 {
		t.Errorf("gathered %v, want 3 reads and 3 refused sign-ins", counted)
	}
}

// A client in a loop does not fill the ledger: the first 60 denials of a minute are entries, the others a count.
func TestDenialsAreBounded(t *testing.T) {
	w := begin(t, plain()...)
	for range 150 {
		w.do("ann-token", "POST", "/t/write/2000", "{}")
	}
	n := len(w.entries("write"))
	var rest int64
	w.door.Flush(func(rows []ledger.Tally) error {
		for _, r := range rows {
			rest += r.Count
		}
		return nil
	})
	if n < 60 || n > 120 || int64(n)+rest != 150 { // a minute may end meanwhile
		t.Errorf("%d entries and %d counted, want 60 to 120 and 150 in all", n, rest)
	}
}

func TestRevokedCredentialStopsAtOnce(t *testing.T) {
	w := begin(t, plain()...)
	if status, _ := w.do("ann-token", "GET", "/t/read/2000", ""); status != 200 {
		t.Fatal(status)
	}
	w.govern(authz.Event{Op: authz.DropCredential, Credential: &authz.Credential{ID: "t-ann-token"}})
	if status, _ := w.do("ann-token", "GET", "/t/read/2000", ""); status != 401 {
		t.Errorf("status %d after the credential was revoked", status)
	}
	w.credential("second", ann)
	w.govern(authz.Event{Op: authz.PutPrincipal, Principal: &authz.Principal{ID: ann, Kind: authz.User, Name: "ann"}})
	if status, _ := w.do("second", "GET", "/t/read/2000", ""); status != 401 {
		t.Errorf("status %d after the user was deactivated", status)
	}
}

// The right to upload is looked at before the first byte and again when the bytes are there.
func TestUploadDecidesTwice(t *testing.T) {
	var w *world
	received, committed := 0, 0
	upload := api.Upload("PUT /up/{id}", authz.LogArtifacts, object, func(_ *api.Call, _ int64, _ *ask, r io.Reader) (int64, error) {
		received++
		n, err := io.Copy(io.Discard, r)
		w.govern(authz.Event{Op: authz.PutObject, Object: &authz.Object{ID: readable, Kind: authz.Experiment, Parent: authz.FolderUsers, Name: "e"}})
		return n, err
	}, func(_ *api.Call, _ int64, _ *ask, n int64) (*told, error) {
		committed++
		return &told{fmt.Sprint(n)}, nil
	})
	w = begin(t, upload)
	if status, _ := w.do("ann-token", "PUT", "/t/up/2000", "bytes"); status != 403 || received != 0 {
		t.Errorf("status %d, received %d times without the right", status, received)
	}
	w.govern(authz.Event{Op: authz.PutObject, Object: &authz.Object{ID: readable, Kind: authz.Experiment, Parent: authz.FolderUsers, Name: "e",
		Entries: []authz.Entry{{Principal: ann, Level: authz.CanEdit}}}})
	if status, _ := w.do("ann-token", "PUT", "/t/up/2000", "bytes"); status != 403 || received != 1 || committed != 0 {
		t.Errorf("status %d, received %d, committed %d: the right was taken away in between", status, received, committed)
	}
	if status, body := w.do("admin-token", "PUT", "/t/up/2000", "bytes"); status != 200 || !strings.Contains(body, "5") {
		t.Errorf("status %d %s", status, body)
	}
}

func TestSourceBehindProxy(t *testing.T) {
	w := begin(t, plain()...)
	for header, want := range map[string]string{
		"203.0.113.9":            "203.0.113.9",
		"10.0.0.1, 203.0.113.9":  "203.0.113.9", // the part that the client made up does not count
		"203.0.113.9, 127.0.0.1": "203.0.113.9",
		"nonsense":               "127.0.0.1",
	} {
		w.do("admin-token", "POST", "/t/write/2000", "{}", "X-Forwarded-For", header)
		if got := w.entries("write")[0].Source; got != want {
			t.Errorf("%q: source %s, want %s", header, got, want)
		}
	}
}
