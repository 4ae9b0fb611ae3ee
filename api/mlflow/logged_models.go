package mlflow

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/tracking"
	"bailiwick/tracking/search"
)

// WantedModel is the request of GET /logged-models/{model_id}; the declared one lacks the query's allow_deleted.
type WantedModel struct {
	ModelId      *string `wire:"model_id,modelId"`
	AllowDeleted *bool   `wire:"allow_deleted,allowDeleted"`
}

func (f *Front) loggedModelRoutes() []api.Route {
	const edit, view = authz.EditLoggedModels, authz.ViewLoggedModels
	return []api.Route{
		api.Write("POST /logged-models", edit, experiment(f, (*CreateLoggedModel).GetExperimentId), createModel,
			api.Or[CreateLoggedModel](authz.ViewTrashed), api.As[CreateLoggedModel]("createLoggedModel"),
			api.Also(authz.LogRuns, sourceRun)),
		api.Read("GET /logged-models/{model_id}", view, loggedModel(func(q *WantedModel) string { return deref(q.ModelId, "") }), getModel,
			api.Or[WantedModel](authz.ViewTrashed), api.As[WantedModel]("getLoggedModel")),
		api.Write("PATCH /logged-models/{model_id}", edit, loggedModel((*FinalizeLoggedModel).GetModelId), finalizeModel,
			api.Or[FinalizeLoggedModel](authz.ViewTrashed), api.As[FinalizeLoggedModel]("finalizeLoggedModel")),
		api.Write("DELETE /logged-models/{model_id}", edit, loggedModel((*DeleteLoggedModel).GetModelId), deleteModel,
			api.Or[DeleteLoggedModel](authz.ViewTrashed), api.As[DeleteLoggedModel]("deleteLoggedModel")),
		api.List("POST /logged-models/search", view, authz.Experiment, f.searchModels, api.As[SearchLoggedModels]("searchLoggedModels")),
		api.Write("PATCH /logged-models/{model_id}/tags", edit, taggedLogged, setModelTags,
			api.Or[SetLoggedModelTags](authz.ViewTrashed, view), api.Audit[SetLoggedModelTags](api.Gathered, "", "setLoggedModelTags")),
		api.Write("DELETE /logged-models/{model_id}/tags/{tag_key}", edit, loggedModel((*DeleteLoggedModelTag).GetModelId), deleteModelTag,
			api.Or[DeleteLoggedModelTag](authz.ViewTrashed), api.Audit[DeleteLoggedModelTag](api.Gathered, "", "deleteLoggedModelTag")),
		api.Write("POST /logged-models/{model_id}/params", edit, loggedModel((*LogLoggedModelParamsRequest).GetModelId), logModelParams,
			api.Or[LogLoggedModelParamsRequest](authz.ViewTrashed), api.Audit[LogLoggedModelParamsRequest](api.Gathered, "", "logLoggedModelParams")),
	}
}

// loggedModel makes the finder of routes about one logged model: the decision is about its experiment.
func loggedModel[Q any](id func(*Q) string) api.Finder[*store.ModelHead, Q] {
	return func(c *api.Call, q *Q) (*store.ModelHead, api.Target, error) {
		name := id(q)
		h, err := c.Tx.ModelHead(name)
		if err != nil {
			return nil, api.Target{}, err
		}
		return h, experimentTarget(c, h.Experiment, h.ID, store.NotAModel(name)), nil
	}
}

// sourceRun asks for the run that a model is said to come from: who may not log to it cannot put a model to its account.
func sourceRun(c *api.Call, q *CreateLoggedModel) ([]api.Target, error) {
	id := q.GetSourceRunId()
	if id == "" {
		return nil, nil
	}
	h, err := c.Tx.RunHead(id)
	if err != nil {
		return nil, err
	}
	return []api.Target{{Object: h.Experiment, Name: h.ID, Absent: store.NotARun(id)}}, nil // one in the trash is as good as absent
}

