package mlflow

import (
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry"
	"bailiwick/registry/webhook"
	"bailiwick/tracking"
)

func (f *Front) versionRoutes() []api.Route {
	return []api.Route{
		api.Write("POST /model-versions/create", authz.AddVersion, registered((*CreateModelVersion).GetName), f.createVersion,
			api.Also(authz.ReadArtifacts, f.sourceTargets), api.Also(authz.ReadArtifacts, f.claimedOrigin),
			api.Or[CreateModelVersion](authz.ViewTrashed, authz.ViewModel),
			recorded[CreateModelVersion]("createModelVersion")),
		api.Read("GET /model-versions/get", authz.ViewModel, version((*GetModelVersion).GetName, (*GetModelVersion).GetVersion), getVersion,
			audited[GetModelVersion]("getModelVersion")),
		api.Write("PATCH /model-versions/update", authz.EditDescriptions,
			version((*UpdateModelVersion).GetName, (*UpdateModelVersion).GetVersion), updateVersion,
			recorded[UpdateModelVersion]("updateModelVersion")),
		api.Write("DELETE /model-versions/delete", authz.DeleteModel,
			version((*DeleteModelVersion).GetName, (*DeleteModelVersion).GetVersion), deleteVersion,
			recorded[DeleteModelVersion]("deleteModelVersion")),
		api.Write("POST /model-versions/set-tag", authz.EditModelTags,
			version((*SetModelVersionTag).GetName, (*SetModelVersionTag).GetVersion), setVersionTag,
			recorded[SetModelVersionTag]("setModelVersionTag")),
		api.Write("DELETE /model-versions/delete-tag", authz.EditModelTags,
			version((*DeleteModelVersionTag).GetName, (*DeleteModelVersionTag).GetVersion), deleteVersionTag,
			recorded[DeleteModelVersionTag]("deleteModelVersionTag")),
	}
}

// createVersion makes a version of what lies at the source now. Its bytes are named by their digests, so what is in our store is not copied,
// and what lies elsewhere is copied by the worker while the version is pending.
func (f *Front) createVersion(c *api.Call, o *authz.Object, q *CreateModelVersion) (*CreateModelVersionResponse, error) {
	v, err := newVersion(c, o, q)
	if err != nil {
		return nil, err
	}
	s, err := f.sourceOf(c, q)
	if err != nil {
		return nil, err
	}
	manifest, err := s.manifest(c)
	if err != nil {
		return nil, err
	}
	s.describe(v)
	if err := insertVersion(c, v, s, manifest); err != nil {
		return nil, err
	}
	return &CreateModelVersionResponse{ModelVersion: formOf(c).modelVersion(v)}, c.Tx.Emit(event(c, webhook.VersionCreated, v))
}

func insertVersion(c *api.Call, v *registry.Version, s *source, manifest *registry.Manifest) error {
	if err := c.Tx.InsertVersion(v, manifest); err != nil {
		return err
	}
	noteVersion(c, v)
	c.Note("source", v.Source)
	if manifest != nil {
		c.Note("digest", registry.DigestText(v.Digest))
	}
	if s.elsewhere != "" {
		if err := c.Tx.QueueCopy(v.Key(), s.elsewhere); err != nil {
			return err
		}
	}
	return c.Tx.LinkVersion(v, s.copied())
}

// promptVersion reports whether a version's tags say that it is one of a prompt.
func promptVersion(tags []tracking.Pair) bool {
	value, _ := tracking.Lookup(tags, registry.PromptTag)
	return value == "true"
}

// newVersion checks what a client says of a new version.
func newVersion(c *api.Call, o *authz.Object, q *CreateModelVersion) (*registry.Version, error) {
	if q.GetSource() == "" {
		return nil, fail.Invalidf("Missing value for required parameter 'source'.")
	}
	if len(q.GetSource()) > registry.MaxSource || len(q.GetRunLink()) > registry.MaxSource {
		return nil, fail.Invalidf("'source' or 'run_link' exceeds the maximum length of %d bytes", registry.MaxSource)
	}
	v := &registry.Version{Model: o.ID, Name: o.Name, Description: q.GetDescription(), Creator: c.Who.Principal, UserName: c.Principal().Name,
		Source: q.GetSource(), Run: q.GetRunId(), RunLink: q.GetRunLink(), LoggedModel: q.GetModelId(), Status: registry.Ready, Tags: pairsOf(q.Tags)}
	if err := registry.CheckDescription(v.Description); err != nil {
		return nil, err
	}
	for _, t := range v.Tags {
		if err := plainVersionTag(t.Key); err != nil {
			return nil, err
		}
	}
	return v, registry.CheckTags(v.Tags)
}

