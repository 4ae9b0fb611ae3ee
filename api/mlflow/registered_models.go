package mlflow

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry"
	"bailiwick/registry/webhook"
	"bailiwick/store"
	"bailiwick/tracking"
)

func (f *Front) registeredRoutes() []api.Route {
	return []api.Route{
		api.Write("POST /registered-models/create", authz.CreateModel, api.At[CreateRegisteredModel](authz.ModelsRoot), createRegistered,
			recorded[CreateRegisteredModel]("createRegisteredModel")),
		api.Read("GET /registered-models/get", authz.ViewModel, registered((*GetRegisteredModel).GetName), getRegistered,
			audited[GetRegisteredModel]("getRegisteredModel")),
		api.Read("GET /databricks/registered-models/get", authz.ViewModel,
			registered(func(q *GetRegisteredModelDatabricks) string { return deref(q.Name, "") }), getRegisteredDatabricks,
			audited[GetRegisteredModelDatabricks]("getRegisteredModel")),
		api.Write("PATCH /registered-models/update", authz.EditDescriptions, registered((*UpdateRegisteredModel).GetName), updateRegistered,
			recorded[UpdateRegisteredModel]("updateRegisteredModel")),
		api.Write("POST /registered-models/rename", authz.RenameModel, registered((*RenameRegisteredModel).GetName), renameRegistered,
			recorded[RenameRegisteredModel]("renameRegisteredModel"), api.Alone[RenameRegisteredModel]),
		api.Write("DELETE /registered-models/delete", authz.DeleteModel, registered((*DeleteRegisteredModel).GetName), deleteRegistered,
			recorded[DeleteRegisteredModel]("deleteRegisteredModel"), api.Alone[DeleteRegisteredModel]),
		api.Write("POST /registered-models/set-tag", authz.EditModelTags, taggedModel((*SetRegisteredModelTag).GetName, (*SetRegisteredModelTag).GetKey),
			setRegisteredTag, api.Or[SetRegisteredModelTag](authz.SetModelGovernance), recorded[SetRegisteredModelTag]("setRegisteredModelTag")),
		api.Write("DELETE /registered-models/delete-tag", authz.EditModelTags,
			taggedModel((*DeleteRegisteredModelTag).GetName, (*DeleteRegisteredModelTag).GetKey), deleteRegisteredTag,
			api.Or[DeleteRegisteredModelTag](authz.SetModelGovernance), recorded[DeleteRegisteredModelTag]("deleteRegisteredModelTag")),
		api.Read("POST /registered-models/get-latest-versions", authz.ViewModel, registered((*GetLatestVersions).GetName), latestVersions,
			audited[GetLatestVersions]("getLatestVersions")),
		api.Read("GET /registered-models/get-latest-versions", authz.ViewModel, registered((*GetLatestVersions).GetName), latestVersions,
			audited[GetLatestVersions]("getLatestVersions")),
	}
}

// taggedModel is the finder of routes about a tag of a model: keys that the law governs ask Manage (abilities/beyond.tsv).
func taggedModel[Q any](name, key func(*Q) string) api.Finder[*authz.Object, Q] {
	return func(c *api.Call, q *Q) (*authz.Object, api.Target, error) {
		o, target, err := findRegistered(c, name(q))
		if governedKey(key(q)) {
			target.Ability = authz.SetModelGovernance
		}
		return o, target, err
	}
}

func createRegistered(c *api.Call, _ int64, q *CreateRegisteredModel) (*CreateRegisteredModelResponse, error) {
	m, steward, err := newRegistered(c, q)
	if err != nil {
		return nil, err
	}
	if _, taken := c.Tx.Map.ChildNamed(authz.ModelsRoot, authz.RegisteredModel, m.Name); taken {
		return nil, registeredExists(m.Name)
	}
	o := authz.Object{ID: m.ID, Kind: authz.RegisteredModel, Parent: authz.ModelsRoot, Name: m.Name, Creator: m.Creator, CreatorManages: true}
	o = o.WithSteward(steward)
	if err := c.Tx.Govern(authz.Event{Op: authz.PutObject, Object: &o}); err != nil {
		return nil, err
	}
	if err := c.Tx.InsertRegisteredModel(m); err != nil {
		return nil, err
	}
	c.About(m.ID)
	c.Note("name", m.Name)
	if err := c.Tx.Emit(modelEvent(c, webhook.ModelCreated, m)); err != nil {
		return nil, err
	}
	m.Tags = append(m.Tags, api.StewardTags(c.Tx.Map, &o)...)
	return &CreateRegisteredModelResponse{RegisteredModel: formOf(c).registeredModel(m, userOf(c, m.Creator), nil)}, nil
}

