package identity

import (
	"maps"
	"slices"
	"strings"

	"bailiwick/authz"
)

// Operation is one step of a PATCH.
type Operation struct {
	Op    string // add, replace or remove
	Path  string // empty: Value is an object of attributes
	Value any
	Given bool // Value was in the body, if only as null
}

// MaxOperations is the most operations of one PATCH.
const MaxOperations = 1000

// DecodePatch reads the body of a PATCH (RFC 7644 §3.5.2). Names and operations have no case: Entra writes "Add".
// Errors: invalidSyntax, invalidValue, tooMany.
func DecodePatch(body []byte) ([]Operation, error) {
	doc, err := DecodeDocument(body)
	if err != nil {
		return nil, err
	}
	raw, _ := get(doc, "Operations")
	list, ok := raw.([]any)
	if !ok || len(list) == 0 {
		return nil, invalid(InvalidSyntax, "Operations must be a list of at least one operation")
	}
	if len(list) > MaxOperations {
		return nil, invalid(TooMany, "%d operations in one request, at most %d are taken", len(list), MaxOperations)
	}
	ops := make([]Operation, len(list))
	for i, v := range list {
		if ops[i], err = decodeOperation(i, v); err != nil {
			return nil, err
		}
	}
	return ops, nil
}

func decodeOperation(i int, v any) (Operation, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return Operation{}, invalid(InvalidSyntax, "operation %d is not an object", i+1)
	}
	verb, _ := get(m, "op")
	path, _ := get(m, "path")
	value, given := get(m, "value")
	op := Operation{Op: strings.ToLower(stringOf(verb)), Path: strings.TrimSpace(stringOf(path)), Value: value, Given: given}
	_, textPath := path.(string)
	switch {
	case !slices.Contains([]string{"add", "replace", "remove"}, op.Op):
		return Operation{}, invalid(InvalidSyntax, "op of operation %d must be add, replace or remove", i+1)
	case path != nil && !textPath:
		return Operation{}, invalid(InvalidPath, "path of operation %d must be a string", i+1)
	case op.Op == "remove" && op.Path == "":
		return Operation{}, invalid(NoTarget, "operation %d removes, but has no path", i+1)
	case op.Op != "remove" && !given:
		return Operation{}, invalid(InvalidValue, "operation %d has no value", i+1)
	}
	return op, nil
}

// Change is what a PATCH or PUT asks for, all or nothing: the attributes afterwards, and how the members of a group change.
type Change struct {
	Resource Resource
	Members  MemberChange
}

// Patch applies operations to a principal and gives the outcome; old is left as it was. It understands Okta, Entra in both its
// dialects, the Databricks CLI and SDKs, and Terraform. Rules that need other principals (names taken, cycles, last administrator)
// are the caller's, with Validate and the functions beside it. Errors: noTarget, invalidPath, invalidValue, mutability, invalidFilter.
func Patch(old Resource, ops []Operation) (Change, error) {
	p := &patcher{schema: schemaOf(old.Kind), doc: old.document()}
	for _, op := range ops {
		if err := p.apply(op); err != nil {
			return Change{}, err
		}
	}
	next := old.withDocument(p.doc)
	if err := checkImmutable(old, next); err != nil {
		return Change{}, err
	}
	if err := Validate(next); err != nil {
		return Change{}, err
	}
	return Change{Resource: next, Members: p.members.change()}, nil
}

