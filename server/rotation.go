package server

import (
	"crypto/rand"
	"strconv"
	"time"

	"bailiwick/api/governance"
	"bailiwick/authz"
	"bailiwick/bearer"
	"bailiwick/identity"
	"bailiwick/registry/webhook"
	"bailiwick/rotation"
	"bailiwick/worker"
)

// openRotations puts together what rotates credentials on schedule.
func (s *Server) openRotations() {
	caller := &worker.Caller{Sender: worker.NewSender(s.allow, "bailiwick/"+Version), Key: s.Store.Key("rotation")}
	s.rotations = &worker.Rotations{Store: s.Store, Log: s.log, Rotators: map[rotation.Kind]worker.Rotator{
		rotation.Secret:        worker.NewSecrets(s.Store, s.vault, caller),
		rotation.Token:         worker.NewCredentials(s.Store, s.vault, s.issueToken),
		rotation.ServiceSecret: worker.NewCredentials(s.Store, s.vault, s.issueSecret),
		rotation.SigningKey:    worker.SigningKeys{Make: s.makeSigningKey},
		rotation.EncryptionKey: worker.EncryptionKeys{Next: s.vault.Next, Store: s.Store},
	}}
}

// rotator is what the API needs to know of it.
func (s *Server) rotator() governance.Rotator {
	return governance.Rotator{Key: s.Store.Key("rotation"), Check: func(url string) error { return webhook.CheckURL(url, s.allow) }}
}

// issueToken makes a service principal's token.
func (s *Server) issueToken(m *authz.Map, p *rotation.Plan, now time.Time) (value string, c authz.Credential, err error) {
	wish := identity.Wish{Owner: p.Principal, By: p.By, Comment: "rotation plan " + p.ID, Scopes: p.Scopes}
	if seconds := p.Life / 1000; seconds > 0 {
		wish.Seconds = &seconds
	}
	return identity.Issue(rand.Reader, s.Store.Key("tokens"), now, m, wish)
}

// issueSecret makes a service principal's client secret.
func (s *Server) issueSecret(m *authz.Map, p *rotation.Plan, now time.Time) (value string, c authz.Credential, err error) {
	wish := identity.SecretWish{Owner: p.Principal, By: p.By, Scopes: p.Scopes}
	if seconds := p.Life / 1000; seconds > 0 {
		wish.Lifetime = strconv.FormatInt(seconds, 10) + "s"
	}
	return identity.IssueSecret(rand.Reader, s.Store.Key("tokens"), now, m, wish)
}

// makeSigningKey makes a key that access tokens are signed with, sealed.
func (s *Server) makeSigningKey() (id string, sealed []byte, err error) {
	k, err := bearer.NewKey()
	if err != nil {
		return "", nil, err
	}
	text, err := k.Encode()
	if err != nil {
		return "", nil, err
	}
	sealed, err = s.oauth.Sealer.Seal(text, []byte(k.ID))
	return k.ID, sealed, err
}
