package scim_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/ledger"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

const base = "/api/2.0/preview/scim/v2"

// client speaks SCIM as a directory or an SDK does.
type client struct {
	*servertest.Server
	t     testing.TB
	token string
}

func start(t testing.TB) *client {
	return &client{servertest.Start(t), t, servertest.AdminToken}
}

// call sends a request with the protocol's own content type.
func (c *client) call(method, path, body string) servertest.Answer {
	c.t.Helper()
	req, err := http.NewRequest(method, c.URL+base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	return c.Send(req)
}

// must is call, with the status that is expected.
func (c *client) must(status int, method, path, body string) servertest.Answer {
	c.t.Helper()
	a := c.call(method, path, body)
	if a.Status != status {
		c.t.Fatalf("%s %s %.200s: %d %.300s, want %d", method, path, body, a.Status, a.Body, status)
	}
	return a
}

// make creates a principal and gives its id.
func (c *client) make(path, body string) string {
	c.t.Helper()
	return c.must(201, "POST", path, body).Text("id")
}

// patch sends the operations of a PATCH.
func (c *client) patch(status int, path, operations string) servertest.Answer {
	c.t.Helper()
	return c.must(status, "PATCH", path,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+operations+`]}`)
}

// shown is the part of a document that a test looks at.
func shown(t testing.TB, a servertest.Answer, keys ...string) map[string]any {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(a.Body, &all); err != nil {
		t.Fatalf("%v: %s", err, a.Body)
	}
	for k := range all {
		if !slices.Contains(keys, k) {
			delete(all, k)
		}
	}
	return all
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// entries gives the ledger's entries since the start of the test, oldest first.
func (c *client) entries() (all []*ledger.Entry) {
	c.t.Helper()
	err := c.Store.Read(context.Background(), func(tx *store.Tx) error {
		rows, err := tx.AuditPage(store.Audit{Limit: 1000})
		for _, row := range slices.Backward(rows) {
			e, err := ledger.Parse(row.Body)
			if err != nil {
				return err
			}
			all = append(all, e)
		}
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return all
}

func (c *client) path(id string) string {
	c.t.Helper()
	var n int64
	if err := json.Unmarshal([]byte(id), &n); err != nil {
		c.t.Fatal(err)
	}
	home, ok := c.Store.Map().Home(n)
	if !ok {
		return ""
	}
	return c.Store.Map().Path(home.ID)
}

// TestTerraform plays what the Terraform provider sends (reference/databricks-api.md, fact 14-16 and appendix A).
func TestTerraform(t *testing.T) {
	c := start(t)
	a := c.must(201, "POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User",
		"urn:ietf:params:scim:schemas:extension:workspace:2.0:User"],"userName":"Ana@example.com","displayName":"Ana","active":true,
		"entitlements":[{}]}`)
	same(t, "content type", a.Header.Get("Content-Type"), "application/scim+json")
	if a.Header.Get("X-Databricks-Org-Id") == "" || a.Header.Get("Location") != c.URL+base+"/Users/"+a.Text("id") {
		t.Errorf("headers %v", a.Header)
	}
	user := "/Users/" + a.Text("id")
	same(t, "user", shown(t, a, "userName", "displayName", "active", "entitlements"),
		map[string]any{"userName": "Ana@example.com", "displayName": "Ana", "active": true})

	taken := c.must(409, "POST", "/Users", `{"userName":"ana@EXAMPLE.com"}`)
	if !strings.HasPrefix(taken.Text("detail"), "User with username ana@EXAMPLE.com already exists.") || taken.Text("status") != "409" ||
		taken.Text("schemas.0") != "urn:ietf:params:scim:api:messages:2.0:Error" {
		t.Errorf("%s", taken.Body)
	}
	found := c.must(200, "GET", `/Users?excludedAttributes=roles&filter=userName%20eq%20%22ana@example.com%22`, "")
	same(t, "found", found.Text("Resources.0.userName"), "Ana@example.com")

	sp := "/ServicePrincipals/" + c.make("/ServicePrincipals", `{"displayName":"bot","active":true,"entitlements":[{"value":"allow-cluster-create"}]}`)
	a = c.must(200, "GET", sp+"?attributes=userName,displayName,active,externalId,entitlements", "")
	if a.Text("applicationId") == "" || a.Text("displayName") != "bot" || a.Text("entitlements.0.value") != "allow-cluster-create" {
		t.Errorf("service principal: %s", a.Body)
	}
	same(t, "excluded", shown(t, c.must(200, "GET", "/Me?excludedAttributes=entitlements,groups", ""), "groups", "userName"),
		map[string]any{"userName": "admin"})

	group := "/Groups/" + c.make("/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"g"}`)
	c.patch(204, group, `{"op":"add","path":"members","value":[{"value":"`+user[7:]+`"}]},{"op":"add","path":"roles","value":[{"value":"arn:aws:x"}]}`)
	c.patch(204, group, `{"op":"replace","path":"entitlements","value":[{"value":"workspace-access"}]}`)
	a = c.must(200, "GET", group, "")
	same(t, "group", []string{a.Text("members.0.value"), a.Text("roles.0.value"), a.Text("entitlements.0.value"), a.Text("meta.resourceType")},
		[]string{user[7:], "arn:aws:x", "workspace-access", "WorkspaceGroup"})
	c.patch(204, group, `{"op":"remove","path":"members[value eq \"`+user[7:]+`\"]"},{"op":"remove","path":"roles[value eq \"arn:aws:x\"]"}`)
	same(t, "group after", shown(t, c.must(200, "GET", group+"?attributes=members,roles", ""), "members", "roles"),
		map[string]any{"members": []any{}})
	c.patch(204, user, `{"op":"replace","path":"active","value":"false"}`)
	same(t, "active", c.must(200, "GET", user, "").JSON("active"), any(false))
	a = c.must(200, "PUT", user, `{"userName":"ana@example.com","displayName":"Ana B","active":true,"entitlements":[{}]}`)
	same(t, "put", shown(t, a, "displayName", "active"), map[string]any{"displayName": "Ana B", "active": true})
	for _, path := range []string{group, sp, user} {
		c.must(204, "DELETE", path, "")
		same(t, "detail", c.must(404, "GET", path, "").Text("status"), "404")
	}
}

// TestOkta plays Okta's provisioning, wizard and gallery applications (reference/databricks-semantics.md §6.5).
func TestOkta(t *testing.T) {
	c := start(t)
	a := c.must(200, "GET", "/Users?startIndex=1&count=2", "")
	same(t, "list", shown(t, a, "totalResults", "startIndex", "itemsPerPage"),
		map[string]any{"totalResults": 1.0, "startIndex": 1.0, "itemsPerPage": 1.0})
	a = c.must(200, "GET", "/Users?filter=userName%20eq%20%22isaac@example.com%22&startIndex=1&count=100", "")
	same(t, "nobody", string(a.Body), `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"startIndex":1,`+
		`"itemsPerPage":0,"Resources":[]}`)
	whole := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"isaac@example.com","name":{"givenName":"Isaac",
		"familyName":"Brock"},"emails":[{"primary":true,"value":"isaac@example.com","type":"work"}],"displayName":"Isaac Brock",
		"locale":"en-US","externalId":"00ujl29u0le5T6Aj10h7","groups":[],"password":"1mz050nq","active":`
	user := "/Users/" + c.make("/Users", whole+`true}`)
	group := "/Groups/" + c.make("/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Pushed","members":[]}`)
	c.patch(204, group, `{"op":"remove","path":"members[value eq \"nobody\"]"},
		{"op":"add","path":"members","value":[{"value":"`+user[7:]+`","display":"isaac@example.com"}]}`)
	a = c.must(200, "PUT", user, whole+`false}`)
	same(t, "deactivated, and still a member", []string{a.Text("active"), a.Text("groups.0.display"), a.Text("locale"), a.Text("password")},
		[]string{"false", "Pushed", "en-US", ""})
	c.patch(204, user, `{"op":"replace","value":{"active":true}}`)
	same(t, "reactivated", c.must(200, "GET", user, "").Text("active"), "true")
	c.patch(204, group, `{"op":"replace","value":{"id":"`+group[8:]+`","displayName":"Pushed 2"}}`)
	c.patch(204, group, `{"op":"replace","path":"members","value":[]}`)
	a = c.must(200, "GET", group, "")
	same(t, "renamed and emptied", shown(t, a, "displayName", "members"), map[string]any{"displayName": "Pushed 2", "members": []any{}})
}