// plainVersionTag refuses keys that are said of the model as a whole.
func plainVersionTag(key string) error {
	if governedKey(key) {
		return fail.Invalidf("The tag %s is kept on the registered model, for all its versions: set it there", key)
	}
	return nil
}

func getVersion(c *api.Call, v *registry.Version, _ *GetModelVersion) (*GetModelVersionResponse, error) {
	return &GetModelVersionResponse{ModelVersion: formOf(c).modelVersion(v)}, nil
}

func updateVersion(c *api.Call, v *registry.Version, q *UpdateModelVersion) (*UpdateModelVersionResponse, error) {
	if err := registry.CheckDescription(q.GetDescription()); err != nil {
		return nil, err
	}
	noteVersion(c, v)
	c.Change(fields("description", v.Description), fields("description", q.GetDescription()))
	if err := c.Tx.DescribeVersion(v, q.GetDescription()); err != nil {
		return nil, err
	}
	return &UpdateModelVersionResponse{ModelVersion: formOf(c).modelVersion(v)}, nil
}

// deleteVersion deletes a version in whatever stage it is; where Production takes two persons, not one that is there.
func deleteVersion(c *api.Call, v *registry.Version, _ *DeleteModelVersion) (*Nothing, error) {
	if err := c.Tx.HoldVersion(v); err != nil {
		return nil, err
	}
	noteVersion(c, v)
	c.Change(fields("stage", v.Stage.String(), "digest", registry.DigestText(v.Digest), "source", v.Source), nil)
	two, err := c.Tx.TwoPersons(v.Model)
	if err == nil {
		err = registry.MayDelete(v, two)
	}
	if err != nil {
		return nil, err
	}
	return &Nothing{}, c.Tx.DeleteVersion(v.Key())
}

func setVersionTag(c *api.Call, v *registry.Version, q *SetModelVersionTag) (*Nothing, error) {
	t := tracking.Pair{Key: q.GetKey(), Value: q.GetValue()}
	if err := registry.CheckTag(t); err != nil {
		return nil, err
	}
	return &Nothing{}, changeVersionTag(c, v, t, webhook.VersionTagSet, func() error { return c.Tx.SetVersionTags(v.Key(), t) })
}

func deleteVersionTag(c *api.Call, v *registry.Version, q *DeleteModelVersionTag) (*Nothing, error) {
	t := tracking.Pair{Key: q.GetKey()}
	if err := tracking.Key("key", t.Key); err != nil {
		return nil, err
	}
	return &Nothing{}, changeVersionTag(c, v, t, webhook.VersionTagDeleted, func() error { return c.Tx.DeleteVersionTag(v.Key(), t.Key) })
}

// changeVersionTag changes a tag, keeps what was there, and tells webhooks.
func changeVersionTag(c *api.Call, v *registry.Version, t tracking.Pair, kind webhook.EventKind, change func() error) error {
	if err := plainVersionTag(t.Key); err != nil {
		return err
	}
	noteVersion(c, v)
	c.Note("key", t.Key)
	var before []byte
	if old, ok := tracking.Lookup(v.Tags, t.Key); ok {
		before = fields(t.Key, old)
	}
	c.Change(before, fields(t.Key, t.Value))
	if err := change(); err != nil {
		return err
	}
	e := event(c, kind, v)
	e.Key, e.Value = t.Key, t.Value
	return c.Tx.Emit(e)
}

func (f *Front) aliasRoutes() []api.Route {
	return []api.Route{
		api.Write("POST /registered-models/alias", authz.SetAlias, aliasable, setAlias,
			recorded[SetRegisteredModelAlias]("setRegisteredModelAlias")),
		api.Write("DELETE /registered-models/alias", authz.SetAlias, registered((*DeleteRegisteredModelAlias).GetName), deleteAlias,
			recorded[DeleteRegisteredModelAlias]("deleteRegisteredModelAlias")),
		api.Read("GET /registered-models/alias", authz.ViewModel, registered((*GetModelVersionByAlias).GetName), getByAlias,
			audited[GetModelVersionByAlias]("getModelVersionByAlias")),
	}
}

