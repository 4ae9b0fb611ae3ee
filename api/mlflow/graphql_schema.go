package mlflow

import (
	"slices"
	"strings"
	"unicode"

	"bailiwick/fail"
)

// graphSchema are the types of the answers, and of each the fields that MLflow's documents select, and no more. A field is text unless a type
// follows it: Long is a whole number written as text, Float a number, [T] a list. In types that begin with ? what is absent is null; in others it is
// what an unset field of a message is.
var graphSchema = graphTypes(map[string]string{
	"MlflowGetRunResponse":                       "? apiError:ApiError run:MlflowRunExtension",
	"MlflowSearchRunsResponse":                   "? apiError:ApiError runs:[MlflowRunExtension]",
	"MlflowGetExperimentResponse":                "? apiError:ApiError experiment:MlflowExperiment",
	"MlflowGetMetricHistoryBulkIntervalResponse": "? apiError:ApiError metrics:[MlflowMetricWithRunId]",
	"ApiError": "? code message helpUrl",
	"MlflowRunExtension": "info:MlflowRunInfo data:MlflowRunData inputs:MlflowRunInputs outputs:MlflowRunOutputs " +
		"experiment:MlflowExperiment modelVersions:[MlflowModelVersion]",
	"MlflowRunInfo": "runUuid runName experimentId userId status startTime:Long endTime:Long artifactUri lifecycleStage",
	"MlflowRunData": "metrics:[MlflowMetricExtension] params:[MlflowParam] tags:[MlflowRunTag]",
	"MlflowExperiment": "experimentId name artifactLocation lifecycleStage lastUpdateTime:Long creationTime:Long tags:[MlflowExperimentTag] " +
		"effectiveTraceArchivalRetention",
	"MlflowModelVersion":    "name version status source creationTimestamp:Long",
	"MlflowMetricExtension": "key value:Float timestamp:Long step:Long",
	"MlflowMetricWithRunId": "key value:Float timestamp:Long step:Long runId",
	"MlflowParam":           "key value", "MlflowRunTag": "key value", "MlflowExperimentTag": "key value", "MlflowInputTag": "key value",
	"MlflowRunInputs":    "datasetInputs:[MlflowDatasetInput] modelInputs:[MlflowModelInput]",
	"MlflowDatasetInput": "tags:[MlflowInputTag] dataset:MlflowDataset",
	"MlflowDataset":      "name digest sourceType source schema profile",
	"MlflowModelInput":   "modelId",
	"MlflowRunOutputs":   "modelOutputs:[MlflowModelOutput]",
	"MlflowModelOutput":  "modelId step:Long",
})

// graphType is an object type of the schema.
type graphType struct {
	name   string
	nulls  bool // what is absent is null
	fields map[string]graphField
}

// graphField is a field of a type: its name in messages, its own type, and whether there are many.
type graphField struct {
	wire, typ string
	list      bool
}

func graphTypes(lines map[string]string) map[string]*graphType {
	all := make(map[string]*graphType, len(lines))
	for name, line := range lines {
		line, nulls := strings.CutPrefix(line, "? ")
		t := &graphType{name: name, nulls: nulls, fields: map[string]graphField{}}
		for _, word := range strings.Fields(line) {
			field, typ, _ := strings.Cut(word, ":")
			inner, list := strings.CutPrefix(strings.TrimSuffix(typ, "]"), "[")
			t.fields[field] = graphField{wireNameOf(field), inner, list}
		}
		all[name] = t
	}
	return all
}

// wireNameOf gives the name that a field has in a message: runUuid is run_uuid there.
func wireNameOf(field string) string {
	if field == "apiError" { // is in no message
		return field
	}
	var b strings.Builder
	for _, r := range field {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// typeName is the field by which clients learn an object's type; every object has it.
const typeName = "__typename"

// operationOf gives the operation that a document is, whose every field is one that MLflow's pages select.
func operationOf(q *graphQuery) (*graphOperation, error) {
	o, ok := graphOperations[q.name]
	if !ok || q.root.name != o.root || q.variable != o.variable || q.input != o.input {
		return nil, fail.Invalidf("%s The document given as %.80q is none of them.", onlyFixed, q.name)
	}
	return o, graphSchema[o.answer].check(q.root.fields)
}

// check holds a selection against the type.
func (t *graphType) check(fields []graphSelection) error {
	var seen []string
	for _, s := range fields {
		if slices.Contains(seen, s.name) {
			return fail.Invalidf("%s Field %q is selected twice.", onlyFixed, s.name)
		}
		seen = append(seen, s.name)
		f, ok := t.fields[s.name]
		inner := graphSchema[f.typ]
		switch {
		case s.name == typeName && s.fields == nil:
		case !ok || (inner == nil) != (len(s.fields) == 0):
			return fail.Invalidf("%s They do not select %.80q of %s.", onlyFixed, s.name, t.name)
		case inner != nil:
			if err := inner.check(s.fields); err != nil {
				return err
			}
		}
	}
	return nil
}