// writableModel refuses to change a deleted model.
func writableModel(h *store.ModelHead) error {
	if h.Lifecycle == search.Active {
		return nil
	}
	return fail.Invalidf("The logged model %s must be in the 'active' state. Current state is %s.", h.ID, tracking.LifecycleName(h.Lifecycle))
}

func createModel(c *api.Call, experiment int64, q *CreateLoggedModel) (*CreateLoggedModelResponse, error) {
	e, err := c.Tx.Experiment(experiment)
	if err != nil {
		return nil, err
	}
	if err := e.Writable(); err != nil {
		return nil, err
	}
	m := &tracking.LoggedModel{
		ID: newModelID(), Experiment: experiment, Name: q.GetName(), Type: q.GetModelType(), Status: tracking.ModelPending,
		SourceRun: q.GetSourceRunId(), Lifecycle: search.Active, Created: c.Tx.Now, Updated: c.Tx.Now,
	}
	m.ArtifactLocation = store.ModelLocation(experiment, e.ArtifactLocation, m.ID)
	if err := describeModel(m, q, c.Principal().Name); err != nil {
		return nil, err
	}
	c.Note("experimentId", store.ExperimentID(experiment))
	c.Note("modelId", m.ID)
	if err := c.Tx.InsertLoggedModel(m, c.Who.Principal); err != nil {
		return nil, err
	}
	return &CreateLoggedModelResponse{Model: formOf(c).model(m)}, nil
}

// newModelID makes a logged model's id: "m-" and 32 hexadecimal digits that order by time.
func newModelID() string {
	id := uuid.Must(uuid.NewV7()) // fails only without a source of chance, which ends the process elsewhere
	return "m-" + hex.EncodeToString(id[:])
}

// describeModel checks what a client says of a new model. Who made it is for the server to say.
func describeModel(m *tracking.LoggedModel, q *CreateLoggedModel, user string) (err error) {
	if m.Name == "" {
		m.Name = tracking.AutoName(rand.IntN)
	}
	if err := tracking.LoggedModelName(m.Name); err != nil {
		return err
	}
	if utf8.RuneCountInString(m.Type) > tracking.MaxLoggedModelName {
		return fail.Invalidf("'model_type' exceeds the maximum length of %d characters", tracking.MaxLoggedModelName)
	}
	if m.Tags, err = modelTags(q.Tags); err != nil {
		return err
	}
	if claim, ok := tracking.Lookup(m.Tags, tagUser); !ok {
		m.Tags = append(m.Tags, tracking.Pair{Key: tagUser, Value: user})
	} else if claim != user {
		m.Tags = append(claimedTags(m.Tags), tracking.Pair{Key: tagUser, Value: user})
	}
	m.Params, err = modelParams(q.Params)
	return err
}

// maxModelTag is the most characters of the value of a logged model's tag (reference: mlflow-api.md §4).
const maxModelTag = 100_000

func modelTags(list []*LoggedModelTag) ([]tracking.Pair, error) {
	tags := pairsOf(list)
	if len(tags) > tracking.MaxBatchTags {
		return nil, fail.Invalidf("At most %d tags may be set at once, got %d", tracking.MaxBatchTags, len(tags))
	}
	for _, t := range tags {
		if err := tracking.Key("key", t.Key); err != nil {
			return nil, err
		}
		if utf8.RuneCountInString(t.Value) > maxModelTag {
			return nil, fail.Invalidf("The value of tag '%s' exceeds the maximum length of %d characters", t.Key, maxModelTag)
		}
	}
	return tags, nil
}

func modelParams(list []*LoggedModelParameter) ([]tracking.Pair, error) {
	b := tracking.Batch{Params: pairsOf(list)}
	if len(b.Params) > tracking.MaxBatchAll {
		return nil, fail.Invalidf("At most %d params may be logged at once, got %d", tracking.MaxBatchAll, len(b.Params))
	}
	var err error
	for i := range b.Params {
		if b.Params[i], err = tracking.CheckParam("params", b.Params[i]); err != nil {
			return nil, err
		}
	}
	return tracking.NewParams("", nil, b.Params)
}