// Replace applies the body of a PUT: attributes that are not in it are cleared, members too. Kept are the name and active when the
// body leaves them out (a PUT neither renames nor wakes by silence), applicationId, and memberships in groups; and the group "users"
// keeps its members, who are not listed.
func Replace(old Resource, in Input) (Change, error) {
	next := in.Resource
	next.ID, next.Created, next.Modified, next.Revision = old.ID, old.Created, old.Modified, old.Revision
	next.Source, next.Held = old.Source, old.Held
	if !in.ActiveGiven {
		next.Active = old.Active
	}
	keep := func(now *string, was string) {
		if *now == "" {
			*now = was
		}
	}
	keep(&next.UserName, old.UserName)
	keep(&next.ApplicationID, old.ApplicationID)
	if old.Kind == authz.Group {
		keep(&next.DisplayName, old.DisplayName)
	}
	if err := checkImmutable(old, next); err != nil {
		return Change{}, err
	}
	change := Change{Resource: next}
	if old.Kind == authz.Group && old.ID != authz.GroupUsers {
		change.Members = MemberChange{Replace: true, Add: in.Members}
	}
	return change, Validate(next)
}

func checkImmutable(old, next Resource) error {
	if Fold(old.ApplicationID) != Fold(next.ApplicationID) {
		return invalid(Mutability, "applicationId cannot be changed")
	}
	return nil
}

// patcher is a PATCH half-way through, on a copy.
type patcher struct {
	schema  *schema
	doc     Document
	members memberFold
}

func (p *patcher) apply(op Operation) error {
	if op.Path == "" {
		return p.applyObject("", op)
	}
	t, err := p.target(op.Path)
	if err != nil {
		return err
	}
	if t.name == "" {
		return p.applyExtension(t.urn, op)
	}
	switch {
	case t.attr.mutability == readOnly:
		return invalid(Mutability, "%s cannot be changed by a client", t.name)
	case t.urn == "" && p.schema.isForeign(t.name):
		return invalid(InvalidPath, "No such attribute with the name : %s in the current resource", t.name)
	}
	return p.applyTo(t, op)
}

// applyExtension is an operation on a whole extension.
func (p *patcher) applyExtension(urn string, op Operation) error {
	if op.Op == "remove" || op.Value == nil {
		delete(p.doc, keyFor(p.doc, urn))
		return nil
	}
	return p.applyObject(urn, op)
}

// applyObject applies each attribute of a value object as an operation of its own. What a client cannot change is passed over here:
// Okta sends a group's id along with each rename.
func (p *patcher) applyObject(urn string, op Operation) error {
	m, ok := op.Value.(map[string]any)
	if !ok {
		return invalid(InvalidValue, "an operation without an attribute in its path needs an object as value")
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		path := key
		if urn != "" {
			path = urn + ":" + key
		}
		if err := p.applyKey(path, Operation{Op: op.Op, Value: m[key], Given: true}); err != nil {
			return err
		}
	}
	return nil
}

func (p *patcher) applyKey(path string, op Operation) error {
	if isExtension(path, op.Value) {
		return p.applyExtension(path, op)
	}
	t, err := p.target(path)
	switch {
	case err != nil:
		return err
	case t.name == "" && t.urn == "":
		return p.applyObject("", op)
	case t.name == "":
		return p.applyExtension(t.urn, op)
	case t.attr.mutability == readOnly, t.urn == "" && p.schema.isForeign(t.name):
		return nil
	}
	return p.applyTo(t, op)
}

// isExtension: an object under a URN without a version number is a whole extension; with one, target tells.
func isExtension(key string, v any) bool {
	_, object := v.(map[string]any)
	return object && len(key) > 4 && strings.EqualFold(key[:4], "urn:") && !schemaURN.MatchString(key)
}

func (p *patcher) applyTo(t target, op Operation) error {
	switch {
	case t.attr.mutability == "writeOnly":
		return nil
	case t.name == "members" && t.urn == "" && t.known:
		return p.members.apply(t, op)
	case op.Op == "add" && isEmpty(op.Value): // Entra's null: nothing to add
		return nil
	case t.filter != nil:
		return p.applyFiltered(t, op)
	case op.Op != "remove" && !isEmpty(op.Value):
		return p.write(t, op)
	case t.name == "active" && t.urn == "": // taking it away says nothing, and must neither wake nor stop anybody
		return nil
	case op.Op == "remove":
		return p.remove(t, op)
	}
	return p.remove(t, Operation{}) // replaced by nothing
}
