package identity

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
)

// user, team and robot are what the tables patch.
func user() Resource {
	return Resource{ID: 101, Kind: authz.User, UserName: "ada@example.com", DisplayName: "Ada", Active: true, Created: 1, Modified: 2,
		Extra: Document{
			"name":         map[string]any{"givenName": "Ada", "familyName": "L"},
			"emails":       []any{map[string]any{"value": "ada@example.com", "type": "work", "primary": true}},
			"entitlements": []any{map[string]any{"value": "workspace-access"}, map[string]any{"value": "databricks-sql-access"}},
			"roles":        []any{map[string]any{"value": "arn:1"}},
		}}
}

func team() Resource {
	return Resource{ID: 200, Kind: authz.Group, DisplayName: "team", Active: true, Extra: Document{}}
}

const appID = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"

func robot() Resource {
	return Resource{ID: 300, Kind: authz.ServicePrincipal, ApplicationID: appID, DisplayName: "robot", Active: true, Extra: Document{}}
}

const (
	patchOp    = `"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],`
	enterprise = SchemaEnterpriseUser
)

func operations(list string) []byte { return []byte(`{` + patchOp + `"Operations":[` + list + `]}`) }

func mustPatch(t *testing.T, r Resource, list string) Change {
	t.Helper()
	ops, err := DecodePatch(operations(list))
	if err != nil {
		t.Fatal(err)
	}
	change, err := Patch(r, ops)
	if err != nil {
		t.Fatal(err)
	}
	return change
}

func list(values ...string) []any {
	out := []any{}
	for _, v := range values {
		out = append(out, map[string]any{"value": v})
	}
	return out
}

