package governance_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/server/servertest"
)

// TestSessionCreates: the session says what somebody may make, and where; what it leaves out is refused.
func TestSessionCreates(t *testing.T) {
	s := servertest.Start(t)
	ann := s.User("ann@x.org")
	narrow := s.Do(ann, "POST", "/api/2.0/token/create", map[string]any{"scopes": []string{"mlflow"}}).Text("token_value")
	reach := func(token string) (list []string) {
		t.Helper()
		var answer struct {
			Creates []struct{ Ability, Object, Path string }
		}
		if err := json.Unmarshal(s.Do(token, "GET", root+"/session", nil).Body, &answer); err != nil {
			t.Fatal(err)
		}
		for _, c := range answer.Creates {
			list = append(list, strings.TrimSpace(c.Ability+" "+c.Path))
		}
		return list
	}
	for name, c := range map[string]struct {
		token string
		want  []string
	}{
		"a user": {ann, []string{"create-model", "use-tokens", "create-items /Users/ann@x.org", "create-experiments /Users/ann@x.org",
			"create-items /Shared", "create-experiments /Shared"}},
		"his narrow token": {narrow, []string{"create-model", "create-experiments /Users/ann@x.org", "create-experiments /Shared"}},
	} {
		if diff := cmp.Diff(c.want, reach(c.token)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if all := reach(servertest.AdminToken); !slices.Contains(all, "create-items /") {
		t.Errorf("an administrator: %v", all)
	}
	if a := s.Do(narrow, "GET", root+"/token-scopes", nil); a.Status != 403 {
		t.Errorf("without the scope: %d %s", a.Status, a.Body)
	}
}

// TestTokenScopes: every scope that is offered can be had, and what the own credential does not reach is told and refused.
func TestTokenScopes(t *testing.T) {
	s := servertest.Start(t)
	ann := s.User("ann@x.org")
	narrow := s.Do(ann, "POST", "/api/2.0/token/create", map[string]any{"scopes": []string{"authentication", "scim"}}).Text("token_value")
	for _, c := range []struct {
		token string
		whole bool
	}{{ann, true}, {narrow, false}} {
		var answer struct {
			Whole  bool
			Scopes []struct {
				Scope, What string
				Held        bool
			}
		}
		if err := json.Unmarshal(s.Do(c.token, "GET", root+"/token-scopes", nil).Body, &answer); err != nil || answer.Whole != c.whole || len(answer.Scopes) < 8 {
			t.Fatalf("%+v: %v", answer, err)
		}
		for _, scope := range answer.Scopes {
			a := s.Do(c.token, "POST", "/api/2.0/token/create", map[string]any{"scopes": []string{scope.Scope}})
			if (a.Status == 200) != scope.Held || scope.What == "" {
				t.Errorf("%+v: %d %s", scope, a.Status, a.Body)
			}
		}
	}
	if a := s.Do("", "GET", root+"/token-scopes", nil); a.Status != 401 {
		t.Errorf("signed out: %d", a.Status)
	}
}

// TestAbilitiesHaveLists: pages go through the lists of the law without asking whether they are there.
func TestAbilitiesHaveLists(t *testing.T) {
	s := servertest.Start(t)
	if a := s.Do(s.User("ann@x.org"), "GET", root+"/abilities", nil); a.Status != 200 || strings.Contains(string(a.Body), "null") ||
		!strings.Contains(string(a.Body), `"levels":[]`) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}
