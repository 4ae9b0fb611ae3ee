package identity

import (
	"bytes"
	"strings"
	"testing"

	"bailiwick/authz"
	"bailiwick/fail"
)

func TestValidate(t *testing.T) {
	named := func(name string) Resource { return Resource{Kind: authz.User, UserName: name} }
	cases := []struct {
		name string
		r    Resource
		ok   bool
	}{
		{"e-mail", named("ada@example.com"), true},
		{"letters of any language, inner space", named("Zoë 王"), true},
		{"256 characters", named(strings.Repeat("é", 256)), true},
		{"257 characters", named(strings.Repeat("é", 257)), false},
		{"empty", named(""), false},
		{"slash", named("a/../b"), false},
		{"backslash", named(`a\b`), false},
		{"dots", named(".."), false},
		{"the folder of removed homes", named(".removed"), false},
		{"outer space", named("a "), false},
		{"NUL", named("a\x00"), false},
		{"newline", named("a\nb"), false},
		{"right-to-left override", named("a\u202eb"), false},
		{"zero width space", named("a\u200bb"), false},
		{"not UTF-8", named("a\xff"), false},
		{"group", Resource{Kind: authz.Group, DisplayName: "ml / team"}, true},
		{"group without a name", Resource{Kind: authz.Group}, false},
		{"group with a long name", Resource{Kind: authz.Group, DisplayName: strings.Repeat("g", 257)}, false},
		{"group with outer space", Resource{Kind: authz.Group, DisplayName: " admins"}, false},
		{"service principal", Resource{Kind: authz.ServicePrincipal, ApplicationID: appID}, true},
		{"service principal without id", Resource{Kind: authz.ServicePrincipal}, false},
		{"long external id", Resource{Kind: authz.User, UserName: "a", ExternalID: strings.Repeat("x", 257)}, false},
	}
	for _, c := range cases {
		if err := Validate(c.r); (err == nil) != c.ok || err != nil && ScimType(err) != InvalidValue {
			t.Errorf("%s: got %v, want ok %v", c.name, err, c.ok)
		}
	}
}

