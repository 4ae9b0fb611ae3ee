package mlflow_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"

	"bailiwick/authz"
	"bailiwick/registry"
	"bailiwick/server/servertest"
	"bailiwick/store"
	domain "bailiwick/tracking"
)

// stock makes 5,000 models with two versions each, of which ann may read ten and bob the last 1 %.
func stock(b *testing.B, s *servertest.Server, ann, bob int64) {
	const models, block = 5000, 500
	for at := 0; at < models; at += block {
		s.Govern(func(tx *store.Tx) (events []authz.Event, err error) {
			for i := at; i < at+block; i++ {
				o := authz.Object{ID: store.NewObjectID(), Kind: authz.RegisteredModel, Parent: authz.ModelsRoot, Name: fmt.Sprintf("model-%05d", i),
					Creator: authz.System}
				if i%(models/10) == 0 {
					o.Entries = append(o.Entries, authz.Entry{Principal: ann, Level: authz.CanRead})
				}
				if i >= models-models/100 {
					o.Entries = append(o.Entries, authz.Entry{Principal: bob, Level: authz.CanRead})
				}
				if events = append(events, authz.Event{Op: authz.PutObject, Object: &o}); err == nil {
					err = tx.InsertRegisteredModel(&registry.Model{ID: o.ID, Description: "a model", Tags: []domain.Pair{{Key: "team", Value: "a"}}})
				}
				for _, stage := range []registry.Stage{registry.StageProduction, registry.StageNone} {
					v := &registry.Version{Model: o.ID, Name: o.Name, Stage: stage, Source: "mlflow-artifacts:/0/0123456789abcdef0123456789abcdef/artifacts/model",
						Run: "0123456789abcdef0123456789abcdef", Status: registry.Ready, UserName: "ann@example.org"}
					if err == nil {
						err = tx.InsertVersion(v, nil)
					}
				}
			}
			return slices.Clip(events), err
		})
	}
}

// BenchmarkSearchRegistered asks for a page of 100 out of 5,000 models over HTTP, eight at a time, as three callers.
func BenchmarkSearchRegistered(b *testing.B) {
	s := servertest.Start(b)
	ann, bob := s.User("ann@example.org"), s.User("bob@example.org")
	stock(b, s, s.PrincipalID("ann@example.org"), s.PrincipalID("bob@example.org"))
	for _, c := range []struct{ name, token string }{{"all", servertest.AdminToken}, {"ten", ann}, {"last", bob}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetParallelism(4)
			b.RunParallel(func(pb *testing.PB) {
				client := &http.Client{Transport: &http.Transport{}}
				for pb.Next() {
					req, err := http.NewRequest("GET", s.URL+tracking+"registered-models/search?max_results=100", nil)
					if err != nil {
						b.Error(err)
						return
					}
					req.Header.Set("Authorization", "Bearer "+c.token)
					answer, err := client.Do(req)
					if err != nil {
						b.Error(err)
						return
					}
					io.Copy(io.Discard, answer.Body)
					answer.Body.Close()
				}
			})
		})
	}
}
