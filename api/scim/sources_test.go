package scim_test

import (
	"net/http"
	"strings"
	"testing"

	"bailiwick/server/servertest"
)

// directory makes a directory and gives a client that speaks as it does, at the plain address.
func (c *client) directory(name string, adopts bool) *client {
	c.t.Helper()
	a := c.Admin("POST", "/api/governance/1.0/identity/directories", map[string]any{"name": name, "adopts": adopts})
	if a.Status != 200 {
		c.t.Fatalf("%d %s", a.Status, a.Body)
	}
	return &client{c.Server, c.t, a.Text("token_value")}
}

// conflicts gives the open conflicts, "who in group: wish" or "who.attribute: wish", ascending.
func (c *client) conflicts(state string) (all []string, ids []string) {
	c.t.Helper()
	a := c.Admin("GET", "/api/governance/1.0/identity/conflicts?state="+state, nil)
	list, _ := a.JSON("conflicts").([]any)
	for i := range list {
		k := list[i].(map[string]any)
		text := k["principal"].(map[string]any)["name"].(string)
		if g, ok := k["group"].(map[string]any); ok {
			text += " in " + g["name"].(string)
		} else {
			text += "." + k["attribute"].(string)
		}
		all = append(all, text+": "+k["wish"].(string)+" ("+k["writer"].(string)+" of "+k["owner"].(string)+")")
		ids = append(ids, k["id"].(string))
	}
	return all, ids
}

func (c *client) resolve(id, decision string) servertest.Answer {
	c.t.Helper()
	a := c.Admin("POST", "/api/governance/1.0/identity/conflicts/"+id+"/resolve", map[string]any{"decision": decision, "reason": "test"})
	if a.Status != 200 {
		c.t.Fatalf("%d %s", a.Status, a.Body)
	}
	return a
}

const replaceActive = `{"op":"replace","path":"active","value":`

// TestOneSource: whoever made a user owns him; another's write is refused, changes nothing, and is listed until an administrator decides.
func TestOneSource(t *testing.T) {
	admin := start(t)
	okta, entra := admin.directory("okta", false), admin.directory("entra", false)
	user := okta.make("/Users", `{"userName":"ann@example.com","displayName":"Ann"}`)
	rename := func(name string) string { return `{"op":"replace","path":"displayName","value":"` + name + `"}` }
	for writer, c := range map[string]*client{"scim:entra": entra, "manual": admin} {
		a := c.patch(409, "/Users/"+user, rename("Anna"))
		if a.Text("scimType") != "mutability" || !strings.Contains(a.Text("detail"), "scim:okta's to say, and "+writer+" would change it") {
			t.Errorf("%s: %s", writer, a.Body)
		}
		c.must(409, "DELETE", "/Users/"+user, "")
	}
	okta.patch(204, "/Users/"+user, rename("Ann B"))
	entra.patch(204, "/Users/"+user, rename("Ann B")) // changes nothing
	if got := admin.must(200, "GET", "/Users/"+user, "").Text("displayName"); got != "Ann B" {
		t.Errorf("shown %q", got)
	}
	all, ids := admin.conflicts("open")
	if len(all) != 4 {
		t.Fatalf("%q", all)
	}
	for i, k := range all {
		decision := "keep"
		if k == `ann@example.com.displayName: "Anna" (scim:entra of scim:okta)` {
			decision = "give"
		}
		admin.resolve(ids[i], decision)
	}
	if all, _ := admin.conflicts("open"); len(all) != 0 {
		t.Errorf("left: %q", all)
	}
	entra.patch(204, "/Users/"+user, rename("Anna"))
	okta.patch(409, "/Users/"+user, rename("Ann"))
	if a := admin.Admin("GET", "/api/governance/1.0/principals?q=ann", nil); !strings.Contains(string(a.Body), `"source":"scim:entra"`) {
		t.Errorf("%s", a.Body)
	}
}

