package tracking

import "bailiwick/tracking/search"

// The attributes of runs, in the order of runFields.
const (
	runID = iota
	runName
	runStatus
	runUser
	runURI
	runStart
	runEnd
)

var runFields = []search.Field{
	runID:     {Name: "run_id", Ops: search.Matching | search.Lists, Key: true},
	runName:   {Name: "run_name", Aliases: []string{"run name", "Run name", "Run Name"}, Ops: search.Matching},
	runStatus: {Name: "status", Ops: search.Matching},
	runUser:   {Name: "user_id", Ops: search.Matching},
	runURI:    {Name: "artifact_uri", Ops: search.Matching},
	runStart:  {Name: "start_time", Aliases: []string{"created", "Created"}, Type: search.Number, Ops: search.Ordered},
	runEnd:    {Name: "end_time", Type: search.Number, Ops: search.Ordered},
}

// The keys of datasets, in the order of datasetFields.
const (
	datasetName = iota
	datasetDigest
	datasetContext
)

var datasetFields = []search.Field{
	datasetName:    {Name: "name", Ops: search.Matching | search.Lists},
	datasetDigest:  {Name: "digest", Ops: search.Matching | search.Lists},
	datasetContext: {Name: "context", Ops: search.Matching | search.Lists},
}

// naturalOrder is newest first, then by id.
func naturalOrder(fields []search.Field, created, id int) []search.Term {
	return []search.Term{search.AttributeTerm(fields, created, true), search.AttributeTerm(fields, id, false)}
}

// Runs is what runs/search can filter and order by (mlflow/utils/search_utils.py, SearchUtils).
var Runs = &search.Domain{
	Name: "runs",
	Groups: []search.Group{
		{Entity: search.Attribute, Names: []string{"attribute", "attributes", "attr", "run"}, Bare: true, Fields: runFields, Order: true},
		{Entity: search.Metric, Names: []string{"metric", "metrics"}, Type: search.Number, Ops: search.Ordered, Order: true},
		{Entity: search.Param, Names: []string{"parameter", "parameters", "param", "params"},
			Ops: search.Matching | search.Presence, Order: true},
		{Entity: search.Tag, Names: []string{"tag", "tags"}, Ops: search.Matching | search.Presence, Order: true},
		{Entity: search.Dataset, Names: []string{"dataset", "datasets"}, Fields: datasetFields},
	},
	Default:     naturalOrder(runFields, runStart, runID),
	Tie:         naturalOrder(runFields, runStart, runID),
	DefaultPage: 1000, MaxPage: 50000,
}

// The attributes of experiments, in the order of experimentFields.
const (
	experimentID = iota
	experimentName
	experimentCreated
	experimentUpdated
)

var experimentFields = []search.Field{
	experimentID:      {Name: "experiment_id", Type: search.ID, Ops: search.Equality | search.Lists, Key: true},
	experimentName:    {Name: "name", Ops: search.Matching},
	experimentCreated: {Name: "creation_time", Type: search.Integer, Ops: search.Ordered},
	experimentUpdated: {Name: "last_update_time", Type: search.Integer, Ops: search.Ordered},
}

// Experiments is what experiments/search can filter and order by (SearchExperimentsUtils). A request without max_results, which MLflow
// refuses, gets the default page, since other clients than MLflow's leave it out.
var Experiments = &search.Domain{
	Name: "experiments",
	Groups: []search.Group{
		{Entity: search.Attribute, Names: []string{"attribute"}, Bare: true, Fields: experimentFields, Order: true},
		{Entity: search.Tag, Names: []string{"tag", "tags"}, Ops: search.Matching | search.Presence},
	},
	Default:     naturalOrder(experimentFields, experimentCreated, experimentID),
	Tie:         []search.Term{search.AttributeTerm(experimentFields, experimentID, true)},
	DefaultPage: 1000, MaxPage: 50000,
}

// The attributes of logged models, in the order of modelFields.
const (
	modelID = iota
	modelName
	modelType
	modelStatus
	modelRun
	modelCreated
	modelUpdated
)

var modelFields = []search.Field{
	modelID:      {Name: "model_id", Ops: search.Matching | search.Lists, Key: true},
	modelName:    {Name: "name", Ops: search.Matching | search.Lists},
	modelType:    {Name: "model_type", Ops: search.Matching | search.Lists},
	modelStatus:  {Name: "status", Ops: search.Matching | search.Lists},
	modelRun:     {Name: "source_run_id", Ops: search.Matching | search.Lists},
	modelCreated: {Name: "creation_timestamp", Aliases: []string{"creation_time"}, Type: search.Number, Ops: search.Ordered},
	modelUpdated: {Name: "last_updated_timestamp", Aliases: []string{"last_updated_time"}, Type: search.Number, Ops: search.Ordered},
}

// LoggedModels is what logged-models/search can filter and order by (mlflow/utils/search_logged_model_utils.py): prefixes in the plural
// only, no IS NULL.
var LoggedModels = &search.Domain{
	Name: "logged models",
	Groups: []search.Group{
		{Entity: search.Attribute, Names: []string{"attributes"}, Bare: true, Fields: modelFields, Order: true},
		{Entity: search.Metric, Names: []string{"metrics"}, Type: search.Number, Ops: search.Ordered, Order: true},
		{Entity: search.Param, Names: []string{"params"}, Ops: search.Matching | search.Lists},
		{Entity: search.Tag, Names: []string{"tags"}, Ops: search.Matching | search.Lists},
	},
	Default:     naturalOrder(modelFields, modelCreated, modelID),
	Tie:         naturalOrder(modelFields, modelCreated, modelID),
	DefaultPage: 100, MaxPage: 50000, ZeroIsDefault: true,
}
