package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"bailiwick/authz"
	"bailiwick/server"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

const changesPath = "/api/governance/1.0/changes"

// tail is an open stream of events.
type tail struct {
	t      *testing.T
	status int
	header http.Header
	body   string         // of a refusal
	events chan [2]string // name and data; closed at the stream's end
	close  context.CancelFunc
}

// listen opens a stream about objects and, if it was let in, waits until it is ready.
func listen(t *testing.T, s *servertest.Server, token string, objects ...string) *tail {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(stop)
	r, err := http.NewRequestWithContext(ctx, "GET", s.URL+changesPath+"?"+url.Values{"object": objects}.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	l := &tail{t: t, status: res.StatusCode, header: res.Header, events: make(chan [2]string, 1000), close: stop}
	go l.read(res)
	if l.status != 200 {
		for range l.events {
		}
		return l
	}
	if e := l.next(); e[0] != "ready" {
		t.Fatalf("the first event is %v", e)
	}
	return l
}

func (l *tail) read(res *http.Response) {
	defer close(l.events)
	defer res.Body.Close()
	name := ""
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case l.status != 200:
			l.body += lines.Text()
		case key == "event":
			name = value
		case key == "data":
			l.events <- [2]string{name, value}
		}
	}
}

// next waits for an event; empty at the stream's end.
func (l *tail) next() [2]string {
	l.t.Helper()
	select {
	case e := <-l.events:
		return e
	case <-time.After(20 * time.Second):
		l.t.Fatal("no event came and the stream did not end")
	}
	return [2]string{}
}

// changed waits for a change of an object and gives its version.
func (l *tail) changed(object string) int64 {
	l.t.Helper()
	for {
		var got struct {
			Object  string
			Version int64
		}
		e := l.next()
		if e[0] != "changed" || json.Unmarshal([]byte(e[1]), &got) != nil || got.Version == 0 {
			l.t.Fatalf("instead of a change of %s: %q", object, e)
		}
		if got.Object == object {
			return got.Version
		}
	}
}

// ended waits for the stream's end, and gives the events before it.
func (l *tail) ended() (before []string) {
	l.t.Helper()
	for e := l.next(); e[0] != ""; e = l.next() {
		before = append(before, e[0]+" "+e[1])
	}
	return before
}

// silent says that nothing comes for a while.
func (l *tail) silent() {
	l.t.Helper()
	select {
	case e, open := <-l.events:
		l.t.Errorf("%q came (still open: %v)", e, open)
	case <-time.After(1500 * time.Millisecond):
	}
}

// settle takes what is told of changes from just before the stream was opened.
func (l *tail) settle() {
	for {
		select {
		case <-l.events:
		case <-time.After(500 * time.Millisecond):
			return
		}
	}
}

// desk is a workspace in which ann has an experiment that bob may read, and one of her own.
type desk struct {
	*servertest.Server
	ann, bob    string
	shared, own string
	model       string
}

func newDesk(t *testing.T, change ...func(*server.Config)) *desk {
	d := &desk{Server: servertest.Start(t, change...)}
	d.ann, d.bob = d.User("ann@x.org"), d.User("bob@x.org", "team")
	d.shared, d.own = d.experiment(t, "shared"), d.experiment(t, "own")
	d.grant(t, d.Server, "CAN_READ")
	d.post(t, d.ann, "registered-models/create", fields{"name": "churn"})
	d.model = "registered-models/churn"
	return d
}

func (d *desk) experiment(t *testing.T, name string) string {
	return "experiments/" + d.post(t, d.ann, "experiments/create", fields{"name": name}).Text("experiment_id")
}

func (d *desk) post(t *testing.T, token, path string, body fields) servertest.Answer {
	t.Helper()
	a := d.Do(token, "POST", mlflow+path, body)
	if a.Status != 200 {
		t.Fatalf("%s: %d %s", path, a.Status, a.Body)
	}
	return a
}

// grant replaces what team has on the shared experiment; "" = nothing. It goes through the given replica.
func (d *desk) grant(t *testing.T, s *servertest.Server, level string) {
	t.Helper()
	list := []any{fields{"user_name": "ann@x.org", "permission_level": "CAN_MANAGE"}}
	if level != "" {
		list = append(list, fields{"group_name": "team", "permission_level": level})
	}
	if a := s.Do(d.ann, "PUT", "/api/2.0/permissions/"+d.shared, fields{"access_control_list": list}); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
}

