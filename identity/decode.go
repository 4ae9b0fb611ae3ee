package identity

import (
	"encoding/json"
	"strconv"

	"bailiwick/authz"
)

// Input is what the body of a POST or PUT says.
type Input struct {
	// Resource holds the attributes; ID, Created and Modified are never taken from a body. Active is true unless the body says false.
	Resource Resource
	// ActiveGiven tells whether the body said anything about active.
	ActiveGiven bool
	// Members are a group's members, without doubles.
	Members []int64
	// Groups are the groups that a new service principal asks to be put in (sdk-go creates token owners with
	// groups:[{value:<id of admins>}]). The caller checks each as a change of that group. Always nil for users and groups, whose
	// groups attribute is read-only: Okta sends groups:[] with each PUT and means nothing by it.
	Groups []int64
}

// Decode reads the body of a POST or PUT of a kind of principal. Attribute names have no case; what the server owns (id, meta, schemas)
// is ignored as RFC 7644 §3.3 says; a password is dropped. Decode does not check that required attributes are there: see Validate.
// Errors: invalidSyntax, invalidPath, invalidValue.
func Decode(kind authz.PrincipalKind, body []byte) (Input, error) {
	raw, err := DecodeDocument(body)
	if err != nil {
		return Input{}, err
	}
	if err := checkDoubles(raw); err != nil {
		return Input{}, err
	}
	in := Input{}
	if kind == authz.ServicePrincipal {
		groups, _ := get(raw, "groups")
		if in.Groups, err = memberIDs(groups); err != nil {
			return Input{}, err
		}
	}
	p := &patcher{schema: schemaOf(kind), doc: Document{}}
	if err := p.applyObject("", Operation{Op: "replace", Value: map[string]any(raw), Given: true}); err != nil {
		return Input{}, err
	}
	members := p.members.change()
	if len(members.Unknown) > 0 {
		_, err := memberID(map[string]any{"value": members.Unknown[0]})
		return Input{}, err
	}
	in.Members = members.Add
	_, in.ActiveGiven = p.doc["active"].(bool)
	in.Resource = Resource{Kind: kind, Active: true}.withDocument(p.doc)
	if id := in.Resource.ApplicationID; id != "" {
		if in.Resource.ApplicationID, err = ParseApplicationID(id); err != nil {
			return Input{}, err
		}
	}
	return in, checkAttributes(in.Resource)
}

// checkDoubles refuses userName beside username: which of them counts would be chance.
func checkDoubles(doc Document) error {
	seen := make(map[string]bool, len(doc))
	for k := range doc {
		if seen[Fold(k)] {
			return invalid(InvalidValue, "the attribute %s is given twice", Fold(k))
		}
		seen[Fold(k)] = true
	}
	return nil
}

// memberIDs reads a list of members: objects with a value (Entra adds "$ref":null), or plain ids.
func memberIDs(v any) ([]int64, error) {
	members, _ := findAttribute(groupSchema.attributes, "members")
	list, err := normalize(members, true, v)
	if err != nil || list == nil {
		return nil, err
	}
	ids := []int64{}
	seen := map[int64]bool{}
	for _, e := range list.([]any) {
		id, err := memberID(e.(map[string]any))
		if err != nil {
			return nil, err
		}
		if !seen[id] {
			ids = append(ids, id)
		}
		seen[id] = true
	}
	return ids, nil
}

func memberID(m map[string]any) (int64, error) {
	id, ok := ParseID(stringOf(m["value"]))
	if !ok {
		return 0, invalid(InvalidValue, "a member's value must be the id of a user, group or service principal, not %q",
			shorten(stringOf(m["value"])))
	}
	return id, nil
}

// maxID is the largest id that JavaScript clients read exactly.
const maxID = 1<<53 - 1

// ParseID reads a principal's id as it stands in paths, filters and members; false for what cannot be one (then nothing has it).
func ParseID(s string) (int64, bool) {
	id, err := strconv.ParseInt(s, 10, 64)
	return id, err == nil && id > 0 && id <= maxID && FormatID(id) == s
}

// FormatID writes an id as SCIM carries it.
func FormatID(id int64) string { return strconv.FormatInt(id, 10) }

// maxExtra is the most bytes that the attributes in Extra take as JSON.
const maxExtra = 64 << 10

// checkAttributes refuses what no stored attribute may be, whoever writes it.
func checkAttributes(r Resource) error {
	text, err := json.Marshal(r.Extra)
	if err != nil || len(text) > maxExtra {
		return invalid(InvalidValue, "the attributes take more than %d KiB", maxExtra>>10)
	}
	if err := checkText("externalId", r.ExternalID); err != nil {
		return err
	}
	return checkText("displayName", r.DisplayName)
}
