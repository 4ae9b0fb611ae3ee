package server_test

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bailiwick/authz"
	"bailiwick/server"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

// both gives a server, and with it a second replica of it where the run is for PostgreSQL.
func both(t testing.TB) []*servertest.Server {
	first := servertest.Start(t)
	if first.Config.Database == "" {
		return []*servertest.Server{first}
	}
	second := servertest.Start(t, func(c *server.Config) { c.Database = first.Config.Database })
	return []*servertest.Server{first, second}
}

// membership changes who is in a group, over SCIM.
func membership(s *servertest.Server, op string, group, member int64) servertest.Answer {
	path, body := "/api/2.0/preview/scim/v2/Groups/"+strconv.FormatInt(group, 10), map[string]any{"op": op, "path": "members"}
	if op == "add" {
		body["value"] = []map[string]string{{"value": strconv.FormatInt(member, 10)}}
	} else {
		body["path"] = fmt.Sprintf(`members[value eq "%d"]`, member)
	}
	return s.Admin("PATCH", path, map[string]any{"Operations": []any{body}})
}

// TestNoWindow: while people call in a loop, one leaves a group and comes back: each of his calls that begins after the answer is decided on it, on
// every replica.
func TestNoWindow(t *testing.T) {
	all := both(t)
	s := all[0]
	ana := s.User("ana@x.org", "team")
	team, person := s.PrincipalID("team"), s.PrincipalID("ana@x.org")
	made := s.Admin("POST", "/api/2.0/mlflow/experiments/create", map[string]string{"name": "/Repos/e"})
	id := made.Text("experiment_id")
	s.Admin("PATCH", "/api/2.0/permissions/experiments/"+id, map[string]any{
		"access_control_list": []map[string]string{{"group_name": "team", "permission_level": "CAN_READ"}}})
	var member atomic.Int64 // even: he is in the group, odd: he is not; -1 while it changes
	var checked [2]atomic.Int64
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for _, replica := range all {
		for range 3 {
			wait.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					before := member.Load()
					a := replica.Do(ana, "GET", "/api/2.0/mlflow/experiments/get?experiment_id="+id, nil)
					if before < 0 || member.Load() != before {
						continue // it changed meanwhile: either answer is right
					}
					want := []int{http.StatusOK, http.StatusForbidden}[before%2]
					if a.Status != want {
						t.Errorf("after change %d: %d, want %d", before, a.Status, want)
						return
					}
					checked[before%2].Add(1)
				}
			})
		}
	}
	for n := range int64(20) {
		time.Sleep(30 * time.Millisecond)
		member.Store(-1)
		membership(s, []string{"remove", "add"}[n%2], team, person)
		member.Store(n + 1)
	}
	time.Sleep(30 * time.Millisecond)
	close(stop)
	wait.Wait()
	for i := range checked {
		if checked[i].Load() < 20 {
			t.Errorf("only %d calls were between the changes (%d)", checked[i].Load(), i)
		}
	}
}

// TestBlockedOnEveryReplica: an IP access list counts on the other replica from its answer on, and no longer from its removal on.
func TestBlockedOnEveryReplica(t *testing.T) {
	all := both(t)
	s, other := all[0], all[len(all)-1]
	ana := s.User("ana@x.org")
	conf := func(value string) {
		s.Admin("PATCH", "/api/2.0/workspace-conf", map[string]string{"enableIpAccessLists": value})
	}
	// What the administrator must not do to himself, the server does here.
	s.Govern(func(tx *store.Tx) ([]authz.Event, error) {
		return []authz.Event{{Op: authz.PutAddresses, Addresses: &authz.AddressList{ID: "l", Label: "l", Type: authz.ListBlock, Addresses: []string{"127.0.0.0/8", "::1"}}}}, nil
	})
	for range 10 {
		s.Govern(func(tx *store.Tx) ([]authz.Event, error) {
			l, _ := tx.Map.AddressList("l")
			on := *l
			on.Enabled = true
			return []authz.Event{{Op: authz.PutAddresses, Addresses: &on}, {Op: authz.PutSetting, Setting: &authz.Setting{Key: authz.SettingAddressLists, Value: "true"}}}, nil
		})
		if a := other.Do(ana, "GET", "/api/2.0/token/list", nil); a.Status != http.StatusForbidden {
			t.Fatalf("blocked: %d %s", a.Status, a.Body)
		}
		s.Govern(func(tx *store.Tx) ([]authz.Event, error) {
			return []authz.Event{{Op: authz.PutSetting, Setting: &authz.Setting{Key: authz.SettingAddressLists, Value: "false"}}}, nil
		})
		if a := other.Do(ana, "GET", "/api/2.0/token/list", nil); a.Status != http.StatusOK {
			t.Fatalf("let in again: %d %s", a.Status, a.Body)
		}
		conf("false")
	}
}

