package authz

import (
	"fmt"
	"slices"
	"strings"
)

// StepKind says what a step of a decision's path is about.
type StepKind string

// The kinds of steps.
const (
	StepRule    StepKind = "rule"    // a rule that decides by itself
	StepMember  StepKind = "member"  // a principal is a member of a group
	StepGrant   StepKind = "grant"   // somebody has a level on an object
	StepInherit StepKind = "inherit" // an object lies in another and takes its permissions
	StepTable   StepKind = "table"   // what the ability table says of the level
)

// Step is one step of the path that led to a decision: the facts, and the same as a sentence.
type Step struct {
	Kind      StepKind `json:"kind"`
	Object    int64    `json:"object"`
	Principal int64    `json:"principal,omitempty"`
	Level     Level    `json:"level,omitempty"`
	Text      string   `json:"text"`

	// Rule is the rule of a StepRule, or by which a StepGrant gives; RuleEntry where somebody gave it.
	Rule Rule `json:"-"`
	// Group is what the principal of a StepMember is a member of, In what the object of a StepInherit lies in or below.
	Group int64 `json:"-"`
	In    int64 `json:"-"`
}

// ruleTexts are the sentences of rules that decide by themselves; %[1]s is the principal, %[2]s the object, %[3]s the ability.
var ruleTexts = [ruleEnd]string{
	RuleUnknown:       "Principal %[1]s does not exist or cannot sign in.",
	RuleInactive:      "%[1]s is inactive.",
	RuleCredential:    "The credential is expired, revoked or not that of %[1]s.",
	RuleScope:         "The credential's scopes do not reach \"%[3]s\".",
	RuleDirectory:     "%[1]s is a directory's, which provisions users and groups over SCIM and may not \"%[3]s\".",
	RuleAbsent:        "The object does not exist.",
	RuleNoSuchAbility: "\"%[3]s\" does not exist on %[2]s.",
	RuleRootClosed:    "With access control on, only administrators create in the Workspace folder.",
	RuleNothing:       "Nothing gives %[1]s \"%[3]s\" on %[2]s.",
	RuleAnyone:        "Everybody has \"%[3]s\" on %[2]s.",
	RuleBelow:         "%[2]s leads to something that %[1]s has a level on.",
	RuleAuditors:      "%[1]s is an auditor, and auditors have \"%[3]s\" everywhere.",
	RuleProvisions:    "%[1]s is a directory's, and directories have \"%[3]s\".",
	RuleOpen:          "Access control is off, so everybody may create in the workspace tree.",
}

// grantTexts say how a level is had; %[1]s is to whom it was given, %[2]s the object, %[3]s the level.
var grantTexts = [ruleEnd]string{
	RuleAdmins:  "Group \"admins\" has %[3]s on everything.",
	RuleEntry:   "%[1]s has %[3]s on %[2]s.",
	RuleCreator: "%[1]s made %[2]s and so has %[3]s on it.",
	RuleHome:    "%[2]s is the home folder of %[1]s, who has %[3]s on it.",
	RuleShared:  "Everybody has %[3]s on %[2]s.",
	RuleOpen:    "Access control is off, so everybody has %[3]s on %[2]s.",
}

// Explain gives the path that led to a decision, in the order in which one would tell it. It shows names of groups and paths of objects
// above the one asked about: only who may know the object should see it.
func Explain(m *Map, d Decision) []Step {
	if d.Kind == 0 {
		return []Step{m.ruleStep(d)}
	}
	g, ok := m.sourceOf(d)
	if !ok {
		return []Step{m.ruleStep(d)}
	}
	steps := m.memberSteps(d.Principal, g.principal)
	text := fmt.Sprintf(grantTexts[g.rule], m.nameOf(g.principal), m.titleOf(g.object), g.level)
	steps = append(steps, Step{Kind: StepGrant, Object: g.object, Principal: g.principal, Level: g.level, Text: text, Rule: g.rule})
	if g.rule != RuleAdmins {
		steps = append(steps, m.inheritSteps(d.Object, g.object)...)
	}
	if d.Rule == RuleNothing || d.Rule == g.rule && ruleOf(d.Kind, d.Ability).levels.has(d.Level) {
		return append(steps, m.tableStep(d))
	}
	return append(steps, m.ruleStep(d))
}