func TestPatchUser(t *testing.T) {
	mail := func(elements ...any) func(*Resource) {
		return func(r *Resource) { r.Extra["emails"] = elements }
	}
	extra := func(key string, v any) func(*Resource) {
		return func(r *Resource) {
			if r.Extra[key] = v; v == nil {
				delete(r.Extra, key)
			}
		}
	}
	inactive := func(r *Resource) { r.Active = false }
	same := func(*Resource) {}
	work := func(v string) map[string]any { return map[string]any{"type": "work", "value": v, "primary": true} }
	cases := []struct {
		name, ops string
		want      func(*Resource)
	}{
		// Okta
		{"okta deactivates", `{"op":"replace","value":{"active":false}}`, inactive},
		{"okta password is dropped", `{"op":"replace","value":{"password":"secret"}}`, same},
		{"okta password by path", `{"op":"replace","path":"password","value":"secret"}`, same},
		// Entra as it is by default
		{"entra string boolean", `{"op":"Replace","path":"active","value":"False"}`, inactive},
		{"entra display name", `{"op":"Add","path":"displayName","value":"Countess"}`, func(r *Resource) { r.DisplayName = "Countess" }},
		{"entra given name", `{"op":"Replace","path":"name.givenName","value":"Augusta"}`,
			extra("name", map[string]any{"givenName": "Augusta", "familyName": "L"})},
		{"entra work mail", `{"op":"Replace","path":"emails[type eq \"work\"].value","value":"new@example.com"}`, mail(work("new@example.com"))},
		{"entra mail that is not there", `{"op":"Add","path":"emails[type eq \"home\"].value","value":"h@x.org"}`,
			mail(work("ada@example.com"), map[string]any{"type": "home", "value": "h@x.org"})},
		{"entra replaces a phone that is not there", `{"op":"Replace","path":"phoneNumbers[type eq \"mobile\"].value","value":"1"}`,
			extra("phoneNumbers", []any{map[string]any{"type": "mobile", "value": "1"}})},
		{"entra primary moves", `{"op":"Add","path":"emails","value":[{"value":"b@x.org","primary":"True"}]}`,
			mail(map[string]any{"type": "work", "value": "ada@example.com"}, map[string]any{"value": "b@x.org", "primary": true})},
		{"entra employee number", `{"op":"Add","path":"` + enterprise + `:employeeNumber","value":"42"}`,
			extra(enterprise, map[string]any{"employeeNumber": "42"})},
		{"entra manager as a string", `{"op":"Add","path":"` + enterprise + `:manager","value":"7"}`,
			extra(enterprise, map[string]any{"manager": map[string]any{"value": "7"}})},
		{"entra manager as a list", `{"op":"Add","path":"` + enterprise + `:manager","value":[{"$ref":null,"value":"7"}]}`,
			extra(enterprise, map[string]any{"manager": map[string]any{"value": "7"}})},
		{"entra custom extension", `{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:Acme_Corp:2.0:User:badge","value":"b"}`,
			extra("urn:ietf:params:scim:schemas:extension:Acme_Corp:2.0:User", map[string]any{"badge": "b"})},
		// Entra with aadOptscim062020
		{"entra several attributes", `{"op":"replace","value":{"active":false,"name.givenName":"G","displayName":"D",` +
			`"emails[type eq \"work\"].value":"w@x","` + enterprise + `:department":"R&D"}}`,
			func(r *Resource) {
				r.Active, r.DisplayName = false, "D"
				r.Extra["name"] = map[string]any{"givenName": "G", "familyName": "L"}
				r.Extra["emails"] = []any{work("w@x")}
				r.Extra[enterprise] = map[string]any{"department": "R&D"}
			}},
		{"extension as an object", `{"op":"add","value":{"` + enterprise + `":{"Department":"X","manager":{"value":"7"}}}}`,
			extra(enterprise, map[string]any{"department": "X", "manager": map[string]any{"value": "7"}})},
		{"extension by path", `{"op":"add","path":"` + enterprise + `","value":{"costCenter":"1"}}`,
			extra(enterprise, map[string]any{"costCenter": "1"})},
		{"extension without version", `{"op":"add","value":{"urn:okta:custom:User":{"badge":"1"}}}`,
			extra("urn:okta:custom:User", map[string]any{"badge": "1"})},
		{"extension added and removed", `{"op":"add","path":"` + enterprise + `:division","value":"1"},` +
			`{"op":"remove","path":"` + enterprise + `:division"}`,
			same},
		{"core urn", `{"op":"replace","path":"` + SchemaUser + `:displayName","value":"U"}`, func(r *Resource) { r.DisplayName = "U" }},
		// Databricks and Terraform
		{"databricks active in no list", `{"op":"replace","path":"active","value":"false"}`, inactive},
		{"terraform active in a list", `{"op":"replace","path":"active","value":[{"value":"false"}]}`, inactive},
		{"terraform active as the only string", `{"op":"replace","path":"active","value":["false"]}`, inactive},
		{"databricks adds a role", `{"op":"add","path":"roles","value":[{"value":"arn:2"}]}`, extra("roles", list("arn:1", "arn:2"))},
		{"the same role again", `{"op":"add","path":"roles","value":[{"value":"arn:1"}]}`, same},
		{"databricks removes a role", `{"op":"remove","path":"roles[value eq \"arn:1\"]"}`, extra("roles", nil)},
		{"removing a role that is not there", `{"op":"remove","path":"roles[value eq \"arn:9\"]"}`, same},
		{"replace entitlements", `{"op":"replace","path":"entitlements","value":[{"value":"allow-cluster-create"}]}`,
			extra("entitlements", list("allow-cluster-create"))},
		{"add an entitlement", `{"op":"add","path":"entitlements","value":[{"value":"x"}]}`,
			extra("entitlements", list("workspace-access", "databricks-sql-access", "x"))},
		{"remove an entitlement by value", `{"op":"remove","path":"entitlements","value":[{"value":"workspace-access"}]}`,
			extra("entitlements", list("databricks-sql-access"))},
		{"terraform: none", `{"op":"replace","path":"entitlements","value":[{}]}`, extra("entitlements", nil)},
		{"terraform: none by empty value", `{"op":"replace","path":"entitlements","value":[{"value":""}]}`, extra("entitlements", nil)},
		{"removing nothing removes nothing", `{"op":"remove","path":"entitlements","value":[{}]}`, same},
		{"remove all", `{"op":"remove","path":"entitlements"}`, extra("entitlements", nil)},
		// What all of them may send
		{"rename", `{"op":"replace","path":"userName","value":"countess@example.com"}`,
			func(r *Resource) { r.UserName = "countess@example.com" }},
		{"groups, id and meta in an object are passed over", `{"op":"replace","value":{"id":"999","groups":[],"meta":{},"schemas":[]}}`, same},
		{"an object names the parts that change", `{"op":"replace","path":"name","value":{"GivenName":"G"}}`,
			extra("name", map[string]any{"givenName": "G", "familyName": "L"})},
		{"an element made from two equalities", `{"op":"add","path":"ims[type eq \"x\" and primary eq true].value","value":"1"}`,
			extra("ims", []any{map[string]any{"type": "x", "primary": true, "value": "1"}})},
		{"a whole extension goes", `{"op":"add","path":"` + enterprise + `:division","value":"1"},` +
			`{"op":"remove","path":"` + enterprise + `"}`, same},
		{"null adds nothing", `{"op":"Add","path":"displayName","value":null},{"op":"Add","path":"emails[type eq \"work\"].value","value":null}`,
			same},
		{"null clears", `{"op":"replace","path":"displayName","value":null}`, func(r *Resource) { r.DisplayName = "" }},
		{"empty clears a part", `{"op":"replace","path":"name.familyName","value":""}`, extra("name", map[string]any{"givenName": "Ada"})},
		{"removing active does not wake", `{"op":"replace","path":"active","value":false},{"op":"remove","path":"active"}`, inactive},
		{"unknown attribute", `{"op":"add","path":"shoeSize","value":44}`, func(r *Resource) { r.Extra["shoeSize"] = number("44") }},
		{"part of every element", `{"op":"replace","path":"emails.type","value":"home"}`,
			mail(map[string]any{"value": "ada@example.com", "type": "home", "primary": true})},
		{"part of no element", `{"op":"add","path":"phoneNumbers.value","value":"1"}`, extra("phoneNumbers", list("1"))},
		{"remove a part of an element", `{"op":"remove","path":"emails[type eq \"work\"].primary"}`,
			mail(map[string]any{"value": "ada@example.com", "type": "work"})},
		{"replace an element", `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"z@x"}}`, mail(work("z@x"))},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			want := user()
			c.want(&want)
			if diff := cmp.Diff(want, mustPatch(t, user(), c.ops).Resource); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPatchRefused(t *testing.T) {
	cases := []struct {
		name, ops, scimType string
		of                  Resource
	}{
		{"id", `{"op":"replace","path":"id","value":"1"}`, Mutability, user()},
		{"meta", `{"op":"add","path":"meta.location","value":"x"}`, Mutability, user()},
		{"groups of a user", `{"op":"add","path":"groups","value":[{"value":"2"}]}`, Mutability, user()},
		{"application id", `{"op":"replace","path":"applicationId","value":"aaaaaaaa-67b2-4cf2-a259-e3dc5476c621"}`, Mutability, robot()},
		{"application id removed", `{"op":"remove","path":"applicationId"}`, Mutability, robot()},
		{"members of a user", `{"op":"add","path":"members","value":[{"value":"2"}]}`, InvalidPath, user()},
		{"no userName left", `{"op":"remove","path":"userName"}`, InvalidValue, user()},
		{"slash in userName", `{"op":"replace","path":"userName","value":"a/b"}`, InvalidValue, user()},
		{"active is no word", `{"op":"replace","path":"active","value":"maybe"}`, InvalidValue, user()},
		{"displayName is no object", `{"op":"replace","path":"displayName","value":{"a":1}}`, InvalidValue, user()},
		{"emails hold no booleans", `{"op":"add","path":"emails","value":[true]}`, InvalidValue, user()},
		{"nothing matches", `{"op":"replace","path":"emails[type eq \"home\"]","value":{"value":"x"}}`, NoTarget, user()},
		{"nothing matches a range", `{"op":"add","path":"emails[value co \"zz\"].type","value":"x"}`, NoTarget, user()},
		{"filter on one value", `{"op":"replace","path":"name[givenName eq \"x\"].familyName","value":"x"}`, InvalidPath, user()},
		{"part of a plain value", `{"op":"replace","path":"displayName.first","value":"x"}`, InvalidPath, user()},
		{"path does not parse", `{"op":"replace","path":"emails[type eq","value":"x"}`, InvalidPath, user()},
		{"path with a tail", `{"op":"replace","path":"emails[type eq 1]x","value":"x"}`, InvalidPath, user()},
		{"filter in a path does not parse", `{"op":"remove","path":"emails[type]"}`, InvalidFilter, user()},
		{"empty filter", `{"op":"remove","path":"emails[]"}`, InvalidFilter, user()},
		{"no path and no object", `{"op":"add","value":"x"}`, InvalidValue, user()},
		{"members are not changed", `{"op":"replace","path":"members[value eq \"1\"].display","value":"x"}`, InvalidPath, team()},
		{"members by display", `{"op":"remove","path":"members[display eq \"x\"]"}`, InvalidPath, team()},
		{"group without a name", `{"op":"replace","path":"displayName","value":""}`, InvalidValue, team()},
		// The first operation is fine; nothing of it may remain.
		{"all or nothing", `{"op":"replace","path":"displayName","value":"new"},{"op":"replace","path":"id","value":"1"}`, Mutability, user()},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			before := c.of.document()
			ops, err := DecodePatch(operations(c.ops))
			if err != nil {
				t.Fatal(err)
			}
			got, err := Patch(c.of, ops)
			if ScimType(err) != c.scimType {
				t.Errorf("got %v, want %s", err, c.scimType)
			}
			if diff := cmp.Diff(Change{}, got) + cmp.Diff(before, c.of.document()); diff != "" {
				t.Errorf("half applied: %s", diff)
			}
		})
	}
}

