package mlflow

import (
	"strconv"

	"bailiwick/store"
	"bailiwick/tracking"
)

// document is an answer that was written before: its type parameter is the message that it is.
type document[M any] struct{ body []byte }

func (d *document[M]) json() []byte { return d.body }

// written is what the front's encoder sends as it stands.
type written interface{ json() []byte }

// appendRun writes a run as MLflow's server does: AppendJSON of a Run message, without making one.
func (f form) appendRun(dst []byte, r *tracking.Run) []byte {
	dst = append(dst, `{"info":`...)
	dst = f.appendInfo(dst, r)
	dst = append(dst, `,"data":{`...)
	dst = appendList(dst, "metrics", r.Metrics, appendLatest)
	dst = appendList(dst, "params", r.Params, appendPair)
	dst = appendList(dst, "tags", r.Tags, appendPair)
	dst = append(closed(dst, '}'), `,"inputs":{`...)
	dst = appendList(dst, "dataset_inputs", r.Datasets, appendInput)
	dst = appendList(dst, "model_inputs", r.ModelInputs, appendModelInput)
	dst = closed(dst, '}')
	if len(r.ModelOutputs) > 0 {
		dst = append(dst, `,"outputs":{`...)
		dst = closed(appendList(dst, "model_outputs", r.ModelOutputs, appendModelOutput), '}')
	}
	return append(dst, '}')
}

func (f form) appendInfo(dst []byte, r *tracking.Run) []byte {
	dst = append(dst, '{')
	dst = appendField(dst, "run_uuid", r.ID)
	dst = appendField(dst, "experiment_id", store.ExperimentID(r.Experiment))
	dst = appendField(dst, "run_name", r.Name)
	dst = appendField(dst, "user_id", r.User)
	dst = appendField(dst, "status", r.Status.String())
	dst = appendNumber(dst, "start_time", r.Start)
	if r.End != tracking.Unset {
		dst = appendNumber(dst, "end_time", r.End)
	}
	dst = appendField(dst, "artifact_uri", f.address(r.ArtifactURI))
	dst = appendField(dst, "lifecycle_stage", tracking.LifecycleName(r.Lifecycle))
	dst = appendField(dst, "run_id", r.ID)
	return closed(dst, '}')
}

// appendField and the like write one member of an object, a comma behind it, for closed to replace.
func appendField(dst []byte, name, value string) []byte {
	dst = append(append(append(dst, '"'), name...), `":`...)
	return append(appendString(dst, value), ',')
}

func appendNumber(dst []byte, name string, value int64) []byte {
	dst = append(append(append(dst, '"'), name...), `":`...)
	return append(strconv.AppendInt(dst, value, 10), ',')
}

// appendGiven leaves out what is empty.
func appendGiven(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return appendField(dst, name, value)
}

// appendList writes a list of messages, nothing for an empty one, a comma behind it.
func appendList[T any](dst []byte, name string, list []T, one func([]byte, *T) []byte) []byte {
	if len(list) == 0 {
		return dst
	}
	dst = append(append(append(dst, '"'), name...), `":[`...)
	for i := range list {
		dst = append(one(dst, &list[i]), ',')
	}
	return append(closed(dst, ']'), ',')
}

func appendPair(dst []byte, p *tracking.Pair) []byte {
	return closed(appendField(appendField(append(dst, '{'), "key", p.Key), "value", p.Value), '}')
}

func appendPoint(dst []byte, p *tracking.Point) []byte {
	dst = append(appendFloat(append(dst, `"value":`...), p.Value, 64), ',')
	return appendNumber(appendNumber(dst, "timestamp", p.Timestamp), "step", p.Step)
}

func appendLatest(dst []byte, m *tracking.Metric) []byte {
	dst = appendPoint(appendField(append(dst, '{'), "key", m.Key), &m.Point)
	dst = appendGiven(appendGiven(dst, "dataset_name", m.DatasetName), "dataset_digest", m.DatasetDigest)
	return closed(appendGiven(dst, "model_id", m.ModelID), '}')
}

func appendInput(dst []byte, in *tracking.DatasetInput) []byte {
	dst = appendList(append(dst, '{'), "tags", in.Tags, appendPair)
	d := &in.Dataset
	dst = appendField(append(dst, `"dataset":{`...), "name", d.Name)
	dst = appendField(appendField(dst, "digest", d.Digest), "source_type", d.SourceType)
	dst = appendGiven(appendGiven(appendField(dst, "source", d.Source), "schema", d.Schema), "profile", d.Profile)
	return append(closed(dst, '}'), '}')
}

func appendModelInput(dst []byte, id *string) []byte {
	return closed(appendField(append(dst, '{'), "model_id", *id), '}')
}

func appendModelOutput(dst []byte, m *tracking.ModelOutput) []byte {
	return closed(appendNumber(appendField(append(dst, '{'), "model_id", m.ModelID), "step", m.Step), '}')
}
