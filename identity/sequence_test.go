package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"bailiwick/authz"
	"bailiwick/fail"
)

// directory is the least server that the sequences of real clients can be played on: all of its rules are this package's.
type directory struct {
	rows    map[int64]Resource
	members map[int64][]int64
	next    int64
}

func newDirectory() *directory {
	admins := Resource{ID: authz.GroupAdmins, Kind: authz.Group, DisplayName: "admins", Active: true, Extra: Document{}}
	return &directory{rows: map[int64]Resource{admins.ID: admins}, members: map[int64][]int64{}, next: authz.FirstFreePrincipal}
}

var kinds = map[string]authz.PrincipalKind{"Users": authz.User, "Groups": authz.Group, "ServicePrincipals": authz.ServicePrincipal}

// call plays one request and gives the answer as JSON text.
func (d *directory) call(method, target, body string) (string, error) {
	u, err := url.Parse(target)
	if err != nil {
		return "", err
	}
	name, id, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if method == "POST" {
		return d.create(kinds[name], body)
	}
	if id == "" {
		return d.list(kinds[name], u.Query())
	}
	n, _ := ParseID(id)
	old, ok := d.rows[n]
	if !ok || old.Kind != kinds[name] {
		return "", fail.NotFoundf("%s not found", target)
	}
	return d.one(method, old, body, u.Query())
}

func (d *directory) one(method string, old Resource, body string, q url.Values) (string, error) {
	switch method {
	case "DELETE":
		delete(d.rows, old.ID)
		return "", CheckDelete(old)
	case "PUT":
		in, err := Decode(old.Kind, []byte(body))
		if err != nil {
			return "", err
		}
		change, err := Replace(old, in)
		return d.save(old, change, err)
	case "PATCH":
		ops, err := DecodePatch([]byte(body))
		if err != nil {
			return "", err
		}
		change, err := Patch(old, ops)
		return d.save(old, change, err)
	}
	p, err := ParseProjection(q.Get("attributes"), q.Get("excludedAttributes"))
	return asText(p.Apply(d.show(old))), err
}

func (d *directory) create(kind authz.PrincipalKind, body string) (string, error) {
	in, err := Decode(kind, []byte(body))
	if err != nil {
		return "", err
	}
	r := in.Resource
	if kind == authz.ServicePrincipal && r.ApplicationID == "" {
		r.ApplicationID = fmt.Sprintf("00000000-0000-4000-8000-%012d", d.next)
	}
	r.ID = d.next
	if _, err := d.save(r, Change{r, MemberChange{Add: in.Members}}, Validate(r)); err != nil {
		return "", err
	}
	d.next++
	for _, g := range in.Groups {
		d.members[g] = append(d.members[g], r.ID)
	}
	return asText(d.show(r)), nil
}

func (d *directory) save(old Resource, c Change, err error) (string, error) {
	if err := errors.Join(err, CheckRename(old, c.Resource), CheckMembers(old.ID, c.Members)); err != nil {
		return "", err
	}
	for id, r := range d.rows {
		if id != old.ID && r.Kind == old.Kind && Fold(r.Name()) == Fold(c.Resource.Name()) {
			return "", NameTaken(old.Kind, c.Resource.Name())
		}
	}
	added, removed := c.Members.Delta(d.members[old.ID])
	now := slices.DeleteFunc(d.members[old.ID], func(id int64) bool { return slices.Contains(removed, id) })
	d.members[old.ID], d.rows[old.ID] = append(now, added...), c.Resource
	return asText(d.show(c.Resource)), nil
}

func (d *directory) list(kind authz.PrincipalKind, q url.Values) (string, error) {
	f, err := ParseFilter(q.Get("filter"))
	p, errPage := ParsePaging(q.Get("startIndex"), q.Get("count"))
	cut, errCut := ParseProjection(q.Get("attributes"), q.Get("excludedAttributes"))
	if err := errors.Join(err, errPage, errCut); err != nil {
		return "", err
	}
	var docs []Document
	for id := range d.next {
		if r, ok := d.rows[id]; ok && r.Kind == kind && f.Match(d.show(r)) {
			docs = append(docs, cut.Apply(d.show(r)))
		}
	}
	from, to := p.Window(len(docs))
	return asText(NewList(len(docs), p, docs[from:to])), nil
}

func (d *directory) show(r Resource) Document {
	v := View{Base: "https://h"}
	for id := range d.next {
		if slices.Contains(d.members[id], r.ID) {
			v.Groups = append(v.Groups, Ref{ID: id, Kind: authz.Group, Display: d.rows[id].DisplayName})
		}
	}
	for _, id := range d.members[r.ID] {
		v.Members = append(v.Members, Ref{ID: id, Kind: d.rows[id].Kind, Display: d.rows[id].DisplayName})
	}
	return r.Render(v)
}

