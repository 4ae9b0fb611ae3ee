package webhook

import "bailiwick/keyed"

// EventKind is what happened, in words of our own; each protocol's webhooks have theirs.
type EventKind string

// The events of the registry.
const (
	ModelCreated      EventKind = "model.created"
	VersionCreated    EventKind = "version.created"
	VersionMoved      EventKind = "version.moved" // From and To
	VersionTagSet     EventKind = "version.tag.set"
	VersionTagDeleted EventKind = "version.tag.deleted"
	ModelTagSet       EventKind = "model.tag.set"
	ModelTagDeleted   EventKind = "model.tag.deleted"
	AliasSet          EventKind = "alias.set"
	AliasDeleted      EventKind = "alias.deleted"
	TransitionAsked   EventKind = "transition.asked" // From and To
	CommentMade       EventKind = "comment.made"
)

// Event is something that happened in the registry, for whoever wants to be told. It is written down in the transaction in which it happened.
type Event struct {
	Kind        EventKind
	Model       int64 // the governed object
	Name        string
	Prompt      bool  // the model is one of MLflow's prompts
	Version     int64 // 0 = the model as a whole
	Actor       int64
	User        string // the actor's name
	At          int64  // ms since 1970
	Source, Run string
	Description string
	Tags        []keyed.Pair
	Key, Value  string // of a tag
	Alias       string
	From, To    string // names of stages
	Comment     string
}
