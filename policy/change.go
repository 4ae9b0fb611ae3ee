package policy

import (
	"time"

	"bailiwick/authz"
)

// mostLeft is how many objects without a manager are looked for: a change that leaves one is refused.
const mostLeft = 20

// Unmanaged gives objects on which somebody may change permissions before and nobody after, at most mostLeft. Administrators who are there
// now count as they come to this call's author: a policy about his network counts for him, not for others.
func Unmanaged(before, after *authz.Map, author authz.Who, when time.Time) (left []int64) {
	set := after.PolicySet()
	if set == nil {
		return nil
	}
	tops, all := set.Reach(&authz.Question{Map: after, Ability: authz.ChangePermissions})
	if all {
		tops = nil
		for _, k := range authz.Kinds() {
			if root := authz.KindRoot(k.Kind); len(tops) == 0 || tops[len(tops)-1] != root {
				tops = append(tops, root)
			}
		}
	}
	seen := map[int64]bool{}
	for _, top := range tops {
		for o := range after.Subtree(top) {
			if len(left) == mostLeft {
				return left
			}
			if !seen[o.ID] && o.Kind.Has(authz.ChangePermissions) && !after.InTrash(o.ID) && !managed(after, o.ID, author, when) &&
				managed(before, o.ID, author, when) {
				left = append(left, o.ID)
			}
			seen[o.ID] = true
		}
	}
	return left
}

func managed(m *authz.Map, object int64, author authz.Who, when time.Time) bool {
	if authz.Decide(m, author, authz.ChangePermissions, object, when).Allowed {
		return true
	}
	for p := range m.Members(authz.GroupAdmins) {
		if authz.Decide(m, authz.Who{Principal: p.ID}, authz.ChangePermissions, object, when).Allowed {
			return true
		}
	}
	return len(authz.WhoCan(m, authz.ChangePermissions, object, when)) > 0
}

// LocksOut says whether who may change policies before may not after.
func LocksOut(before, after *authz.Map, who authz.Who, when time.Time) bool {
	may := func(m *authz.Map) bool {
		return authz.Decide(m, who, authz.ManagePolicies, authz.WorkspaceObject, when).Allowed
	}
	return may(before) && !may(after)
}
