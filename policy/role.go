package policy

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"
	yamlast "github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	yamltoken "github.com/goccy/go-yaml/token"

	"bailiwick/authz"
)

// Role is a named bundle of levels and abilities.
type Role struct {
	Name        string `json:"name" yaml:"-"`
	Description string `json:"description,omitempty" yaml:"description"`
	// HeldBy always have it, AssumedBy may assume it for a session: "user:…", "group:…", "service-principal:…".
	HeldBy    []string `json:"held_by,omitempty" yaml:"held_by"`
	AssumedBy []string `json:"assumed_by,omitempty" yaml:"assumed_by"`
	// Claims are what a provider calls it; its own name always counts.
	Claims []string `json:"claims,omitempty" yaml:"claims"`
	Gives  []Gift   `json:"gives" yaml:"gives"`
}

// Gift is what a role gives on some objects: a level, or abilities.
type Gift struct {
	Level     string   `json:"level,omitempty" yaml:"level"`
	Abilities []string `json:"abilities,omitempty" yaml:"abilities"`
	// On is "KIND:NAME": a folder with all that lies in it, an object, or with * in the name all objects of the kind whose name (in the
	// tree: path) is like that.
	On string `json:"on" yaml:"on"`
	// Tags are governed tags that the objects must have.
	Tags map[string]string `json:"tags,omitempty" yaml:"tags"`

	kind      authz.Kind
	name      string
	abilities []authz.Ability
	level     authz.Level
}

// maxName is the most bytes of the name of a policy or role, maxFlow how deep brackets may be nested in the part of the roles.
const (
	maxName = 128
	maxFlow = 16
)

type front struct {
	Roles map[string]Role `yaml:"roles"`
}

func (t *Text) readRoles(text string) error {
	if text == "" {
		return nil
	}
	if err := checkYAML(text); err != nil {
		return err
	}
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		return yamlProblem(err)
	}
	var f front
	if err := yaml.NewDecoder(strings.NewReader(text), yaml.Strict()).Decode(&f); err != nil {
		return yamlProblem(err)
	}
	r := roleReader{t: t, file: file}
	for _, name := range slices.Sorted(maps.Keys(f.Roles)) {
		role := f.Roles[name]
		role.Name = name
		r.read(&role)
		t.Roles = append(t.Roles, role)
	}
	if len(r.all) > 0 {
		return r.all
	}
	return nil
}

// checkYAML refuses what roles have no use for and what makes readers of YAML work without end.
func checkYAML(text string) error {
	depth := 0
	for _, w := range lexer.Tokenize(text) {
		place := token{line: w.Position.Line, column: w.Position.Column}
		switch w.Type {
		case yamltoken.AnchorType, yamltoken.AliasType, yamltoken.TagType, yamltoken.MergeKeyType:
			return at(place, "Anchors, aliases and tags of YAML are not read here.")
		case yamltoken.SequenceStartType, yamltoken.MappingStartType:
			depth++
		case yamltoken.SequenceEndType, yamltoken.MappingEndType:
			depth--
		}
		if depth > maxFlow {
			return at(place, "This is nested more than %d deep.", maxFlow)
		}
	}
	return nil
}

var placeInYAML = regexp.MustCompile(`^\[(\d+):(\d+)\] ([^\n]*)`)

func yamlProblem(err error) error {
	var e yaml.Error
	p := Problem{1, 1, strings.SplitN(err.Error(), "\n", 2)[0]}
	if errors.As(err, &e) && e.GetToken() != nil {
		p.Line, p.Column, p.Message = e.GetToken().Position.Line, e.GetToken().Position.Column, e.GetMessage()
	} else if found := placeInYAML.FindStringSubmatch(err.Error()); found != nil {
		p.Line, _ = strconv.Atoi(found[1])
		p.Column, _ = strconv.Atoi(found[2])
		p.Message = found[3]
	}
	return Problems{p}
}

// roleReader holds roles against the tables and knows where in the text they are.
type roleReader struct {
	t    *Text
	file *yamlast.File
	all  Problems
}

func (r *roleReader) read(role *Role) {
	base := (&yaml.PathBuilder{}).Root().Child("roles").Child(role.Name)
	if !goodName(role.Name) {
		r.fail(base, "A role's name has letters, digits and ._- and at most %d bytes, not %q.", maxName, role.Name)
	}
	for i, who := range role.HeldBy {
		r.principal((&yaml.PathBuilder{}).Root().Child("roles").Child(role.Name).Child("held_by").Index(uint(i)), who)
	}
	for i, who := range role.AssumedBy {
		r.principal((&yaml.PathBuilder{}).Root().Child("roles").Child(role.Name).Child("assumed_by").Index(uint(i)), who)
	}
	for i := range role.Gives {
		r.gift(role.Name, i, &role.Gives[i])
	}
}

