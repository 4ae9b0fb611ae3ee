package authz

import "time"

// AbilitiesOn gives all abilities of an object's kind that Decide allows, in the order of the kind's table, and the level: everything that is
// the same for all of them is worked out once. Nothing for an unknown object.
func AbilitiesOn(m *Map, who Who, object int64, when time.Time) (Level, []Ability) {
	c, _ := m.caller(&who, SignedIn, when) // an ability that every scope reaches
	o, ok := m.Object(object)
	if c == nil || !ok {
		return NoLevel, nil
	}
	g, trashed := m.highest(o, c)
	var allowed []Ability
	for _, row := range Rows(o.Kind) {
		if law := ruleOf(o.Kind, row.Ability); trashed && !law.trash || !row.Ability.within(who.Scopes) {
			continue
		} else if ok, _ := m.verdict(o, c, g, row.Ability, law); m.judged(who, c, o, row.Ability, when, ok) {
			allowed = append(allowed, row.Ability)
		}
	}
	return g.level, allowed
}

// viewing is the ability that lets somebody look at an object of a kind. Kinds that are there once for all have none.
var viewing = [kindEnd]Ability{
	Directory: ViewItems, Notebook: ViewItems, File: ViewItems, Experiment: ViewRuns, RegisteredModel: ViewModel, Job: ViewJob,
	Endpoint: ViewEndpoint, Cluster: ViewMetrics, SecretScope: ListSecrets, ServiceIdentity: UseServicePrincipal,
}

// Viewing gives the ability that lets somebody look at an object of the kind; 0 for kinds of which there is one object only.
func (k Kind) Viewing() Ability {
	if !k.known() {
		return 0
	}
	return viewing[k]
}