// TestEntra plays Entra ID's provisioning in its default dialect.
func TestEntra(t *testing.T) {
	c := start(t)
	user := "/Users/" + c.make("/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User",
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"externalId":"0a21f0f2","userName":"Test_User@example.com","active":true,
		"emails":[{"primary":true,"type":"work","value":"t@example.com"}],"meta":{"resourceType":"User"},"name":{"formatted":"g f",
		"familyName":"f","givenName":"g"},"roles":[]}`)
	c.patch(204, user, `{"op":"Replace","path":"emails[type eq \"work\"].value","value":"u@example.com"},
		{"op":"Replace","path":"name.familyName","value":"updated"},
		{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber","value":"7"}`)
	for _, filter := range []string{`externalId%20eq%20%220a21f0f2%22`, `emails[type%20eq%20%22work%22].value%20eq%20%22u@example.com%22`,
		`userName%20eq%20%22TEST_user@example.com%22%20and%20active%20eq%20true`} {
		a := c.must(200, "GET", "/Users?filter="+filter, "")
		same(t, filter, []string{a.Text("totalResults"), a.Text("Resources.0.name.familyName")}, []string{"1", "updated"})
	}
	group := "/Groups/" + c.make("/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group",
		"http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"8aa1a0c0","displayName":"team",
		"meta":{"resourceType":"Group"}}`)
	c.patch(204, group, `{"op":"Add","path":"members","value":[{"$ref":null,"value":"`+user[7:]+`"}]}`)
	a := c.must(200, "GET", "/Groups?excludedAttributes=members&filter=displayName%20eq%20%22TEAM%22", "")
	same(t, "group without members", shown(t, a, "totalResults"), map[string]any{"totalResults": 1.0})
	same(t, "members", a.JSON("Resources.0.members"), nil)
	c.patch(204, group, `{"op":"Remove","path":"members","value":[{"value":"`+user[7:]+`"}]}`)
	same(t, "left", c.must(200, "GET", user, "").Text("groups.0.display"), "users")
	c.patch(204, user, `{"op":"Replace","path":"active","value":"False"}`)
	same(t, "disabled", c.must(200, "GET", user, "").Text("active"), "false")
	c.must(204, "DELETE", user, "")
}

// TestGroups: nested groups give what the outer one has, circles are refused, built-in groups stay.
func TestGroups(t *testing.T) {
	c := start(t)
	user := c.make("/Users", `{"userName":"ana@example.com"}`)
	inner := c.make("/Groups", `{"displayName":"inner","members":[{"value":"`+user+`"}]}`)
	outer := c.make("/Groups", `{"displayName":"outer","members":[{"value":"`+inner+`"}]}`)
	a := c.must(200, "GET", "/Users/"+user, "")
	same(t, "groups", []string{a.Text("groups.0.display"), a.Text("groups.0.type"), a.Text("groups.2.display"), a.Text("groups.2.type")},
		[]string{"inner", "direct", "outer", "indirect"})
	add := func(id string) string { return `{"op":"add","path":"members","value":[{"value":"` + id + `"}]}` }
	for name, tt := range map[string]struct {
		status        int
		path, ops     string
		scimType, say string
	}{
		"a circle":                  {400, inner, add(outer), "invalidValue", "circle"},
		"itself":                    {400, inner, add(inner), "invalidValue", "itself"},
		"nobody":                    {400, inner, add("4242"), "invalidValue", "4242 does not exist"},
		"no id":                     {400, inner, add("x"), "invalidValue", "does not exist"},
		"everybody in a group":      {400, inner, add("1"), "invalidValue", "everybody"},
		"out of users":              {400, "1", `{"op":"remove","path":"members[value eq \"` + user + `\"]"}`, "mutability", "everybody belongs"},
		"the last administrator":    {400, "2", `{"op":"replace","path":"members","value":[]}`, "", "last active administrator"},
		"rename of admins":          {400, "2", `{"op":"replace","path":"displayName","value":"root"}`, "mutability", "cannot be renamed"},
		"a built-in name":           {409, inner, `{"op":"replace","path":"displayName","value":"All Users"}`, "uniqueness", "already exists"},
		"a name that is taken":      {409, inner, `{"op":"replace","path":"displayName","value":"OUTER"}`, "uniqueness", "Group with name OUTER"},
		"into users, where all are": {204, "1", add(user), "", ""},
	} {
		a := c.patch(tt.status, "/Groups/"+tt.path, tt.ops)
		if a.Text("scimType") != tt.scimType || !strings.Contains(a.Text("detail"), tt.say) {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
	for _, id := range []string{"1", "2", "3"} {
		c.must(400, "DELETE", "/Groups/"+id, "")
	}
	same(t, "users are not listed", c.must(200, "GET", "/Groups/1", "").JSON("members"), any([]any{}))
	c.must(204, "DELETE", "/Groups/"+inner, "")
	a = c.must(200, "GET", "/Groups/"+outer, "")
	same(t, "outer", a.JSON("members"), any([]any{}))
}

// TestHomes: a home folder comes with its owner, follows his name and outlives him.
func TestHomes(t *testing.T) {
	c := start(t)
	user := c.make("/Users", `{"userName":"ana@example.com"}`)
	same(t, "made", c.path(user), "/Users/ana@example.com")
	c.patch(204, "/Users/"+user, `{"op":"replace","path":"userName","value":"ana.b@example.com"}`)
	same(t, "renamed", c.path(user), "/Users/ana.b@example.com")
	c.must(204, "DELETE", "/Users/"+user, "")
	same(t, "kept", c.path(user), "/Users/.removed/ana.b@example.com-"+user)
	again := c.make("/Users", `{"userName":"ana.b@example.com"}`)
	if same(t, "fresh", c.path(again), "/Users/ana.b@example.com"); again == user {
		t.Error("the id was given again")
	}
	same(t, "kept still", c.path(user), "/Users/.removed/ana.b@example.com-"+user)
	sp := c.must(201, "POST", "/ServicePrincipals", `{"displayName":"bot"}`)
	same(t, "service principal", c.path(sp.Text("id")), "/Users/"+sp.Text("applicationId"))
}

// TestPowers: everybody reads, administrators write, inactive principals are nobody.
func TestPowers(t *testing.T) {
	c := start(t)
	ana := *c
	ana.token = c.User("ana@example.com")
	id := ana.must(200, "GET", "/Me", "").Text("id")
	ana.must(200, "GET", "/Users", "")
	for _, path := range []string{"/Users", "/Groups", "/ServicePrincipals"} {
		if a := ana.must(403, "POST", path, `{"userName":"x","displayName":"x"}`); !strings.Contains(a.Text("detail"), "administrators") {
			t.Errorf("%s", a.Body)
		}
	}
	for method, status := range map[string]int{"PUT": 403, "PATCH": 403, "DELETE": 403, "GET": 200} {
		ana.must(status, method, "/Users/"+id, `{"Operations":[]}`)
	}
	c.patch(204, "/Users/"+id, `{"op":"replace","path":"active","value":false}`)
	ana.must(401, "GET", "/Me", "")
	c.patch(204, "/Users/"+id, `{"op":"replace","path":"active","value":true}`)
	ana.must(200, "GET", "/Me", "")
	c.must(204, "DELETE", "/Users/"+id, "")
	if a := ana.must(401, "GET", "/Me", ""); a.Text("schemas.0") != "urn:ietf:params:scim:api:messages:2.0:Error" {
		t.Errorf("%s", a.Body)
	}
	me := c.must(200, "GET", "/Me", "").Text("id")
	c.must(400, "DELETE", "/Users/"+me, "")
	c.patch(400, "/Users/"+me, `{"op":"replace","path":"active","value":false}`)
	bot := c.must(201, "POST", "/ServicePrincipals", `{"displayName":"bot","groups":[{"value":"2"}]}`)
	same(t, "administrator", bot.Text("groups.0.display"), "admins")
	c.must(204, "DELETE", "/Users/"+me, "")
}

// TestHostile: whatever is sent, the answer is a SCIM error below 500 that says what is wrong.
func TestHostile(t *testing.T) {
	c := start(t)
	c.make("/Users", `{"userName":"straße@example.com"}`)
	long := strings.Repeat("é", 257)
	for name, tt := range map[string]struct {
		status               int
		method, path, body   string
		scimType, mustBeSaid string
	}{
		"a name with a slash":       {400, "POST", "/Users", `{"userName":"../../etc"}`, "invalidValue", "must not contain"},
		"a name of dots":            {400, "POST", "/Users", `{"userName":".removed"}`, "invalidValue", "must not begin"},
		"no name":                   {400, "POST", "/Users", `{"displayName":"x"}`, "invalidValue", "required"},
		"too long":                  {400, "POST", "/Users", `{"userName":"` + long + `"}`, "invalidValue", "256 characters"},
		"too long for a folder":     {400, "POST", "/Users", `{"userName":"` + long[:480] + `"}`, "invalidValue", "bytes"},
		"NUL":                       {400, "POST", "/Users", `{"userName":"a\u0000b"}`, "invalidSyntax", "NUL"},
		"an invisible character":    {400, "POST", "/Users", `{"userName":"a\u200bb"}`, "invalidValue", "invisible"},
		"invalid UTF-8":             {400, "POST", "/Users", "{\"userName\":\"a\xff\"}", "invalidSyntax", "UTF-8"},
		"another case":              {409, "POST", "/Users", `{"userName":"STRAßE@example.com"}`, "uniqueness", "already exists"},
		"a Kelvin sign is a k":      {409, "POST", "/Groups", `{"displayName":"\u212a8"}`, "uniqueness", "already exists"},
		"not JSON":                  {400, "POST", "/Users", `{"userName":`, "invalidSyntax", ""},
		"a list":                    {400, "POST", "/Users", `[]`, "invalidSyntax", "object"},
		"nothing":                   {400, "POST", "/Users", ``, "invalidSyntax", ""},
		"two JSON objects":          {400, "POST", "/Users", `{"userName":"a"}{}`, "invalidSyntax", "follows"},
		"a number for a name":       {400, "POST", "/Users", `{"userName":{"a":1}}`, "invalidValue", ""},
		"deep nesting":              {400, "POST", "/Users", strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), "invalidSyntax", "64"},
		"no UUID":                   {400, "POST", "/ServicePrincipals", `{"applicationId":"bot"}`, "invalidValue", "UUID"},
		"a group that is nobody":    {400, "POST", "/ServicePrincipals", `{"groups":[{"value":"77"}]}`, "invalidValue", "77"},
		"an id with a slash":        {404, "GET", "/Users/..%2f2", ``, "", "not found"},
		"a group among users":       {404, "GET", "/Users/2", ``, "", "not found"},
		"an id that is NUL":         {404, "GET", "/Users/%00", ``, "", "not found"},
		"a bare word":               {400, "GET", "/Users?filter=word", ``, "invalidFilter", "does not parse"},
		"an operator nobody knows":  {400, "GET", "/Users?filter=userName%20is%20%22x%22", ``, "invalidFilter", "position"},
		"an open parenthesis":       {400, "GET", "/Users?filter=(userName%20eq%20%22x%22", ``, "invalidFilter", ""},
		"a filter with NUL":         {400, "GET", "/Users?filter=userName%20eq%20%22%00%22", ``, "invalidFilter", "text"},
		"an external id with NUL":   {400, "GET", "/Users?filter=externalId%20eq%20%22%00%22", ``, "invalidFilter", "text"},
		"a start that is no number": {400, "GET", "/Users?startIndex=one", ``, "invalidValue", "startIndex"},
		"no operations":             {400, "PATCH", "/Groups/2", `{"Operations":[]}`, "invalidSyntax", "at least one"},
		"an operation nobody knows": {400, "PATCH", "/Groups/2", `{"Operations":[{"op":"move"}]}`, "invalidSyntax", "add, replace or remove"},
		"a method nobody takes":     {405, "POST", "/Me", `{}`, "", ""},
		"a path nobody serves":      {404, "GET", "/Roles", ``, "", ""},
	} {
		if name == "a Kelvin sign is a k" {
			c.make("/Groups", `{"displayName":"k8"}`)
		}
		a := c.call(tt.method, tt.path, tt.body)
		if a.Status != tt.status || a.Text("scimType") != tt.scimType || !strings.Contains(a.Text("detail"), tt.mustBeSaid) ||
			a.Text("schemas.0") != "urn:ietf:params:scim:api:messages:2.0:Error" {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	same(t, "a list with an end far away", c.must(200, "GET", "/Users?startIndex=2147483647&count=2147483647", "").JSON("Resources"), any([]any{}))
}

// TestPages: clients go on until a page is empty, and must see everybody once.
func TestPages(t *testing.T) {
	c := start(t)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		c.make("/Users", `{"userName":"`+name+`@example.com"}`)
	}
	for _, query := range []string{"count=2", "count=2&sortBy=userName&sortOrder=descending", "count=2&filter=userName%20co%20%22example%22"} {
		var names []string
		for at := 1; ; {
			a := c.must(200, "GET", "/Users?"+query+"&startIndex="+json.Number(string('0'+rune(at))).String(), "")
			page, _ := a.JSON("Resources").([]any)
			if len(page) == 0 {
				break
			}
			for _, r := range page {
				names = append(names, r.(map[string]any)["userName"].(string)[:1])
			}
			at += len(page)
		}
		if strings.Contains(query, "descending") {
			same(t, query, strings.Join(names, ""), "edcbaa")
			continue
		}
		slices.Sort(names)
		if got := strings.TrimPrefix(strings.Join(names, ""), "a"); got != "abcde" && got != "bcde" {
			t.Errorf("%s: %s", query, got)
		}
	}
}

// TestLedger: each change is an entry that names what was done, to whom, and what was before.
func TestLedger(t *testing.T) {
	c := start(t)
	from := len(c.entries())
	user := c.make("/Users", `{"userName":"ana@example.com","displayName":"Ana"}`)
	group := c.make("/Groups", `{"displayName":"team"}`)
	for _, ops := range []string{
		`{"op":"add","path":"members","value":[{"value":"` + user + `"}]}`, `{"op":"remove","path":"members"}`,
		`{"op":"replace","path":"displayName","value":"crew"}`,
	} {
		c.patch(204, "/Groups/"+group, ops)
	}
	c.patch(204, "/Groups/2", `{"op":"add","path":"members","value":[{"value":"`+user+`"}]}`)
	c.patch(204, "/Groups/2", `{"op":"remove","path":"members[value eq \"`+user+`\"]"}`)
	c.patch(204, "/Users/"+user, `{"op":"replace","path":"active","value":false}`)
	c.patch(204, "/Users/"+user, `{"op":"replace","path":"active","value":true}`)
	c.must(204, "DELETE", "/Users/"+user, "")
	c.must(204, "DELETE", "/Groups/"+group, "")
	var actions []string
	all := c.entries()[from:]
	for _, e := range all {
		actions = append(actions, e.Action)
		if e.Service != "accounts" || e.Actor.Name != "admin" || e.Decision.Ability != authz.ProvisionIdentities.String() {
			t.Errorf("%s: %+v", e.Action, e)
		}
	}
	same(t, "actions", actions, []string{"add", "createGroup", "addPrincipalToGroup", "removePrincipalFromGroup", "updateGroup", "setAdmin",
		"removeAdmin", "deactivateUser", "activateUser", "delete", "removeGroup"})
	params := map[string]string{}
	for _, p := range all[2].Params {
		params[p.Key] = p.Value
	}
	same(t, "membership", params, map[string]string{"targetGroupId": group, "targetGroupName": "team", "targetUserId": user,
		"targetUserName": "ana@example.com", "membersAdded": user})
	if before, after := string(all[4].Before), string(all[4].After); !strings.Contains(before, `"team"`) || !strings.Contains(after, `"crew"`) {
		t.Errorf("rename: %s → %s", before, after)
	}
	if all[9].After != nil || !strings.Contains(string(all[9].Before), "Ana") {
		t.Errorf("deletion: %s → %s", all[9].Before, all[9].After)
	}
}
