// Package policy reads the text in which administrators write roles and policies, holds it against a schema made from the law's tables, and
// makes it ready for deciding. It is pure. A text has two parts: roles, in YAML, and below a line "---" policies, in Cedar; either may be
// missing. docs/policies.md describes it.
package policy

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"

	"bailiwick/authz"
)

// Text is a text that was read.
type Text struct {
	Roles    []Role // by name
	Policies []Policy
	// places are where the text names principals and objects, by the name's key.
	places map[string]token
}

// Policy is a permit or forbid policy.
type Policy struct {
	ID      string `json:"id"`
	Forbid  bool   `json:"forbid"`
	Message string `json:"message,omitempty"` // what a refusal says beside
	Line    int    `json:"line"`

	tree  *ast.Policy
	words []token
	refs  []reference
}

// maxPolicies is the most policies in a text.
const maxPolicies = 10_000

// Read reads a text without holding it against the schema: what stands in the ledger was held against it when it was put. Errors are
// Problems.
func Read(text string) (*Text, error) {
	if len(text) > maxBytes {
		return nil, Problems{{1, 1, "The text has more than " + strconv.Itoa(maxBytes) + " bytes."}}
	}
	front, rest, line := split(text)
	t := &Text{places: map[string]token{}}
	if err := t.readRoles(front); err != nil {
		return nil, err
	}
	return t, t.readPolicies(rest, line)
}

// Check reads a text and holds it against the schema: every kind, ability, attribute, type and tag. Errors are Problems.
func Check(text string) (*Text, error) {
	t, err := Read(text)
	if err != nil {
		return nil, err
	}
	s, err := typed()
	if err != nil {
		return nil, err
	}
	var all Problems
	v := validate.New(s)
	for _, p := range t.Policies {
		all = append(all, t.check(v, p)...)
	}
	if len(all) > 0 {
		return nil, all
	}
	return t, nil
}

// split cuts a text into roles and policies; line is where the policies begin.
func split(text string) (front, rest string, line int) {
	lines := strings.SplitAfter(text, "\n")
	first := slices.IndexFunc(lines, func(l string) bool {
		l = strings.TrimSpace(l)
		return l != "" && !strings.HasPrefix(l, "#")
	})
	if first < 0 || !strings.HasPrefix(lines[first], "roles:") {
		return "", text, 1
	}
	for i, l := range lines {
		if strings.TrimRight(l, " \r\n") == "---" && i > first {
			return strings.Join(lines[:i], ""), strings.Join(lines[i+1:], ""), i + 2
		}
	}
	return text, "", len(lines)
}

var placeOfError = regexp.MustCompile(`<input>:(\d+):(\d+)`)

func (t *Text) readPolicies(part string, line int) error {
	words := tokens(part, line)
	cut, err := statements(words)
	if err != nil {
		return err
	}
	if len(cut) > maxPolicies {
		return at(cut[maxPolicies][0], "A text has at most %d policies.", maxPolicies)
	}
	list, err := cedar.NewPolicyListFromBytes("", []byte(part))
	if err != nil {
		return syntax(err, line)
	}
	if len(list) != len(cut) {
		return Problems{{line, 1, "The policies cannot be told apart: something is wrong with quotes or semicolons."}}
	}
	seen := map[string]bool{}
	for i, p := range list {
		if err := t.readPolicy((*ast.Policy)(p.AST()), cut[i], seen); err != nil {
			return err
		}
	}
	return nil
}

// syntax gives Cedar's error its place in the whole text.
func syntax(err error, line int) Problems {
	p := Problem{Line: line, Column: 1, Message: err.Error()}
	if found := placeOfError.FindStringSubmatch(p.Message); found != nil {
		row, _ := strconv.Atoi(found[1])
		p.Column, _ = strconv.Atoi(found[2])
		p.Line = line + row - 1
		p.Message = strings.Replace(p.Message, "parse error at "+found[0]+" ", "Cannot read ", 1)
	}
	return Problems{p}
}

// notes are the annotations that policies may have.
var notes = []string{"id", "message", "claim", "description"}

func (t *Text) readPolicy(tree *ast.Policy, words []token, seen map[string]bool) error {
	p := Policy{Forbid: tree.Effect == ast.EffectForbid, Line: words[0].line, tree: tree, words: words, refs: references(words)}
	for _, a := range tree.Annotations {
		switch key, value := string(a.Key), string(a.Value); {
		case !slices.Contains(notes, key):
			return at(find(words, key), "There is no annotation @%s. Known ones: @%s.", key, strings.Join(notes, ", @"))
		case key == "id":
			p.ID = value
		case key == "message":
			p.Message = strings.TrimSpace(value + " " + p.Message)
		case key == "claim":
			p.Message = strings.TrimSpace(p.Message + " It takes the claim " + strconv.Quote(value) + ".")
		}
	}
	switch {
	case p.ID == "" || len(p.ID) > maxName:
		return at(words[0], "Every policy has a name of at most %d bytes by which decisions call it: @id(\"…\").", maxName)
	case seen[p.ID]:
		return at(words[0], "Another policy has the name %q.", p.ID)
	}
	seen[p.ID] = true
	t.Policies = append(t.Policies, p)
	return t.readReferences(p)
}

