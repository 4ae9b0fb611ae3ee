package rotation

import (
	"net/url"
	"time"

	"bailiwick/fail"
)

// Kind is what a plan rotates.
type Kind string

// The kinds. What a new value of a service principal's secret or token is, is put into the secret that the plan names: clients read it there.
const (
	Secret        Kind = "secret"
	ServiceSecret Kind = "service-principal-secret"
	Token         Kind = "token"
	SigningKey    Kind = "signing-key"    // of access tokens
	EncryptionKey Kind = "encryption-key" // of secrets
)

// ToSecret says whether the new value goes into a secret.
func (k Kind) ToSecret() bool { return k == Secret || k.OfPrincipal() }

// OfPrincipal says whether the credential is a service principal's.
func (k Kind) OfPrincipal() bool { return k == ServiceSecret || k == Token }

// Rotator is who makes new values.
type Rotator string

// The rotators: this server, or somebody who is called.
const (
	BuiltIn Rotator = "built-in"
	Webhook Rotator = "webhook"
)

// Plan says what is rotated, when and how. Times are ms since 1970, spans ms.
type Plan struct {
	ID   string `json:"id"`
	Kind Kind   `json:"kind"`
	// Scope (its object) and Key are the secret.
	Scope int64  `json:"scope,omitempty"`
	Key   string `json:"key,omitempty"`
	// Principal is the service principal whose credential it is; Current the id of the one that counts, empty before the first rotation;
	// Scopes cut the new ones down, Life is how long they live, 0 = as long as may be.
	Principal int64    `json:"principal,omitempty"`
	Current   string   `json:"current,omitempty"`
	Scopes    []string `json:"scopes,omitempty"`
	Life      int64    `json:"life,omitempty"`

	Schedule Schedule `json:"schedule"`
	// Overlap is how long the old one goes on to hold beside the new one.
	Overlap int64 `json:"overlap"`
	// UnusedFor keeps the old one after the overlap until it was not used for so long; 0 = the overlap's end is the end.
	UnusedFor int64 `json:"unused_for,omitempty"`

	Rotator Rotator `json:"rotator"`
	URL     string  `json:"url,omitempty"`
	Rule    Rule    `json:"rule,omitzero"`
	// Contact is who is told.
	Contact string `json:"contact,omitempty"`
	Paused  bool   `json:"paused,omitempty"`

	Created int64 `json:"created"`
	// By is who answers for the plan: it does only what he may still do.
	By   int64 `json:"by"`
	Last int64 `json:"last,omitempty"` // when a rotation switched
	Next int64 `json:"next"`           // when one is due
	// NotBefore holds the next try back after one was given up.
	NotBefore int64 `json:"not_before,omitempty"`
}

// Limits of plans.
const (
	MaxPlans   = 2000
	MaxContact = 200
	// PublishLead is how long a new signing key is published before it signs: as long as others remember the list of keys.
	PublishLead = 5 * time.Minute
	// MinKeyOverlap is how long the old signing key counts at least: longer than what it has signed.
	MinKeyOverlap = 2 * time.Hour
)

// Check refuses a plan that makes no sense: fail.Invalid. Whether what it names is there is asked elsewhere.
func (p *Plan) Check() error {
	if len(p.Contact) > MaxContact {
		return fail.Invalidf("contact: at most %d bytes.", MaxContact)
	}
	for _, check := range []func() error{p.checkKind, p.checkTimes, p.checkRotator} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (p *Plan) checkKind() error {
	switch p.Kind {
	case Secret, ServiceSecret, Token, SigningKey, EncryptionKey:
	default:
		return fail.Invalidf("kind: one of %s, %s, %s, %s, %s.", Secret, ServiceSecret, Token, SigningKey, EncryptionKey)
	}
	if p.Kind.ToSecret() != (p.Scope != 0 && p.Key != "") {
		return fail.Invalidf("scope and key: the secret that takes the new value is needed for %s, %s and %s, and for nothing else.", Secret, ServiceSecret,
			Token)
	}
	if p.Kind.OfPrincipal() != (p.Principal != 0) {
		return fail.Invalidf("service_principal: it is needed for %s and %s, and for nothing else.", ServiceSecret, Token)
	}
	return nil
}

func (p *Plan) checkTimes() error {
	every := p.Schedule.Every.Milliseconds()
	switch {
	case every == 0:
		return fail.Invalidf("schedule: it is needed, like 30d.")
	case p.Overlap < 0 || p.Overlap >= every:
		return fail.Invalidf("overlap_seconds: from 0 to less than the schedule's %d.", every/1000)
	case p.UnusedFor < 0 || p.UnusedFor >= every:
		return fail.Invalidf("unused_seconds: from 0 to less than the schedule's %d.", every/1000)
	case p.Kind == SigningKey && p.Overlap < MinKeyOverlap.Milliseconds():
		return fail.Invalidf("overlap_seconds: at least %d for signing keys: what the old one has signed lasts as long.", int(MinKeyOverlap.Seconds()))
	case p.Life < 0 || p.Life > 0 && p.Life <= every+p.Overlap:
		return fail.Invalidf("lifetime_seconds: more than schedule and overlap together, or the credential ends before the next one is there.")
	case p.Life > 0 && !p.Kind.OfPrincipal():
		return fail.Invalidf("lifetime_seconds: of credentials of service principals only.")
	}
	return nil
}

func (p *Plan) checkRotator() error {
	switch {
	case p.Rotator != BuiltIn && p.Rotator != Webhook:
		return fail.Invalidf("rotator: %s or %s.", BuiltIn, Webhook)
	case p.Rotator == Webhook && p.Kind != Secret:
		return fail.Invalidf("rotator: only secrets are rotated by webhook; our own credentials are made here.")
	case (p.Rotator == Webhook) != (p.URL != ""):
		return fail.Invalidf("url: it is needed for rotation by webhook, and for nothing else.")
	}
	if p.Rotator == BuiltIn && p.Kind == Secret {
		return p.Rule.Check()
	}
	if u, err := url.Parse(p.URL); err != nil || u.User != nil {
		return fail.Invalidf("url: no address, or one with a password in it.")
	}
	return nil
}
