package governance

import (
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/registry"
	"bailiwick/store"
)

// stageAction is a line of a version's menu of stages.
type stageAction struct {
	Stage string `json:"stage"`
	// Current says that the version is there now.
	Current bool `json:"current"`
	// Transition says that the caller may move the version there himself, Request that he may ask for it.
	Transition bool `json:"transition"`
	Request    bool `json:"request"`
	// Reason is why he may not move it, RequestReason why he may not ask; Ability is what moving takes.
	Reason        string `json:"reason,omitempty"`
	RequestReason string `json:"request_reason,omitempty"`
	Ability       string `json:"ability"`
}

// sourceLink leads to what a version was made of, as far as the caller may look at it.
type sourceLink struct {
	Run        string `json:"run_id,omitempty"`
	Experiment string `json:"experiment_id"`
	Model      string `json:"model_id,omitempty"`
}

// versionRow is a version in a list: fields of MLflow's own JSON, what was said of it, and what the caller may do.
type versionRow struct {
	Name        string   `json:"name"`
	Version     string   `json:"version"`
	ModelObject string   `json:"model_object"`
	Created     int64    `json:"creation_timestamp"`     // ms since 1970
	Updated     int64    `json:"last_updated_timestamp"` // ms since 1970
	User        string   `json:"user_id,omitempty"`
	Stage       string   `json:"current_stage"`
	Description string   `json:"description"`
	Run         string   `json:"run_id"`
	LoggedModel string   `json:"model_id,omitempty"`
	Status      string   `json:"status"`
	StatusText  string   `json:"status_message,omitempty"`
	Aliases     []string `json:"aliases"`

	Digest string `json:"digest,omitempty"`
	Size   int64  `json:"size"`
	Files  int64  `json:"files"`
	// Checks are what was said of the version, Unmet what is missing before it may come into each stage that requires something.
	Checks     []checkRow          `json:"checks"`
	Unmet      map[string][]string `json:"unmet"`
	TwoPersons bool                `json:"two_persons"`
	// Pending is the number of transition requests that are pending on it.
	Pending    int           `json:"pending"`
	Actions    []stageAction `json:"actions"`
	SourceLink *sourceLink   `json:"source_link,omitempty"`
	Level      string        `json:"level"`
	// Abilities are the caller's on the model.
	Abilities []string `json:"abilities"`
	// Absent is what else the caller may not do with the version, with the reason.
	Absent []absentAction `json:"absent"`
}

// modelVersionAnswer is a version as its page shows it.
type modelVersionAnswer struct {
	versionRow
	Source   string       `json:"source"`
	RunLink  string       `json:"run_link"`
	Tags     []tagRow     `json:"tags"`
	Requests []requestRow `json:"requests"`
}

func getVersion(c *api.Call, v *registry.Version, _ *versionRequest) (*modelVersionAnswer, error) {
	p, err := pendingOf(c, v)
	if err != nil {
		return nil, err
	}
	return &modelVersionAnswer{versionRow: p.versionRow(c), Source: v.Source, RunLink: v.RunLink, Tags: tagsOf(v.Tags),
		Requests: p.rows(c)}, nil
}

// versionRow writes the version.
func (p *pendingOn) versionRow(c *api.Call) versionRow {
	v, model := p.Version, p.model
	row := versionRow{Name: v.Name, Version: strconv.FormatInt(v.Number, 10), ModelObject: model.Object, Created: v.Created, Updated: v.Updated,
		User: v.UserName, Stage: v.Stage.String(), Description: v.Description, Run: v.Run, LoggedModel: v.LoggedModel,
		Status: v.Status.String(), StatusText: v.StatusText, Aliases: append([]string{}, v.Aliases...), Digest: registry.DigestText(v.Digest),
		Size: v.Size, Files: v.Files, Checks: checkRows(c, v, p.move.Checks), Unmet: map[string][]string{}, TwoPersons: p.move.TwoPersons,
		Pending: len(p.open), SourceLink: sourceOf(c, v), Level: model.Level, Abilities: model.Abilities,
		Absent: absentOnVersion(c, v, p.move.TwoPersons)}
	for _, stage := range registry.Stages() {
		row.Actions = append(row.Actions, p.stage(c, stage))
		if unmet := p.to(stage).Unmet(); len(unmet) > 0 {
			row.Unmet[stage.String()] = unmet
		}
	}
	return row
}

// stage says whether the caller may move the version to a stage, or ask for it.
func (p *pendingOn) stage(c *api.Call, to registry.Stage) stageAction {
	ability := api.Transitioning(p.Version, to)
	a := stageAction{Stage: to.String(), Current: to == p.Stage, Ability: ability.String()}
	if a.Reason = refusal(c, ability, p.Model); a.Reason == "" {
		a.Reason = message(p.to(to).Direct())
	}
	if a.RequestReason = refusal(c, authz.RequestTransition, p.Model); a.RequestReason == "" {
		a.RequestReason = p.asked(c, to)
	}
	a.Transition, a.Request = a.Reason == "", a.RequestReason == ""
	return a
}

// asked says that the caller has asked for just this already.
func (p *pendingOn) asked(c *api.Call, to registry.Stage) string {
	for _, r := range p.forStage(to) {
		if r.Creator == c.Who.Principal && p.to(to).Stale(r) == "" {
			return "A request of yours to move version " + strconv.FormatInt(p.Number, 10) + " of " + p.Name + " to " + to.String() + " is pending."
		}
	}
	return ""
}

func sourceOf(c *api.Call, v *registry.Version) *sourceLink {
	if v.Experiment == 0 || !c.Can(authz.ViewRuns, v.Experiment) {
		return nil
	}
	return &sourceLink{v.Run, store.ExperimentID(v.Experiment), v.LoggedModel}
}

func absentOnVersion(c *api.Call, v *registry.Version, two bool) []absentAction {
	list := absentFor(c, []absentAction{}, "SET_ALIAS", authz.SetAlias, v.Model, registry.MayAlias(v, two))
	return absentFor(c, list, "DELETE", authz.DeleteModel, v.Model, registry.MayDelete(v, two))
}
