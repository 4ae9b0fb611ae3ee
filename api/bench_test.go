package api_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"bailiwick/authz"

	"bailiwick/api"
	"bailiwick/identity"
)

// BenchmarkDoor is what the pipeline itself costs: identify, snapshot, decide, record, answer, without HTTP's own part.
func BenchmarkDoor(b *testing.B) {
	routes := []api.Route{
		api.Read("GET /read/{id}", authz.ViewRuns, object, say),
		api.Write("POST /each/{id}", authz.ViewRuns, object, say),
		api.Write("POST /gathered/{id}", authz.ViewRuns, object, say, api.Audit[ask](api.Gathered, "", "")),
	}
	w := begin(b, routes...)
	for _, c := range []struct{ name, method, path string }{
		{"read", "GET", "/t/read/2000"}, {"write", "POST", "/t/each/2000"}, {"gathered write", "POST", "/t/gathered/2000"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					req := httptest.NewRequest(c.method, c.path, strings.NewReader("{}"))
					req.Header.Set("Authorization", "Bearer ann-token")
					rec := httptest.NewRecorder()
					w.door.ServeHTTP(rec, req)
					if rec.Code != 200 {
						b.Fatal(rec.Code, rec.Body)
					}
				}
			})
		})
	}
}

// BenchmarkIdentified is what finding out who calls costs over an open route: a request whose body cannot be read ends right behind it, on either.
// With lists it also asks the IP access lists, of a thousand ranges.
func BenchmarkIdentified(b *testing.B) {
	w := begin(b, api.Open("POST /open", "a measure", func(c *api.Call, q *ask) (*told, error) { return &told{}, nil }),
		api.Write("POST /closed/{id}", authz.ViewRuns, object, say))
	session := identity.Hash(w.store.Key("tokens"), []byte("session-x"))
	w.govern(authz.Event{Op: authz.PutCredential, Credential: &authz.Credential{ID: "s", Principal: ann, Hash: session[:], Session: true}})
	csrf := identity.CSRFToken(w.store.Key("csrf"), "s")
	lists := authz.AddressList{ID: "l", Type: authz.ListBlock, Enabled: true}
	for i := range 1000 {
		lists.Addresses = append(lists.Addresses, fmt.Sprintf("10.%d.%d.0/24", i/250, i%250))
	}
	for _, c := range []struct {
		name, path string
		header     map[string]string
		before     []authz.Event
	}{
		{"open", "/t/open", nil, nil},
		{"token", "/t/closed/2000", map[string]string{"Authorization": "Bearer ann-token"}, nil},
		{"session", "/t/closed/2000", map[string]string{"Cookie": "bailiwick_session=session-x", "X-CSRF-Token": csrf}, nil},
		{"token and lists", "/t/closed/2000", map[string]string{"Authorization": "Bearer ann-token"}, []authz.Event{
			{Op: authz.PutAddresses, Addresses: &lists}, {Op: authz.PutSetting, Setting: &authz.Setting{Key: authz.SettingAddressLists, Value: "true"}}}},
	} {
		if c.before != nil {
			w.govern(c.before...)
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				req := httptest.NewRequest("POST", c.path, strings.NewReader("{"))
				for k, v := range c.header {
					req.Header.Set(k, v)
				}
				rec := httptest.NewRecorder()
				if w.door.ServeHTTP(rec, req); rec.Code != 400 {
					b.Fatal(rec.Code, rec.Body)
				}
			}
		})
	}
}
