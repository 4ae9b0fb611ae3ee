package mlflow

import (
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry"
	"bailiwick/registry/webhook"
)

// transitionRoutes is the table of stages: moving versions, asking for moves, and deciding what was asked. Which of two abilities a call needs
// depends on where the version is and where it is to go (registry.BelowProduction).
func (f *Front) transitionRoutes() []api.Route {
	return []api.Route{
		api.Write("POST /model-versions/transition-stage", authz.TransitionAny,
			moving(authz.TransitionStaging, alone, (*TransitionModelVersionStage).GetName, (*TransitionModelVersionStage).GetVersion,
				(*TransitionModelVersionStage).GetStage), transition, api.Or[TransitionModelVersionStage](authz.TransitionStaging),
			recorded[TransitionModelVersionStage]("transitionModelVersionStage")),
		api.Write("POST /databricks/model-versions/transition-stage", authz.TransitionAny, staged(authz.TransitionStaging, alone), transitionDatabricks,
			api.Or[StageTransition](authz.TransitionStaging), recorded[StageTransition]("transitionModelVersionStage")),
		api.Write("POST /transition-requests/create", authz.RequestTransition, staged(authz.RequestTransition, anybody), askTransition,
			recorded[StageTransition]("createTransitionRequest")),
		api.Read("GET /transition-requests/list", authz.ViewModel,
			version((*ListTransitionRequests).GetName, (*ListTransitionRequests).GetVersion), listRequests,
			audited[ListTransitionRequests]("listTransitionRequests")),
		api.Write("POST /transition-requests/approve", authz.DecideAny, staged(authz.DecideStaging, second), approveTransition,
			api.Or[StageTransition](authz.DecideStaging), recorded[StageTransition]("approveTransitionRequest")),
		api.Write("POST /transition-requests/reject", authz.DecideAny, staged(authz.DecideStaging, anybody), rejectTransition,
			api.Or[StageTransition](authz.DecideStaging), recorded[StageTransition]("rejectTransitionRequest")),
		api.Write("DELETE /transition-requests/delete", authz.CancelTransition, findCancelled, cancelRequest,
			api.Or[StageTransition](authz.WithdrawTransition, authz.ViewModel), recorded[StageTransition]("deleteTransitionRequest")),
	}
}

// step is what a transition is about: a version as it was found, and the stage it is to come to.
type step struct {
	v  *registry.Version
	to registry.Stage
}

// moving makes the finder of routes about a version and a stage: below is the ability that is asked where the version neither is in
// Production nor is to come there, persons the rule for where it takes two. What is wrong with the request itself is said first, whatever
// there is.
func moving[Q any](below authz.Ability, persons personRule, name, number, stage func(*Q) string) api.Finder[step, Q] {
	return func(c *api.Call, q *Q) (step, api.Target, error) {
		to, err := stageNamed(stage(q))
		if err != nil {
			return step{}, api.Target{}, err
		}
		v, target, err := findVersion(c, name(q), number(q))
		if err != nil || v.Created == 0 {
			return step{v, to}, target, err
		}
		if registry.BelowProduction(v.Stage, to) {
			target.Ability = below
		}
		target.Frozen, err = persons(c, &registry.Move{Version: v, To: to})
		return step{v, to}, target, err
	}
}

// staged is moving for the routes of the workspace registry.
func staged(below authz.Ability, persons personRule) api.Finder[step, StageTransition] {
	return moving(below, persons, (*StageTransition).GetName, (*StageTransition).GetVersion, (*StageTransition).GetStage)
}

// personRule refuses who has the ability and may still not do it, because Production takes two persons, or a claim. It is asked before anything is
// done, so that the refusal is recorded like every other, and again when the version is held.
type personRule func(*api.Call, *registry.Move) (refusal, err error)

func anybody(*api.Call, *registry.Move) (refusal, err error) { return nil, nil }

func alone(c *api.Call, m *registry.Move) (refusal, err error) {
	if m.To != registry.StageProduction {
		return nil, nil
	}
	if refusal := unclaimed(c); refusal != nil {
		return refusal, nil
	}
	m.TwoPersons, err = c.Tx.TwoPersons(m.Version.Model)
	return m.Alone(), err
}

// unclaimed refuses who comes without the role that Production takes in this workspace.
func unclaimed(c *api.Call) error {
	required, _ := c.Tx.Map.Setting(registry.SettingApprover)
	if c.Who.By == nil {
		return registry.Approver(required, nil, "")
	}
	return registry.Approver(required, c.Who.By.Roles, c.Who.By.Issuer)
}