func TestDecodePatchRefused(t *testing.T) {
	many := slices.Repeat([]byte(`{"op":"add","value":{}},`), MaxOperations)
	cases := []struct{ body, scimType string }{
		{``, InvalidSyntax},
		{`null`, InvalidSyntax},
		{`[]`, InvalidSyntax},
		{`{} {}`, InvalidSyntax},
		{`{"Operations":{}}`, InvalidSyntax},
		{`{"Operations":[]}`, InvalidSyntax},
		{`{"Operations":[1]}`, InvalidSyntax},
		{`{"Operations":[{"op":"move","path":"a","value":1}]}`, InvalidSyntax},
		{`{"Operations":[{"op":"add","path":1,"value":1}]}`, InvalidPath},
		{`{"Operations":[{"op":"remove"}]}`, NoTarget},
		{`{"Operations":[{"op":"add","path":"displayName"}]}`, InvalidValue},
		{`{"Operations":[` + string(many) + `{"op":"add","value":{}}]}`, TooMany},
	}
	for _, c := range cases {
		if _, err := DecodePatch([]byte(c.body)); ScimType(err) != c.scimType {
			t.Errorf("%.60s: got %v, want %s", c.body, err, c.scimType)
		}
	}
}

func TestPatchMembers(t *testing.T) {
	cases := []struct {
		name, ops string
		want      MemberChange
	}{
		{"okta adds and removes in one request",
			`{"op":"remove","path":"members[value eq \"7\"]"},{"op":"add","path":"members","value":[{"value":"8","display":"b@x"}]}`,
			MemberChange{Add: []int64{8}, Remove: []int64{7}}},
		{"okta pushes all", `{"op":"replace","path":"members","value":[{"value":"7"},{"value":"8"},{"value":"7"}]}`,
			MemberChange{Replace: true, Add: []int64{7, 8}}},
		{"okta pushes none", `{"op":"replace","path":"members","value":[]}`, MemberChange{Replace: true}},
		{"okta renames", `{"op":"replace","value":{"id":"200","displayName":"team"}}`, MemberChange{}},
		{"entra adds", `{"op":"Add","path":"members","value":[{"$ref":null,"value":"7"},{"$ref":null,"value":"8"}]}`,
			MemberChange{Add: []int64{7, 8}}},
		{"entra removes by list", `{"op":"Remove","path":"members","value":[{"value":"7"}]}`, MemberChange{Remove: []int64{7}}},
		{"entra removes by filter", `{"op":"remove","path":"members[value eq \"7\"]"}`, MemberChange{Remove: []int64{7}}},
		{"several by filter", `{"op":"remove","path":"members[Value eq \"7\" or value eq \"8\"]"}`, MemberChange{Remove: []int64{7, 8}}},
		{"in an object", `{"op":"add","value":{"members":[{"value":"7"}]}}`, MemberChange{Add: []int64{7}}},
		{"databricks removes all", `{"op":"remove","path":"members"}`, MemberChange{Replace: true}},
		{"removing nothing removes nobody", `{"op":"remove","path":"members","value":[]}`, MemberChange{}},
		{"removing nobody's id", `{"op":"remove","path":"members","value":[{"value":"not-an-id"}]}`, MemberChange{}},
		{"the last word counts", `{"op":"add","path":"members","value":[{"value":"7"}]},{"op":"remove","path":"members[value eq \"7\"]"}`,
			MemberChange{Remove: []int64{7}}},
		{"replace, then add and remove", `{"op":"add","path":"members","value":"5"},{"op":"replace","path":"members","value":["6","7"]},` +
			`{"op":"add","path":"members","value":[{"value":8}]},{"op":"remove","path":"members[value eq 6]"}`,
			MemberChange{Replace: true, Add: []int64{7, 8}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := mustPatch(t, team(), c.ops)
			if diff := cmp.Diff(c.want, got.Members); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(team(), got.Resource); diff != "" {
				t.Errorf("attributes changed: %s", diff)
			}
		})
	}
}