// readReferences keeps what a policy names.
func (t *Text) readReferences(p Policy) error {
	for _, r := range p.refs {
		switch r.kind {
		case typeAction:
			var a authz.Ability
			if err := a.UnmarshalText([]byte(r.name)); err != nil {
				return at(r.at, "There is no ability %q. docs/abilities.md lists all.", r.name)
			}
		case typeRole:
			if !slices.ContainsFunc(t.Roles, func(known Role) bool { return known.Name == r.name }) {
				return at(r.at, "There is no role %q in this text.", r.name)
			}
		default:
			t.name(r.kind, r.name, r.at)
		}
	}
	return nil
}

func (t *Text) name(kind, name string, place token) {
	if _, ok := t.places[keyOf(kind, name)]; !ok {
		t.places[keyOf(kind, name)] = place
	}
}

// keyOf writes a name as PolicyText.Names has it.
func keyOf(kind, name string) string { return kind + "::" + name }

// check holds a policy against the schema and finds the places of what is wrong.
func (t *Text) check(v *validate.Validator, p Policy) (out Problems) {
	err := v.Policy("", p.tree)
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range all.Unwrap() {
			out = append(out, p.problem(one))
		}
	} else if err != nil {
		out = Problems{p.problem(err)}
	}
	return append(out, p.checkTags()...)
}

var quoted = regexp.MustCompile("[`\"]([^`\"]+)[`\"]")

// problem gives an error of the schema the place of the first thing it names.
func (p *Policy) problem(err error) Problem {
	place := p.words[0]
	for _, found := range quoted.FindAllStringSubmatch(err.Error(), -1) {
		if w, ok := p.word(found[1]); ok {
			place = w
			break
		}
	}
	return Problem{place.line, place.column, "Policy " + strconv.Quote(p.ID) + ": " + err.Error() + "."}
}

func (p *Policy) word(name string) (token, bool) {
	name = strings.TrimPrefix(strings.TrimSuffix(name, `"`), `Action::"`)
	i := slices.IndexFunc(p.words, func(w token) bool { return w.text == name || w.text == `"`+name+`"` })
	if i < 0 {
		return token{}, false
	}
	return p.words[i], true
}

func find(words []token, text string) token {
	for _, w := range words {
		if w.text == text {
			return w
		}
	}
	return words[0]
}

// checkTags lets policies ask for governed tags only, named by themselves: others are anybody's to set who may edit.
func (p *Policy) checkTags() (out Problems) {
	for i, w := range p.words {
		if w.text != "hasTag" && w.text != "getTag" || i+3 >= len(p.words) || p.words[i+1].text != "(" {
			continue
		}
		key := p.words[i+2]
		if !strings.HasPrefix(key.text, `"`) || p.words[i+3].text != ")" || !knownTag(unquote(key.text)) {
			out = append(out, at(key, "Policies read governed tags only, named in quotes: %s.", strings.Join(authz.StewardTags(), ", "))...)
		}
	}
	return out
}

// Bind finds the principals and objects that the text names. What does not exist is a problem at its place.
func (t *Text) Bind(m *authz.Map) (map[string]int64, error) {
	names := map[string]int64{}
	var all Problems
	for _, key := range slices.Sorted(maps.Keys(t.places)) {
		kind, name, _ := strings.Cut(key, "::")
		id, ok := lookUp(m, kind, name)
		if !ok {
			all = append(all, at(t.places[key], "There is no %s %q.", kind, name)...)
		}
		names[key] = id
	}
	slices.SortFunc(all, func(a, b Problem) int { return (a.Line-b.Line)*1_000_000 + a.Column - b.Column })
	if len(all) > 0 {
		return nil, all
	}
	return names, nil
}

var principalKinds = map[string]authz.PrincipalKind{
	typeUser: authz.User, typeMachine: authz.ServicePrincipal, typeGroup: authz.Group,
}

func lookUp(m *authz.Map, kind, name string) (int64, bool) {
	if pk, ok := principalKinds[kind]; ok {
		p, ok := m.PrincipalByName(pk, name)
		if !ok || p.Kind != pk {
			return 0, false
		}
		return p.ID, true
	}
	k, ok := kindOfType(kind)
	if !ok {
		return 0, false
	}
	o, ok := findObject(m, k, name)
	if !ok || o.Kind != k {
		return 0, false
	}
	return o.ID, true
}

func findObject(m *authz.Map, k authz.Kind, name string) (*authz.Object, bool) {
	if k.InTree() {
		return m.Resolve(name)
	}
	if o, ok := m.Object(authz.KindRoot(k)); ok && o.Kind == k && o.Name == name {
		return o, true
	}
	return m.ChildNamed(authz.KindRoot(k), k, name)
}

// AsProblems gives the problems of an error that Read, Check or Bind gave.
func AsProblems(err error) (p Problems, ok bool) {
	ok = errors.As(err, &p)
	return p, ok
}