// model writes a logged model for clients.
func (f form) model(m *tracking.LoggedModel) *LoggedModel {
	info := &LoggedModelInfo{
		ModelId: &m.ID, ExperimentId: text(store.ExperimentID(m.Experiment)), Name: &m.Name, CreationTimestampMs: &m.Created,
		LastUpdatedTimestampMs: &m.Updated, ArtifactUri: text(f.modelAddress(m)), Status: LoggedModelStatus(m.Status.Wire()),
	}
	info.ModelType, info.SourceRunId, info.StatusMessage = optional(m.Type), optional(m.SourceRun), optional(m.StatusMessage)
	data := &LoggedModelData{}
	for _, t := range m.Tags {
		info.Tags = append(info.Tags, &LoggedModelTag{Key: &t.Key, Value: &t.Value})
	}
	for _, p := range m.Params {
		data.Params = append(data.Params, &LoggedModelParameter{Key: &p.Key, Value: &p.Value})
	}
	for i := range m.Metrics {
		data.Metrics = append(data.Metrics, modelMetric(&m.Metrics[i]))
	}
	return &LoggedModel{Info: info, Data: data}
}

// optional leaves out what is empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func modelMetric(m *tracking.ModelMetric) *Metric {
	w := &Metric{Key: &m.Key, Value: &m.Value, Timestamp: &m.Timestamp, Step: &m.Step, ModelId: &m.ModelID, RunId: &m.Run}
	if m.DatasetName != "" {
		w.DatasetName, w.DatasetDigest = &m.DatasetName, &m.DatasetDigest
	}
	return w
}

// getModel gives a model; a deleted one only to who asks for such.
func getModel(c *api.Call, h *store.ModelHead, q *WantedModel) (*GetLoggedModelResponse, error) {
	if h.Lifecycle != search.Active && !deref(q.AllowDeleted, false) {
		return nil, store.NotAModel(h.ID)
	}
	m, err := modelNow(c, h)
	return &GetLoggedModelResponse{Model: m}, err
}

// modelNow writes a model as it is in this transaction.
func modelNow(c *api.Call, h *store.ModelHead) (*LoggedModel, error) {
	m, err := c.Tx.LoggedModel(h.ID)
	if err == nil {
		err = linkVersions(c, m)
	}
	if err != nil {
		return nil, err
	}
	return formOf(c).model(m), nil
}

func finalizeModel(c *api.Call, h *store.ModelHead, q *FinalizeLoggedModel) (*FinalizeLoggedModelResponse, error) {
	if err := writableModel(h); err != nil {
		return nil, err
	}
	status, _ := tracking.ParseModelStatus(string(q.Status))
	if err := c.Tx.FinalizeLoggedModel(h, status); err != nil {
		return nil, err
	}
	c.Note("modelId", h.ID)
	c.Note("status", status.String())
	m, err := modelNow(c, h)
	return &FinalizeLoggedModelResponse{Model: m}, err
}

func deleteModel(c *api.Call, h *store.ModelHead, _ *DeleteLoggedModel) (*Nothing, error) {
	if h.Trashed {
		return nil, deletedExperiment(h.Experiment)
	}
	c.Note("modelId", h.ID)
	return &Nothing{}, c.Tx.DeleteLoggedModel(h)
}

func setModelTags(c *api.Call, h *store.ModelHead, q *SetLoggedModelTags) (*SetLoggedModelTagsResponse, error) {
	if err := writableModel(h); err != nil {
		return nil, err
	}
	tags, err := modelTags(q.Tags)
	if err != nil {
		return nil, err
	}
	if tags = withoutVersions(tags); len(tags) > 0 {
		if err := c.Tx.SetLoggedModelTags(h, claimedTags(tags)...); err != nil {
			return nil, err
		}
	}
	m, err := modelNow(c, h)
	return &SetLoggedModelTagsResponse{Model: m}, err
}

