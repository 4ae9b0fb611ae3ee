package governance

import (
	"encoding/json"
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry"
)

// approvalRoutes are what approvals of registered versions need and the registry's own protocols lack: checks, which of them are required,
// whether Production takes two persons, and what was done with a version.
func (f *Front) approvalRoutes() []api.Route {
	return []api.Route{
		api.Write("POST /models/{model}/versions/{version}/checks", authz.PostCheck, findChecked, postCheck,
			api.Audit[checkRequest](api.Each, registryService, "postModelVersionCheck")),
		api.Read("GET /models/{model}/versions/{version}/checks", authz.ViewModel, versionAt, getChecks,
			api.Audit[versionRequest](api.Behind, registryService, "getModelVersionChecks")),
		api.Read("GET /models/{model}/versions/{version}/activities", authz.ViewModel, findActive, getActivities,
			api.Audit[activitiesRequest](api.Behind, registryService, "getModelVersionActivities")),
		api.Read("GET /models/{model}/required-checks", authz.ViewModel, modelAt, getRequiredChecks,
			api.Audit[modelRequest](api.Behind, registryService, "getRequiredChecks")),
		api.Write("PUT /models/{model}/required-checks", authz.SetModelGovernance, findRequiredChecks, putRequiredChecks,
			api.Audit[requiredChecksRequest](api.Each, registryService, "setRequiredChecks")),
		api.Read("GET /models/{model}/two-persons", authz.ViewModel, modelAt, getTwoPersons,
			api.Audit[modelRequest](api.Behind, registryService, "getTwoPersons")),
		api.Write("PUT /models/{model}/two-persons", authz.SetModelGovernance, findTwoPersons, putTwoPersons,
			api.Audit[twoPersonsRequest](api.Each, registryService, "setTwoPersons")),
	}
}

// registryService is the audit service of what is about registered models.
const registryService = "modelRegistry"

// modelRequest names a registered model, versionRequest one of its versions.
type modelRequest struct {
	Model string `json:"-" path:"model"`
}

type versionRequest struct {
	Model   string `json:"-" path:"model"`
	Version string `json:"-" path:"version"`
}

func modelAt(c *api.Call, q *modelRequest) (*authz.Object, api.Target, error) {
	return api.FindRegistered(c, q.Model)
}

func versionAt(c *api.Call, q *versionRequest) (*registry.Version, api.Target, error) {
	return api.FindVersion(c, q.Model, q.Version)
}

// checkRequest says how a check of a version's bytes went.
type checkRequest struct {
	Model   string `json:"-" path:"model"`
	Version string `json:"-" path:"version"`
	Name    string `json:"name"`
	// State is pending, success, failure or error.
	State string `json:"state"`
	URL   string `json:"url,omitempty"`
	// Digest is the version's, in hex: it says which bytes were checked.
	Digest string `json:"digest"`
}

// checkRow is a check as it is shown.
type checkRow struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	URL    string `json:"url,omitempty"`
	Digest string `json:"digest"`
	// Current says that the digest is the version's.
	Current bool   `json:"current"`
	User    string `json:"user_id,omitempty"`
	At      int64  `json:"timestamp"` // ms since 1970
}

// checksAnswer is what was said of a version, and what is missing before it may come into each stage that requires something.
type checksAnswer struct {
	Digest string              `json:"digest,omitempty"`
	Checks []checkRow          `json:"checks"`
	Unmet  map[string][]string `json:"unmet,omitempty"`
}

func findChecked(c *api.Call, q *checkRequest) (*registry.Version, api.Target, error) {
	return api.FindVersion(c, q.Model, q.Version)
}

func postCheck(c *api.Call, v *registry.Version, q *checkRequest) (*checkRow, error) {
	noteVersion(c, v)
	if err := c.Tx.HoldVersion(v); err != nil {
		return nil, err
	}
	check, err := registry.NewCheck(v, q.Name, q.State, q.URL, q.Digest)
	if err != nil {
		return nil, err
	}
	before, err := c.Tx.Checks(v.Key())
	if err != nil {
		return nil, err
	}
	check.Actor = c.Who.Principal
	if err := c.Tx.PutCheck(check); err != nil {
		return nil, err
	}
	row := rowOfCheck(c, v, check)
	c.Change(checkText(c, v, before, check.Name), textOf(row))
	return &row, nil
}

// checkText is a check among others as the ledger keeps it; nothing where there is none of the name.
func checkText(c *api.Call, v *registry.Version, checks []registry.Check, name string) []byte {
	for i := range checks {
		if checks[i].Name == name {
			return textOf(rowOfCheck(c, v, &checks[i]))
		}
	}
	return nil
}

func rowOfCheck(c *api.Call, v *registry.Version, k *registry.Check) checkRow {
	row := checkRow{Name: k.Name, State: string(k.State), URL: k.URL, Digest: registry.DigestText(k.Digest), Current: k.Digest == v.Digest, At: k.At}
	if p, ok := c.Tx.Map.Principal(k.Actor); ok {
		row.User = p.Name
	}
	return row
}