func TestMemberDelta(t *testing.T) {
	cases := []struct {
		change         MemberChange
		added, removed []int64
	}{
		{MemberChange{}, nil, nil},
		{MemberChange{Add: []int64{3, 4}, Remove: []int64{1, 9}}, []int64{4}, []int64{1}},
		{MemberChange{Replace: true, Add: []int64{5, 2}}, []int64{5}, []int64{1, 3}},
		{MemberChange{Replace: true}, nil, []int64{1, 2, 3}},
	}
	for _, c := range cases {
		added, removed := c.change.Delta([]int64{3, 1, 2})
		if diff := cmp.Diff(c.added, added) + cmp.Diff(c.removed, removed); diff != "" {
			t.Errorf("%+v: %s", c.change, diff)
		}
	}
}

func TestReplace(t *testing.T) {
	cases := []struct {
		name, body string
		old        Resource
		want       func(*Resource)
		members    MemberChange
	}{
		{"okta sends the whole user with groups:[]", `{"schemas":["` + SchemaUser + `"],"id":"101","userName":"ada@example.com",
			"name":{"givenName":"Ada","familyName":"King"},"emails":[{"primary":true,"value":"ada@example.com","type":"work"}],
			"displayName":"Ada","locale":"en-US","externalId":"00u1","groups":[],"password":"x","active":false,"meta":{"resourceType":"User"}}`,
			user(), func(r *Resource) {
				r.Active, r.ExternalID = false, "00u1"
				r.Extra = Document{"locale": "en-US", "name": map[string]any{"givenName": "Ada", "familyName": "King"},
					"emails": user().Extra["emails"]}
			}, MemberChange{}},
		{"what is not said about name and active stays", `{"displayName":"A"}`, user(), func(r *Resource) {
			r.DisplayName, r.Extra = "A", Document{}
		}, MemberChange{}},
		{"a group's members are replaced", `{"displayName":"team","members":[{"value":"7"}]}`, team(), func(*Resource) {},
			MemberChange{Replace: true, Add: []int64{7}}},
		{"no members: none", `{"displayName":"crew"}`, team(), func(r *Resource) { r.DisplayName = "crew" }, MemberChange{Replace: true}},
		{"a service principal keeps its id", `{"displayName":"r2","applicationId":"8ADF8E6E-67b2-4cf2-a259-e3dc5476c621","entitlements":[{}]}`,
			robot(), func(r *Resource) { r.DisplayName = "r2" }, MemberChange{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in, err := Decode(c.old.Kind, []byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			got, err := Replace(c.old, in)
			if err != nil {
				t.Fatal(err)
			}
			c.want(&c.old)
			if diff := cmp.Diff(Change{c.old, c.members}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReplaceKeepsWhatIsFixed(t *testing.T) {
	asleep := user()
	asleep.Active = false
	got, err := Replace(asleep, Input{Resource: Resource{Kind: authz.User, Active: true}})
	if err != nil || got.Resource.Active {
		t.Errorf("a PUT that says nothing about active wakes a user: %+v, %v", got, err)
	}
	everybody := Resource{ID: authz.GroupUsers, Kind: authz.Group, DisplayName: "users", Active: true}
	got, err = Replace(everybody, Input{Resource: Resource{Kind: authz.Group, Active: true}})
	if err != nil || !got.Members.Empty() {
		t.Errorf("a PUT of users changes its members: %+v, %v", got, err)
	}
	_, err = Replace(robot(), Input{Resource: Resource{Kind: authz.ServicePrincipal, ApplicationID: "1adf8e6e-67b2-4cf2-a259-e3dc5476c621"}})
	if ScimType(err) != Mutability {
		t.Errorf("another applicationId: got %v", err)
	}
}

// FuzzPatch: no body makes a PATCH panic, changes the principal it starts from, or leaves one that would be refused.
func FuzzPatch(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		ops, err := DecodePatch(operations(text))
		if err != nil {
			if ScimType(err) == "" {
				t.Fatalf("%v has no scimType", err)
			}
			return
		}
		for _, old := range []Resource{user(), team(), robot()} {
			before := old.document()
			change, err := Patch(old, ops)
			if diff := cmp.Diff(before, old.document()); diff != "" {
				t.Fatal(diff)
			}
			if err == nil {
				err = Validate(change.Resource)
			} else if ScimType(err) != "" {
				continue
			}
			if err != nil || change.Resource.ID != old.ID || change.Resource.Name() == "" {
				t.Fatalf("%v: %+v", err, change.Resource)
			}
		}
	})
}
