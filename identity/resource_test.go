package identity

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/fail"
)

func number(s string) json.Number { return json.Number(s) }

func TestDecode(t *testing.T) {
	cases := []struct {
		name, body string
		kind       authz.PrincipalKind
		want       Input
	}{
		{"okta creates a user", `{"schemas":["` + SchemaUser + `"],"userName":"a@x","name":{"givenName":"A","familyName":"B"},
			"emails":[{"primary":true,"value":"a@x","type":"work"}],"displayName":"A B","locale":"en-US","externalId":"00u",
			"groups":[],"password":"1mz050nq","active":true}`, authz.User,
			Input{ActiveGiven: true, Resource: Resource{Kind: authz.User, UserName: "a@x", DisplayName: "A B", ExternalID: "00u", Active: true,
				Extra: Document{"locale": "en-US", "name": map[string]any{"givenName": "A", "familyName": "B"},
					"emails": []any{map[string]any{"primary": true, "value": "a@x", "type": "work"}}}}}},
		{"entra creates a user", `{"schemas":["` + SchemaUser + `","` + enterprise + `"],"externalId":"jy","userName":"T@x","active":"True",
			"emails":[{"primary":"True","type":"work","value":"t@x"}],"meta":{"resourceType":"User"},"roles":[],
			"` + enterprise + `":{"department":"D"}}`, authz.User,
			Input{ActiveGiven: true, Resource: Resource{Kind: authz.User, UserName: "T@x", ExternalID: "jy", Active: true,
				Extra: Document{enterprise: map[string]any{"department": "D"},
					"emails": []any{map[string]any{"primary": true, "type": "work", "value": "t@x"}}}}}},
		{"entra creates a group", `{"schemas":["` + SchemaGroup + `","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
			"externalId":"8aa1","displayName":"g","meta":{"resourceType":"Group"}}`, authz.Group,
			Input{Resource: Resource{Kind: authz.Group, DisplayName: "g", ExternalID: "8aa1", Active: true, Extra: Document{}}}},
		{"okta creates a group", `{"schemas":["` + SchemaGroup + `"],"displayName":"g","members":[{"value":"7","display":"a@x"}]}`, authz.Group,
			Input{Members: []int64{7}, Resource: Resource{Kind: authz.Group, DisplayName: "g", Active: true, Extra: Document{}}}},
		{"terraform creates an inactive user", `{"schemas":["` + SchemaUser + `"],"active":false,"userName":"me@x","entitlements":[{}]}`,
			authz.User,
			Input{ActiveGiven: true, Resource: Resource{Kind: authz.User, UserName: "me@x", Extra: Document{}}}},
		{"sdk-go creates a service principal in admins", `{"displayName":"obo","groups":[{"value":"2"}]}`, authz.ServicePrincipal,
			Input{Groups: []int64{2}, Resource: Resource{Kind: authz.ServicePrincipal, DisplayName: "obo", Active: true, Extra: Document{}}}},
		{"names have no case; other kinds' names are dropped",
			`{"DISPLAYNAME":"r","ApplicationID":"8ADF8E6E-67B2-4CF2-A259-E3DC5476C621","userName":"x","members":[{"value":"1"}]}`,
			authz.ServicePrincipal, Input{Resource: Resource{Kind: authz.ServicePrincipal, DisplayName: "r", ApplicationID: appID, Active: true,
				Extra: Document{}}}},
		{"nothing is lost", `{"userName":"u","shoe":{"size":9007199254740993},"urn:okta:custom:User":{"a":["b"]},"tags":[1,"x"]}`, authz.User,
			Input{Resource: Resource{Kind: authz.User, UserName: "u", Active: true,
				Extra: Document{"shoe": map[string]any{"size": number("9007199254740993")},
					"urn:okta:custom:User": map[string]any{"a": []any{"b"}}, "tags": []any{number("1"), "x"}}}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Decode(c.kind, []byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeRefused(t *testing.T) {
	cases := []struct{ body, scimType string }{
		{`{"userName":"a","username":"b"}`, InvalidValue},
		{`{"userName":{"a":1}}`, InvalidValue},
		{`{"active":3}`, InvalidValue},
		{`{"emails":[{"value":"a","Value":"b"}]}`, InvalidValue},
		{`{"emails":[[]]}`, InvalidValue},
		{`{"not a name":1}`, InvalidPath},
		{`{"title":"` + strings.Repeat("x", maxExtra) + `"}`, InvalidValue},
		{`{"externalId":"a\u0000b"}`, InvalidValue},
		{`{"userName":`, InvalidSyntax},
		{`"x"`, InvalidSyntax},
	}
	for _, c := range cases {
		if _, err := Decode(authz.User, []byte(c.body)); ScimType(err) != c.scimType {
			t.Errorf("%.60s: got %v, want %s", c.body, err, c.scimType)
		}
	}
	if _, err := Decode(authz.ServicePrincipal, []byte(`{"applicationId":"x"}`)); ScimType(err) != InvalidValue {
		t.Errorf("an applicationId that is no UUID: got %v", err)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func sameJSON(t *testing.T, want string, got any) {
	t.Helper()
	var w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	var g any
	if err := json.Unmarshal([]byte(asJSON(t, got)), &g); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Error(diff)
	}
}

func TestRender(t *testing.T) {
	view := View{Base: "https://h/api/2.0/preview/scim/v2", Workspace: true,
		Groups:  []Ref{{ID: 2, Kind: authz.Group, Display: "admins"}, {ID: 9, Kind: authz.Group, Display: "all", Indirect: true}},
		Members: []Ref{{ID: 101, Kind: authz.User, Display: "Ada"}, {ID: 300, Kind: authz.ServicePrincipal, Display: "robot"}}}
	groups := `[{"value":"2","display":"admins","$ref":"Groups/2","type":"direct"},
		{"value":"9","display":"all","$ref":"Groups/9","type":"indirect"}]`
	sameJSON(t, `{"schemas":["`+SchemaUser+`","`+SchemaWorkspaceUser+`"],"id":"101","userName":"ada@example.com","displayName":"Ada",
		"active":true,"name":{"givenName":"Ada","familyName":"L"},"emails":[{"value":"ada@example.com","type":"work","primary":true}],
		"entitlements":[{"value":"workspace-access"},{"value":"databricks-sql-access"}],"roles":[{"value":"arn:1"}],"groups":`+groups+`,
		"meta":{"resourceType":"User","created":"1970-01-01T00:00:00.001Z","lastModified":"1970-01-01T00:00:00.002Z",
		"version":"W/\"0\"","location":"https://h/api/2.0/preview/scim/v2/Users/101"}}`, user().Render(view))
	sameJSON(t, `{"schemas":["`+SchemaGroup+`"],"id":"200","displayName":"team","groups":`+groups+`,
		"members":[{"value":"101","display":"Ada","$ref":"Users/101","type":"User"},
		{"value":"300","display":"robot","$ref":"ServicePrincipals/300","type":"ServicePrincipal"}],
		"meta":{"resourceType":"WorkspaceGroup","created":"1970-01-01T00:00:00.000Z","lastModified":"1970-01-01T00:00:00.000Z",
		"version":"W/\"0\"","location":"https://h/api/2.0/preview/scim/v2/Groups/200"}}`, team().Render(view))
	sameJSON(t, `{"schemas":["`+SchemaUser+`","`+SchemaServicePrincipal+`"],"id":"300","userName":"`+appID+`","applicationId":"`+appID+`",
		"displayName":"robot","active":true,"groups":[],"meta":{"resourceType":"ServicePrincipal","created":"1970-01-01T00:00:00.000Z",
		"lastModified":"1970-01-01T00:00:00.000Z","version":"W/\"0\"","location":"/ServicePrincipals/300"}}`, robot().RenderMe(View{}))
}

func TestProjection(t *testing.T) {
	cases := []struct {
		only, except string
		want         string // keys that are shown, or "!" and keys that are not
	}{
		{"", "", "emails groups meta name roles"},
		{"userName,displayName,active,externalId,entitlements", "",
			"schemas id userName displayName active entitlements !emails groups roles meta"},
		{"entitlements", "", "schemas id userName entitlements !active displayName groups"},
		{"Name.givenName", "", "name !emails"},
		{enterprise + ":department", "", enterprise + " !name"},
		{enterprise, "", enterprise + " !name"},
		{"nonsense", "", "schemas id userName !name emails"},
		{"", "roles,emails", "schemas id name groups entitlements !roles emails"},
		{"", "entitlements", "roles groups !entitlements"},
		{"", "id,schemas,userName,emails.type", "schemas id userName emails"},
		{"roles", "roles", "roles !emails"},
	}
	r := user()
	r.Extra[enterprise] = map[string]any{"department": "D"}
	for _, c := range cases {
		p, err := ParseProjection(c.only, c.except)
		if err != nil {
			t.Fatal(err)
		}
		got := p.Apply(r.Render(View{}))
		shown, hidden, _ := strings.Cut(c.want, "!")
		for _, k := range strings.Fields(shown) {
			if _, ok := got[k]; !ok || !p.Wants(k) {
				t.Errorf("attributes=%s excludedAttributes=%s: %s is missing", c.only, c.except, k)
			}
		}
		for _, k := range strings.Fields(hidden) {
			if _, ok := got[k]; ok || p.Wants(k) {
				t.Errorf("attributes=%s excludedAttributes=%s: %s is shown", c.only, c.except, k)
			}
		}
	}
	given, _ := ParseProjection("name.givenName", "")
	if diff := cmp.Diff(map[string]any{"givenName": "Ada"}, given.Apply(r.Render(View{}))["name"]); diff != "" {
		t.Error(diff)
	}
	untyped, _ := ParseProjection("", "emails.type")
	want := []any{map[string]any{"value": "ada@example.com", "primary": true}}
	if diff := cmp.Diff(want, untyped.Apply(r.Render(View{}))["emails"]); diff != "" {
		t.Error(diff)
	}
	if _, err := ParseProjection("a b", ""); ScimType(err) != InvalidPath {
		t.Errorf("a name with a space: got %v", err)
	}
}

func TestProjectionKeepsApplicationID(t *testing.T) {
	p, err := ParseProjection("userName,displayName,active,externalId,entitlements", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Apply(robot().Render(View{})); got["applicationId"] != appID {
		t.Errorf("Terraform would not find the applicationId in %v", got)
	}
}

func TestList(t *testing.T) {
	sameJSON(t, `{"schemas":["`+SchemaList+`"],"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}`,
		NewList(0, Paging{Start: 1, Count: 2}, nil))
	cases := []struct {
		start, count string
		from, to     int
	}{
		{"", "", 0, 5}, {"1", "2", 0, 2}, {"5", "10000", 4, 5}, {"6", "2", 5, 5}, {"-3", "-1", 0, 0}, {"2147483647", "999999999", 5, 5},
	}
	for _, c := range cases {
		p, err := ParsePaging(c.start, c.count)
		if err != nil {
			t.Fatal(err)
		}
		if from, to := p.Window(5); from != c.from || to != c.to {
			t.Errorf("startIndex=%s count=%s: got %d to %d, want %d to %d", c.start, c.count, from, to, c.from, c.to)
		}
	}
	for _, bad := range [][2]string{{"x", ""}, {"", "1.5"}, {"99999999999", ""}} {
		if _, err := ParsePaging(bad[0], bad[1]); ScimType(err) != InvalidValue {
			t.Errorf("%v: got %v", bad, err)
		}
	}
}

func TestSort(t *testing.T) {
	docs := func() []Document {
		return []Document{
			{"id": "1", "userName": "b", "active": true,
				"emails": []any{map[string]any{"value": "z"}, map[string]any{"value": "a", "primary": true}}},
			{"id": "2"}, {"id": "3", "userName": "A", "active": false, "emails": list("c")}, {"id": "4", "userName": "a"},
		}
	}
	cases := []struct{ by, order, want string }{
		{"", "", "1234"}, {"userName", "", "3412"}, {"USERNAME", "Descending", "2134"}, {"emails", "ascending", "1324"},
		{"active", "", "3124"}, {"name.familyName", "", "1234"},
	}
	for _, c := range cases {
		s, err := ParseSort(c.by, c.order)
		if err != nil {
			t.Fatal(err)
		}
		all, got := docs(), ""
		s.Apply(all)
		for _, d := range all {
			got += stringOf(d["id"])
		}
		if got != c.want {
			t.Errorf("sortBy=%s sortOrder=%s: got %s, want %s", c.by, c.order, got, c.want)
		}
	}
	if _, err := ParseSort("userName", "up"); ScimType(err) != InvalidValue {
		t.Errorf("sortOrder=up: got %v", err)
	}
	if _, err := ParseSort("user name", ""); ScimType(err) != InvalidPath {
		t.Errorf("sortBy with a space: got %v", err)
	}
}

func TestErrorDocument(t *testing.T) {
	sameJSON(t, `{"schemas":["`+SchemaError+`"],"detail":"User with username x already exists.","status":"409","scimType":"uniqueness"}`,
		NewErrorDocument(409, NameTaken(authz.User, "x")))
	sameJSON(t, `{"schemas":["`+SchemaError+`"],"detail":"internal error","status":"500"}`,
		NewErrorDocument(500, fail.Internalf(errors.New("dsn"), "secret")))
	sameJSON(t, `{"schemas":["`+SchemaError+`"],"detail":"internal error","status":"500"}`, NewErrorDocument(500, errors.New("secret")))
}

func TestResourceFacts(t *testing.T) {
	u := user()
	if diff := cmp.Diff(authz.Principal{ID: 101, Kind: authz.User, Name: "ada@example.com", Shown: "Ada", Active: true, Parents: []int64{2}},
		u.Principal([]int64{2})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"workspace-access", "databricks-sql-access"}, u.Values("entitlements")); diff != "" {
		t.Error(diff)
	}
	if team().Name() != "team" || robot().Name() != appID || team().Principal(nil).Shown != "" {
		t.Error("names in access control lists are displayName of groups and applicationId of service principals")
	}
	mails := []struct {
		emails any
		want   string
	}{
		{nil, "ada@example.com"}, {list("x@y"), "x@y"},
		{[]any{map[string]any{"value": "1@y"}, map[string]any{"value": "2@y", "primary": true}}, "2@y"},
	}
	for _, c := range mails {
		u.Extra["emails"] = c.emails
		if got := u.Email(); got != c.want {
			t.Errorf("Email of %v = %q, want %q", c.emails, got, c.want)
		}
	}
}

// The roles of a directory are names of roles, sorted, once each; ARNs and what is no text of a name are kept as attributes only.
func TestRoleNames(t *testing.T) {
	role := func(v any) any { return map[string]any{"value": v} }
	r := Resource{Kind: authz.User, UserName: "ann", Extra: Document{"roles": []any{
		role("reader"), role("approver"), role("reader"), role("arn:aws:iam::1:role/x"), role(""), role("two\nlines"), "no object",
	}}}
	if diff := cmp.Diff([]string{"approver", "reader"}, r.Principal(nil).Roles); diff != "" {
		t.Error(diff)
	}
	if r.Kind = authz.Group; r.Principal(nil).Roles != nil {
		t.Error("a group has roles of a directory")
	}
}