func goodName(name string) bool {
	bad := func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("._-", c)
	}
	return name != "" && len(name) <= maxName && !strings.ContainsFunc(name, bad)
}

func (r *roleReader) place(b *yaml.PathBuilder) token {
	node, err := b.Build().FilterFile(r.file)
	if err != nil || node == nil || node.GetToken() == nil {
		return token{line: 1, column: 1}
	}
	at := node.GetToken().Position
	return token{line: at.Line, column: at.Column}
}

func (r *roleReader) fail(b *yaml.PathBuilder, format string, args ...any) {
	r.all = append(r.all, at(r.place(b), format, args...)...)
}

var principalWords = map[string]string{"user": typeUser, "service-principal": typeMachine, "group": typeGroup}

// principalKey reads "group:NAME".
func principalKey(who string) (string, bool) {
	word, name, ok := strings.Cut(who, ":")
	kind, known := principalWords[word]
	return keyOf(kind, name), ok && known && name != ""
}

func (r *roleReader) principal(b *yaml.PathBuilder, who string) {
	key, ok := principalKey(who)
	if !ok {
		r.fail(b, "%q is nobody: it takes user:NAME, group:NAME or service-principal:NAME.", who)
		return
	}
	kind, name, _ := strings.Cut(key, "::")
	r.t.name(kind, name, r.place(b))
}

func (r *roleReader) gift(role string, i int, g *Gift) {
	field := func(name string) *yaml.PathBuilder {
		return (&yaml.PathBuilder{}).Root().Child("roles").Child(role).Child("gives").Index(uint(i)).Child(name)
	}
	word, name, _ := strings.Cut(g.On, ":")
	if err := g.kind.UnmarshalText([]byte(word)); err != nil || name == "" {
		r.fail(field("on"), "%q is no object: it takes KIND:NAME, as directory:/Shared or registered-model:churn-*.", g.On)
		return
	}
	g.name = name
	if !g.pattern() {
		r.t.name(typeNames[g.kind], name, r.place(field("on")))
	}
	if (g.Level == "") == (len(g.Abilities) == 0) {
		r.fail(field("on"), "A role gives a level or abilities, one of them.")
	}
	if g.Level != "" {
		level, err := authz.ParseLevel(g.kind, g.Level)
		if err != nil {
			r.fail(field("level"), "%s", err)
		}
		g.level = level
	}
	r.giftAbilities(field, g)
	for key := range g.Tags {
		if !knownTag(key) {
			r.fail(field("tags"), "Roles read governed tags only: %s.", strings.Join(authz.StewardTags(), ", "))
		}
	}
}

func (r *roleReader) giftAbilities(field func(string) *yaml.PathBuilder, g *Gift) {
	for n, name := range g.Abilities {
		var a authz.Ability
		err := a.UnmarshalText([]byte(name))
		if err == nil && !g.mayBe(a) {
			r.fail(field("abilities").Index(uint(n)), "There is no %q on a %s.", name, g.kind)
		} else if err != nil {
			r.fail(field("abilities").Index(uint(n)), "There is no ability %q. docs/abilities.md lists all.", name)
		}
		g.abilities = append(g.abilities, a)
	}
}

// pattern says whether the name stands for all that is like it.
func (g *Gift) pattern() bool { return strings.Contains(g.name, "*") }

// below says whether what lies in the object is meant too.
func (g *Gift) below() bool { return g.kind == authz.Directory && !g.pattern() }

func (g *Gift) mayBe(a authz.Ability) bool {
	for _, k := range g.kinds() {
		if k.Has(a) {
			return true
		}
	}
	return false
}

// kinds are the kinds of objects that a gift is about.
func (g *Gift) kinds() (out []authz.Kind) {
	if !g.below() {
		return []authz.Kind{g.kind}
	}
	for _, k := range authz.Kinds() {
		if k.Tree {
			out = append(out, k.Kind)
		}
	}
	return out
}

// gives says whether a gift gives an ability on a kind.
func (g *Gift) gives(k authz.Kind, a authz.Ability) bool {
	if g.level != authz.NoLevel {
		return k.Has(a) && authz.Gives(k, g.level, a)
	}
	return k.Has(a) && slices.Contains(g.abilities, a)
}
