package api_test

import (
	"strings"
	"testing"

	"bailiwick/api"
	"bailiwick/authz"
)

// TestOr: a finder may choose among the abilities that the route's line declares, and no other.
func TestOr(t *testing.T) {
	asking := func(ability authz.Ability) api.Finder[int64, ask] {
		return func(c *api.Call, q *ask) (int64, api.Target, error) {
			id, target, err := object(c, q)
			target.Ability = ability
			return id, target, err
		}
	}
	further := func(*api.Call, *ask) ([]api.Target, error) {
		return []api.Target{{Object: readable, Ability: authz.LogRuns}}, nil
	}
	w := begin(t,
		api.Read("GET /less/{id}", authz.LogRuns, asking(authz.ViewRuns), say, api.Or[ask](authz.ViewRuns)),
		api.Read("GET /more/{id}", authz.ViewRuns, asking(authz.LogRuns), say, api.Or[ask](authz.LogRuns)),
		api.Read("GET /same/{id}", authz.ViewRuns, asking(authz.ViewRuns), say),
		api.Read("GET /hidden/{id}", authz.ViewRuns, asking(authz.SignedIn), say),
		api.Read("GET /further/{id}", authz.ViewRuns, object, say, api.Also(authz.ViewRuns, further), api.Or[ask](authz.LogRuns)))
	for path, want := range map[string]struct {
		status   int
		contains string
	}{
		"/t/less/2000":    {200, "2000"},
		"/t/more/2000":    {403, "Log run params, metrics, tags"},
		"/t/same/2000":    {200, "2000"},
		"/t/hidden/2000":  {500, "internal error"},
		"/t/further/2000": {403, "Log run params, metrics, tags"},
	} {
		if status, body := w.do("ann-token", "GET", path, ""); status != want.status || !strings.Contains(body, want.contains) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if or := w.door.Fronts()[0].Routes[0].Or(); len(or) != 1 || or[0] != authz.ViewRuns {
		t.Errorf("the line says %v", or)
	}
}
