package identity

import (
	"strings"
	"testing"

	"bailiwick/authz"
)

// ada is a rendered user that filters are tried on.
func ada(t testing.TB) Document {
	t.Helper()
	in, err := Decode(authz.User, []byte(`{"userName":"Ada@example.com","displayName":"Ada \"the\" First","externalId":"Ext-1",
		"name":{"givenName":"Ada","familyName":"Lovelace"},"active":true,"title":"any-x","logins":7,
		"emails":[{"value":"ada@example.com","type":"work","primary":true},{"value":"a@home.org","type":"home"}],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Engines","manager":{"value":"9"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	r := in.Resource
	r.ID, r.Created, r.Modified = 123, 1_700_000_000_000, 1_700_000_100_000
	return r.Render(View{Base: "https://h/scim/v2", Groups: []Ref{{ID: 2, Kind: authz.Group, Display: "admins"}}})
}

func TestFilterMatch(t *testing.T) {
	doc := ada(t)
	const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	cases := []struct {
		filter string
		want   bool
	}{
		{``, true},
		{`   `, true},
		{`userName eq "ada@EXAMPLE.com"`, true},
		{`USERNAME EQ "ada@example.com"`, true},
		{`userName eq ada@example.com`, true},
		{`userName ne "ada@example.com"`, false},
		{`displayName eq any-x`, false},
		{`title eq any-x`, true},
		{`displayName eq "Ada \"the\" First"`, true},
		{`displayName eq "Ada \u0022the\u0022 First"`, true},
		{`displayName co "\"the\""`, true},
		{`displayName sw "ada"`, true},
		{`displayName ew "first"`, true},
		{`displayName ew "ada"`, false},
		{`externalId eq "Ext-1"`, true},
		{`externalId eq "ext-1"`, false},
		{`id eq "123"`, true},
		{`id eq 123`, true},
		{`active eq true`, true},
		{`active eq "True"`, true},
		{`active eq False`, false},
		{`active ne true`, false},
		{`title pr`, true},
		{`nickName pr`, false},
		{`nickName eq null`, true},
		{`title eq null`, false},
		{`title ne null`, true},
		{`nickName ne "x"`, true},
		{`logins gt 6`, true},
		{`logins ge 7 and logins le 7`, true},
		{`logins lt 7`, false},
		{`logins gt many`, false},
		{`emails eq "a@home.org"`, true},
		{`emails.value co "home"`, true},
		{`emails[type eq "work"].value eq "ada@example.com"`, true},
		{`emails[type eq "work"].value eq "a@home.org"`, false},
		{`emails[type eq "home"].primary pr`, false},
		{`emails[type eq "work" and value co "home"]`, false},
		{`emails[type eq "work" and value co "example" and primary eq true]`, true},
		{`emails[not (type eq "work") and (value sw "a@" or value sw "b@")]`, true},
		{`emails[type eq "work"] and userName sw "ada"`, true},
		{`name.familyName eq "lovelace"`, true},
		{`urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ADA"`, true},
		{enterprise + `:department eq "engines"`, true},
		{strings.ToLower(enterprise) + `:manager.value eq "9"`, true},
		{enterprise + `:department eq "sales"`, false},
		{`meta.created lt "2023-11-15T00:00:00Z"`, true},
		{`meta.lastModified ge "2023-11-14T23:15:00+01:00"`, true},
		{`meta.lastModified gt "2024-01-01T00:00:00Z"`, false},
		{`groups eq "2"`, true},
		{`groups.display eq "admins"`, true},
		{`not (userName sw "ada") or active eq true`, true},
		{`not(userName sw "ada")`, false},
		// and binds tighter than or.
		{`userName sw "x" and userName sw "y" or title pr`, true},
		{`userName sw "x" and (userName sw "y" or title pr)`, false},
		{`title eq eq`, false},
		{`displayName eq "and or not ( ) [ ]"`, false},
	}
	for _, c := range cases {
		f, err := ParseFilter(c.filter)
		if err != nil {
			t.Errorf("ParseFilter(%s): %v", c.filter, err)
			continue
		}
		if got := f.Match(doc); got != c.want {
			t.Errorf("%s: got %v, want %v", c.filter, got, c.want)
		}
	}
}

func TestFilterRefused(t *testing.T) {
	cases := []struct{ filter, want string }{
		{`bareword`, "ends where one of eq"},
		{`userName`, "ends where"},
		{`userName eq`, "ends where a value"},
		{`userName is "x"`, `position 10: "is"`},
		{`userName eq "x" and`, "ends where an attribute"},
		{`userName eq my group`, `position 16: "group"`},
		{`userName eq "x`, "position 13"},
		{`userName eq "a\qb"`, "position 13"},
		{`(userName eq "x"`, "parentheses"},
		{`userName eq "x")`, "parentheses"},
		{`emails[type eq "work"`, "position 7"},
		{`emails[]`, "ends where"},
		{`"userName" pr`, "position 1"},
		{`emails]`, "out of place"},
		{`"userName" eq "x"`, `position 1: "userName" stands where an attribute`},
		{`active gt true`, "cannot order"},
		{`$v0 pr`, "not an attribute path"},
		{`emails[$v0 pr]`, "not an attribute path"},
		{`title pr and $v0 pr`, "no attribute"},
		{`a/b eq 1`, "not an attribute path"},
		{`title pr and a/b eq 1`, "malformed"},
		{strings.Repeat("a", 600) + ` pr`, "not an attribute path"},
		{strings.Repeat("(", 40) + `a pr` + strings.Repeat(")", 40), "nested"},
		{`a eq "` + strings.Repeat("x", maxFilterBytes) + `"`, "at most"},
		{"a eq \"\xff\"", "UTF-8"},
	}
	for _, c := range cases {
		_, err := ParseFilter(c.filter)
		if ScimType(err) != InvalidFilter || !strings.Contains(err.Error(), c.want) {
			t.Errorf("ParseFilter(%.60s): got %v, want invalidFilter with %q", c.filter, err, c.want)
		}
	}
}

func TestFilterLookup(t *testing.T) {
	cases := []struct{ filter, attr, value string }{
		{`userName eq "Ada@x"`, "userName", "Ada@x"},
		{`USERNAME eq Ada@x`, "userName", "Ada@x"},
		{`title pr and (displayName eq "g" and active eq true)`, "displayName", "g"},
		{`applicationId eq "4f1b"`, "applicationId", "4f1b"},
		{`externalId eq 12`, "externalId", "12"},
		{`userName eq "a" or title pr`, "", ""},
		{`not (userName eq "a")`, "", ""},
		{`userName sw "a"`, "", ""},
		{`userName eq null`, "", ""},
		{`emails.value eq "a"`, "", ""},
		{``, "", ""},
	}
	for _, c := range cases {
		f, err := ParseFilter(c.filter)
		if err != nil {
			t.Fatal(err)
		}
		attr, value, ok := f.Lookup()
		if attr != c.attr || value != c.value || ok != (c.attr != "") {
			t.Errorf("%s: got %q %q %v, want %q %q", c.filter, attr, value, ok, c.attr, c.value)
		}
	}
}

func TestFilterMentions(t *testing.T) {
	f, err := ParseFilter(`not (title pr) or (Members[value eq "1"] and userName pr)`)
	if err != nil {
		t.Fatal(err)
	}
	for attr, want := range map[string]bool{"members": true, "title": true, "userName": true, "groups": false} {
		if f.Mentions(attr) != want {
			t.Errorf("Mentions(%s) = %v", attr, !want)
		}
	}
}

func FuzzFilter(f *testing.F) {
	doc := ada(f)
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := ParseFilter(text)
		if err != nil {
			if ScimType(err) != InvalidFilter {
				t.Fatalf("%q: %v is not an invalidFilter", text, err)
			}
			return
		}
		got := parsed.Match(doc)
		if again := parsed.Match(doc); again != got {
			t.Fatalf("%q: a filter changes its mind", text)
		}
		if parsed.All() {
			return
		}
		negated, err := ParseFilter("not (" + text + ")")
		if err == nil && negated.Match(doc) == got {
			t.Fatalf("%q: the filter and its negation agree on %v", text, got)
		}
	})
}
