package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"bailiwick/authz"
	"bailiwick/bearer"
	"bailiwick/fail"
	"bailiwick/identity"
)

// identify finds out who calls, from the credential alone, before anything of the request is read. The access map holds the hashes, so a
// credential that was revoked is unknown from the revocation's commit on.
func (c *Call) identify(vars map[string]string) error {
	by := c.credential
	header, cookie := c.request.Header.Get("Authorization") != "", c.sessionValue() != ""
	switch {
	case c.route.signed:
		by = func(m *authz.Map) error { return c.identifySigned(m, vars["address"]) }
	case cookie && (!header || c.headerFromCookie()):
		by = c.session
	}
	err := by(c.door.Store.Map())
	if err == nil || !header && !cookie && !c.route.signed {
		return err
	}
	// Another replica may have made the credential, or let its owner in again, since this one last looked.
	newer, ferr := c.door.Store.Refresh(c.request.Context())
	switch {
	case ferr != nil:
		return ferr
	case newer:
		return by(c.door.Store.Map())
	}
	return err
}

// identifyAgain repeats identify on the transaction's own map, which may be newer: the credential may be gone, its owner inactive, its scopes
// fewer.
func (c *Call) identifyAgain() error {
	if c.route.mode.open() {
		return nil
	}
	cred, ok := c.Tx.Map.CredentialByID(c.Who.Credential)
	if !ok || cred.Principal != c.Who.Principal {
		return errBadCredential
	}
	who, err := c.whoOf(c.Tx.Map, cred)
	if err != nil {
		return err
	}
	c.Who.Scopes, c.Who.Expires, c.Who.By = who.Scopes, who.Expires, who.By
	return c.checkAddress(c.Tx.Map)
}

var errBadCredential = fail.New(fail.Unauthenticated, "Invalid access token: it is unknown, revoked or expired, or its owner is not active.")

// credential finds out who calls from the Authorization header.
func (c *Call) credential(m *authz.Map) error {
	proof, err := identity.ParseAuthorization(c.request.Header.Get("Authorization"))
	if err != nil {
		return err
	}
	if proof.Basic && c.foreignBasic() {
		return fail.New(fail.Unauthenticated, "Basic credentials count for this server's own pages only, and the browser says that another site asks")
	}
	cred, err := c.credentialOf(m, proof.Token)
	if err != nil {
		return err
	}
	who, err := c.whoOf(m, cred)
	if err != nil {
		return err
	}
	p, _ := m.Principal(who.Principal)
	if err := proof.CheckName(p.Name); err != nil {
		return err
	}
	c.Who = who
	return nil
}

// credentialOf finds what a token proves: the credential whose value it is, or that an access token was signed for.
func (c *Call) credentialOf(m *authz.Map, token string) (*authz.Credential, error) {
	if c.door.Bearer != nil && bearer.Looks(token) {
		return c.signedFor(m, token)
	}
	hash := identity.Hash(c.door.Store.Key("tokens"), []byte(token))
	cred, ok := m.Credential(hash[:])
	if !ok || !cred.IsToken() {
		return nil, errBadCredential
	}
	return cred, nil
}

// signedFor gives the credential that an access token was signed for, and keeps what the token says: it may reach less far than the credential.
func (c *Call) signedFor(m *authz.Map, token string) (*authz.Credential, error) {
	keys, _ := m.Setting(authz.SettingSigningKeys)
	claims, err := c.door.Bearer.Verify(c.request.Context(), keys, token, c.Now)
	if err != nil {
		return nil, err
	}
	cred, ok := m.CredentialByID(claims.Credential)
	if !ok || cred.Kind == "" {
		return nil, errBadCredential
	}
	c.access = claims
	return cred, nil
}

// cut takes what the access token of the call does not reach from what its credential does.
func (c *Call) cut(m *authz.Map, who *authz.Who) error {
	keys, _ := m.Setting(authz.SettingSigningKeys)
	if !bearer.Counts(keys, c.access.Key) {
		return bearer.ErrToken
	}
	end := c.access.Expires * 1000
	if who.Expires == 0 || end < who.Expires {
		who.Expires = end
	}
	var ok bool
	if who.Scopes, ok = identity.Common(who.Scopes, c.access.Scopes); !ok {
		return errBadCredential
	}
	return nil
}

// whoOf is the session of a credential, if it has not expired and its owner is active.
func (c *Call) whoOf(m *authz.Map, cred *authz.Credential) (authz.Who, error) {
	p, ok := m.Principal(cred.Principal)
	scopes, expires, stands := m.Standing(cred, c.Now)
	if !ok || !p.Active || !stands {
		return authz.Who{}, errBadCredential
	}
	who := authz.Who{Principal: p.ID, Credential: cred.ID, Scopes: scopes, Expires: expires, Method: authz.MethodToken, SignedIn: c.Now,
		Source: c.source.String()}
	if cred.Session {
		who.Method, who.SignedIn, who.By = authz.MethodSession, time.UnixMilli(cred.Created), cred.By
	}
	if cred.Kind != "" {
		who.Method, who.SignedIn, who.By = authz.MethodOAuth, time.UnixMilli(cred.Created), cred.By
	}
	if c.access != nil {
		return who, c.cut(m, &who)
	}
	return who, nil
}

// source is the client's address: the connection's, or what a trusted proxy says.
func (d *Door) source(r *http.Request) netip.Addr {
	peer := peerOf(r)
	if !d.trusts(peer) {
		return peer
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		a, ok := hopOf(strings.TrimSpace(hop))
		if !ok {
			break
		}
		peer = a.Unmap()
		if !d.trusts(peer) {
			break
		}
	}
	return peer
}

// hopOf reads an address as proxies write it; some add the port.
func hopOf(text string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(text); err == nil {
		return a, true
	}
	a, err := netip.ParseAddrPort(text)
	return a.Addr(), err == nil
}

func peerOf(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	a, _ := netip.ParseAddr(host)
	return a.Unmap()
}

func (d *Door) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(d.Trusted, func(p netip.Prefix) bool { return p.Contains(a) })
}

// baseURL is the server's address for links and vended addresses.
func (d *Door) baseURL(r *http.Request) string {
	if d.PublicURL != "" {
		return strings.TrimSuffix(d.PublicURL, "/")
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	host := r.Host
	if d.trusts(peerOf(r)) {
		if p := r.Header.Get("X-Forwarded-Proto"); p == "https" || p == "http" {
			scheme = p
		}
	}
	return scheme + "://" + host
}

// checkHost refuses requests for other names (DNS rebinding), where names are configured.
func (d *Door) checkHost(r *http.Request) error {
	if len(d.Hosts) == 0 {
		return nil
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if _, err := netip.ParseAddr(host); err == nil && d.AnyAddress {
		return nil
	}
	if slices.ContainsFunc(d.Hosts, func(h string) bool { return strings.EqualFold(h, host) || h == "*" }) {
		return nil
	}
	return fail.New(fail.Denied, "this server is not known as %q; its names are set by allowed hosts", host)
}

func pathEscape(s string) string { return url.PathEscape(s) }
