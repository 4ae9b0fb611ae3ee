package governance

import "bailiwick/authz"

// pathStep is a step of the path that led to a decision: a sentence, and beside it what the sentence names, so that nobody has to read the
// names out of it.
type pathStep struct {
	// Kind is member (Principal is a member of Group), grant (Principal has Level on Object), inherit (Object lies in In, or below it, and takes
	// its permissions), table (what Level gives on Object's kind) or rule (a rule decides by itself).
	Kind authz.StepKind `json:"kind"`
	Text string         `json:"text"`
	// Rule is why the level of a grant is there (entry: somebody gave it), or what decides.
	Rule      string        `json:"rule,omitempty"`
	Level     string        `json:"level,omitempty"`
	Principal *principalRef `json:"principal,omitempty"`
	Group     *principalRef `json:"group,omitempty"`
	Object    *objectRef    `json:"object,omitempty"`
	In        *objectRef    `json:"in,omitempty"`
}

// stepsOf gives the path that led to a decision. It names groups and objects above the one asked about, as authz.Explain does.
func stepsOf(m *authz.Map, d authz.Decision) []pathStep {
	steps := []pathStep{}
	for _, s := range authz.Explain(m, d) {
		steps = append(steps, stepOf(m, s))
	}
	return steps
}

func stepOf(m *authz.Map, s authz.Step) pathStep {
	step := pathStep{Kind: s.Kind, Text: s.Text, Principal: stepPrincipal(m, s.Principal), Group: stepPrincipal(m, s.Group)}
	if s.Level != authz.NoLevel {
		step.Level = s.Level.String()
	}
	if s.Kind == authz.StepGrant || s.Kind == authz.StepRule {
		step.Rule = s.Rule.String()
	}
	if s.Kind == authz.StepInherit {
		step.In = stepObject(m, s.In)
	}
	if s.Kind != authz.StepMember && !(s.Kind == authz.StepGrant && s.Rule == authz.RuleAdmins) { // what administrators have is on everything
		step.Object = stepObject(m, s.Object)
	}
	return step
}

// stepPrincipal names a principal of a step; nil where it names none, or one that does not exist.
func stepPrincipal(m *authz.Map, id int64) *principalRef {
	if _, ok := m.Principal(id); !ok {
		return nil
	}
	p := principalOf(m, id)
	return &p
}

// stepObject names an object of a step; nil for one that does not exist.
func stepObject(m *authz.Map, id int64) *objectRef {
	if _, ok := m.Object(id); !ok {
		return nil
	}
	o := objectOf(m, id)
	return &o
}