// sourceOf finds again where the level of a decision came from.
func (m *Map) sourceOf(d Decision) (grant, bool) {
	c := m.closureOf(d.Principal)
	o, ok := m.Object(d.Object)
	if c == nil || !ok || d.Level == NoLevel {
		return grant{}, false
	}
	g, _ := m.highest(o, c)
	return g, g.level == d.Level
}

func (m *Map) ruleStep(d Decision) Step {
	text := fmt.Sprintf(ruleTexts[d.Rule]+"%[4]s", m.nameOf(d.Principal), m.titleOf(d.Object), Title(d.Kind, d.Ability), "")
	return Step{Kind: StepRule, Object: d.Object, Principal: d.Principal, Level: d.Level, Text: text, Rule: d.Rule}
}

func (m *Map) tableStep(d Decision) Step {
	verb := "gives"
	if !d.Allowed {
		verb = "does not give"
	}
	text := fmt.Sprintf("On %s, %s %s %q.", article(d.Kind), d.Level, verb, Title(d.Kind, d.Ability))
	return Step{Kind: StepTable, Object: d.Object, Principal: d.Principal, Level: d.Level, Text: text, Rule: d.Rule}
}

// memberSteps gives the shortest way from a principal to a group he is in.
func (m *Map) memberSteps(principal, group int64) (steps []Step) {
	if principal == group || group == GroupUsers {
		return nil
	}
	way := m.wayUp(principal, group)
	for i := 1; i < len(way); i++ {
		text := fmt.Sprintf("%s is a member of %s.", m.nameOf(way[i-1]), m.nameOf(way[i]))
		steps = append(steps, Step{Kind: StepMember, Principal: way[i-1], Text: text, Group: way[i]})
	}
	return steps
}

// wayUp searches the groups above a principal level by level.
func (m *Map) wayUp(from, to int64) []int64 {
	before := map[int64]int64{from: from}
	for queue := []int64{from}; len(queue) > 0; queue = queue[1:] {
		if queue[0] == to {
			return wayBack(before, to)
		}
		p, ok := m.Principal(queue[0])
		if !ok {
			continue
		}
		for _, group := range p.Parents {
			if _, seen := before[group]; !seen {
				before[group] = p.ID
				queue = append(queue, group)
			}
		}
	}
	return nil
}

func wayBack(before map[int64]int64, at int64) []int64 {
	way := []int64{at}
	for before[at] != at {
		at = before[at]
		way = append(way, at)
	}
	slices.Reverse(way)
	return way
}

// mostInherited is the most folders of which each gets a step of its own. Paths may have thousands of segments, and a step names two paths:
// all of them would make every entry of the ledger megabytes.
const mostInherited = 20

func (m *Map) inheritSteps(object, from int64) (steps []Step) {
	for o := range m.Chain(object) {
		if o.ID == from {
			break
		}
		if len(steps) == mostInherited {
			text := fmt.Sprintf("%s lies below %s and takes its permissions.", upperFirst(m.titleOf(object)), m.titleOf(from))
			return []Step{{Kind: StepInherit, Object: object, Text: text, In: from}}
		}
		text := fmt.Sprintf("%s lies in %s and takes its permissions.", upperFirst(m.titleOf(o.ID)), m.titleOf(o.Parent))
		steps = append(steps, Step{Kind: StepInherit, Object: o.ID, Text: text, In: o.Parent})
	}
	slices.Reverse(steps)
	return steps
}

func (m *Map) nameOf(principal int64) string {
	p, ok := m.Principal(principal)
	switch {
	case !ok:
		return fmt.Sprint(principal)
	case p.Kind == Group:
		return fmt.Sprintf("group %q", p.Name)
	}
	return p.Name
}

// titleOf names an object: by its path in the tree, else by kind and name.
func (m *Map) titleOf(object int64) string {
	o, ok := m.Object(object)
	switch {
	case !ok:
		return fmt.Sprintf("object %d", object)
	case object == Root:
		return "the Workspace folder"
	case object == ModelsRoot:
		return "the model registry"
	case o.Kind.InTree():
		return o.Kind.String() + " " + m.Path(object)
	case o.isRoot():
		return "the " + o.Name
	}
	return fmt.Sprintf("%s %q", o.Kind, o.Name)
}

func article(k Kind) string {
	if strings.ContainsRune("aeiou", rune(k.String()[0])) {
		return "an " + k.String()
	}
	return "a " + k.String()
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