// textOf is something as the ledger keeps it.
func textOf(v any) []byte {
	text, _ := json.Marshal(v) // plain data always marshals
	return text
}

func noteVersion(c *api.Call, v *registry.Version) {
	c.Note("name", v.Name)
	c.Note("version", strconv.FormatInt(v.Number, 10))
}

func getChecks(c *api.Call, v *registry.Version, _ *versionRequest) (*checksAnswer, error) {
	checks, err := c.Tx.Checks(v.Key())
	if err != nil {
		return nil, err
	}
	required, err := c.Tx.RequiredChecks(v.Model)
	if err != nil {
		return nil, err
	}
	out := &checksAnswer{Checks: []checkRow{}, Unmet: map[string][]string{}}
	if v.Digest != ([32]byte{}) {
		out.Digest = registry.DigestText(v.Digest)
	}
	for i := range checks {
		out.Checks = append(out.Checks, rowOfCheck(c, v, &checks[i]))
	}
	for _, stage := range registry.Stages() {
		if unmet := registry.Unmet(v, stage, checks, required); len(unmet) > 0 {
			out.Unmet[stage.String()] = unmet
		}
	}
	return out, nil
}

// requiredCheck is a check that a version must have passed before it comes into a stage.
type requiredCheck struct {
	Stage string `json:"stage"`
	Name  string `json:"name"`
}

type requiredChecks struct {
	Required []requiredCheck `json:"required_checks"`
}

// requiredChecksRequest is the whole list, which takes the place of the old one.
type requiredChecksRequest struct {
	Model    string          `json:"-" path:"model"`
	Required []requiredCheck `json:"required_checks"`
}

func findRequiredChecks(c *api.Call, q *requiredChecksRequest) (*authz.Object, api.Target, error) {
	return api.FindRegistered(c, q.Model)
}

func getRequiredChecks(c *api.Call, o *authz.Object, _ *modelRequest) (*requiredChecks, error) {
	list, err := c.Tx.RequiredChecks(o.ID)
	return shownRequired(list), err
}

func shownRequired(list []registry.Required) *requiredChecks {
	out := &requiredChecks{Required: []requiredCheck{}}
	for _, r := range list {
		out.Required = append(out.Required, requiredCheck{r.Stage.String(), r.Name})
	}
	return out
}

func putRequiredChecks(c *api.Call, o *authz.Object, q *requiredChecksRequest) (*requiredChecks, error) {
	var list []registry.Required
	for _, r := range q.Required {
		stage, err := registry.ParseStage(r.Stage)
		if err != nil {
			return nil, err
		}
		list = append(list, registry.Required{Stage: stage, Name: r.Name})
	}
	list, err := registry.CheckRequired(list)
	if err != nil {
		return nil, err
	}
	before, err := c.Tx.RequiredChecks(o.ID)
	if err != nil {
		return nil, err
	}
	answer := shownRequired(list)
	c.Note("name", o.Name)
	c.Change(textOf(shownRequired(before)), textOf(answer))
	return answer, c.Tx.RequireChecks(o.ID, list)
}

// twoPersonsRequest is a model's own choice.
type twoPersonsRequest struct {
	Model string `json:"-" path:"model"`
	// TwoPersons is inherit or yes.
	TwoPersons string `json:"two_persons"`
}

// twoPersonsAnswer says whether Production of a model takes two persons, and why.
type twoPersonsAnswer struct {
	TwoPersons string `json:"two_persons"`
	InForce    bool   `json:"in_force"`
}

func findTwoPersons(c *api.Call, q *twoPersonsRequest) (*authz.Object, api.Target, error) {
	return api.FindRegistered(c, q.Model)
}

var choices = map[string]registry.Choice{"inherit": registry.Inherit, "yes": registry.Yes}

func getTwoPersons(c *api.Call, o *authz.Object, _ *modelRequest) (*twoPersonsAnswer, error) {
	m, err := c.Tx.RegisteredModel(o.ID)
	if err != nil {
		return nil, err
	}
	a := &twoPersonsAnswer{}
	for name, choice := range choices {
		if choice == m.TwoPersons {
			a.TwoPersons = name
		}
	}
	a.InForce, err = c.Tx.TwoPersons(o.ID)
	return a, err
}

func putTwoPersons(c *api.Call, o *authz.Object, q *twoPersonsRequest) (*twoPersonsAnswer, error) {
	choice, ok := choices[q.TwoPersons]
	if !ok {
		return nil, fail.Invalidf("two_persons must be yes, or inherit, which leaves it to the workspace; not %q. No model can lift the workspace's own rule.", q.TwoPersons)
	}
	before, err := getTwoPersons(c, o, nil)
	if err != nil {
		return nil, err
	}
	if err := c.Tx.SetTwoPersons(o.ID, choice); err != nil {
		return nil, err
	}
	after, err := getTwoPersons(c, o, nil)
	c.Note("name", o.Name)
	c.Change(textOf(before), textOf(after))
	return after, err
}
