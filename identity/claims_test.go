package identity

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/fail"
)

// okta is a provider with everything set.
func okta() *Provider {
	return &Provider{
		Name: "okta", Title: "Okta", Issuer: "https://id.example.org", ClientID: "bailiwick", Create: true, Link: true,
		Groups: map[string]string{"ml": "ml-team", "ops": "operators"},
	}
}

func claimsOf(t testing.TB, text string) map[string]any {
	t.Helper()
	var claims map[string]any
	if err := json.Unmarshal([]byte(text), &claims); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return claims
}

// many writes n group names as a JSON list.
func many(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%q", fmt.Sprintf("g%04d", i))
	}
	return "[" + strings.Join(names, ",") + "]"
}

func TestPersonOf(t *testing.T) {
	tests := map[string]struct {
		change func(*Provider)
		claims string
		want   Person
	}{
		"all": {nil, `{"sub":"1","sid":"s","preferred_username":" ann@example.org ","name":"Ann","email":"ann@example.org","email_verified":true,
			"groups":["ops","ml","ml"],"roles":["stage-approver"]}`,
			Person{Subject: "1", Session: "s", UserName: "ann@example.org", Shown: "Ann", ExternalID: "1", Email: "ann@example.org",
				Groups: []string{"ml", "ops"}, Roles: []string{"stage-approver"}}},
		"fallback to the verified address": {nil, `{"sub":"1","email":"ann@example.org","email_verified":"true"}`,
			Person{Subject: "1", UserName: "ann@example.org", ExternalID: "1", Email: "ann@example.org"}},
		"Entra's object id": {nil, `{"sub":"1","oid":"o-1","upn":"ann"}`, Person{Subject: "1", UserName: "ann", ExternalID: "o-1"}},
		"paths": {func(p *Provider) {
			p.Claims = ClaimNames{User: []string{"https://example.org/user"}, Roles: []string{"realm_access.roles", "resource_access.web.roles"}}
		}, `{"sub":"1","https://example.org/user":"ann","realm_access":{"roles":["b"]},"resource_access":{"web":{"roles":"a"}}}`,
			Person{Subject: "1", UserName: "ann", ExternalID: "1", Roles: []string{"a", "b"}}},
		"composed": {nil, `{"sub":"1","preferred_username":"rene\u0301"}`, Person{Subject: "1", UserName: "ren\u00e9", ExternalID: "1"}},
		"a name that cannot be shown is left out": {nil, `{"sub":"1","upn":"ann","name":"A\u202Enn"}`,
			Person{Subject: "1", UserName: "ann", ExternalID: "1"}},
		"overage does not matter without groups": {func(p *Provider) { p.Groups = nil }, `{"sub":"1","upn":"ann","_claim_names":{"groups":"src1"}}`,
			Person{Subject: "1", UserName: "ann", ExternalID: "1"}},
		"allowed": {func(p *Provider) {
			p.Allow = AllowList{Domains: []string{"Example.org"}, Groups: []string{"ml"}, Tenants: []string{"T-1"}}
		}, `{"sub":"1","upn":"ann","email":"ann@example.ORG","email_verified":true,"groups":"ml","tid":"t-1"}`,
			Person{Subject: "1", UserName: "ann", ExternalID: "1", Email: "ann@example.ORG", Groups: []string{"ml"}}},
	}
	for name, tt := range tests {
		p := okta()
		if tt.change != nil {
			tt.change(p)
		}
		tt.want.Issuer = p.Issuer
		got, err := p.PersonOf(claimsOf(t, tt.claims))
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// A directory with hundreds of groups is no problem as long as the token has them.
func TestManyGroups(t *testing.T) {
	who, err := okta().PersonOf(claimsOf(t, `{"sub":"1","upn":"ann","groups":`+many(300)+`}`))
	if err != nil || len(who.Groups) != 300 {
		t.Errorf("%d groups, %v", len(who.Groups), err)
	}
}

func TestPersonRefused(t *testing.T) {
	tests := map[string]struct {
		change func(*Provider)
		claims string
		want   string // in the reason
	}{
		"no subject":           {nil, `{"upn":"ann"}`, "claim sub"},
		"long subject":         {nil, `{"sub":"` + strings.Repeat("x", 256) + `","upn":"ann"}`, "claim sub"},
		"long session":         {nil, `{"sub":"1","sid":"` + strings.Repeat("x", 256) + `","upn":"ann"}`, "claim sid"},
		"no name":              {nil, `{"sub":"1","name":"Ann"}`, "preferred_username, upn, email"},
		"unverified address":   {nil, `{"sub":"1","email":"admin@example.org"}`, "email_verified"},
		"falsely verified":     {nil, `{"sub":"1","email":"admin@example.org","email_verified":"false"}`, "email_verified"},
		"unverified by a path": {func(p *Provider) { p.Claims.User = []string{"info.email"} }, `{"sub":"1","info":{"email":"a@b"}}`, "email_verified"},
		"name with a slash":    {nil, `{"sub":"1","upn":"../ann"}`, "claim upn"},
		"invisible":            {nil, `{"sub":"1","upn":"an\u200Bn"}`, "invisible"},
		"groups are objects":   {nil, `{"sub":"1","upn":"ann","groups":[{"name":"ml"}]}`, "value 1 of the claim groups"},
		"groups are a number":  {nil, `{"sub":"1","upn":"ann","groups":7}`, "value 1 of the claim groups"},
		"too many groups":      {nil, `{"sub":"1","upn":"ann","groups":` + many(MaxGroups+1) + `}`, "5001 values"},
		"too many roles":       {nil, `{"sub":"1","upn":"ann","roles":` + many(MaxRoles+1) + `}`, "at most 100"},
		"overage":              {nil, `{"sub":"1","upn":"ann","_claim_names":{"groups":"src1"}}`, "Groups assigned to the application"},
		"overage in addresses": {nil, `{"sub":"1","upn":"ann","hasgroups":"true"}`, "Groups assigned to the application"},
		"other tenant":         {func(p *Provider) { p.Allow.Tenants = []string{"t-1"} }, `{"sub":"1","upn":"ann","tid":"t-2"}`, "tenant"},
		"no tenant":            {func(p *Provider) { p.Allow.Tenants = []string{""} }, `{"sub":"1","upn":"ann"}`, "tenant"},
		"domain of an unverified address": {func(p *Provider) { p.Allow.Domains = []string{"example.org"} },
			`{"sub":"1","upn":"ann@example.org","email":"ann@example.org"}`, "domain"},
		"not in a group": {func(p *Provider) { p.Allow.Groups = []string{"ml"} }, `{"sub":"1","upn":"ann","groups":["ops"]}`, "groups that are allowed"},
	}
	for name, tt := range tests {
		p := okta()
		if tt.change != nil {
			tt.change(p)
		}
		if _, err := p.PersonOf(claimsOf(t, tt.claims)); !fail.Is(err, fail.Denied) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzPersonOf: whatever a provider signs, who comes out of it has a name that can be a user's here, and lists within bounds.
func FuzzPersonOf(f *testing.F) {
	for _, seed := range []string{
		`{"sub":"1","preferred_username":"ann","groups":["a"],"roles":"b"}`, `{"sub":"1","email":"a@b","email_verified":true}`,
		`{"sub":"1","upn":"ann","_claim_names":{"groups":"s"},"realm_access":{"roles":[1]}}`, `{"sub":{"a":[]},"upn":"e\u0301"}`, `{}`, `null`,
	} {
		f.Add(seed)
	}
	p := okta()
	p.Claims.Roles = []string{"roles", "realm_access.roles"}
	f.Fuzz(func(t *testing.T, text string) {
		var claims map[string]any
		if json.Unmarshal([]byte(text), &claims) != nil {
			return
		}
		who, err := p.PersonOf(claims)
		if err != nil {
			if !fail.Is(err, fail.Denied) {
				t.Errorf("%v", err)
			}
			return
		}
		if checkUserName(who.UserName) != nil || who.Subject == "" || len(who.Groups) > MaxGroups || len(who.Roles) > MaxRoles {
			t.Errorf("%+v", who)
		}
		if claims["email_verified"] != true && claims["email_verified"] != "true" && who.Email != "" {
			t.Errorf("unverified: %+v", who)
		}
	})
}