// TestMembersHaveSources: who owns a group says who is in it; a directory and an administrator each with a group of his own.
func TestMembersHaveSources(t *testing.T) {
	admin := start(t)
	okta := admin.directory("okta", false)
	ann, bob := okta.make("/Users", `{"userName":"ann"}`), admin.make("/Users", `{"userName":"bob"}`)
	theirs, ours := okta.make("/Groups", `{"displayName":"theirs"}`), admin.make("/Groups", `{"displayName":"ours"}`)
	add := func(id string) string { return `{"op":"add","path":"members","value":[{"value":"` + id + `"}]}` }
	remove := func(id string) string { return `{"op":"remove","path":"members[value eq \"` + id + `\"]"}` }
	okta.patch(204, "/Groups/"+theirs, add(ann)+`,`+add(bob))
	admin.patch(204, "/Groups/"+ours, add(ann)+`,`+add(bob))
	admin.patch(409, "/Groups/"+theirs, remove(bob))
	okta.patch(409, "/Groups/"+ours, remove(ann))
	okta.patch(204, "/Groups/"+ours, add(ann)) // is in it already
	okta.must(409, "PUT", "/Groups/"+ours, `{"displayName":"ours","members":[]}`)
	okta.must(409, "DELETE", "/Groups/"+ours, "")
	all, ids := admin.conflicts("open")
	if len(all) != 4 {
		t.Fatalf("%q", all)
	}
	for i, k := range all {
		if k == "ann in ours: remove (scim:okta of manual)" {
			admin.resolve(ids[i], "give")
		}
	}
	if g := admin.must(200, "GET", "/Groups/"+ours, ""); strings.Contains(string(g.Body), ann) || !strings.Contains(string(g.Body), bob) {
		t.Errorf("%s", g.Body)
	}
}

// TestHold: an administrator stops somebody at once, whoever owns him, and the directory does not wake him with its next write.
func TestHold(t *testing.T) {
	admin := start(t)
	okta := admin.directory("okta", false)
	user := okta.make("/Users", `{"userName":"ann","displayName":"Ann"}`)
	admin.patch(204, "/Users/"+user, replaceActive+`false}`)
	a := okta.must(200, "PUT", "/Users/"+user, `{"userName":"ann","displayName":"Ann B","active":true}`)
	if got := shown(t, a, "active", "displayName"); got["active"] != false || got["displayName"] != "Ann B" {
		t.Errorf("%v", got)
	}
	all, ids := admin.conflicts("open")
	same(t, "conflicts", all, []string{`ann.active: true (scim:okta of manual)`})
	admin.resolve(ids[0], "give")
	if a := admin.must(200, "GET", "/Users/"+user, ""); a.JSON("active") != true {
		t.Errorf("%s", a.Body)
	}
	okta.patch(204, "/Users/"+user, replaceActive+`false}`)
	admin.patch(409, "/Users/"+user, replaceActive+`true}`) // the directory says that she has left
}

// TestAdopts: a directory that was made so takes over who is there, but no administrators and no built-in groups.
func TestAdopts(t *testing.T) {
	admin := start(t)
	okta := admin.directory("okta", true)
	ann := admin.make("/Users", `{"userName":"ann"}`)
	team := admin.make("/Groups", `{"displayName":"team","members":[{"value":"`+ann+`"}]}`)
	okta.must(200, "PUT", "/Users/"+ann, `{"userName":"ann","displayName":"Ann","externalId":"00u1"}`)
	okta.must(200, "PUT", "/Groups/"+team, `{"displayName":"team","members":[]}`)
	admin.patch(409, "/Users/"+ann, `{"op":"replace","path":"displayName","value":"x"}`)
	admin.patch(409, "/Groups/"+team, `{"op":"add","path":"members","value":[{"value":"`+ann+`"}]}`)
	boss := servertestID(admin, "admin")
	okta.patch(409, "/Users/"+boss, replaceActive+`false}`)
	okta.patch(409, "/Groups/3", `{"op":"replace","path":"externalId","value":"x"}`)
}

func servertestID(c *client, name string) string {
	return c.must(200, "GET", "/Users?filter=userName%20eq%20%22"+name+"%22", "").Text("Resources.0.id")
}