// aliasable finds the version that is to have an alias. An alias can deploy, so where Production takes two persons it may only mean a version that
// is there; whoever tries another is refused, which stands in the ledger.
func aliasable(c *api.Call, q *SetRegisteredModelAlias) (*registry.Version, api.Target, error) {
	v, target, err := findVersion(c, q.GetName(), q.GetVersion())
	if err != nil {
		return v, target, err
	}
	two, err := c.Tx.TwoPersons(v.Model)
	target.Frozen = registry.MayAlias(v, two)
	return v, target, err
}

// setAlias points an alias at a version.
func setAlias(c *api.Call, v *registry.Version, q *SetRegisteredModelAlias) (*Nothing, error) {
	alias := q.GetAlias()
	if err := registry.CheckNewAlias(alias); err != nil {
		return nil, err
	}
	if err := c.Tx.HoldVersion(v); err != nil {
		return nil, err
	}
	noteVersion(c, v)
	c.Note("alias", alias)
	if err := noteAliased(c, v.Model, alias, v.Number); err != nil {
		return nil, err
	}
	if err := c.Tx.SetAlias(v.Key(), alias); err != nil {
		return nil, err
	}
	e := event(c, webhook.AliasSet, v)
	e.Alias = alias
	return &Nothing{}, c.Tx.Emit(e)
}

// noteAliased keeps what an alias meant before; 0 for after means that it is gone.
func noteAliased(c *api.Call, model int64, alias string, after int64) error {
	before, had, err := c.Tx.Aliased(model, alias)
	if err != nil {
		return err
	}
	texts := [2][]byte{}
	if had {
		texts[0] = fields(alias, strconv.FormatInt(before, 10))
	}
	if after != 0 {
		texts[1] = fields(alias, strconv.FormatInt(after, 10))
	}
	c.Change(texts[0], texts[1])
	return nil
}

// deleteAlias takes an alias away; a missing one is no error, as in MLflow.
func deleteAlias(c *api.Call, o *authz.Object, q *DeleteRegisteredModelAlias) (*Nothing, error) {
	if err := registry.CheckAlias(q.GetAlias()); err != nil {
		return nil, err
	}
	c.Note("name", o.Name)
	c.Note("alias", q.GetAlias())
	if err := noteAliased(c, o.ID, q.GetAlias(), 0); err != nil {
		return nil, err
	}
	had, err := c.Tx.DeleteAlias(o.ID, q.GetAlias())
	if err != nil || !had {
		return &Nothing{}, err
	}
	m, err := c.Tx.RegisteredModel(o.ID)
	if err != nil {
		return nil, err
	}
	e := modelEvent(c, webhook.AliasDeleted, m)
	e.Alias = q.GetAlias()
	return &Nothing{}, c.Tx.Emit(e)
}

// getByAlias gives the version that an alias means. The code of a missing one is MLflow's own.
func getByAlias(c *api.Call, o *authz.Object, q *GetModelVersionByAlias) (*document[GetModelVersionByAliasResponse], error) {
	if err := registry.CheckAlias(q.GetAlias()); err != nil {
		return nil, err
	}
	form := formOf(c)
	body, err := c.Tx.AliasedDocument(o.ID, q.GetAlias(), int(form), func(dst []byte, v *registry.Version) []byte {
		return append(AppendJSON(append(dst, `{"model_version":`...), form.modelVersion(v)), '}')
	})
	if err != nil {
		return nil, err
	}
	if body == nil {
		return nil, notAliased(q.GetAlias())
	}
	return &document[GetModelVersionByAliasResponse]{body}, nil
}

func notAliased(alias string) error {
	return fail.Invalidf("Registered model alias %s not found.", alias)
}

func aliased(c *api.Call, model int64, alias string) (*registry.Version, error) {
	if err := registry.CheckAlias(alias); err != nil {
		return nil, err
	}
	n, found, err := c.Tx.Aliased(model, alias)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, notAliased(alias)
	}
	return c.Tx.ModelVersion(registry.Key{Model: model, Number: n})
}
