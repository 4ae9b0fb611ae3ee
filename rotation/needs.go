package rotation

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"bailiwick/authz"
	"bailiwick/fail"
)

// Need is an ability on an object.
type Need struct {
	Ability authz.Ability
	Object  int64
}

// Needs gives the abilities that making a plan takes, and that its author must keep: to manage the secret's scope, and the service principal; keys
// are the administrators'.
func (p *Plan) Needs(m *authz.Map) (all []Need) {
	switch p.Kind {
	case SigningKey:
		return []Need{{authz.ManageSettings, authz.WorkspaceObject}}
	case EncryptionKey:
		return []Need{{authz.OperateServer, authz.WorkspaceObject}}
	}
	all = append(all, Need{authz.ManageScope, p.Scope})
	if p.Kind.OfPrincipal() {
		all = append(all, ToManage(m, p.Principal))
	}
	return all
}

// ToManage gives what it takes to manage a service principal: where nobody was let in, it is the administrators'.
func ToManage(m *authz.Map, principal int64) Need {
	if o, ok := m.ServiceIdentity(principal); ok {
		return Need{authz.ManageServicePrincipal, o.ID}
	}
	return Need{authz.ManageIdentities, authz.WorkspaceObject}
}

// May refuses a plan whose author may not do any more what it does: somebody who may has to take it over. Nobody has a credential renewed by a plan
// that he could not make today.
func (p *Plan) May(m *authz.Map, now int64) error {
	for _, n := range p.Needs(m) {
		if !authz.Decide(m, authz.Who{Principal: p.By}, n.Ability, n.Object, time.UnixMilli(now)).Allowed {
			return fail.New(fail.Denied, "who answers for the plan may not do this any more (%s): somebody who may has to take it over", n.Ability)
		}
	}
	return nil
}

// SigningKey gives the key that calls of the plan's webhook are signed with, in hexadecimal digits; workspace is the key that it is made of.
func (p *Plan) SigningKey(workspace []byte) string {
	m := hmac.New(sha256.New, workspace)
	m.Write([]byte(p.ID))
	return hex.EncodeToString(m.Sum(nil))
}