// registeredExists is the error of a taken name; clients that register versions match on its code.
func registeredExists(name string) error {
	return fail.Existsf("Registered Model (name=%s) already exists.", name)
}

// newRegistered checks what a client says of a new model, and parts who answers for it from the other tags.
func newRegistered(c *api.Call, q *CreateRegisteredModel) (m *registry.Model, steward authz.Steward, err error) {
	m = &registry.Model{ID: store.NewObjectID(), Name: q.GetName(), Description: q.GetDescription(), Creator: c.Who.Principal}
	tags := pairsOf(q.Tags)
	if err = registry.CheckName(m.Name); err == nil {
		err = registry.CheckDescription(m.Description)
	}
	if err == nil {
		err = registry.CheckTags(tags)
	}
	if err == nil {
		err = requiredTags(c, authz.ModelsRoot, authz.RegisteredModel, tags)
	}
	if err == nil {
		m.Tags, steward, err = splitSteward(c.Tx.Map, tags)
	}
	return m, steward, err
}

func getRegistered(c *api.Call, o *authz.Object, _ *GetRegisteredModel) (*GetRegisteredModelResponse, error) {
	m, err := registeredAnswer(c, o.ID)
	return &GetRegisteredModelResponse{RegisteredModel: m}, err
}

// registeredAnswer writes a model as it is in this transaction.
func registeredAnswer(c *api.Call, id int64) (*RegisteredModel, error) {
	m, latest, err := registeredNow(c, id)
	if err != nil {
		return nil, err
	}
	return formOf(c).registeredModel(m, userOf(c, m.Creator), latest), nil
}

// registeredNow reads a model with what the server itself says of it, and the newest version of each stage.
func registeredNow(c *api.Call, id int64) (*registry.Model, []*registry.Version, error) {
	m, err := c.Tx.RegisteredModel(id)
	if err != nil {
		return nil, nil, err
	}
	o, _ := c.Tx.Map.Object(id) // RegisteredModel has found it
	m.Tags = append(m.Tags, api.StewardTags(c.Tx.Map, o)...)
	latest, err := c.Tx.LatestVersions(id)
	return m, latest, err
}

// userOf gives a principal's name; empty for one who is gone.
func userOf(c *api.Call, id int64) string {
	if p, ok := c.Tx.Map.Principal(id); ok {
		return p.Name
	}
	return ""
}

func getRegisteredDatabricks(c *api.Call, o *authz.Object, _ *GetRegisteredModelDatabricks) (*GetRegisteredModelDatabricksResponse, error) {
	m, err := registeredAnswer(c, o.ID)
	if err != nil {
		return nil, err
	}
	return &GetRegisteredModelDatabricksResponse{RegisteredModelDatabricks: &RegisteredModelDatabricks{
		Id: text(strconv.FormatInt(o.ID, 10)), Name: m.Name, CreationTimestamp: m.CreationTimestamp, LastUpdatedTimestamp: m.LastUpdatedTimestamp,
		UserId: m.UserId, Description: m.Description, LatestVersions: m.LatestVersions, Tags: toldTags(o, m.Tags), PermissionLevel: levelOf(c, o.ID),
	}}, nil
}

// toldTags leaves the owner's tag out where nobody has named one: it would say what user_id says, and Terraform, which reads tags here and
// cannot take them away, would find a tag that it did not set in every plan.
func toldTags(o *authz.Object, tags []*RegisteredModelTag) []*RegisteredModelTag {
	if o.StewardOf().Owner != 0 {
		return tags
	}
	return slices.DeleteFunc(tags, func(t *RegisteredModelTag) bool { return *t.Key == authz.TagOwner })
}

func updateRegistered(c *api.Call, o *authz.Object, q *UpdateRegisteredModel) (*UpdateRegisteredModelResponse, error) {
	if err := registry.CheckDescription(q.GetDescription()); err != nil {
		return nil, err
	}
	before, err := c.Tx.RegisteredModel(o.ID)
	if err != nil {
		return nil, err
	}
	c.Note("name", o.Name)
	c.Change(fields("description", before.Description), fields("description", q.GetDescription()))
	if err := c.Tx.DescribeRegistered(o.ID, q.GetDescription()); err != nil {
		return nil, err
	}
	m, err := registeredAnswer(c, o.ID)
	return &UpdateRegisteredModelResponse{RegisteredModel: m}, err
}

// fields writes names and values as the ledger keeps what was before and after.
func fields(pairs ...string) []byte {
	m := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil // a map of texts always can be written
	}
	return text
}

