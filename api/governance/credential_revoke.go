package governance

import (
	"cmp"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/credential"
	"bailiwick/fail"
)

// revokeRequest ends a credential.
type revokeRequest struct {
	ID     string `json:"-" path:"credential_id"`
	Reason string `json:"reason"`
	// Findings are the classes of the findings that are the reason.
	Findings []string `json:"findings"`
}

// findRevoked finds the credential, and what it takes to revoke it: of somebody else's, what its kind says.
func findRevoked(c *api.Call, q *revokeRequest) (*authz.Credential, api.Target, error) {
	cred, ok := c.Tx.Map.CredentialByID(q.ID)
	t := api.Target{Object: authz.WorkspaceObject, Absent: noCredential(q.ID)}
	switch {
	case !ok:
		t.Ability = authz.ManageIdentities
		return nil, t, nil
	case cred.Principal != c.Who.Principal:
		kind := credential.KindOf(cred)
		t.Ability, t.Object = kind.Revoke, kind.RevokeAt
	}
	return cred, t, nil
}

// revokedAnswer says what was revoked.
type revokedAnswer struct {
	ID    string       `json:"id"`
	Kind  string       `json:"kind"`
	Owner principalRef `json:"owner"`
}

// revokeCredential ends a credential: it is refused from the commit on, and so is every session that was opened with it.
func revokeCredential(c *api.Call, cred *authz.Credential, q *revokeRequest) (*revokedAnswer, error) {
	if cred == nil {
		return nil, noCredential(q.ID)
	}
	if err := checkReason(q.Reason); err != nil {
		return nil, err
	}
	if err := checkClasses(c, cred, q.Findings); err != nil {
		return nil, err
	}
	a := &revokedAnswer{cred.ID, credential.KindOf(cred).Name, principalOf(c.Tx.Map, cred.Principal)}
	for _, note := range [][2]string{
		{"credentialId", a.ID}, {"credentialKind", a.Kind}, {"targetUserId", a.Owner.ID}, {"targetUserName", a.Owner.Name},
		{"comment", cred.Comment}, {"findings", strings.Join(q.Findings, ",")},
	} {
		c.Note(note[0], note[1])
	}
	c.Because(cmp.Or(q.Reason, strings.Join(q.Findings, ", ")))
	return a, c.Tx.Govern(authz.Event{Op: authz.DropCredential, Credential: &authz.Credential{ID: cred.ID, Principal: cred.Principal}})
}

// checkClasses refuses findings as a reason that are not there: the ledger would say what was not so.
func checkClasses(c *api.Call, cred *authz.Credential, classes []string) error {
	if len(classes) == 0 {
		return nil
	}
	facts, err := factsOf(c, []*authz.Credential{cred})
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, x := range findingsOf(c, &facts[0], nil) {
		have[x.Class] = true
	}
	for _, class := range classes {
		if !have[class] {
			return fail.Invalidf("findings name %.40q, which is not found on this credential", class)
		}
	}
	return nil
}
