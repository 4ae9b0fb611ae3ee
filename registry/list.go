package registry

import (
	"slices"
	"strings"

	"bailiwick/tracking/search"
)

// The entities of clauses that no filter can be written with.
const (
	ordinary = search.FirstFree + iota // leaves out prompts
	holding                            // part of a model's name, whatever the case
	standing                           // a model with a version in a stage
	listed                             // a model of those that the clause names
)

// NameHolds is the clause of models whose names contain a text, whatever the case.
func NameHolds(text string) search.Clause {
	return search.Clause{Entity: holding, Text: strings.ToLower(text)}
}

// InStage is the clause of models that have a version in a stage.
func InStage(s Stage) search.Clause { return search.Clause{Entity: standing, Int: int64(s)} }

// Among is the clause of models with one of some ids.
func Among(ids []int64) search.Clause { return search.Clause{Entity: listed, Ints: ids} }

// Prompts is the clause of MLflow's prompts, which are left out without it.
func Prompts() search.Clause { return TagIs(PromptTag, "true") }

// TagIs is the clause of models that have a tag with a value.
func TagIs(key, value string) search.Clause {
	return search.Clause{Entity: search.Tag, Field: -1, Key: key, Op: search.Eq, Text: value}
}

// modelTest binds the clauses about models that the table does not answer.
func (x *Index) modelTest(c *search.Clause) func(uint32) bool {
	switch c.Entity {
	case ordinary:
		return func(slot uint32) bool { return !x.models.prompt[slot] }
	case holding:
		return func(slot uint32) bool { return strings.Contains(strings.ToLower(x.heads[slot].name), c.Text) }
	case standing:
		return func(slot uint32) bool { return x.heads[slot].has(Stage(c.Int)) }
	case listed:
		ids := make(map[int64]bool, len(c.Ints))
		for _, id := range c.Ints {
			ids[id] = true
		}
		return func(slot uint32) bool { return ids[x.heads[slot].id] }
	}
	return nil
}

// has says whether a version of the model is in a stage.
func (f *family) has(s Stage) bool {
	return slices.ContainsFunc(f.versions, func(v member) bool { return v.stage == s })
}