func TestChanges(t *testing.T) {
	d := newDesk(t)
	ann, bob := listen(t, d.Server, d.ann, d.shared, d.own, d.model), listen(t, d.Server, d.bob, d.shared)
	if h := bob.header; h.Get("Content-Type") != "text/event-stream" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", h)
	}
	d.grant(t, d.Server, "CAN_EDIT")
	first := bob.changed(d.shared)
	ann.changed(d.shared)
	d.post(t, d.ann, "experiments/set-experiment-tag", fields{"experiment_id": strings.TrimPrefix(d.own, "experiments/"), "key": "k", "value": "v"})
	run := d.post(t, d.ann, "runs/create", fields{"experiment_id": strings.TrimPrefix(d.own, "experiments/")}).Text("run.info.run_id")
	ann.changed(d.own)
	bob.silent() // about the other one
	d.post(t, d.ann, "runs/log-metric", fields{"run_id": run, "key": "m", "value": 1, "timestamp": 1})
	ann.changed(d.own)
	d.post(t, d.ann, "registered-models/set-tag", fields{"name": "churn", "key": "k", "value": "v"})
	ann.changed(d.model)
	d.grant(t, d.Server, "CAN_READ")
	if second := bob.changed(d.shared); second <= first {
		t.Errorf("versions %d, then %d", first, second)
	}
}

// TestChangesEnd: a stream ends when the right or the credential is gone, and tells nothing of what took it away.
func TestChangesEnd(t *testing.T) {
	d := newDesk(t)
	cases := map[string]func(){
		"the permission is taken away": func() { d.grant(t, d.Server, "") },
		"the user is deactivated": func() {
			d.Govern(func(tx *store.Tx) ([]authz.Event, error) {
				p, _ := tx.Map.PrincipalByName(authz.User, "bob@x.org")
				off := *p
				off.Active = false
				return []authz.Event{{Op: authz.PutPrincipal, Principal: &off}}, nil
			})
		},
	}
	for _, name := range []string{"the permission is taken away", "the user is deactivated"} {
		d.grant(t, d.Server, "CAN_READ")
		bob := listen(t, d.Server, d.bob, d.shared)
		bob.settle()
		cases[name]()
		if told := bob.ended(); told != nil {
			t.Errorf("%s: told %v", name, told)
		}
		d.post(t, d.ann, "experiments/set-experiment-tag", fields{"experiment_id": strings.TrimPrefix(d.shared, "experiments/"), "key": "k", "value": "v"})
	}
	if n := d.Door.Streams(); n != 0 {
		t.Errorf("%d streams are counted as open", n)
	}
}

// TestChangesEndWithTheToken: a revoked token ends its streams and no others.
func TestChangesEndWithTheToken(t *testing.T) {
	d := newDesk(t)
	made := d.Do(d.bob, "POST", "/api/2.0/token/create", fields{"comment": "short"})
	token, id := made.Text("token_value"), made.Text("token_info.token_id")
	other, mine := listen(t, d.Server, d.bob, d.shared), listen(t, d.Server, token, d.shared)
	if a := d.Do(d.bob, "POST", "/api/2.0/token/delete", fields{"token_id": id}); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	mine.ended()
	d.grant(t, d.Server, "CAN_EDIT")
	other.changed(d.shared)
}

func TestChangesRefuses(t *testing.T) {
	d := newDesk(t)
	many := make([]string, 51)
	for i := range many {
		many[i] = d.shared
	}
	for name, c := range map[string]struct {
		token   string
		objects []string
		status  int
	}{
		"nobody":              {"", []string{d.shared}, 401},
		"a hidden model":      {d.bob, []string{d.model}, 404},
		"one of two":          {d.bob, []string{d.shared, d.model}, 404},
		"no right":            {d.bob, []string{d.own}, 403},
		"what is not there":   {d.bob, []string{"registered-models/none"}, 404},
		"nothing":             {d.bob, nil, 400},
		"too much":            {d.bob, many, 400},
		"what has no content": {d.ann, []string{"workspace"}, 400},
	} {
		if l := listen(t, d.Server, c.token, c.objects...); l.status != c.status || !strings.Contains(l.body, "error_code") {
			t.Errorf("%s: %d %s", name, l.status, l.body)
		}
	}
	for _, beside := range [][]string{nil, {"registered-models/nothing"}, {"workspace"}, {"runs/" + strings.Repeat("0", 32)}} {
		hidden := listen(t, d.Server, d.bob, append([]string{d.model}, beside...)...)
		none := listen(t, d.Server, d.bob, append([]string{"registered-models/none"}, beside...)...)
		if strings.ReplaceAll(hidden.body, "churn", "none") != none.body {
			t.Errorf("beside %q a hidden model and none are told apart: %s, %s", beside, hidden.body, none.body)
		}
	}
}

