package mlflow

import (
	"encoding/binary"
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/tracking"
	"bailiwick/tracking/search"
	"bailiwick/workspace"
)

func (f *Front) experimentRoutes() []api.Route {
	return []api.Route{
		api.Write("POST /experiments/create", authz.CreateExperiments, f.newExperiment, f.createExperiment,
			api.Also(authz.CreateItems, f.newFolders), api.Also(authz.ReadArtifacts, f.overlapped), api.Or[CreateExperiment](authz.ViewTrashed),
			api.As[CreateExperiment]("createExperiment"), api.Alone[CreateExperiment]),
		readExperiment("GET /experiments/get", authz.ViewRuns, experiment(f, (*GetExperiment).GetExperimentId), f.getExperiment,
			api.As[GetExperiment]("getExperiment")),
		readExperiment("GET /experiments/get-by-name", authz.ViewRuns, f.experimentNamed, f.getExperimentByName,
			api.As[GetExperimentByName]("getExperimentByName")),
		api.Write("POST /experiments/update", authz.MoveRename, placeOf(f, (*UpdateExperiment).GetExperimentId), f.updateExperiment,
			api.Also(authz.CreateExperiments, f.newPlace), api.As[UpdateExperiment]("updateExperiment"), api.Alone[UpdateExperiment]),
		api.Write("POST /experiments/delete", authz.CreateExperiments, placeOf(f, (*DeleteExperiment).GetExperimentId), deleteExperiment,
			api.As[DeleteExperiment]("deleteExperiment"), api.Alone[DeleteExperiment]),
		api.Write("POST /experiments/restore", authz.RestoreExperiments, placeOf(f, (*RestoreExperiment).GetExperimentId), restoreExperiment,
			api.As[RestoreExperiment]("restoreExperiment"), api.Alone[RestoreExperiment]),
		writeExperiment("POST /experiments/set-experiment-tag", authz.EditTags,
			tagged(experiment(f, (*SetExperimentTag).GetExperimentId), (*SetExperimentTag).GetKey), setExperimentTag,
			gathered[SetExperimentTag]("setExperimentTag"), api.Or[SetExperimentTag](authz.ChangePermissions)),
		writeExperiment("POST /experiments/delete-experiment-tag", authz.EditTags,
			tagged(experiment(f, (*DeleteExperimentTag).GetExperimentId), (*DeleteExperimentTag).GetKey), deleteExperimentTag,
			gathered[DeleteExperimentTag]("deleteExperimentTag"), api.Or[DeleteExperimentTag](authz.ChangePermissions)),
	}
}

// experimentNamed finds the experiment that a name means to the caller, also a deleted one, whose name is still taken.
func (f *Front) experimentNamed(c *api.Call, q *GetExperimentByName) (int64, api.Target, error) {
	name := q.GetExperimentName()
	absent := fail.NotFoundf("Could not find experiment with name '%s'", name)
	if name == "" {
		return 0, api.Target{}, fail.Invalidf("Missing value for required parameter 'experiment_name'.")
	}
	p, err := f.placeNamed(c, name)
	if err != nil {
		return 0, api.Target{}, err
	}
	id, found, err := p.taken(c)
	if err != nil {
		return 0, api.Target{}, err
	}
	if !found {
		return 0, api.Target{}, absent
	}
	return id, experimentTarget(c, id, "", absent), nil
}

func (f *Front) getExperiment(c *api.Call, id int64, _ *GetExperiment) (*document[GetExperimentResponse], error) {
	return experimentAnswer[GetExperimentResponse](f, c, id)
}

func (f *Front) getExperimentByName(c *api.Call, id int64, _ *GetExperimentByName) (*document[GetExperimentByNameResponse], error) {
	return experimentAnswer[GetExperimentByNameResponse](f, c, id)
}

// experimentAnswer is the answer {"experiment": …}.
func experimentAnswer[M any](f *Front, c *api.Call, id int64) (*document[M], error) {
	e, err := c.Tx.Experiment(id)
	if err != nil {
		return nil, err
	}
	o, _ := c.Tx.Map.Object(id) // the finder has found it
	body := formOf(c).writeExperiment(c.Tx.Map)(nil, e, o)
	body = appendExperiment([]byte(`{"experiment":`), f.names(c), body)
	return &document[M]{append(body, '}')}, nil
}

// writeExperiment writes an experiment as MLflow's server does, in two parts, since its name depends on who sees it: the name's parts (how
// it was given, and the path with its length before it), then the members before and behind the name. appendExperiment joins them.
func (f form) writeExperiment(m *authz.Map) store.WriteExperiment {
	return func(dst []byte, e *tracking.Experiment, o *authz.Object) []byte {
		relative := byte(0)
		if e.Relative {
			relative = 1
		}
		dst = binary.AppendUvarint(append(dst, relative), uint64(len(e.Name)))
		dst = append(dst, e.Name...)
		dst = appendField(append(dst, '{'), "experiment_id", store.ExperimentID(e.ID))
		dst = appendField(dst, "artifact_location", f.address(store.ExperimentLocation(e.ID, e.ArtifactLocation)))
		dst = appendField(dst, "lifecycle_stage", tracking.LifecycleName(e.Lifecycle))
		dst = appendNumber(appendNumber(dst, "last_update_time", e.Updated), "creation_time", e.Created)
		return appendList(dst, "tags", append(e.Tags, serverTags(m, o)...), appendPair)
	}
}

