package api_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"bailiwick/authz"

	"bailiwick/api"
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
