package registry

import "bailiwick/tracking/search"

// The attributes of registered models, in the order of modelFields.
const (
	modelName = iota
	modelUpdated
)

var modelFields = []search.Field{
	modelName:    {Name: "name", Ops: search.Matching | search.Lists},
	modelUpdated: {Name: "last_updated_timestamp", Aliases: []string{"timestamp"}, Type: search.Integer},
}

// tagGroup is how both domains spell tags. MLflow's server breaks on IS NULL, which its clients may write.
var tagGroup = search.Group{Entity: search.Tag, Names: []string{"tag", "tags"}, Ops: search.Matching | search.Presence}

// Models is what registered-models/search can filter and order by (mlflow/utils/search_utils.py, SearchModelUtils, and the SQL store's
// orders).
var Models = &search.Domain{
	Name: "registered models",
	Groups: []search.Group{
		{Entity: search.Attribute, Names: []string{"attribute"}, Bare: true, Fields: modelFields, Order: true},
		tagGroup,
	},
	Default:     []search.Term{search.AttributeTerm(modelFields, modelName, false)},
	Tie:         []search.Term{search.AttributeTerm(modelFields, modelName, false)},
	DefaultPage: 100, MaxPage: 1000, ZeroIsDefault: true,
}

// The attributes of versions, in the order of versionFields.
const (
	versionName = iota
	versionNumber
	versionRun
	versionSource
	versionCreated
	versionUpdated
)

var versionFields = []search.Field{
	versionName:    {Name: "name", Ops: search.Matching | search.Lists},
	versionNumber:  {Name: "version_number", Type: search.Counter, Ops: search.Ordered},
	versionRun:     {Name: "run_id", Ops: search.Matching | search.Lists, Unordered: true},
	versionSource:  {Name: "source_path", Ops: search.Matching, Unordered: true},
	versionCreated: {Name: "creation_timestamp", Type: search.Integer},
	versionUpdated: {Name: "last_updated_timestamp", Type: search.Integer},
}

// versionTie ends orders of versions: by name, the newest version first.
var versionTie = []search.Term{search.AttributeTerm(versionFields, versionName, false), search.AttributeTerm(versionFields, versionNumber, true)}

// Versions is what model-versions/search can filter and order by (SearchModelVersionUtils). A request without max_results gets the page that
// MLflow's client asks for.
var Versions = &search.Domain{
	Name: "model versions",
	Groups: []search.Group{
		{Entity: search.Attribute, Names: []string{"attribute"}, Bare: true, Fields: versionFields, Order: true},
		tagGroup,
	},
	Default:     append([]search.Term{search.AttributeTerm(versionFields, versionUpdated, true)}, versionTie...),
	Tie:         versionTie,
	DefaultPage: 10_000, MaxPage: 200_000,
}