func deleteModelTag(c *api.Call, h *store.ModelHead, q *DeleteLoggedModelTag) (*Nothing, error) {
	if err := writableModel(h); err != nil {
		return nil, err
	}
	if q.GetTagKey() == tagUser {
		return nil, fail.Invalidf("The tag %s says who made the model and cannot be deleted", tagUser)
	}
	return &Nothing{}, c.Tx.DeleteLoggedModelTag(h, q.GetTagKey())
}

func logModelParams(c *api.Call, h *store.ModelHead, q *LogLoggedModelParamsRequest) (*Nothing, error) {
	if err := writableModel(h); err != nil {
		return nil, err
	}
	params, err := modelParams(q.Params)
	if err != nil {
		return nil, err
	}
	return &Nothing{}, c.Tx.LogLoggedModelParams(h, params...)
}

// searchModels finds models of the named experiments; of those that do not exist, or that the caller may not see, there are none.
func (f *Front) searchModels(c *api.Call, scope authz.Scope, q *SearchLoggedModels) (*SearchLoggedModelsResponse, error) {
	query, datasets, hash, err := modelQuery(c, q)
	if err != nil {
		return nil, err
	}
	page, err := c.Tx.SearchLoggedModels(query, datasets, f.visible(c, scope, q.ExperimentIds))
	if err != nil {
		return nil, err
	}
	found, err := c.Tx.LoggedModels(page.IDs)
	if err == nil {
		err = linkVersions(c, found...)
	}
	answer := &SearchLoggedModelsResponse{}
	for _, m := range found {
		answer.Models = append(answer.Models, formOf(c).model(m))
	}
	if page.More {
		answer.NextPageToken = text(search.Token{After: page.Next}.Encode(c.PageKey(), c.Who.Principal, hash))
	}
	return answer, err
}

// modelQuery parses a search and the token that continues it.
func modelQuery(c *api.Call, q *SearchLoggedModels) (*search.Query, []tracking.DatasetFilter, search.Hash, error) {
	query, bound := &search.Query{View: search.Active}, []string{tracking.LoggedModels.Name, q.GetFilter(), strings.Join(q.ExperimentIds, ",")}
	var datasets []tracking.DatasetFilter
	for _, d := range q.Datasets {
		datasets = append(datasets, tracking.DatasetFilter{Name: d.GetDatasetName(), Digest: d.GetDatasetDigest()})
		bound = append(bound, "d", d.GetDatasetName(), d.GetDatasetDigest())
	}
	var order []tracking.ModelOrder
	for _, o := range q.OrderBy {
		order = append(order, tracking.ModelOrder{Field: o.GetFieldName(), Descending: !o.GetAscending(), DatasetName: o.GetDatasetName(),
			DatasetDigest: o.GetDatasetDigest()})
		bound = append(bound, "o", o.GetFieldName(), o.GetDatasetName(), o.GetDatasetDigest(), direction(o.GetAscending()))
	}
	var hash search.Hash
	err := tracking.CheckDatasets(datasets)
	if err == nil {
		query.Limit, err = tracking.LoggedModels.PageSize(pageSize(q.MaxResults))
	}
	if err == nil {
		query.Filter, err = search.ParseFilter(tracking.LoggedModels, q.GetFilter())
	}
	if err == nil {
		query.Order, err = tracking.ParseModelOrder(order)
	}
	if err != nil {
		return nil, nil, hash, err
	}
	hash = search.QueryHash(bound...)
	token, err := search.DecodeToken(q.GetPageToken(), c.PageKey(), c.Who.Principal, hash)
	query.After = token.After
	return query, datasets, hash, err
}

func direction(ascending bool) string {
	if ascending {
		return "ascending"
	}
	return "descending"
}

func pageSize(n *int32) *int64 {
	if n == nil {
		return nil
	}
	wide := int64(*n)
	return &wide
}