// asText is the answer as it would be sent.
func asText(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// step is one request; want are texts of the answer or of the refusal, those behind "!" must not be in it.
type step struct {
	method, target, body string
	want                 []string
}

var sequences = map[string][]step{
	"okta": {
		{"GET", "/Users?startIndex=1&count=2", "", []string{`"totalResults":0`, `"Resources":[]`, `"startIndex":1`}},
		{"GET", "/Groups?startIndex=1&count=100", "", []string{`"totalResults":1`, `"displayName":"admins"`}},
		{"GET", `/Users?filter=userName%20eq%20%22a@x.org%22&startIndex=1&count=100`, "", []string{`"totalResults":0`}},
		{"POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a@x.org","name":{"givenName":"A","familyName":"B"},
			"emails":[{"primary":true,"value":"a@x.org","type":"work"}],"displayName":"A B","locale":"en-US","externalId":"00ujl29u0le5T6Aj10h7",
			"groups":[],"password":"1mz050nq","active":true}`, []string{`"id":"100"`, `"active":true`, `"locale":"en-US"`, "!1mz050nq"}},
		{"POST", "/Users", `{"userName":"A@X.org"}`, []string{"User with username A@X.org already exists."}},
		{"POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"ml","members":[]}`,
			[]string{`"id":"101"`}},
		{"PATCH", "/Groups/101", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[
			{"op":"remove","path":"members[value eq \"99\"]"},{"op":"add","path":"members","value":[{"value":"100","display":"a@x.org"}]}]}`,
			[]string{`"members":[{"$ref":"https://h/Users/100","display":"A B"`}},
		{"PATCH", "/Groups/101", `{"Operations":[{"op":"replace","value":{"id":"101","displayName":"ml-team"}}]}`,
			[]string{`"displayName":"ml-team"`, `"value":"100"`}},
		{"PUT", "/Users/100", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"100","userName":"a@x.org","name":{"givenName":"A",
			"familyName":"C"},"emails":[{"primary":true,"value":"a@x.org","type":"work"}],"groups":[],"active":true}`,
			[]string{`"familyName":"C"`, `"display":"ml-team"`}},
		{"PATCH", "/Users/100", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}`,
			[]string{`"active":false`, `"display":"ml-team"`}},
		{"GET", "/Users/100", "", []string{`"active":false`}},
		{"PATCH", "/Groups/101", `{"Operations":[{"op":"replace","path":"members","value":[]}]}`, []string{`"members":[]`}},
		{"DELETE", "/Groups/101", "", nil},
	},
	"entra": {
		{"GET", `/Users?filter=userName%20eq%20%224e8c2d5e%22`, "", []string{`"totalResults":0`, `"Resources":[]`}},
		{"POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
			"externalId":"0a21f0f2","userName":"B@x.org","active":true,"emails":[{"primary":true,"type":"work","value":"b@x.org"}],
			"meta":{"resourceType":"User"},"name":{"formatted":"B B","familyName":"B","givenName":"B"},"roles":[]}`,
			[]string{`"id":"100"`, `"externalId":"0a21f0f2"`}},
		{"GET", `/Users?filter=emails%5Btype%20eq%20%22work%22%5D.value%20eq%20%22b@x.org%22`, "", []string{`"totalResults":1`}},
		{"GET", `/Users?filter=externalId%20eq%20%220a21f0f2%22%20and%20userName%20eq%20%22b@X.ORG%22`, "", []string{`"totalResults":1`}},
		{"PATCH", "/Users/100", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[
			{"op":"Replace","path":"emails[type eq \"work\"].value","value":"new@x.org"},{"op":"Replace","path":"name.familyName","value":"New"},
			{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"R&D"}]}`,
			[]string{`new@x.org`, `"familyName":"New"`, `"department":"R\u0026D"`, `2.0:User"]`}},
		{"POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group",
			"http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"8aa1a0c0","displayName":"ml",
			"meta":{"resourceType":"Group"}}`, []string{`"id":"101"`, `"members":[]`}},
		{"GET", `/Groups?excludedAttributes=members&filter=displayName%20eq%20%22ML%22`, "", []string{`"totalResults":1`, `!"members"`}},
		{"PATCH", "/Groups/101", `{"Operations":[{"op":"Add","path":"members","value":[{"$ref":null,"value":"100"}]}]}`,
			[]string{`"value":"100"`}},
		{"GET", "/Groups/101?excludedAttributes=members", "", []string{`"displayName":"ml"`, `!"members"`}},
		{"PATCH", "/Groups/101", `{"Operations":[{"op":"Remove","path":"members","value":[{"$ref":null,"value":"100"}]}]}`,
			[]string{`"members":[]`}},
		{"PATCH", "/Users/100", `{"Operations":[{"op":"Replace","path":"active","value":"False"}]}`, []string{`"active":false`}},
		{"GET", `/Users?filter=userName%20eq%20%22B@x.org%22`, "", []string{`"totalResults":1`, `"active":false`}},
		{"DELETE", "/Users/100", "", nil},
		{"GET", "/Users/100", "", []string{"not found"}},
	},
	"terraform and databricks": {
		{"POST", "/Users", `{"active":true,"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"me@x.org",
			"entitlements":[{"value":"allow-cluster-create"}]}`, []string{`"id":"100"`}},
		{"GET", "/Users/100?attributes=userName,displayName,active,externalId,entitlements", "",
			[]string{`"value":"allow-cluster-create"`, `"userName":"me@x.org"`, `!"groups"`}},
		{"PUT", "/Users/100", `{"active":false,"userName":"me@x.org","entitlements":[{}],"groups":[{"display":"admins","value":"2"}]}`,
			[]string{`"active":false`, `"groups":[]`, "!allow-cluster-create"}},
		{"POST", "/ServicePrincipals", `{"displayName":"obo","groups":[{"value":"2"}],"active":true}`,
			[]string{`"applicationId":"00000000-0000-4000-8000-000000000101"`, `"display":"admins"`}},
		{"GET", "/ServicePrincipals/101?attributes=userName,displayName,active,externalId,entitlements", "", []string{`"applicationId"`}},
		{"GET", `/ServicePrincipals?excludedAttributes=roles&filter=displayName%20co%20%22OB%22`, "", []string{`"totalResults":1`}},
		{"GET", `/Groups?filter=displayName%20eq%20any-x`, "", []string{`"totalResults":0`}},
		{"GET", `/Groups?filter=bareword`, "", []string{"does not parse"}},
		{"GET", "/Users?startIndex=2&count=10000", "", []string{`"totalResults":1`, `"startIndex":2`, `"Resources":[]`}},
		{"PATCH", "/Groups/2", `{"Operations":[{"op":"add","path":"members","value":[{"value":"100"}]}]}`,
			[]string{"ServicePrincipals/101", "Users/100"}},
		{"PATCH", "/Groups/2", `{"Operations":[{"op":"remove","path":"members[value eq \"100\"]"}]}`,
			[]string{"ServicePrincipals/101", "!Users/100"}},
		{"PATCH", "/Groups/2", `{"Operations":[{"op":"add","path":"roles","value":[{"value":"arn:aws:iam::1:instance-profile/p"}]}]}`,
			[]string{"instance-profile/p"}},
		{"PATCH", "/Groups/2", `{"Operations":[{"op":"remove","path":"roles[value eq \"arn:aws:iam::1:instance-profile/p\"]"}]}`,
			[]string{"!instance-profile"}},
		{"PATCH", "/Groups/2", `{"Operations":[{"op":"replace","path":"displayName","value":"root"}]}`, []string{"cannot be renamed"}},
		{"POST", "/Groups", `{"displayName":"Admins"}`, []string{"Group with name Admins already exists."}},
		{"PATCH", "/ServicePrincipals/101", `{"Operations":[{"op":"replace","path":"active","value":"false"}]}`,
			[]string{`"active":false`}},
		{"DELETE", "/Groups/2", "", []string{"cannot be deleted"}},
	},
}

func TestSequences(t *testing.T) {
	for name, steps := range sequences {
		t.Run(name, func(t *testing.T) {
			d := newDirectory()
			for _, s := range steps {
				answer, err := d.call(s.method, s.target, s.body)
				if err != nil {
					answer = err.Error()
				}
				s.check(t, answer)
			}
		})
	}
}

func (s step) check(t *testing.T, answer string) {
	t.Helper()
	for _, want := range s.want {
		bad, not := strings.CutPrefix(want, "!")
		if not && strings.Contains(answer, bad) || !not && !strings.Contains(answer, want) {
			t.Errorf("%s %s: %s\nin %s", s.method, s.target, want, answer)
		}
	}
	if len(s.want) == 0 && answer != "" {
		t.Errorf("%s %s: %s", s.method, s.target, answer)
	}
}