func TestApplicationID(t *testing.T) {
	got, err := NewApplicationID(bytes.NewReader(make([]byte, 16)))
	if err != nil || got != "00000000-0000-4000-8000-000000000000" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := NewApplicationID(bytes.NewReader(nil)); !fail.Is(err, fail.Internal) {
		t.Errorf("without randomness: %v", err)
	}
	for _, bad := range []string{"", "x", "urn:uuid:" + appID, "{" + appID + "}", strings.ReplaceAll(appID, "-", "")} {
		if _, err := ParseApplicationID(bad); ScimType(err) != InvalidValue {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func TestNames(t *testing.T) {
	if Fold("ADA@Example.com") != Fold("ada@example.com") || Fold("\u212Aate") != Fold("kate") {
		t.Error("names that read alike must fold alike")
	}
	err := NameTaken(authz.User, "X@y")
	if !fail.Is(err, fail.Exists) || err.Error() != "User with username X@y already exists." {
		t.Errorf("Terraform's force looks for the sentence: %v", err)
	}
}

func TestBuiltInGroups(t *testing.T) {
	admins := Resource{ID: authz.GroupAdmins, Kind: authz.Group, DisplayName: "admins"}
	renamed := admins
	renamed.DisplayName = "gods"
	other := team()
	other.DisplayName = "ALL Users"
	person := user()
	person.DisplayName = "admins"
	cases := []struct {
		name string
		err  error
		ok   bool
	}{
		{"delete", CheckDelete(admins), false},
		{"delete another", CheckDelete(team()), true},
		{"a user's id is no group's", CheckDelete(Resource{ID: authz.GroupAdmins, Kind: authz.User}), true},
		{"rename", CheckRename(admins, renamed), false},
		{"keep the name", CheckRename(admins, admins), true},
		{"take an alias", CheckRename(team(), other), false},
		{"a person may be shown as he likes", CheckRename(user(), person), true},
		{"create", CheckGroupName(0, "Auditors"), false},
		{"create another", CheckGroupName(0, "audit"), true},
		{"out of users", CheckMembers(authz.GroupUsers, MemberChange{Remove: []int64{7}}), false},
		{"users replaced", CheckMembers(authz.GroupUsers, MemberChange{Replace: true}), false},
		{"into users", CheckMembers(authz.GroupUsers, MemberChange{Add: []int64{7}}), true},
		{"users into admins", CheckMembers(authz.GroupAdmins, MemberChange{Add: []int64{7, authz.GroupUsers}}), false},
		{"out of admins", CheckMembers(authz.GroupAdmins, MemberChange{Remove: []int64{7}}), true},
		{"last administrator", CheckAdmins(0), false},
		{"one is left", CheckAdmins(1), true},
	}
	for _, c := range cases {
		if (c.err == nil) != c.ok {
			t.Errorf("%s: got %v", c.name, c.err)
		}
	}
}

func TestCycle(t *testing.T) {
	// 1 is in 2, 2 in 3; 8 and 9 already contain each other.
	parents := func(id int64) []int64 { return map[int64][]int64{1: {2}, 2: {3}, 8: {9}, 9: {8}}[id] }
	cases := []struct {
		group int64
		add   []int64
		ok    bool
	}{
		{3, []int64{1, 4}, true}, {1, []int64{4, 3}, false}, {1, []int64{2}, false},
		{2, []int64{2}, false}, {8, []int64{1}, true}, {8, []int64{9}, false},
		{1, nil, true},
	}
	for _, c := range cases {
		if err := CheckCycle(c.group, c.add, parents); (err == nil) != c.ok {
			t.Errorf("%v into %d: got %v, want ok %v", c.add, c.group, err, c.ok)
		}
	}
}

func TestParseID(t *testing.T) {
	for s, want := range map[string]bool{"1": true, "9007199254740991": true, "9007199254740992": false, "0": false, "-1": false, "01": false,
		"+1": false, " 1": false, "1e3": false, "": false, "99999999999999999999": false} {
		if _, ok := ParseID(s); ok != want {
			t.Errorf("ParseID(%q) = %v", s, ok)
		}
	}
}

func TestDiscovery(t *testing.T) {
	const base = "https://h/scim/v2"
	known := map[string]Document{}
	for _, s := range Schemas(View{Base: base, Workspace: true}) {
		known[stringOf(s["id"])] = s
	}
	for _, rt := range ResourceTypes(View{Base: base, Workspace: true}) {
		if known[stringOf(rt["schema"])] == nil {
			t.Errorf("%v has a schema that is not described", rt["name"])
		}
		ext, _ := rt["schemaExtensions"].([]any)
		for _, e := range ext {
			if known[stringOf(e.(map[string]any)["schema"])] == nil {
				t.Errorf("%v has an extension that is not described: %v", rt["name"], e)
			}
		}
	}
	name := known[SchemaUser]["attributes"].([]any)[0].(map[string]any)
	if name["name"] != "userName" || name["required"] != true || name["uniqueness"] != "server" ||
		name["type"] != "string" || name["caseExact"] != false {
		t.Errorf("userName is described as %v", name)
	}
	sameJSON(t, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],"patch":{"supported":true},
		"bulk":{"supported":false,"maxOperations":0,"maxPayloadSize":0},"filter":{"supported":true,"maxResults":10000},
		"changePassword":{"supported":false},"sort":{"supported":true},"etag":{"supported":true},
		"authenticationSchemes":[{"type":"oauthbearertoken","name":"Bearer token","primary":true,
		"description":"A directory's token, or an administrator's, in the Authorization header."}],
		"meta":{"resourceType":"ServiceProviderConfig","location":"https://h/scim/v2/ServiceProviderConfig"}}`, ServiceProviderConfig(base))
}
