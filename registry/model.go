// Package registry holds the rules of registered models: names, stages, versions and the manifests that make them immutable, aliases,
// transition requests with the checks they were made with, comments, and what happened to them (events for webhooks).
package registry

import (
	"bailiwick/keyed"
)

// Model is a registered model. Its name is the governed object's.
type Model struct {
	ID          int64 // the governed object
	Name        string
	Description string
	Creator     int64
	Created     int64 // ms since 1970
	Updated     int64 // ms since 1970
	Tags        []keyed.Pair
	Aliases     []Alias
	// TwoPersons says whether Production of the model takes two persons whatever the workspace says.
	TwoPersons Choice
}

// Alias is a name for a version of a model.
type Alias struct {
	Name    string
	Version int64
}

// Choice is a rule that a model may ask for where the workspace does not. None can lift the workspace's.
type Choice int8

// The choices.
const (
	Inherit Choice = iota
	Yes
)

// SettingTwoPersons is the workspace-conf key that asks for two persons for Production of every model; off unless "true".
const SettingTwoPersons = "requireTwoPersonsForProduction"

// Over gives the rule in force where the workspace has the given one.
func (c Choice) Over(workspace bool) bool { return c == Yes || workspace }

// Prompt reports whether a registered model is one of MLflow's prompts: they have no routes of their own, but a tag.
func (m *Model) Prompt() bool {
	v, _ := keyed.Lookup(m.Tags, PromptTag)
	return v == "true"
}

// PromptTag marks registered models, and their versions, that are prompts.
const PromptTag = keyed.PromptTag
