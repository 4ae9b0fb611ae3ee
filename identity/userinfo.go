package identity

import (
	"maps"
	"slices"
)

// AsksUserInfo says whether the provider is to be asked for more than a token's claims: whether one that is mapped is missing there.
func (p *Provider) AsksUserInfo(claims map[string]any) bool {
	switch p.UserInfo {
	case "always":
		return true
	case "never":
		return false
	}
	names := p.Claims.filled()
	if _, err := userOf(claims, names.User); err != nil {
		return true
	}
	return slices.ContainsFunc([][]string{names.Groups, names.Roles}, func(paths []string) bool {
		return !slices.ContainsFunc(paths, func(path string) bool { return at(claims, path) != nil })
	})
}

// AddUserInfo gives a token's claims with what the user-info answer says beside. The token's own count where both have one: it is signed for this
// sign-in. What the token says about itself cannot be added. Errors: fail.Denied for an answer that is about somebody else (OpenID Connect Core 5.3.4).
func (p *Provider) AddUserInfo(claims, info map[string]any) (map[string]any, error) {
	if sub, _ := claims["sub"].(string); sub == "" || info["sub"] != sub {
		return nil, refusedClaim("%s gave the user info of somebody else than the token is about (sub)", p.Shown())
	}
	all := maps.Clone(info)
	for _, protocol := range []string{"iss", "aud", "exp", "nbf", "iat", "azp", "nonce", "sid", "events", "auth_time", "acr", "amr", "jti"} {
		delete(all, protocol)
	}
	maps.Copy(all, claims)
	return all, nil
}
