package webhook

import (
	"slices"
	"strings"
)

// mlflowNames are MLflow's events: of what happens to a model, and of the same happening to a prompt.
var mlflowNames = map[EventKind]struct{ model, prompt string }{
	ModelCreated:      {"registered_model.created", "prompt.created"},
	VersionCreated:    {"model_version.created", "prompt_version.created"},
	VersionTagSet:     {"model_version_tag.set", "prompt_version_tag.set"},
	VersionTagDeleted: {"model_version_tag.deleted", "prompt_version_tag.deleted"},
	AliasSet:          {"model_version_alias.created", "prompt_alias.created"},
	AliasDeleted:      {"model_version_alias.deleted", "prompt_alias.deleted"},
	ModelTagSet:       {"", "prompt_tag.set"},
	ModelTagDeleted:   {"", "prompt_tag.deleted"},
}

// budgetExceeded is an event of MLflow's gateway. Webhooks may listen to it as at MLflow's own server; nothing here makes it happen.
const budgetExceeded = "budget_policy.exceeded"

// The events of Databricks that have no stage in their names.
const (
	dbModelCreated   = "REGISTERED_MODEL_CREATED" // webhooks of the whole registry only
	dbVersionCreated = "MODEL_VERSION_CREATED"
	dbMoved          = "MODEL_VERSION_TRANSITIONED_STAGE"
	dbMovedTo        = "MODEL_VERSION_TRANSITIONED_TO_"
	dbAsked          = "TRANSITION_REQUEST_CREATED"
	dbAskedTo        = "TRANSITION_REQUEST_TO_"
	dbTagSet         = "MODEL_VERSION_TAG_SET"
	dbComment        = "COMMENT_CREATED"
)

// databricksEvents are all of them, each with the kind of what happens.
var databricksEvents = map[string]EventKind{
	dbModelCreated: ModelCreated, dbVersionCreated: VersionCreated,
	dbMoved: VersionMoved, dbMovedTo + "STAGING": VersionMoved, dbMovedTo + "PRODUCTION": VersionMoved,
	dbMovedTo + "ARCHIVED": VersionMoved,
	dbAsked:                TransitionAsked, dbAskedTo + "STAGING_CREATED": TransitionAsked,
	dbAskedTo + "PRODUCTION_CREATED": TransitionAsked, dbAskedTo + "ARCHIVED_CREATED": TransitionAsked,
	dbTagSet: VersionTagSet, dbComment: CommentMade,
}

// Names gives the events that something is in a protocol, in its own names: none, one, or with Databricks the general and the one of the
// stage. What happens to prompts has names with MLflow only.
func Names(p Protocol, e *Event) []string {
	if p == MLflow {
		return mlflowName(e)
	}
	if e.Prompt {
		return nil
	}
	var names []string
	for name, kind := range databricksEvents {
		if kind == e.Kind && ofStage(name, e.To) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func mlflowName(e *Event) []string {
	names := mlflowNames[e.Kind]
	name := names.model
	if e.Prompt {
		name = names.prompt
	}
	if name == "" {
		return nil
	}
	return []string{name}
}

// ofStage says whether an event's name is general, or names the stage.
func ofStage(name string, to string) bool {
	rest, moved := strings.CutPrefix(name, dbMovedTo)
	if !moved {
		var asked bool
		if rest, asked = strings.CutPrefix(name, dbAskedTo); !asked {
			return true
		}
	}
	return strings.EqualFold(strings.TrimSuffix(rest, "_CREATED"), to)
}

// Known says whether a protocol has an event of that name.
func Known(p Protocol, name string) bool {
	if p == Databricks {
		return databricksEvents[name] != ""
	}
	return name != "" && slices.Contains(AllEvents(MLflow), name)
}

// AllEvents gives the names of a protocol's events, sorted.
func AllEvents(p Protocol) (names []string) {
	if p == Databricks {
		for name := range databricksEvents {
			names = append(names, name)
		}
		slices.Sort(names)
		return names
	}
	names = append(names, budgetExceeded)
	for _, n := range mlflowNames {
		names = append(names, n.model, n.prompt)
	}
	slices.Sort(names)
	return slices.DeleteFunc(names, func(n string) bool { return n == "" })
}

// Listens gives the events of a webhook's own that something is: none when it is not for this webhook.
func (h *Hook) Listens(e *Event) []string {
	if h.Status != Active || h.Model != 0 && h.Model != e.Model {
		return nil
	}
	return slices.DeleteFunc(Names(h.Protocol, e), func(name string) bool { return !slices.Contains(h.Events, name) })
}
