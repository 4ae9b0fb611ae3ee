package server_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/secret"
	"bailiwick/server"
	"bailiwick/server/servertest"
	"bailiwick/store"
	"bailiwick/store/storetest"
)

// planted is a value that must never be seen but by who asks for it.
const planted = "PLANTED-7c1f-hunter2"

// call is Do with a path of the secrets API.
func call(s *servertest.Server, token, method, path string, body any) servertest.Answer {
	return s.Do(token, method, "/api/2.0/secrets/"+path, body)
}

func ok(t *testing.T, a servertest.Answer) servertest.Answer {
	t.Helper()
	if a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	return a
}

// says holds an answer to a status and an error code.
func says(t *testing.T, what string, a servertest.Answer, status int, code string) {
	t.Helper()
	if a.Status != status || a.Text("error_code") != code {
		t.Errorf("%s: %d %s, want %d %s", what, a.Status, a.Body, status, code)
	}
	if strings.Contains(string(a.Body), planted) {
		t.Errorf("%s: the answer repeats the value: %s", what, a.Body)
	}
}

type body map[string]any

func valueOf(t *testing.T, a servertest.Answer) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(ok(t, a).Text("value"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSecretsWhole(t *testing.T) {
	s := servertest.Start(t)
	ann, bob := s.User("ann@example.com", "team"), s.User("bob@example.com", "team")
	const get = "get?scope=Prod&key=db.password"
	ok(t, call(s, ann, "POST", "scopes/create", body{"scope": "Prod"}))
	ok(t, call(s, ann, "POST", "put", body{"scope": "prod", "key": "db.password", "string_value": planted}))
	if got := valueOf(t, call(s, ann, "GET", get, nil)); got != planted {
		t.Errorf("%q", got)
	}
	all := string([]byte{0, 1, 0xff, '"', '\n'}) + "é"
	ok(t, call(s, ann, "POST", "put", body{"scope": "Prod", "key": "bytes", "bytes_value": base64of(all)}))
	if got := valueOf(t, call(s, ann, "GET", "get?scope=Prod&key=BYTES", nil)); got != all {
		t.Errorf("%q", got)
	}

	// Who has nothing does not learn that the scope exists; the answer is that of a scope that does not.
	for what, a := range map[string]servertest.Answer{
		"get": call(s, bob, "GET", get, nil), "list": call(s, bob, "GET", "list?scope=Prod", nil),
		"put":    call(s, bob, "POST", "put", body{"scope": "Prod", "key": "k", "string_value": planted}),
		"delete": call(s, bob, "POST", "scopes/delete", body{"scope": "Prod"}), "acls": call(s, bob, "GET", "acls/list?scope=Prod", nil),
		"acl": call(s, bob, "POST", "acls/put", body{"scope": "Prod", "principal": "bob@example.com", "permission": "READ"}),
	} {
		says(t, "bob: "+what, a, 404, "RESOURCE_DOES_NOT_EXIST")
		if message := a.Text("message"); message != "Scope Prod does not exist!" {
			t.Errorf("%s: %s", what, message)
		}
	}
	if a := ok(t, call(s, bob, "GET", "scopes/list", nil)); string(a.Body) != `{"scopes":[]}` {
		t.Errorf("%s", a.Body)
	}

	// READ reads, WRITE writes, MANAGE gives.
	steps := []struct {
		level, method, path string
		body                body
		status              int
	}{
		{"READ", "GET", get, nil, 200}, {"READ", "GET", "list?scope=Prod", nil, 200},
		{"READ", "POST", "put", body{"scope": "Prod", "key": "k", "string_value": "v"}, 403},
		{"READ", "POST", "delete", body{"scope": "Prod", "key": "db.password"}, 403},
		{"READ", "GET", "acls/list?scope=Prod", nil, 403},
		{"WRITE", "POST", "put", body{"scope": "Prod", "key": "k", "string_value": "v"}, 200},
		{"WRITE", "GET", get, nil, 200},
		{"WRITE", "POST", "delete", body{"scope": "Prod", "key": "k"}, 200},
		{"WRITE", "POST", "acls/put", body{"scope": "Prod", "principal": "team", "permission": "MANAGE"}, 403},
		{"WRITE", "POST", "scopes/delete", body{"scope": "Prod"}, 403},
		{"MANAGE", "GET", "acls/list?scope=Prod", nil, 200},
		{"MANAGE", "POST", "acls/put", body{"scope": "Prod", "principal": "ann@example.com", "permission": "READ"}, 200},
	}
	for _, step := range steps {
		ok(t, call(s, servertest.AdminToken, "POST", "acls/put", body{"scope": "Prod", "principal": "team", "permission": step.level}))
		var body any
		if step.body != nil {
			body = step.body
		}
		if a := call(s, bob, step.method, step.path, body); a.Status != step.status {
			t.Errorf("%s: %s %s: %d %s", step.level, step.method, step.path, a.Status, a.Body)
		}
	}
	want := `{"items":[{"principal":"ann@example.com","permission":"READ"},{"principal":"team","permission":"MANAGE"}]}`
	a := ok(t, call(s, bob, "GET", "acls/list?scope=Prod", nil))
	if got := string(a.Body); len(got) != len(want) || !strings.Contains(got, `{"principal":"team","permission":"MANAGE"}`) {
		t.Errorf("%s", got)
	}
	ok(t, call(s, bob, "POST", "acls/delete", body{"scope": "Prod", "principal": "ann@example.com"}))
	says(t, "no entry", call(s, bob, "GET", "acls/get?scope=Prod&principal=ann@example.com", nil), 404, "RESOURCE_DOES_NOT_EXIST")
	ok(t, call(s, bob, "POST", "acls/delete", body{"scope": "Prod", "principal": "team"}))
	says(t, "taken away", call(s, bob, "GET", get, nil), 404, "RESOURCE_DOES_NOT_EXIST")

	// A scope that is made anew starts with nothing.
	ok(t, call(s, servertest.AdminToken, "POST", "scopes/delete", body{"scope": "PROD"}))
	ok(t, call(s, bob, "POST", "scopes/create", body{"scope": "Prod", "initial_manage_principal": "users"}))
	if a := ok(t, call(s, ann, "GET", "list?scope=Prod", nil)); string(a.Body) != `{"secrets":[]}` {
		t.Errorf("%s", a.Body)
	}
	says(t, "deleted secret", call(s, ann, "GET", get, nil), 404, "RESOURCE_DOES_NOT_EXIST")
}

func TestSecretsHostile(t *testing.T) {
	s := servertest.Start(t)
	ann := s.User("ann@example.com")
	ok(t, call(s, ann, "POST", "scopes/create", body{"scope": "s"}))
	const invalid, exists = "INVALID_PARAMETER_VALUE", "RESOURCE_ALREADY_EXISTS"
	long := strings.Repeat("n", secret.MaxName+1)
	for what, tt := range map[string]struct {
		path   string
		body   any
		status int
		code   string
	}{
		"twice":          {"scopes/create", body{"scope": "S"}, 400, exists},
		"no name":        {"scopes/create", body{}, 400, invalid},
		"long name":      {"scopes/create", body{"scope": long}, 400, invalid},
		"path":           {"scopes/create", body{"scope": "../../etc"}, 400, invalid},
		"unicode":        {"scopes/create", body{"scope": "ѕ"}, 400, invalid},
		"right to left":  {"scopes/create", body{"scope": "a\u202eb"}, 400, invalid},
		"not users":      {"scopes/create", body{"scope": "x", "initial_manage_principal": "ann@example.com"}, 400, invalid},
		"azure":          {"scopes/create", body{"scope": "x", "scope_backend_type": "AZURE_KEYVAULT"}, 400, invalid},
		"azure's vault":  {"scopes/create", body{"scope": "x", "backend_azure_keyvault": body{"dns_name": "d"}}, 400, invalid},
		"both values":    {"put", body{"scope": "s", "key": "k", "string_value": planted, "bytes_value": base64of(planted)}, 400, invalid},
		"no value":       {"put", body{"scope": "s", "key": "k"}, 400, invalid},
		"not base64":     {"put", body{"scope": "s", "key": "k", "bytes_value": planted}, 400, invalid},
		"a number":       {"put", `{"scope":"s","key":"k","string_value":7}`, 400, invalid},
		"broken JSON":    {"put", `{"scope":"s","key":"k","string_value":"` + planted, 400, invalid},
		"value as key":   {"put", body{"scope": "s", "key": planted + " ", "string_value": "v"}, 400, invalid},
		"value as scope": {"put", body{"scope": planted + " ", "key": "k", "string_value": "v"}, 404, "RESOURCE_DOES_NOT_EXIST"},
		"large":          {"put", body{"scope": "s", "key": "k", "string_value": strings.Repeat("v", secret.MaxValue+1)}, 400, invalid},
		"very large":     {"put", body{"scope": "s", "key": "k", "string_value": strings.Repeat("v", 2<<20)}, 413, "MAX_REQUEST_SIZE_EXCEEDED"},
		"no scope":       {"put", body{"scope": "none", "key": "k", "string_value": "v"}, 404, "RESOURCE_DOES_NOT_EXIST"},
		"no secret":      {"delete", body{"scope": "s", "key": "none"}, 404, "RESOURCE_DOES_NOT_EXIST"},
		"no level":       {"acls/put", body{"scope": "s", "principal": "users", "permission": "OWN"}, 400, invalid},
		"no principal":   {"acls/put", body{"scope": "s", "principal": "nobody", "permission": "READ"}, 404, "RESOURCE_DOES_NOT_EXIST"},
	} {
		says(t, what, call(s, ann, "POST", tt.path, tt.body), tt.status, tt.code)
	}
	ok(t, call(s, ann, "POST", "put", body{"scope": "s", "key": "k", "string_value": strings.Repeat("v", secret.MaxValue)}))
	ok(t, call(s, ann, "POST", "put", body{"scope": "s", "key": "k", "bytes_value": base64of(strings.Repeat("v", secret.MaxValue))}))
	ok(t, call(s, ann, "POST", "put", body{"scope": "s", "key": "k", "string_value": strings.Repeat("\x01", secret.MaxValue)}))
	says(t, "a version that is over", call(s, ann, "GET", "get?scope=s&key=k&version=1", nil), 404, "RESOURCE_DOES_NOT_EXIST")
}

// TestSecretsAreNowhere plants a value, has it put, read, refused and backed up, and looks for it in every file, in the log, in the audit trail.
func TestSecretsAreNowhere(t *testing.T) {
	var log lockedBuffer
	cfg := server.Default()
	cfg.Data, cfg.Listen = t.TempDir(), "127.0.0.1:0"
	inner, err := server.Open(context.Background(), cfg, servertest.AdminToken, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	address, err := inner.Listen()
	if err != nil {
		t.Fatal(err)
	}
	s := servertest.Attach(t, inner, "http://"+address)
	admin := servertest.AdminToken
	ok(t, call(s, admin, "POST", "scopes/create", body{"scope": "s"}))
	ok(t, call(s, admin, "POST", "put", body{"scope": "s", "key": "k", "string_value": planted}))
	ok(t, call(s, admin, "POST", "put", body{"scope": "s", "key": "k", "bytes_value": base64of(planted)}))
	if got := valueOf(t, call(s, admin, "GET", "get?scope=s&key=k", nil)); got != planted {
		t.Fatal(got)
	}
	bob := s.User("bob@example.com")
	call(s, bob, "POST", "put", body{"scope": "s", "key": "k", "string_value": planted})
	call(s, admin, "POST", "put", `{"scope":"s","key":"k","string_value":"`+planted)
	audit := s.Admin("GET", "/api/governance/1.0/audit?limit=100", nil)
	if n := bytes.Count(audit.Body, []byte(`"getSecret"`)); n != 1 {
		t.Errorf("%d entries of the use of the value", n)
	}
	if _, err := (server.Backup{Data: cfg.Data, To: filepath.Join(cfg.Data, "b.tar")}).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := inner.Close(); err != nil {
		t.Fatal(err)
	}
	places := map[string][]byte{"the log": log.Bytes(), "the audit trail": audit.Body}
	err = filepath.WalkDir(cfg.Data, func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			places[name], err = os.ReadFile(name)
		}
		return err
	})
	if err != nil || len(places) < 5 || len(log.Bytes()) == 0 {
		t.Fatal(err, len(places))
	}
	kek := places[filepath.Join(cfg.Data, "kek")]
	line := bytes.TrimSpace(kek[bytes.LastIndexByte(kek, ' ')+1:])
	for name, text := range places {
		for what, needle := range map[string][]byte{"the value": []byte(planted), "its base64": []byte(base64of(planted)[:20])} {
			if bytes.Contains(text, needle) {
				t.Errorf("%s has %s", name, what)
			}
		}
		if bytes.Contains(text, line) && filepath.Base(name) != "kek" {
			t.Errorf("%s has the key-encryption key", name)
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) Bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.b.Bytes())
}

// TestSecretsWithoutTheirKey: without the file of key-encryption keys the server serves all else, says what is missing, destroys nothing, makes no
// new file, and reads again when the file is back.
func TestSecretsWithoutTheirKey(t *testing.T) {
	data, place := t.TempDir(), filepath.Join(t.TempDir(), "kek")
	cfg := server.Default()
	cfg.Data, cfg.Listen, cfg.KEK = data, "127.0.0.1:0", place
	with := func(use func(s *servertest.Server)) {
		t.Helper()
		inner, err := server.Open(context.Background(), cfg, servertest.AdminToken, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		address, err := inner.Listen()
		if err != nil {
			t.Fatal(err)
		}
		use(servertest.Attach(t, inner, "http://"+address))
		if err := inner.Close(); err != nil {
			t.Fatal(err)
		}
	}
	admin := servertest.AdminToken
	read := func(s *servertest.Server) servertest.Answer { return call(s, admin, "GET", "get?scope=s&key=k", nil) }
	with(func(s *servertest.Server) {
		ok(t, call(s, admin, "POST", "scopes/create", body{"scope": "s"}))
		ok(t, call(s, admin, "POST", "put", body{"scope": "s", "key": "k", "string_value": planted}))
	})
	if err := os.Rename(place, place+".lost"); err != nil {
		t.Fatal(err)
	}
	missing := func(s *servertest.Server) {
		t.Helper()
		for what, a := range map[string]servertest.Answer{"get": read(s), "create": call(s, admin, "POST", "scopes/create", body{"scope": "new"}),
			"put": call(s, admin, "POST", "put", body{"scope": "s", "key": "k", "string_value": "v"})} {
			says(t, what, a, 400, "INVALID_STATE")
			if !strings.Contains(a.Text("message"), "key-encryption key file-") {
				t.Errorf("%s: %s", what, a.Body)
			}
		}
		ok(t, call(s, admin, "GET", "list?scope=s", nil))
	}
	with(missing)
	if _, err := os.Stat(place); err == nil {
		t.Fatal("another file was made in the place of the lost one")
	}
	other, err := secret.NewFileKey(bytes.NewReader(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(place, []byte(other.Line()), 0o600); err != nil {
		t.Fatal(err)
	}
	with(missing)
	if err := os.Rename(place+".lost", place); err != nil {
		t.Fatal(err)
	}
	with(func(s *servertest.Server) {
		if got := valueOf(t, read(s)); got != planted {
			t.Errorf("%q", got)
		}
	})
}

// TestSecretsExchanged: the sealed value of one secret in the place of another's is refused, and so is an older one put back, and a cut one.
func TestSecretsExchanged(t *testing.T) {
	s := servertest.Start(t)
	admin := servertest.AdminToken
	for _, scope := range []string{"one", "two"} {
		ok(t, call(s, admin, "POST", "scopes/create", body{"scope": scope}))
		for _, key := range []string{"a", "b"} {
			ok(t, call(s, admin, "POST", "put", body{"scope": scope, "key": key, "string_value": planted + scope + key}))
		}
	}
	for what, change := range map[string]string{
		"another secret": `UPDATE secret_versions SET sealed = (SELECT sealed FROM secret_versions o WHERE o.scope = secret_versions.scope AND o.name_key = 'b') WHERE name_key = 'a' AND closed = 0`,
		"cut":            `UPDATE secret_versions SET sealed = SUBSTR(sealed, 1, 20) WHERE name_key = 'a' AND closed = 0`,
		"empty":          `UPDATE secret_versions SET sealed = '' WHERE name_key = 'a' AND closed = 0`,
	} {
		ok(t, call(s, admin, "POST", "put", body{"scope": "one", "key": "a", "string_value": planted}))
		storetest.Exec(t, s.Config.Data, s.Config.Database, change)
		says(t, what, call(s, admin, "GET", "get?scope=one&key=a", nil), 500, "INTERNAL_ERROR")
	}
	if got := valueOf(t, call(s, admin, "GET", "get?scope=one&key=b", nil)); got != planted+"oneb" {
		t.Errorf("%q", got)
	}
}

// TestKEKRotates: while clients read and write in a loop the key-encryption key is rotated several times; no call fails, all ends up under the last
// key, and the ledger tells.
func TestKEKRotates(t *testing.T) {
	s := servertest.Start(t)
	admin := servertest.AdminToken
	const scopes = 60 // more than a batch
	for i := range scopes {
		ok(t, call(s, admin, "POST", "scopes/create", body{"scope": fmt.Sprint("s", i)}))
		ok(t, call(s, admin, "POST", "put", body{"scope": fmt.Sprint("s", i), "key": "k", "string_value": planted}))
	}
	stop := make(chan struct{})
	var reads atomic.Int64
	var all sync.WaitGroup
	for w := range 3 {
		all.Go(func() {
			for i := w; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if a := call(s, admin, "GET", fmt.Sprintf("get?scope=s%d&key=k", i%scopes), nil); a.Status != 200 {
					t.Errorf("a read failed: %d %s", a.Status, a.Body)
					return
				}
				reads.Add(1)
			}
		})
	}
	var last string
	for range 2 {
		last = s.Admin("POST", "/api/governance/1.0/kek/rotate", map[string]any{"reason": "yearly"}).Text("active")
		waitFor(t, "all data keys wrapped anew", func() bool {
			a := s.Admin("GET", "/api/governance/1.0/kek", nil)
			return a.Text("active") == last && a.Text("left") == "0" && a.Text("keys.1.state") == "retired"
		})
	}
	close(stop)
	all.Wait()
	if reads.Load() < 20 {
		t.Errorf("%d reads only", reads.Load())
	}
	a := s.Admin("GET", "/api/governance/1.0/kek", nil)
	states := []string{}
	for i := range 3 {
		states = append(states, a.Text(fmt.Sprintf("keys.%d.state", i))+" "+a.Text(fmt.Sprintf("keys.%d.data_keys", i)))
	}
	if diff := cmp.Diff([]string{"active 60", "retired 0", "retired 0"}, states); diff != "" {
		t.Error(diff)
	}
	for _, action := range []string{"rotateKek", "retireKek"} {
		audit := string(s.Admin("GET", "/api/governance/1.0/audit?action="+action, nil).Body)
		if n := strings.Count(audit, `"`+action+`"`); n != 2 {
			t.Errorf("%s is %d times in the ledger: %s", action, n, audit)
		}
	}
	says(t, "not an administrator", s.Do(s.User("bob@example.com"), "POST", "/api/governance/1.0/kek/rotate", map[string]any{}), 403, "PERMISSION_DENIED")
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("timed out: ", what)
		}
	}
}

// TestSecretsOnTwoReplicas rotates on one replica while the other reads; a revocation on one holds on the other's next call.
func TestSecretsOnTwoReplicas(t *testing.T) {
	place := filepath.Join(t.TempDir(), "kek")
	one := servertest.Start(t, func(c *server.Config) { c.KEK = place })
	if one.Store.Engine() == "sqlite" {
		return // one server at a time holds the folder
	}
	two := servertest.Start(t, func(c *server.Config) { c.KEK, c.Database = place, one.Config.Database })
	admin := servertest.AdminToken
	bob := one.User("bob@example.com")
	ok(t, call(one, admin, "POST", "scopes/create", body{"scope": "s"}))
	ok(t, call(one, admin, "POST", "put", body{"scope": "s", "key": "k", "string_value": planted}))
	ok(t, call(two, admin, "POST", "acls/put", body{"scope": "s", "principal": "bob@example.com", "permission": "READ"}))
	get := func(s *servertest.Server) servertest.Answer { return call(s, bob, "GET", "get?scope=s&key=k", nil) }
	for range 2 {
		active := one.Admin("POST", "/api/governance/1.0/kek/rotate", map[string]any{}).Text("active")
		waitFor(t, "wrapped anew", func() bool {
			if got := valueOf(t, get(two)); got != planted {
				t.Errorf("%q", got)
			}
			a := two.Admin("GET", "/api/governance/1.0/kek", nil)
			return a.Text("active") == active && a.Text("left") == "0"
		})
		ok(t, call(two, admin, "POST", "scopes/create", body{"scope": active})) // under the new key, on the other replica
	}
	ok(t, call(one, admin, "POST", "acls/delete", body{"scope": "s", "principal": "bob@example.com"}))
	says(t, "taken away", get(two), 404, "RESOURCE_DOES_NOT_EXIST")
	var versions int
	err := two.Store.Read(context.Background(), func(tx *store.Tx) error {
		k, err := tx.KEKs()
		versions = len(k)
		return err
	})
	if err != nil || versions != 3 {
		t.Errorf("%d keys, %v", versions, err)
	}
}

// TestKEKMovesIntoToken: secrets that began under a file's key go under a token's (scripts/with-softhsm), while they are read, and the file is not
// needed any more. A server that starts anew opens them with the token.
func TestKEKMovesIntoToken(t *testing.T) {
	token := os.Getenv("BAILIWICK_TEST_PKCS11")
	if token == "" {
		t.Log("no token: scripts/with-softhsm runs this test with one")
		return
	}
	cfg := server.Default()
	cfg.Data, cfg.Listen, cfg.KEK = t.TempDir(), "127.0.0.1:0", filepath.Join(t.TempDir(), "kek")
	file, admin := cfg.KEK, servertest.AdminToken
	with := func(use func(s *servertest.Server)) {
		t.Helper()
		inner, err := server.Open(context.Background(), cfg, admin, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		address, err := inner.Listen()
		if err != nil {
			t.Fatal(err)
		}
		use(servertest.Attach(t, inner, "http://"+address))
		if err := inner.Close(); err != nil {
			t.Fatal(err)
		}
	}
	read := func(s *servertest.Server) {
		t.Helper()
		if got := valueOf(t, call(s, admin, "GET", "get?scope=s&key=k", nil)); got != planted {
			t.Errorf("%q", got)
		}
	}
	with(func(s *servertest.Server) {
		ok(t, call(s, admin, "POST", "scopes/create", body{"scope": "s"}))
		ok(t, call(s, admin, "POST", "put", body{"scope": "s", "key": "k", "string_value": planted}))
	})
	cfg.KEK, cfg.KEKOld = token, []string{file}
	with(func(s *servertest.Server) {
		for range 2 { // from the file into the token, then from one of its keys to the next
			active := s.Admin("POST", "/api/governance/1.0/kek/rotate", map[string]any{}).Text("active")
			if !strings.HasPrefix(active, "pkcs11-") {
				t.Fatal(active)
			}
			waitFor(t, "wrapped by the token", func() bool {
				read(s)
				a := s.Admin("GET", "/api/governance/1.0/kek", nil)
				return a.Text("active") == active && a.Text("left") == "0"
			})
		}
	})
	cfg.KEKOld = nil
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	with(read)
}
