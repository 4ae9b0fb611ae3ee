package governance

import (
	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
)

// abilitiesAnswer is the law as it is decided by: each kind's levels and abilities.
type abilitiesAnswer struct {
	Kinds []kindTable `json:"kinds"`
}

// kindTable is one kind of object.
type kindTable struct {
	Kind string `json:"kind"`
	// Request is the segment of /permissions/{…} that names the kind.
	Request   string            `json:"request"`
	Levels    []authz.LevelInfo `json:"levels"`
	Abilities []abilityRow      `json:"abilities"`
}

// abilityRow is an ability on a kind. Least is the lowest level that gives it, empty where everybody or nobody below administrators has it.
type abilityRow struct {
	Ability  string `json:"ability"`
	Title    string `json:"title"`
	Least    string `json:"least_level,omitempty"`
	Everyone bool   `json:"everyone,omitempty"`
	Auditors bool   `json:"auditors,omitempty"`
}

func abilities(*api.Call, int64, *nothing) (*abilitiesAnswer, error) {
	a := &abilitiesAnswer{}
	for _, k := range authz.Kinds() {
		t := kindTable{Kind: k.Name, Request: k.Request, Levels: append([]authz.LevelInfo{}, k.Levels...), Abilities: []abilityRow{}}
		for _, row := range authz.Rows(k.Kind) {
			t.Abilities = append(t.Abilities, abilityOf(k.Kind, row))
		}
		a.Kinds = append(a.Kinds, t)
	}
	return a, nil
}

func abilityOf(k authz.Kind, row authz.Row) abilityRow {
	out := abilityRow{Ability: row.Ability.String(), Title: row.Title, Auditors: row.Auditors, Everyone: row.Cells[0] == 'x'}
	if least := authz.LeastLevel(k, row.Ability); least != authz.NoLevel && k != authz.Workspace {
		out.Least = least.String()
	}
	return out
}

type explainRequest struct {
	Kind string `json:"-" path:"kind"`
	ID   string `json:"-" path:"id"`
}

func (q *explainRequest) text() string { return q.Kind + "/" + q.ID }

func findExplained(c *api.Call, q *explainRequest) (*authz.Object, api.Target, error) {
	absent := fail.NotFoundf("Object '%s' does not exist.", q.text())
	o, err := findObject(c, q.text())
	if err != nil {
		return nil, api.Target{}, err
	}
	return o, api.Target{Object: o.ID, Absent: absent}, nil
}

// explainAnswer shows why everybody who has something on an object has it.
type explainAnswer struct {
	Object objectRef `json:"object"`
	// Chain is the object, what contains it, and so on up to the root.
	Chain   []objectRef   `json:"chain"`
	Version int64         `json:"version"`
	Entries []explainedBy `json:"entries"`
}

// explainedBy is a principal with the levels it has on the object; Members are whom a group brings in, groups expanded.
type explainedBy struct {
	principalRef
	Levels  []explainedLevel `json:"levels"`
	Members int              `json:"members,omitempty"`
}

// explainedLevel is a level with where it comes from; From is empty for what is on the object itself.
type explainedLevel struct {
	Level     string      `json:"level"`
	Rule      string      `json:"rule"`
	Inherited bool        `json:"inherited"`
	From      []objectRef `json:"from,omitempty"`
	Abilities []string    `json:"abilities"`
}

func explain(c *api.Call, o *authz.Object, _ *explainRequest) (*explainAnswer, error) {
	m := c.Tx.Map
	a := &explainAnswer{Object: objectOf(m, o.ID), Version: m.Version(), Entries: []explainedBy{}}
	for at := range m.Chain(o.ID) {
		a.Chain = append(a.Chain, objectOf(m, at.ID))
	}
	for _, e := range authz.Entries(m, o.ID) {
		by := explainedBy{principalRef: principalOf(m, e.Principal), Members: membersOf(m, e.Principal)}
		for _, l := range e.Levels {
			by.Levels = append(by.Levels, levelOf(m, o.Kind, l))
		}
		a.Entries = append(a.Entries, by)
	}
	return a, nil
}

func levelOf(m *authz.Map, k authz.Kind, l authz.ShownLevel) explainedLevel {
	out := explainedLevel{Level: l.Level.String(), Rule: l.Rule.String(), Inherited: l.Inherited, Abilities: []string{}}
	for _, id := range l.From {
		out.From = append(out.From, objectOf(m, id))
	}
	for _, row := range authz.Rows(k) {
		if gives(k, row, l.Level) {
			out.Abilities = append(out.Abilities, row.Ability.String())
		}
	}
	return out
}

// gives says whether a level's column has the ability.
func gives(k authz.Kind, row authz.Row, level authz.Level) bool {
	info, _ := k.Info()
	for i, l := range info.Levels {
		if l.Level == level {
			return i+1 < len(row.Cells) && row.Cells[i+1] == 'x'
		}
	}
	return false
}

// membersOf counts the users and service principals that are in a group, through others too; 0 for who is no group.
func membersOf(m *authz.Map, group int64) int {
	seen, people := map[int64]bool{group: true}, 0
	for queue := []int64{group}; len(queue) > 0; queue = queue[1:] {
		for p := range m.Members(queue[0]) {
			if seen[p.ID] {
				continue
			}
			seen[p.ID] = true
			if p.Kind == authz.Group {
				queue = append(queue, p.ID)
			} else {
				people++
			}
		}
	}
	return people
}