// appendExperiment joins what writeExperiment wrote with the name that the caller sees.
func appendExperiment(dst []byte, names workspace.Names, parts []byte) []byte {
	n, size := binary.Uvarint(parts[1:])
	path := string(parts[1+size : 1+size+int(n)])
	dst = append(dst, parts[1+size+int(n):]...)
	return closed(appendField(dst, "name", names.Shown(path, parts[0] == 1)), '}')
}

// The tags of an experiment that are the server's word.
const (
	tagOwnerID    = "mlflow.ownerId"
	tagOwnerEmail = "mlflow.ownerEmail"
	tagKind       = "mlflow.experimentType"
	tagSource     = "mlflow.experiment.sourceName"
	tagPath       = "mlflow.experiment.path"
)

var serverTagKeys = map[string]bool{tagOwnerID: true, tagOwnerEmail: true, tagKind: true, tagSource: true, tagPath: true}

// serverTags are what the server itself says of an experiment: where it lies, and whose it is.
func serverTags(m *authz.Map, o *authz.Object) []tracking.Pair {
	path := m.Path(o.ID)
	tags := []tracking.Pair{{Key: tagPath, Value: path}, {Key: tagSource, Value: path}, {Key: tagKind, Value: "MLFLOW_EXPERIMENT"}}
	if p, ok := m.Principal(o.Creator); ok && o.Creator != 0 {
		tags = append(tags, tracking.Pair{Key: tagOwnerID, Value: strconv.FormatInt(p.ID, 10)}, tracking.Pair{Key: tagOwnerEmail, Value: p.Name})
	}
	return append(tags, api.StewardTags(m, o)...)
}

// tagged makes the finder of routes that change a tag of an experiment: who answers for it is for those to say who manage it.
func tagged[Q any](find api.Finder[int64, Q], key func(*Q) string) api.Finder[int64, Q] {
	return func(c *api.Call, q *Q) (int64, api.Target, error) {
		id, t, err := find(c, q)
		if governedKey(key(q)) && t.Ability == 0 {
			t.Ability = authz.ChangePermissions
		}
		return id, t, err
	}
}

func setExperimentTag(c *api.Call, id int64, q *SetExperimentTag) (*Nothing, error) {
	tag := tracking.Pair{Key: q.GetKey(), Value: q.GetValue()}
	if err := taggable(q.Key); err != nil {
		return nil, err
	}
	if err := tracking.CheckExperimentTag(tag); err != nil {
		return nil, err
	}
	o, _ := c.Tx.Map.Object(id) // the finder has found it
	if governedKey(tag.Key) {
		return &Nothing{}, setStewardTag(c, o, tag.Key, tag.Value)
	}
	if err := c.Tx.Map.CheckTagKept(o, tag.Key, tag.Value); err != nil {
		return nil, err
	}
	return &Nothing{}, c.Tx.SetExperimentTags(id, tag)
}

func deleteExperimentTag(c *api.Call, id int64, q *DeleteExperimentTag) (*Nothing, error) {
	if err := taggable(q.Key); err != nil {
		return nil, err
	}
	o, _ := c.Tx.Map.Object(id) // the finder has found it
	if governedKey(q.GetKey()) {
		return &Nothing{}, unsetStewardTag(c, o, q.GetKey())
	}
	if err := c.Tx.Map.CheckTagKept(o, q.GetKey(), ""); err != nil {
		return nil, err
	}
	return &Nothing{}, c.Tx.DeleteExperimentTag(id, q.GetKey())
}

// taggable refuses tags that are the server's word.
func taggable(key *string) error {
	if serverTagKeys[deref(key, "")] {
		return fail.Invalidf("The tag %s is kept by the server and cannot be changed", *key)
	}
	return given("key", key)
}

func deleteExperiment(c *api.Call, o *authz.Object, _ *DeleteExperiment) (*Nothing, error) {
	if err := move(c, o, search.Deleted); err != nil {
		return nil, err
	}
	return &Nothing{}, c.Tx.Trash(*o, c.Who.Principal)
}

func restoreExperiment(c *api.Call, o *authz.Object, _ *RestoreExperiment) (*Nothing, error) {
	if err := move(c, o, search.Active); err != nil {
		return nil, err
	}
	if c.Tx.Map.InTrash(o.Parent) {
		return nil, fail.Statef("The experiment %s lies in a folder that is in the trash: restore %s", store.ExperimentID(o.ID), c.Tx.Map.Path(o.Parent))
	}
	if !o.Trashed {
		return nil, fail.NotFoundf("No experiment with id %s that is not active", store.ExperimentID(o.ID))
	}
	back := *o
	back.Trashed = false
	return &Nothing{}, c.Tx.Place(back)
}

// move says whether an experiment can be deleted or restored: one that is already is not found, as in MLflow.
func move(c *api.Call, o *authz.Object, to tracking.Lifecycle) error {
	e, err := c.Tx.Experiment(o.ID)
	if err != nil {
		return err
	}
	c.About(o.ID)
	c.Note("experimentId", store.ExperimentID(o.ID))
	return e.Move(to, c.Tx.Now)
}