// TestAccessFeed: who joins and leaves, gets a level, has a token made and revoked, is told of with the event that did it; to himself, and to who may
// read the ledger.
func TestAccessFeed(t *testing.T) {
	all := both(t)
	s, other := all[0], all[len(all)-1]
	ana, bob, eve := s.User("ana@x.org"), s.User("bob@x.org"), s.User("eve@x.org", "auditors")
	s.User("cid@x.org", "team")
	team, person := s.PrincipalID("team"), s.PrincipalID("ana@x.org")
	id := s.Admin("POST", "/api/2.0/mlflow/experiments/create", map[string]string{"name": "/Repos/e"}).Text("experiment_id")
	s.Admin("PATCH", "/api/2.0/permissions/experiments/"+id, map[string]any{
		"access_control_list": []map[string]string{{"group_name": "team", "permission_level": "CAN_EDIT"}}})
	const feed = "/api/governance/1.0/access-feed?"
	mine := feed + "principal=ana@x.org&object=experiments/" + id
	told := func(as, path string, want int) servertest.Answer {
		t.Helper()
		for until := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			a := other.Do(as, "GET", path, nil)
			if a.Status != 200 || time.Now().After(until) {
				t.Fatalf("%s: %d %s; want %d changes", path, a.Status, a.Body, want)
			}
			if list, _ := a.JSON("changes").([]any); len(list) == want {
				return a
			}
		}
	}
	membership(s, "add", team, person)
	first := told(ana, mine, 1)
	for key, want := range map[string]string{
		"after": "CAN_EDIT", "object.object": "experiments/" + id, "object.path": "/Repos/e", "event.actor": "admin", "principals.0.name": "ana@x.org",
		"event.source": "", "count": "1",
	} {
		if got := first.Text("changes.0." + key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	entry := first.Text("changes.0.event.id")
	if a := s.Do(eve, "GET", "/api/governance/1.0/audit/events/"+entry, nil); a.Status != 200 {
		t.Errorf("the event: %d %s", a.Status, a.Body)
	}
	membership(s, "remove", team, person)
	second := told(eve, mine+"&since="+first.Text("next"), 1)
	if second.Text("changes.0.before") != "CAN_EDIT" || second.Text("changes.0.after") != "" || second.Text("changes.0.event.source") == "" {
		t.Errorf("%s", second.Body)
	}
	value := s.Do(ana, "POST", "/api/2.0/token/create", map[string]string{"comment": "x"})
	s.Do(ana, "POST", "/api/2.0/token/delete", map[string]string{"token_id": value.Text("token_info.token_id")})
	tokens := told(ana, feed+"principal=ana@x.org&since="+second.Text("next"), 2)
	if tokens.Text("changes.0.gained") != "true" || tokens.Text("changes.1.gained") != "false" || tokens.Text("changes.0.event.action") != "generateDbToken" {
		t.Errorf("%s", tokens.Body)
	}
	for _, step := range []struct {
		who, path string
		want      int
	}{
		{bob, feed, 403}, {bob, feed + "principal=ana@x.org", 403}, {bob, feed + "principal=nobody", 403}, {bob, feed + "principal=bob@x.org", 200},
		{bob, feed + "principal=bob@x.org&object=registered-models/none", 404}, {eve, feed, 200}, {servertest.AdminToken, feed, 200}, {"", feed, 401},
		{eve, feed + "principal=nobody", 404}, {eve, feed + "since=x", 400}, {eve, feed + "since=1.-1", 400}, {eve, feed + "since=2026-01-01T00:00:00Z", 200},
	} {
		if a := other.Do(step.who, "GET", step.path, nil); a.Status != step.want {
			t.Errorf("%s: %d %s, want %d", step.path, a.Status, a.Body, step.want)
		}
	}
}

// BenchmarkMembershipEffect is the time from the answer to a change of a membership, on one replica, to the answer of a call that is decided on it, on
// another: one call, as it is decided on what is committed.
func BenchmarkMembershipEffect(b *testing.B) {
	all := both(b)
	s, other := all[0], all[len(all)-1]
	ana := s.User("ana@x.org", "team")
	team, person := s.PrincipalID("team"), s.PrincipalID("ana@x.org")
	id := s.Admin("POST", "/api/2.0/mlflow/experiments/create", map[string]string{"name": "/Repos/e"}).Text("experiment_id")
	s.Admin("PATCH", "/api/2.0/permissions/experiments/"+id, map[string]any{
		"access_control_list": []map[string]string{{"group_name": "team", "permission_level": "CAN_READ"}}})
	var took time.Duration
	for n := 0; b.Loop(); n++ {
		membership(s, []string{"remove", "add"}[n%2], team, person)
		began := time.Now()
		a := other.Do(ana, "GET", "/api/2.0/mlflow/experiments/get?experiment_id="+id, nil)
		took += time.Since(began)
		if want := []int{http.StatusForbidden, http.StatusOK}[n%2]; a.Status != want {
			b.Fatalf("%d, want %d", a.Status, want)
		}
	}
	b.ReportMetric(float64(took.Microseconds())/float64(b.N), "µs-to-effect/op")
}
