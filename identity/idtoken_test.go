package identity

import (
	"strings"
	"testing"
	"time"

	"bailiwick/fail"
)

// at100 is the time of these tests: 100,000 seconds after 1970.
var at100 = time.Unix(100_000, 0)

// with gives good claims with some changed; nil takes one away.
func with(changes map[string]any) map[string]any {
	claims := map[string]any{"iss": "https://id.example.org", "aud": "bailiwick", "sub": "1", "nonce": "n", "iat": 99_990.0, "exp": 100_300.0}
	for k, v := range changes {
		if claims[k] = v; v == nil {
			delete(claims, k)
		}
	}
	return claims
}

func TestCheckIDToken(t *testing.T) {
	tests := map[string]struct {
		claims map[string]any
		want   string // in the reason; empty = good
	}{
		"good":                     {nil, ""},
		"several audiences":        {map[string]any{"aud": []any{"other", "bailiwick"}, "azp": "bailiwick"}, ""},
		"ended within the skew":    {map[string]any{"exp": 99_941.0}, ""},
		"begins within the skew":   {map[string]any{"nbf": 100_059.0, "iat": 100_059.0}, ""},
		"other issuer":             {map[string]any{"iss": "https://evil.example.org"}, "issuer"},
		"issuer with a slash more": {map[string]any{"iss": "https://id.example.org/"}, "issuer"},
		"other audience":           {map[string]any{"aud": "other"}, "aud"},
		"no audience":              {map[string]any{"aud": nil}, "aud"},
		"audience of numbers":      {map[string]any{"aud": []any{1.0}}, "aud"},
		"given to another":         {map[string]any{"azp": "other"}, "azp"},
		"several, to nobody":       {map[string]any{"aud": []any{"other", "bailiwick"}}, "azp"},
		"ended":                    {map[string]any{"exp": 99_940.0}, "ended"},
		"no end":                   {map[string]any{"exp": nil}, "no end"},
		"end is text":              {map[string]any{"exp": "100300"}, "exp is missing or no time"},
		"not yet":                  {map[string]any{"nbf": 100_061.0}, "nbf"},
		"made in the future":       {map[string]any{"iat": 100_061.0}, "iat"},
		"not said when it was":     {map[string]any{"iat": nil}, "iat is missing"},
		"endless number":           {map[string]any{"exp": 1e300}, "no time"},
		"other nonce":              {map[string]any{"nonce": "m"}, "nonce"},
		"no nonce":                 {map[string]any{"nonce": nil}, "nonce"},
		"token for signing out":    {map[string]any{"events": map[string]any{}}, "signing out"},
	}
	for name, tt := range tests {
		err := okta().CheckIDToken(with(tt.claims), "n", at100)
		if (tt.want == "") != (err == nil) || err != nil && (!fail.Is(err, fail.Denied) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckLogoutToken(t *testing.T) {
	event := map[string]any{backChannelLogout: map[string]any{}}
	tests := map[string]struct {
		claims map[string]any
		want   string
	}{
		"subject":       {map[string]any{"events": event, "nonce": nil, "jti": "j"}, ""},
		"session":       {map[string]any{"events": event, "nonce": nil, "jti": "j", "sub": nil, "sid": "s", "exp": nil}, ""},
		"no event":      {map[string]any{"nonce": nil, "jti": "j"}, "events"},
		"other event":   {map[string]any{"events": map[string]any{"x": map[string]any{}}, "nonce": nil, "jti": "j"}, "events"},
		"event is text": {map[string]any{"events": map[string]any{backChannelLogout: "x"}, "nonce": nil, "jti": "j"}, "events"},
		"nonce":         {map[string]any{"events": event, "jti": "j"}, "nonce"},
		"nobody":        {map[string]any{"events": event, "nonce": nil, "jti": "j", "sub": nil}, "neither"},
		"no id":         {map[string]any{"events": event, "nonce": nil}, "jti"},
		"old":           {map[string]any{"events": event, "nonce": nil, "jti": "j", "exp": nil, "iat": 99_000.0}, "too old"},
		"other client":  {map[string]any{"events": event, "nonce": nil, "jti": "j", "aud": "x"}, "aud"},
	}
	for name, tt := range tests {
		out, err := okta().CheckLogoutToken(with(tt.claims), at100)
		if (tt.want == "") != (err == nil) || err != nil && (!fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (out.ID != "j" || out.Until <= at100.UnixMilli()) {
			t.Errorf("%s: %+v", name, out)
		}
	}
}

func TestCheckProviders(t *testing.T) {
	tests := map[string]struct {
		change func(*Provider)
		want   string
	}{
		"good":         {func(*Provider) {}, ""},
		"name":         {func(p *Provider) { p.Name = "Okta/.." }, "name must be"},
		"issuer":       {func(p *Provider) { p.Issuer = "https://id.example.org/?x" }, "issuer must be"},
		"template":     {func(p *Provider) { p.Issuer = "https://login.microsoftonline.com/{tenantid}/v2.0" }, "issuer must be"},
		"client":       {func(p *Provider) { p.ClientID = "" }, "client-id"},
		"two secrets":  {func(p *Provider) { p.SecretFile, p.SecretEnv = "a", "b" }, "one of them"},
		"skew":         {func(p *Provider) { p.ClockSkew = "1h" }, "clock-skew"},
		"admins":       {func(p *Provider) { p.Groups = map[string]string{"x": "Admins"} }, "named by administrators"},
		"everybody":    {func(p *Provider) { p.Groups = map[string]string{"x": "all users"} }, "everybody"},
		"link-admins":  {func(p *Provider) { p.Link, p.LinkAdmins = false, true }, "needs link-users"},
		"empty target": {func(p *Provider) { p.Groups = map[string]string{"x": ""} }, "each line"},
	}
	for name, tt := range tests {
		p := okta()
		tt.change(p)
		wrong := CheckProviders([]Provider{*p})
		if tt.want == "" && len(wrong) > 0 || tt.want != "" && (len(wrong) != 1 || !strings.Contains(wrong[0].Error(), tt.want)) {
			t.Errorf("%s: %v", name, wrong)
		}
	}
	if wrong := CheckProviders([]Provider{*okta(), *okta()}); len(wrong) != 1 {
		t.Errorf("twice: %v", wrong)
	}
}