func second(c *api.Call, m *registry.Move) (refusal, err error) {
	if m.To != registry.StageProduction {
		return nil, nil
	}
	if refusal := unclaimed(c); refusal != nil {
		return refusal, nil
	}
	if refusal, err = alone(c, m); refusal == nil || err != nil {
		return nil, err
	}
	requests, err := c.Tx.TransitionRequests(m.Version.Key())
	return m.Second(c.Who.Principal, requests), err
}

func stageNamed(name string) (registry.Stage, error) {
	if name == "" {
		return 0, fail.Invalidf("Missing value for required parameter 'stage'.")
	}
	return registry.ParseStage(name)
}

// transition is MLflow's own route, which has no comment.
func transition(c *api.Call, s step, q *TransitionModelVersionStage) (*TransitionModelVersionStageResponse, error) {
	if err := s.direct(c, q.GetArchiveExistingVersions(), ""); err != nil {
		return nil, err
	}
	return &TransitionModelVersionStageResponse{ModelVersion: formOf(c).modelVersion(s.v)}, nil
}

func transitionDatabricks(c *api.Call, s step, q *StageTransition) (*TransitionStageResponse, error) {
	if err := s.direct(c, q.GetArchiveExistingVersions(), q.GetComment()); err != nil {
		return nil, err
	}
	v, err := versionDatabricks(c, s.v)
	return &TransitionStageResponse{ModelVersionDatabricks: v}, err
}

// direct moves the version without anybody having been asked.
func (s step) direct(c *api.Call, archive bool, comment string) error {
	m, err := s.begin(c, archive, comment)
	if err == nil {
		err = m.Direct()
	}
	if err == nil {
		_, err = apply(c, m, registry.Applied)
	}
	return err
}

// begin notes what the call is about, holds the version, and gathers what decides about the move beside the caller's level.
func (s step) begin(c *api.Call, archive bool, comment string) (*registry.Move, error) {
	noteVersion(c, s.v)
	c.Note("stage", s.to.String())
	c.Because(comment)
	if err := c.Tx.HoldVersion(s.v); err != nil {
		return nil, err
	}
	m, err := c.Tx.Move(s.v, s.to, archive, comment)
	if err != nil {
		return nil, err
	}
	return m, m.Check()
}

// apply makes the move and those of the versions that it archives, and keeps what happened in each one's activities.
func apply(c *api.Call, m *registry.Move, kind registry.ActivityKind) (*registry.Activity, error) {
	from := m.Version.Stage
	if err := archiveOthers(c, m); err != nil {
		return nil, err
	}
	a, err := moveVersion(c, m.Version, m.To, registry.Activity{Kind: kind, Comment: m.Comment})
	c.Change(fields("stage", from.String()), fields("stage", m.To.String()))
	return a, err
}

// archiveOthers archives the other versions of the stage, where that is asked for. The caller may do that: who moves a version into a stage
// may move those that are in it to Archived.
func archiveOthers(c *api.Call, m *registry.Move) error {
	if !m.Archive {
		return nil
	}
	others, err := c.Tx.VersionsIn(m.Version.Model, m.To)
	if err != nil {
		return err
	}
	why := "Archived when version " + strconv.FormatInt(m.Version.Number, 10) + " came into " + m.To.String()
	for _, v := range others {
		if v.Number == m.Version.Number {
			continue
		}
		c.Note("archivedVersion", strconv.FormatInt(v.Number, 10))
		if _, err := moveVersion(c, v, registry.StageArchived, registry.Activity{Kind: registry.ByTheWay, System: why}); err != nil {
			return err
		}
	}
	return nil
}

// moveVersion puts a version into a stage, keeps that in its activities, and tells webhooks.
func moveVersion(c *api.Call, v *registry.Version, to registry.Stage, a registry.Activity) (*registry.Activity, error) {
	e := event(c, webhook.VersionMoved, v)
	e.From, e.To, e.Comment = v.Stage.String(), to.String(), a.Comment
	if err := keepActivity(c, v, to, &a); err != nil {
		return nil, err
	}
	if err := c.Tx.MoveVersion(v, to); err != nil {
		return nil, err
	}
	if e.From == e.To {
		return &a, nil // nothing that anybody waits for
	}
	return &a, c.Tx.Emit(e)
}

// keepActivity keeps an activity of the caller about a version and a stage.
func keepActivity(c *api.Call, v *registry.Version, to registry.Stage, a *registry.Activity) error {
	a.Key, a.From, a.To, a.Actor, a.UserName = v.Key(), v.Stage, to, c.Who.Principal, c.Principal().Name
	return c.Tx.PutActivity(a)
}

