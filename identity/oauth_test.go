package identity

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTakes(t *testing.T) {
	exact := PublicClient{ID: "dash", Name: "Dashboards", Redirects: []string{"https://dash.example.com/back", "http://127.0.0.1/cb?x=1"}}
	if err := exact.Check(); err != nil {
		t.Fatal(err)
	}
	for redirect, want := range map[string]bool{
		"https://dash.example.com/back": true, "https://dash.example.com/back/": false, "https://dash.example.com:443/back": false,
		"https://dash.example.com/back?x": false, "http://dash.example.com/back": false, "http://127.0.0.1:5/cb?x=1": true,
		"http://127.0.0.1:5/cb": false, "http://127.0.0.2:5/cb?x=1": false, "http://127.0.0.1:5/cb?x=1#f": false,
		`http://127.0.0.1:5\@evil/cb?x=1`: false, "http://a@127.0.0.1:5/cb?x=1": false, "": false, "http://[::1": false,
	} {
		if exact.Takes(redirect) != want {
			t.Errorf("%q: %t", redirect, !want)
		}
	}
	for _, redirect := range []string{"http://localhost:8020", "http://localhost:8040/", "http://127.0.0.1:1", "http://[::1]:9"} {
		if !DatabricksCLI.Takes(redirect) {
			t.Errorf("the command line is not answered at %s", redirect)
		}
	}
}

func TestCheckClient(t *testing.T) {
	for name, c := range map[string]PublicClient{
		"no id": {Name: "a", Redirects: []string{"https://a/"}}, "no redirect": {ID: "a", Name: "a"},
		"http elsewhere": {ID: "a", Name: "a", Redirects: []string{"http://a.example.com/"}},
		"a script":       {ID: "a", Name: "a", Redirects: []string{"javascript:alert(1)"}},
		"a fragment":     {ID: "a", Name: "a", Redirects: []string{"https://a.example.com/#x"}},
	} {
		if c.Check() == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestAskedScopes(t *testing.T) {
	for text, tt := range map[string]struct {
		held, want []string
		offline    bool
		wrong      bool
	}{
		"":                        {},
		"all-apis offline_access": {offline: true},
		"offline_access":          {held: []string{"scim"}, want: []string{"scim"}, offline: true},
		"openid profile mlflow":   {want: []string{"mlflow"}},
		"all-apis":                {held: []string{"scim"}, want: []string{"scim"}},
		"mlflow scim":             {held: []string{"scim"}, wrong: true},
		"root":                    {wrong: true},
	} {
		got, offline, err := AskedScopes(text, tt.held)
		if (err != nil) != tt.wrong || err == nil && (!slices.Equal(got, tt.want) || offline != tt.offline) {
			t.Errorf("%q of %v: %v %t %v", text, tt.held, got, offline, err)
		}
	}
}

// TestCommon: where two credentials have nothing in common, that is nothing and not everything.
func TestCommon(t *testing.T) {
	for _, tt := range []struct {
		a, b, want []string
		ok         bool
	}{
		{nil, []string{"all-apis"}, nil, true}, {nil, []string{"scim"}, []string{"scim"}, true}, {[]string{"scim"}, nil, []string{"scim"}, true},
		{[]string{"scim", "mlflow"}, []string{"mlflow", "jobs"}, []string{"mlflow"}, true}, {[]string{"scim"}, []string{"mlflow"}, nil, false},
		{[]string{"all-apis"}, []string{"mlflow"}, []string{"mlflow"}, true},
	} {
		if got, ok := Common(tt.a, tt.b); ok != tt.ok || !slices.Equal(got, tt.want) {
			t.Errorf("%v and %v: %v %t", tt.a, tt.b, got, ok)
		}
	}
}

func TestProves(t *testing.T) {
	const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636, B
	if CheckChallenge("S256", challenge) != nil || !Proves(verifier, challenge) {
		t.Error("the RFC's own example does not count")
	}
	if CheckChallenge("plain", challenge) == nil || CheckChallenge("S256", "short") == nil || Proves(verifier+"x", challenge) || Proves("", challenge) {
		t.Error("something else counts")
	}
}

func TestParseLifetime(t *testing.T) {
	for text, want := range map[string]time.Duration{"": SecretLife, "3600s": time.Hour, "60": time.Minute, "63072000s": SecretLife} {
		if got, err := ParseLifetime(text); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}

// TestNextOAuth: a login goes on with its parameters as they were, and nowhere else.
func TestNextOAuth(t *testing.T) {
	good := NextOAuth + "client_id=a&state=1"
	if got := (Trip{Next: SafeNext(good)}).Landing(); got != "/oidc/v1/authorize?client_id=a&state=1" {
		t.Error(got)
	}
	for _, bad := range []string{NextOAuth + "a=b#x", NextOAuth + "a=%zz", NextOAuth + "a=b c", NextOAuth + "state=" + strings.Repeat("x", 3000), "oauth/x"} {
		if got := SafeNext(bad); got != "" {
			t.Errorf("%q leads to %q", bad, got)
		}
	}
}
