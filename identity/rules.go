package identity

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"bailiwick/authz"
	"bailiwick/fail"
)

// MaxName is the most characters of a userName, a displayName or an externalId.
const MaxName = 256

// Validate checks what a principal's own attributes must keep, whoever changes them. A new service principal has its applicationId
// before it is checked (NewApplicationID). Errors: invalidValue.
func Validate(r Resource) error {
	if err := checkAttributes(r); err != nil {
		return err
	}
	switch r.Kind {
	case authz.User:
		return checkUserName(r.UserName)
	case authz.ServicePrincipal:
		_, err := ParseApplicationID(r.ApplicationID)
		return err
	}
	return checkGroupName(r.DisplayName)
}

// checkUserName: the name becomes a folder below /Users, so nothing in it may leave that folder, hide or stand for another name.
func checkUserName(name string) error {
	switch {
	case name == "":
		return invalid(InvalidValue, "userName is required")
	case strings.ContainsAny(name, `/\`):
		return invalid(InvalidValue, `userName must not contain "/" or "\": the home folder is named after it`)
	case strings.HasPrefix(name, "."):
		return invalid(InvalidValue, `userName must not begin with ".": such folders below /Users are the server's`)
	case strings.TrimSpace(name) != name:
		return invalid(InvalidValue, "userName must not begin or end with a space")
	}
	return checkText("userName", name)
}

func checkGroupName(name string) error {
	switch {
	case name == "":
		return invalid(InvalidValue, "displayName is required")
	case strings.TrimSpace(name) != name:
		return invalid(InvalidValue, "displayName of a group must not begin or end with a space")
	}
	return checkText("displayName", name)
}

// checkText refuses over-long text and characters that cannot be seen: they let one name look like another.
func checkText(attr, s string) error {
	switch {
	case !utf8.ValidString(s):
		return invalid(InvalidValue, "%s is not valid UTF-8", attr)
	case utf8.RuneCountInString(s) > MaxName:
		return invalid(InvalidValue, "%s has more than %d characters", attr, MaxName)
	}
	if i := strings.IndexFunc(s, func(c rune) bool { return unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }); i >= 0 {
		return invalid(InvalidValue, "%s has a control or invisible character at byte %d", attr, i+1)
	}
	return nil
}

// NewApplicationID makes the UUID that a service principal is named by.
func NewApplicationID(random io.Reader) (string, error) {
	id, err := uuid.NewRandomFromReader(random)
	if err != nil {
		return "", fail.Internalf(err, "no randomness")
	}
	return id.String(), nil
}

// ParseApplicationID checks an applicationId that a client gave and gives its lower-case form. Errors: invalidValue.
func ParseApplicationID(s string) (string, error) {
	id, err := uuid.Parse(s)
	if err != nil || len(s) != len(id.String()) {
		return "", invalid(InvalidValue, "applicationId must be a UUID, 8-4-4-4-12 hexadecimal digits")
	}
	return id.String(), nil
}

// taken are the sentences for names in use. Terraform's force looks for the first one word by word.
var taken = map[authz.PrincipalKind]string{
	authz.User:             "User with username %s already exists.",
	authz.Group:            "Group with name %s already exists.",
	authz.ServicePrincipal: "Service principal with application ID %s already exists.",
}

// NameTaken is the refusal of a name that another principal of the kind has, compared by Fold. A user may not be named like a service
// principal's applicationId either, nor the other way round: clients name service principals in the place of users.
func NameTaken(kind authz.PrincipalKind, name string) error {
	return fail.New(fail.Exists, taken[kind], name).WithCode(Uniqueness)
}

// NameLooksTaken is the refusal of a name that looks like another's: to a machine they are two, to a person one.
func NameLooksTaken(name, twin string) error {
	return fail.New(fail.Exists, "User with username %s already exists: it differs from %s in its case or Unicode form only.", name, twin).WithCode(Uniqueness)
}

// builtIn are the groups that always exist, with the names that stand for them.
var builtIn = map[int64][]string{
	authz.GroupUsers:    {"users", "all users"},
	authz.GroupAdmins:   {"admins"},
	authz.GroupAuditors: {"auditors"},
}

// BuiltIn tells whether a principal's id is a built-in group's.
func BuiltIn(id int64) bool { return builtIn[id] != nil }

// CheckGroupName refuses a built-in group's name, an alias included, for any other group. The caller sees to all other names.
func CheckGroupName(id int64, name string) error {
	for owner, names := range builtIn {
		if owner != id && anyFold(names, Fold(name)) {
			return NameTaken(authz.Group, name)
		}
	}
	return nil
}

// CheckRename refuses a new name for a built-in group, and a built-in group's name for another group.
func CheckRename(old, next Resource) error {
	if old.Kind != authz.Group {
		return nil
	}
	if BuiltIn(old.ID) && old.DisplayName != next.DisplayName {
		return invalid(Mutability, "the built-in group %s cannot be renamed", old.DisplayName)
	}
	return CheckGroupName(next.ID, next.DisplayName)
}

// CheckDelete refuses to delete a built-in group.
func CheckDelete(r Resource) error {
	if r.Kind == authz.Group && BuiltIn(r.ID) {
		return fail.Invalidf("the built-in group %s cannot be deleted", r.DisplayName)
	}
	return nil
}

// CheckMembers refuses changes that a group cannot take, given what really changes (MemberChange.Delta): everybody is in "users"
// without being listed, so nobody can be taken out of it; and "users" in another group would hand that group's rights to everybody.
// Adding to "users" is no change, and no error. What a group with an id that nobody has would mean is the caller's.
func CheckMembers(group int64, change MemberChange) error {
	switch {
	case group == authz.GroupUsers && (change.Replace || len(change.Remove) > 0):
		return invalid(Mutability, "everybody belongs to the group users; deactivate or delete a principal instead")
	case setOf(change.Add)[authz.GroupUsers]:
		return invalid(InvalidValue, "the group users cannot be a member of another group, since it is everybody")
	}
	return nil
}

// CheckCycle refuses members that already contain the group, itself included. parents gives the groups a principal is a direct member
// of; a cycle that is there from elsewhere does no harm.
func CheckCycle(group int64, add []int64, parents func(id int64) []int64) error {
	above := ancestors(group, parents)
	for _, id := range add {
		if id == group {
			return invalid(InvalidValue, "group %d cannot be a member of itself", group)
		}
		if above[id] {
			return invalid(InvalidValue, "group %d cannot be a member of group %d, which is already within it: groups must not form a circle",
				id, group)
		}
	}
	return nil
}

// ancestors gives a group and every group it is in, directly or through others.
func ancestors(group int64, parents func(id int64) []int64) map[int64]bool {
	above := map[int64]bool{group: true}
	for queue := []int64{group}; len(queue) > 0; queue = queue[1:] {
		for _, p := range parents(queue[0]) {
			if !above[p] {
				above[p] = true
				queue = append(queue, p)
			}
		}
	}
	return above
}

// CheckAdmins refuses a change after which nobody could administer: left counts the active users and service principals that would
// still be in admins, directly or through groups.
func CheckAdmins(left int) error {
	if left > 0 {
		return nil
	}
	return fail.Statef("the last active administrator cannot be removed, deactivated or deleted; make somebody else a member of admins first")
}
