package governance_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/store"
)

// TestPreviewPermissions: a preview says what the PUT then does, refuses what it refuses, and changes nothing.
func TestPreviewPermissions(t *testing.T) {
	o := newOffice(t)
	path := "/permissions/experiments/" + o.experiment
	etag := o.as(t, "ann", "GET", root+path, nil).Header.Get("ETag")
	body := object{"access_control_list": []object{{"user_name": "cyd@x.org", "permission_level": "CAN_EDIT"}, {"user_name": "ann@x.org", "permission_level": "CAN_READ"}}}
	version := o.Store.Map().Version()
	a := o.as(t, "ann", "POST", root+path+"/preview", body) // ann keeps what her home gives her
	for at, want := range map[string]string{"before_people": "3", "after_people": "3", "gain": "1", "lose": "1", "truncated": "false", "hidden": "false",
		"below": "0", "viewer_loses_manage": "false", "changes.0.principal.name": "bob@x.org", "changes.0.before": "CAN_READ", "changes.0.after": "",
		"changes.0.through.0.name": "team", "changes.0.gains": "[]", "changes.1.principal.name": "cyd@x.org", "changes.1.after": "CAN_EDIT",
		"changes.1.through": "[]", "etag": etag} {
		if got := a.Text(at); got != want {
			t.Errorf("%s is %q, want %q", at, got, want)
		}
	}
	if o.Store.Map().Version() != version || a.Header.Get("ETag") != etag {
		t.Errorf("version %d, was %d; ETag %s", o.Store.Map().Version(), version, a.Header.Get("ETag"))
	}
	for name, st := range map[string]step{
		"not his":         {"", "bob", "POST", path, body, 403, "CAN_MANAGE"},
		"not known":       {"", "ann", "POST", "/permissions/experiments/123456", body, 404, "does not exist"},
		"no such kind":    {"", "ann", "POST", "/permissions/robots/1", body, 400, "not a supported object type"},
		"nobody":          {"", "ann", "POST", path, object{"access_control_list": []object{{"user_name": "nobody", "permission_level": "CAN_EDIT"}}}, 404, "nobody"},
		"no such level":   {"", "ann", "POST", path, object{"access_control_list": []object{{"user_name": "bob@x.org", "permission_level": "CAN_FLY"}}}, 400, "CAN_FLY"},
		"without a level": {"", "ann", "POST", path, object{"access_control_list": []object{{"user_name": "bob@x.org"}}}, 400, "permission_level is missing"},
		"admins":          {"", "admin", "POST", "/permissions/registered-models/root", object{"access_control_list": []object{}}, 400, "admins"},
	} {
		for method, suffix := range map[string]string{"POST": "/preview", "PUT": ""} { // the same from both
			a := o.Do(o.tokens[st.token], method, root+st.path+suffix, st.body)
			if a.Status != st.status || !strings.Contains(string(a.Body), st.says) {
				t.Errorf("%s by %s: %d %s", name, method, a.Status, a.Body)
			}
		}
	}
	req, _ := http.NewRequest("POST", o.URL+root+path+"/preview", strings.NewReader(`{"access_control_list":[]}`))
	req.Header.Set("Authorization", "Bearer "+o.tokens["ann"])
	req.Header.Set("If-Match", `"other"`)
	if a := o.Send(req); a.Status != 409 {
		t.Errorf("another version: %d %s", a.Status, a.Body)
	}
	audit := o.as(t, "admin", "GET", root+"/audit?action=previewPermissions", nil)
	if !strings.Contains(string(audit.Body), "previewPermissions") || !strings.Contains(string(audit.Body), "ann@x.org") {
		t.Errorf("not recorded: %s", audit.Body)
	}
}