// TestChangesOfAFolder: whoever watches a folder is told of what comes and goes in it, but not of what he may not know of.
func TestChangesOfAFolder(t *testing.T) {
	d := newDesk(t)
	d.Admin("PATCH", "/api/2.0/workspace-conf", fields{"enforceWorkspaceViewAcls": "true"})
	d.Admin("POST", "/api/2.0/workspace/mkdirs", fields{"path": "/Shared/team"})
	folder := fmt.Sprint("directories/", d.Admin("GET", "/api/2.0/workspace/get-status?path=/Shared/team", nil).Text("object_id"))
	bob := listen(t, d.Server, d.bob, folder)
	d.post(t, d.ann, "experiments/create", fields{"name": "/Shared/team/one"})
	bob.changed(folder)
	d.Admin("POST", "/api/governance/1.0/workspace/move", fields{"path": "/Shared/team/one", "destination": "/Shared/one"})
	bob.changed(folder)
	d.Admin("POST", "/api/governance/1.0/workspace/move", fields{"path": "/Shared/one", "destination": "/Users/ann@x.org/one"})
	bob.silent() // he may not know where it went, nor that it did
	home := listen(t, d.Server, servertest.AdminToken, "/Users/ann@x.org")
	d.post(t, d.ann, "experiments/create", fields{"name": "two"})
	home.changed("/Users/ann@x.org")
	bob.silent()
}

// TestChangesKeepTheirObject: a stream is about the object, whatever it is called meanwhile.
func TestChangesKeepTheirObject(t *testing.T) {
	d := newDesk(t)
	ann := listen(t, d.Server, d.ann, "/Users/ann@x.org/own")
	d.post(t, d.ann, "experiments/update", fields{"experiment_id": strings.TrimPrefix(d.own, "experiments/"), "new_name": "renamed"})
	ann.changed("/Users/ann@x.org/own")
	d.post(t, d.ann, "runs/create", fields{"experiment_id": strings.TrimPrefix(d.own, "experiments/")})
	ann.changed("/Users/ann@x.org/own")
}

// TestChangesOfMembership: who comes into a group, or leaves it, has other rights everywhere.
func TestChangesOfMembership(t *testing.T) {
	d := newDesk(t)
	ann := listen(t, d.Server, d.ann, d.own)
	group := d.PrincipalID("team")
	d.Admin("PATCH", fmt.Sprint("/api/2.0/preview/scim/v2/Groups/", group), fields{
		"schemas":    []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"},
		"Operations": []any{fields{"op": "add", "path": "members", "value": []any{fields{"value": fmt.Sprint(d.PrincipalID("ann@x.org"))}}}},
	})
	ann.changed(d.own)
}

func TestTooManyStreams(t *testing.T) {
	d := newDesk(t)
	var open []*tail
	for range 20 {
		open = append(open, listen(t, d.Server, d.bob, d.shared))
	}
	if l := listen(t, d.Server, d.bob, d.shared); l.status != 400 || !strings.Contains(l.body, "QUOTA_EXCEEDED") {
		t.Errorf("one more: %d %s", l.status, l.body)
	}
	if l := listen(t, d.Server, d.ann, d.shared); l.status != 200 {
		t.Errorf("of somebody else: %d %s", l.status, l.body)
	}
	open[0].close()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if l := listen(t, d.Server, d.bob, d.shared); l.status == 200 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a closed stream still counts")
		}
	}
}

// TestStreamsEndWithTheServer: open streams do not keep a server from stopping.
func TestStreamsEndWithTheServer(t *testing.T) {
	d := newDesk(t)
	bob := listen(t, d.Server, d.bob, d.shared)
	began := time.Now()
	done := make(chan error)
	go func() { done <- d.Shutdown(context.Background()) }()
	bob.ended()
	if err := <-done; err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("stopped after %v: %v", time.Since(began), err)
	}
}

// TestChangesAcrossReplicas: what one replica commits, listeners of the other are told, and revocations end their streams.
func TestChangesAcrossReplicas(t *testing.T) {
	d := newDesk(t)
	if d.Store.Engine() == "sqlite" {
		return // one process
	}
	other := servertest.Start(t, func(c *server.Config) { c.Database = d.Config.Database })
	bob := listen(t, other, d.bob, d.shared)
	d.grant(t, d.Server, "CAN_EDIT")
	bob.changed(d.shared)
	run := d.post(t, d.ann, "runs/create", fields{"experiment_id": strings.TrimPrefix(d.shared, "experiments/")}).Text("run.info.run_id")
	bob.changed(d.shared)
	d.post(t, d.ann, "runs/log-metric", fields{"run_id": run, "key": "m", "value": 1, "timestamp": 1})
	bob.changed(d.shared)
	d.grant(t, d.Server, "")
	bob.ended()
}