// askTransition keeps a request with what the version is now, which is what can be approved. Anybody who may ask may ask for every stage,
// also for a move that he could make himself.
func askTransition(c *api.Call, s step, q *StageTransition) (*CreateTransitionRequestResponse, error) {
	m, err := s.begin(c, false, q.GetComment())
	if err != nil {
		return nil, err
	}
	r := &registry.Request{Key: s.v.Key(), Stage: s.to, Creator: c.Who.Principal, UserName: c.Principal().Name, Comment: m.Comment,
		Digest: s.v.Digest, Checks: registry.ChecksText(m.Checks)}
	if err := c.Tx.AskTransition(r); err != nil {
		return nil, err
	}
	err = keepActivity(c, s.v, s.to, &registry.Activity{ID: r.ID, Kind: registry.Requested, Comment: r.Comment})
	if err != nil {
		return nil, err
	}
	c.Change(nil, requestText(s.v, r))
	e := event(c, webhook.TransitionAsked, s.v)
	e.From, e.To, e.Comment = s.v.Stage.String(), s.to.String(), r.Comment
	if err := c.Tx.Emit(e); err != nil {
		return nil, err
	}
	return askedAnswer(c, s.v, r.ID)
}

// askedAnswer writes one pending request of a version.
func askedAnswer(c *api.Call, v *registry.Version, id string) (*CreateTransitionRequestResponse, error) {
	open, err := api.OpenRequests(c, v)
	for _, r := range open {
		if r.ID == id {
			return &CreateTransitionRequestResponse{Request: requestOf(v, r)}, err
		}
	}
	return nil, err
}

// requestText is a request as the ledger keeps it.
func requestText(v *registry.Version, r *registry.Request) []byte {
	return fields("request", r.ID, "creator", r.UserName, "from", v.Stage.String(), "stage", r.Stage.String())
}

func listRequests(c *api.Call, v *registry.Version, _ *ListTransitionRequests) (*ListTransitionRequestsResponse, error) {
	open, err := openRequests(c, v)
	return &ListTransitionRequestsResponse{Requests: open}, err
}

// openRequests writes the pending requests of a version, with what the caller may do about each.
func openRequests(c *api.Call, v *registry.Version) (list []*RegistryActivity, err error) {
	requests, err := api.OpenRequests(c, v)
	for _, r := range requests {
		list = append(list, requestOf(v, r))
	}
	return list, err
}

// forStage gives the requests that are for a stage.
func forStage(requests []*registry.Request, stage registry.Stage) (list []*registry.Request) {
	for _, r := range requests {
		if r.Stage == stage {
			list = append(list, r)
		}
	}
	return list
}

func approveTransition(c *api.Call, s step, q *StageTransition) (*DecidedRequestResponse, error) {
	m, err := s.begin(c, q.GetArchiveExistingVersions(), q.GetComment())
	if err != nil {
		return nil, err
	}
	requests, err := s.take(c)
	if err == nil {
		err = m.Approve(c.Who.Principal, requests)
	}
	if err != nil {
		return nil, err
	}
	a, err := apply(c, m, registry.Approved)
	if err != nil {
		return nil, err
	}
	return &DecidedRequestResponse{Activity: activityOf(a)}, nil
}

func rejectTransition(c *api.Call, s step, q *StageTransition) (*DecidedRequestResponse, error) {
	m, err := s.begin(c, false, q.GetComment())
	if err != nil {
		return nil, err
	}
	if _, err := s.take(c); err != nil {
		return nil, err
	}
	a := &registry.Activity{Kind: registry.Rejected, Comment: m.Comment}
	if err := keepActivity(c, s.v, s.to, a); err != nil {
		return nil, err
	}
	return &DecidedRequestResponse{Activity: activityOf(a)}, nil
}

// take closes all requests for the step, for who decides about them. Of several who do so at once one gets them, the others learn who it was.
func (s step) take(c *api.Call) ([]*registry.Request, error) {
	all, err := c.Tx.TransitionRequests(s.v.Key())
	if err != nil {
		return nil, err
	}
	requests := forStage(all, s.to)
	n, err := c.Tx.CloseRequests(s.v.Key(), s.to)
	if err == nil && (n == 0 || len(requests) == 0) {
		err = notPending(c, s.v, s.to)
	}
	var names []string
	for _, r := range requests {
		names = append(names, r.UserName)
		c.Change(requestText(s.v, r), nil)
	}
	c.Note("requestedBy", strings.Join(names, ", "))
	return requests, err
}

// notPending is the error for a request that is not there.
func notPending(c *api.Call, v *registry.Version, to registry.Stage) error {
	last, err := c.Tx.LastDecision(v.Key(), to)
	if err != nil {
		return err
	}
	return registry.NotPending(v, to, last)
}