// renameRegistered gives a model another name; where Production takes two persons, none of its versions may be there.
func renameRegistered(c *api.Call, o *authz.Object, q *RenameRegisteredModel) (*RenameRegisteredModelResponse, error) {
	name := q.GetNewName()
	if strings.TrimSpace(name) == "" {
		return nil, fail.Invalidf("Missing value for required parameter 'new_name'.")
	}
	if err := registry.CheckName(name); err != nil {
		return nil, err
	}
	if other, taken := c.Tx.Map.ChildNamed(authz.ModelsRoot, authz.RegisteredModel, name); taken && other.ID != o.ID {
		return nil, registeredExists(name)
	}
	c.Note("name", o.Name)
	c.Note("newName", name)
	c.Change(fields("name", o.Name), fields("name", name))
	if err := mayFreeName(c, o.ID, "renamed"); err != nil {
		return nil, err
	}
	if err := c.Tx.RenameRegistered(*o, name); err != nil {
		return nil, err
	}
	m, err := registeredAnswer(c, o.ID)
	return &RenameRegisteredModelResponse{RegisteredModel: m}, err
}

// deleteRegistered deletes a model with its versions, in whatever stages they are; where Production takes two persons, none may be there.
func deleteRegistered(c *api.Call, o *authz.Object, _ *DeleteRegisteredModel) (*Nothing, error) {
	c.Note("name", o.Name)
	if err := mayFreeName(c, o.ID, "deleted"); err != nil {
		return nil, err
	}
	return &Nothing{}, c.Tx.DeleteRegistered(o.ID)
}

// mayFreeName asks the two-person rule whether a model's name may come free.
func mayFreeName(c *api.Call, model int64, done string) error {
	two, err := c.Tx.TwoPersons(model)
	if err != nil || !two {
		return err
	}
	in, err := c.Tx.VersionsIn(model, registry.StageProduction)
	if err != nil {
		return err
	}
	return registry.MayFreeName(in, two, done)
}

func setRegisteredTag(c *api.Call, o *authz.Object, q *SetRegisteredModelTag) (*Nothing, error) {
	t := tracking.Pair{Key: q.GetKey(), Value: q.GetValue()}
	if err := registry.CheckTag(t); err != nil {
		return nil, err
	}
	c.Note("name", o.Name)
	c.Note("key", t.Key)
	if governedKey(t.Key) {
		return &Nothing{}, setStewardTag(c, o, t.Key, t.Value)
	}
	return &Nothing{}, changeRegisteredTag(c, o, t, webhook.ModelTagSet, func() error { return c.Tx.SetRegisteredTags(o.ID, t) })
}

func deleteRegisteredTag(c *api.Call, o *authz.Object, q *DeleteRegisteredModelTag) (*Nothing, error) {
	key := q.GetKey()
	if err := tracking.Key("key", key); err != nil {
		return nil, err
	}
	c.Note("name", o.Name)
	c.Note("key", key)
	if governedKey(key) {
		return &Nothing{}, unsetStewardTag(c, o, key)
	}
	return &Nothing{}, changeRegisteredTag(c, o, tracking.Pair{Key: key}, webhook.ModelTagDeleted, func() error {
		return c.Tx.DeleteRegisteredTag(o.ID, key)
	})
}

// changeRegisteredTag changes a tag, keeps what was there, and tells webhooks.
func changeRegisteredTag(c *api.Call, o *authz.Object, t tracking.Pair, kind webhook.EventKind, change func() error) error {
	if err := c.Tx.Map.CheckTagKept(o, t.Key, t.Value); err != nil {
		return err
	}
	m, err := c.Tx.RegisteredModel(o.ID)
	if err != nil {
		return err
	}
	if old, ok := tracking.Lookup(m.Tags, t.Key); ok {
		c.Change(fields(t.Key, old), fields(t.Key, t.Value))
	} else {
		c.Change(nil, fields(t.Key, t.Value))
	}
	if err := change(); err != nil {
		return err
	}
	e := modelEvent(c, kind, m)
	e.Key, e.Value = t.Key, t.Value
	return c.Tx.Emit(e)
}

// latestVersions gives the newest version of each stage that is asked for; without any, of all stages.
func latestVersions(c *api.Call, o *authz.Object, q *GetLatestVersions) (*GetLatestVersionsResponse, error) {
	var stages []registry.Stage
	for _, name := range q.Stages {
		s, err := registry.ParseStage(name)
		if err != nil {
			return nil, err
		}
		stages = append(stages, s)
	}
	latest, err := c.Tx.LatestVersions(o.ID, stages...)
	answer := &GetLatestVersionsResponse{}
	for _, v := range latest {
		answer.ModelVersions = append(answer.ModelVersions, formOf(c).modelVersion(v))
	}
	return answer, err
}