// TestPreviewIsWhatHappens: for everybody, what a preview says is what he has after the change was made.
func TestPreviewIsWhatHappens(t *testing.T) {
	o := newOffice(t)
	grow(o.Server, "/Shared/p/", "/Shared/p/nb", "/Shared/p/nb2", "/closed/", "/closed/p/")
	grant(o.Server, "directories", "/closed/p", "bob@x.org", "CAN_RUN")
	id := idOf(o.Server, "/closed/p")
	for name, change := range map[string]struct {
		path, id string
		do       func(suffix string) step
	}{
		"permissions": {"/closed/p", id, func(suffix string) step {
			method := map[string]string{"": "PUT", "/preview": "POST"}[suffix]
			return step{method: method, path: "/permissions/directories/" + id + suffix, body: object{"access_control_list": []object{
				{"group_name": "team", "permission_level": "CAN_READ"}, {"user_name": "cyd@x.org", "permission_level": "CAN_MANAGE"}}}}
		}},
		"a move": {"/Shared/p", idOf(o.Server, "/Shared/p"), func(suffix string) step {
			return step{method: "POST", path: "/workspace/move" + suffix, body: fromTo("/Shared/p", "/closed/p/p")}
		}},
	} {
		before := o.levels(t, change.id)
		ask := change.do("/preview")
		preview := o.as(t, "admin", ask.method, root+ask.path, ask.body)
		if diff := cmp.Diff(before, o.levels(t, change.id)); diff != "" {
			t.Errorf("%s: the preview changed %s", name, diff)
		}
		real := change.do("")
		o.as(t, "admin", real.method, root+real.path, real.body)
		after, said := o.levels(t, change.id), map[string]string{}
		for i := range list(preview, "changes", "principal") {
			at := fmt.Sprint("changes.", i, ".")
			said[preview.Text(at+"principal.name")] = preview.Text(at+"before") + ">" + preview.Text(at+"after")
		}
		want := map[string]string{}
		for who, was := range before {
			if was != after[who] {
				want[who] = was + ">" + after[who]
			}
		}
		if diff := cmp.Diff(want, said); diff != "" || len(want) == 0 {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// levels are those of everybody on an object.
func (o *office) levels(t *testing.T, id string) map[string]string {
	out := map[string]string{}
	for who, token := range o.tokens {
		if who == "" {
			continue
		}
		a := o.Do(token, "GET", root+"/object?object=directories/"+id, nil)
		if a.Status != 200 {
			t.Fatalf("%s: %d %s", who, a.Status, a.Body)
		}
		if who != "admin" {
			who += "@x.org"
		}
		out[who] = a.Text("level")
	}
	return out
}

func TestPreviewMove(t *testing.T) {
	o := newOffice(t)
	grow(o.Server, "/Shared/p/", "/Shared/p/nb", "/Shared/p/nb2", "/Shared/taken/", "/closed/", "/theirs/")
	grant(o.Server, "directories", "/theirs", "cyd@x.org", "CAN_EDIT")
	o.as(t, "cyd", "POST", "/api/2.0/mlflow/experiments/create", object{"name": "/Shared/e"})
	cyd := o.tokens["cyd"]
	preview := own + "move/preview"
	play(t, o.Server, []step{
		{"counts what is below", admin, "POST", preview, fromTo("/Shared/p", "/closed/p"), 200, `"below":2`},
		{"everybody loses", admin, "POST", preview, fromTo("/Shared/p", "/closed/p"), 200, `"before_people":5,"after_people":1,"gain":0,"lose":4`},
		{"nothing to do", cyd, "POST", preview, fromTo("/Shared/p", "/Shared/p"), 200, `"gain":0,"lose":0,"changes":[]`},
		{"a rename", cyd, "POST", preview, fromTo("/Shared/p", "/Shared/q"), 200, `"gain":0,"lose":0,"changes":[]`},
		{"not there", cyd, "POST", preview, fromTo("/Shared/p", "/closed/p"), 403, "Create, import, and delete items"},
		{"not from there", cyd, "POST", preview, fromTo("/closed", "/Shared/closed"), 403, "Move and rename items"},
		{"onto another", cyd, "POST", preview, fromTo("/Shared/p", "/Shared/taken"), 400, "RESOURCE_ALREADY_EXISTS"},
		{"into itself", cyd, "POST", preview, fromTo("/Shared/p", "/Shared/p/p"), 400, "inside it"},
		{"missing", cyd, "POST", preview, fromTo("/Shared/none", "/Shared/q"), 404, "doesn't exist"},
		{"an experiment that stays his", cyd, "POST", preview, fromTo("/Shared/e", "/theirs/e"), 200, `"hidden":false`},
		{"it is all still there", cyd, "GET", status("/Shared/p/nb"), nil, 200, "NOTEBOOK"},
	})
	// Who may put an experiment into a folder, but not read its permissions, learns no more than numbers.
	o.as(t, "admin", "POST", "/api/2.0/mlflow/experiments/create", object{"name": "/Shared/f"})
	a := o.Do(cyd, "POST", preview, fromTo("/Shared/f", "/theirs/f"))
	if a.Status != 200 || a.Text("hidden") != "true" || a.Text("changes") != "[]" || a.Text("lose") != "4" || a.Text("viewer_loses_manage") != "true" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

func TestPreviewConf(t *testing.T) {
	o := newOffice(t)
	preview := func(who, value string) (int, string, func(string) string) {
		a := o.Do(o.tokens[who], "POST", root+"/workspace-conf/preview", object{"enableWorkspaceAcls": value})
		return a.Status, string(a.Body), a.Text
	}
	if status, body, text := preview("admin", "true"); status != 200 || text("changes") != "[]" || text("gets_manage") != "[]" {
		t.Errorf("as it is: %s", body)
	}
	if status, body, text := preview("admin", "false"); status != 200 || text("gain") != "4" || text("lose") != "0" || text("before_people") != "1" ||
		text("after_people") != "5" || text("changes.0.after") != "CAN_EDIT" {
		t.Errorf("off: %s", body)
	}
	o.Govern(func(tx *store.Tx) ([]authz.Event, error) {
		return []authz.Event{{Op: authz.PutSetting, Setting: &authz.Setting{Key: authz.SettingAccessControl, Value: "false"}}}, nil
	})
	grow(o.Server, "/open/")
	if status, body, text := preview("admin", "true"); status != 200 || text("gets_manage.0.path") != "/open" || text("gain") != "4" || text("lose") != "4" {
		t.Errorf("on: %s", body)
	}
	if status, body, _ := preview("admin", "perhaps"); status != 400 {
		t.Errorf("perhaps: %d %s", status, body)
	}
	if status, body, _ := preview("eve", "true"); status != 403 {
		t.Errorf("an auditor: %d %s", status, body)
	}
	if o.Store.Map().AccessControl() {
		t.Error("the preview changed the setting")
	}
}

// TestPreviewTruncated: of thousands who are concerned, the first are told, and all are counted.
func TestPreviewTruncated(t *testing.T) {
	o := newOffice(t)
	o.Govern(func(*store.Tx) (events []authz.Event, err error) {
		for i := range 300 {
			events = append(events, authz.Event{Op: authz.PutPrincipal, Principal: &authz.Principal{ID: store.NewPrincipalID(), Kind: authz.User,
				Name: fmt.Sprintf("person%03d", i), Active: true}})
		}
		return events, nil
	})
	a := o.as(t, "ann", "POST", root+"/permissions/experiments/"+o.experiment+"/preview", object{"access_control_list": []object{
		{"group_name": "users", "permission_level": "CAN_READ"}}})
	if a.Text("truncated") != "true" || len(list(a, "changes", "before")) != 200 || a.Text("gain") != "302" || a.Text("changes.0.principal.name") != "cyd@x.org" ||
		a.Text("changes.0.through.0.name") != "users" {
		t.Errorf("%.2000s", a.Body)
	}
}
