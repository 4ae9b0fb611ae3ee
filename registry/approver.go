package registry

import (
	"slices"
	"strings"

	"bailiwick/fail"
)

// SettingApprover is the workspace-conf key with the role that a provider must have claimed of whoever brings a version to Production, or approves
// it; empty = none.
const SettingApprover = "requireClaimForProduction"

// Approver refuses who may not bring a version to Production for want of the role that the workspace requires; roles are those that his sign-in
// brought, by is who claimed them, empty for a credential that no provider stands behind. Errors: Denied, which names the claim.
func Approver(required string, roles []string, by string) error {
	if required == "" || slices.Contains(roles, required) {
		return nil
	}
	if by == "" {
		return fail.New(fail.Denied, "Production takes the claim %q here, and this credential comes without claims: sign in by a provider that claims it.", required)
	}
	return fail.New(fail.Denied, "Production takes the claim %q here, which %s did not make of you at this sign-in (roles: %s).", required, by,
		strings.Join(roles, ", "))
}