// TestAdminsAreNotProvisioned: no directory writes admins, nor what is within it, however it goes about it.
func TestAdminsAreNotProvisioned(t *testing.T) {
	admin := start(t)
	okta := admin.directory("okta", true)
	ann := okta.make("/Users", `{"userName":"ann"}`)
	member := `[{"value":"` + ann + `"}]`
	inner := okta.make("/Groups", `{"displayName":"inner"}`)
	admin.patch(204, "/Groups/2", `{"op":"add","path":"members","value":[{"value":"`+inner+`"}]}`)
	for name, a := range map[string]servertest.Answer{
		"add":     okta.call("PATCH", "/Groups/2", `{"Operations":[{"op":"add","path":"members","value":`+member+`}]}`),
		"replace": okta.call("PUT", "/Groups/2", `{"displayName":"admins","members":`+member+`}`),
		"within":  okta.call("PATCH", "/Groups/"+inner, `{"Operations":[{"op":"add","path":"members","value":`+member+`}]}`),
		"delete":  okta.call("DELETE", "/Groups/"+inner, ""),
		"born in": okta.call("POST", "/ServicePrincipals", `{"displayName":"x","groups":[{"value":"2"}]}`),
	} {
		if a.Status != 403 || !strings.Contains(a.Text("detail"), "does not write admins") {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	admin.patch(204, "/Groups/2", `{"op":"add","path":"members","value":`+member+`}`)
}

// TestProvisioningTokenAlone: a directory's token opens nothing but SCIM.
func TestProvisioningTokenAlone(t *testing.T) {
	admin := start(t)
	okta := admin.directory("okta", false)
	principal := okta.must(200, "GET", "/Me", "").Text("id")
	admin.patch(204, "/Groups/2", `{"op":"add","path":"members","value":[{"value":"`+principal+`"}]}`) // and if somebody made it an administrator
	for _, path := range []string{
		"GET /api/2.0/token/list", "POST /api/2.0/token/create", "POST /api/2.0/mlflow/experiments/create", "POST /api/governance/1.0/login-links",
		"GET /api/governance/1.0/identity/directories", "POST /api/governance/1.0/identity/directories", "GET /api/governance/1.0/audit",
		"GET /api/2.0/workspace/list?path=/", "GET /api/2.0/workspace-conf?keys=x", "POST /api/governance/1.0/sessions",
	} {
		method, at, _ := strings.Cut(path, " ")
		body := map[string]any{"name": "/Shared/x", "user_name": "admin", "token": okta.token}
		if a := admin.Do(okta.token, method, at, body); a.Status != 403 && a.Status != 401 {
			t.Errorf("%s: %d %.200s", path, a.Status, a.Body)
		}
	}
	admin.Admin("DELETE", "/api/governance/1.0/identity/directories/okta", nil)
	okta.must(http.StatusUnauthorized, "GET", "/Me", "")
}

// TestSignInMade: what a sign-in has made once, an administrator changes as he likes; it is his then.
func TestSignInMade(t *testing.T) {
	admin := start(t)
	user := admin.make("/Users", `{"userName":"ann"}`)
	put := func(source string) {
		if a := admin.Admin("PUT", "/api/governance/1.0/identity/principals/"+user+"/source", map[string]any{"source": source}); a.Status != 200 {
			t.Fatalf("%s: %s", source, a.Body)
		}
	}
	put("oidc:kc")
	admin.patch(204, "/Users/"+user, `{"op":"replace","path":"displayName","value":"Ann"}`)
	if a := admin.Admin("GET", "/api/governance/1.0/principals?q=ann", nil); a.Text("principals.0.source") != "manual" {
		t.Errorf("%s", a.Body)
	}
	put("oidc:kc")
	admin.must(204, "DELETE", "/Users/"+user, "")
	for _, source := range []string{"", "okta", "scim:", "scim:A B", "ldap:x"} {
		a := admin.Do(servertest.AdminToken, "PUT", "/api/governance/1.0/identity/principals/3/source", map[string]any{"source": source})
		if a.Status != 400 {
			t.Errorf("%q: %d", source, a.Status)
		}
	}
}
