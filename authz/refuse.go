package authz

import (
	"fmt"
	"slices"
	"strings"
)

// Giver is somebody who can give what was missing.
type Giver struct {
	Principal int64  `json:"principal"`
	Name      string `json:"name"` // the name in access control lists
	Group     bool   `json:"group,omitempty"`
}

// Refusal is what a 403 tells: what was missing, which level would give it and who can give that. It is for callers who may know the object
// (Decision.Known); to others the object does not exist.
type Refusal struct {
	Ability     Ability `json:"ability"`
	Title       string  `json:"title"`                  // the ability in the law's words
	LevelNeeded Level   `json:"level_needed,omitempty"` // none where no level helps
	Level       Level   `json:"level,omitempty"`        // what the caller has
	Rule        Rule    `json:"rule"`
	Object      int64   `json:"object"`
	Kind        Kind    `json:"kind"`
	Givers      []Giver `json:"givers,omitempty"` // at most five, direct managers before administrators
	Ask         string  `json:"ask,omitempty"`    // the owner's contact, else the owner, else the administrators; of what has owners
	Policy      string  `json:"policy,omitempty"` // the forbid policy that refused
	Message     string  `json:"message,omitempty"`
}

// String names him as a refusal does.
func (g Giver) String() string {
	if g.Group {
		return "group " + g.Name
	}
	return g.Name
}

// mostGivers is how many people a refusal names.
const mostGivers = 5

// Refuse makes a refusal of a decision that was not allowed.
func Refuse(m *Map, d Decision) Refusal {
	r := Refusal{Ability: d.Ability, Title: Title(d.Kind, d.Ability), Level: d.Level, Rule: d.Rule, Object: d.Object, Kind: d.Kind, Policy: d.Policy}
	switch d.Rule {
	case RuleNothing:
		r.LevelNeeded = leastBeyond(d.Kind, d.Ability)
		r.Givers = m.givers(d.Object)
	case RuleRootClosed:
		r.Givers = m.adminGivers(nil)
	}
	if d.Rule == RuleNothing {
		r.Ask = m.whomToAsk(d.Object)
	}
	r.Message = m.refusalText(d, r)
	return r
}

// leastBeyond is the least level that gives an ability, where having none does not. On experiments Run acts as Edit, but Edit is what the
// source table, clients and people know.
func leastBeyond(k Kind, a Ability) Level {
	law := ruleOf(k, a)
	if k == Experiment && law.levels.has(CanRun) && !law.levels.has(CanRead) {
		return CanEdit
	}
	for _, l := range columnsOf(k)[1:] {
		if law.levels.has(l) && k.has(l) {
			return l
		}
	}
	return NoLevel
}

// besides is what a refusal says of abilities that share their title with one that takes less.
var besides = map[Ability]string{TransitionAny: ", to or from Production,", DecideAny: ", to or from Production,"}

func (m *Map) refusalText(d Decision, r Refusal) string {
	if d.Policy != "" {
		return m.policyStep(d).Text
	}
	if d.Rule != RuleNothing {
		return m.ruleStep(d).Text + asking(r.Givers)
	}
	text := fmt.Sprintf("%s may not %q%s on %s.", m.nameOf(d.Principal), r.Title, besides[d.Ability], m.titleOf(d.Object))
	switch {
	case r.LevelNeeded != NoLevel:
		text += fmt.Sprintf(" It takes %s; the level is %s.", r.LevelNeeded, d.Level)
	case ruleOf(d.Kind, d.Ability).auditors:
		text += " Only administrators and auditors may."
	default:
		text += " Only administrators may."
	}
	text += asking(r.Givers)
	if r.Ask != "" && !slices.ContainsFunc(r.Givers, func(g Giver) bool { return g.String() == r.Ask }) {
		text += " Ask " + r.Ask + "."
	}
	return text
}

func asking(givers []Giver) string {
	if len(givers) == 0 {
		return ""
	}
	names := make([]string, len(givers))
	for i, g := range givers {
		names[i] = g.String()
	}
	return " Who can give it: " + strings.Join(names, ", ") + "."
}

// givers gives who may change the permissions of an object: whoever manages it, nearest first, and then the administrators.
func (m *Map) givers(object int64) (out []Giver) {
	o, ok := m.Object(object)
	if !ok {
		return nil
	}
	may := ruleOf(o.Kind, ChangePermissions)
	for at := range m.Chain(object) {
		for g := range m.givenBy(at) {
			if may.levels.has(g.level) && g.principal != GroupAdmins {
				out = m.addGiver(out, g.principal)
			}
		}
	}
	return m.adminGivers(out)
}

// adminGivers adds the active members of `admins`, groups among them by name.
func (m *Map) adminGivers(out []Giver) []Giver {
	for p := range m.Members(GroupAdmins) {
		out = m.addGiver(out, p.ID)
	}
	return out
}

func (m *Map) addGiver(out []Giver, id int64) []Giver {
	p, ok := m.Principal(id)
	named := slices.ContainsFunc(out, func(g Giver) bool { return g.Principal == id })
	if !ok || named || len(out) == mostGivers || !p.Active && p.Kind != Group {
		return out
	}
	return append(out, Giver{Principal: id, Name: p.Name, Group: p.Kind == Group})
}
