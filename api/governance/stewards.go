package governance

import (
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
)

// stewardRoutes are about who answers for models and experiments, and which tags must be given when one is made.
func (f *Front) stewardRoutes() []api.Route {
	return []api.Route{
		api.Read("GET /steward", authz.ReadPermissions, findSteward, getSteward, api.Or[objectRequest](authz.ViewRuns, authz.ViewModel)),
		api.Write("PATCH /steward", authz.ChangePermissions, findStewarded, patchSteward, api.Or[stewardChange](authz.SetModelGovernance),
			api.Audit[stewardChange](api.Each, "", "changeSteward"), api.Alone[stewardChange]),
		api.List("GET /unowned", authz.ReadPermissions, authz.Experiment, listUnowned),
		api.Read("GET /required-tags", authz.ReadPermissions, findRequiring, getRequired,
			api.Or[objectRequest](authz.CreateExperiments, authz.CreateModel)),
		api.Write("PUT /required-tags", authz.ChangePermissions, findRequired, putRequired,
			api.Audit[requiredChange](api.Each, "", "changeRequiredTags"), api.Alone[requiredChange]),
	}
}

// objectRequest names an object as people do.
type objectRequest struct {
	Object string `json:"-" query:"object"`
}

// viewAbility is what lets somebody look at a model or an experiment.
var viewAbility = map[authz.Kind]authz.Ability{authz.Experiment: authz.ViewRuns, authz.RegisteredModel: authz.ViewModel}

// findNamed finds an object for a question that who reads permissions may ask, and else who has another ability on it.
func findNamed(c *api.Call, text string, other map[authz.Kind]authz.Ability) (*authz.Object, api.Target, error) {
	o, err := findObject(c, text)
	if err != nil {
		return nil, api.Target{}, err
	}
	t := api.Target{Object: o.ID, Absent: absentObject(text)}
	if !c.Can(authz.ReadPermissions, o.ID) {
		t.Ability = other[o.Kind]
	}
	return o, t, nil
}

// findSteward finds a model or an experiment for those who may look at it, and for who reads permissions.
func findSteward(c *api.Call, q *objectRequest) (*authz.Object, api.Target, error) {
	return findNamed(c, q.Object, viewAbility)
}

// stewardAnswer says who answers for an object. Unowned is why nobody does.
type stewardAnswer struct {
	objectRef
	api.StewardText
	Unowned string `json:"unowned,omitempty"`
}

func getSteward(c *api.Call, o *authz.Object, _ *objectRequest) (*stewardAnswer, error) {
	if err := stewarded(o); err != nil {
		return nil, err
	}
	return stewardOf(c.Tx.Map, o), nil
}

func stewardOf(m *authz.Map, o *authz.Object) *stewardAnswer {
	return &stewardAnswer{objectOf(m, o.ID), api.ShowSteward(m, o), string(m.Neglected(o))}
}

func stewarded(o *authz.Object) error {
	if !o.Kind.Stewarded() || o.ID == authz.ModelsRoot {
		return fail.Invalidf("%s has no owner: experiments and registered models have.", authz.RequestName(o))
	}
	return nil
}

// stewardChange sets what it names; an empty text takes it back, the owner to the creator.
type stewardChange struct {
	Object    string  `json:"-" query:"object"`
	Owner     *string `json:"owner,omitempty"`
	Contact   *string `json:"contact,omitempty"`
	Tier      *string `json:"tier,omitempty"`
	Lifecycle *string `json:"lifecycle,omitempty"`
}

// findStewarded finds a model or an experiment for those who manage it.
func findStewarded(c *api.Call, q *stewardChange) (*authz.Object, api.Target, error) {
	o, err := findObject(c, q.Object)
	if err != nil {
		return nil, api.Target{}, err
	}
	t := api.Target{Object: o.ID, Absent: absentObject(q.Object)}
	if o.Kind == authz.RegisteredModel {
		t.Ability = authz.SetModelGovernance
	}
	if c.Tx.Map.InTrash(o.ID) {
		t.Frozen = fail.Statef("%s is in the trash.", authz.RequestName(o))
	}
	return o, t, nil
}

func patchSteward(c *api.Call, o *authz.Object, q *stewardChange) (*stewardAnswer, error) {
	if err := stewarded(o); err != nil {
		return nil, err
	}
	s := o.StewardOf()
	for _, tag := range []struct {
		key   string
		value *string
	}{{authz.TagOwner, q.Owner}, {authz.TagContact, q.Contact}, {authz.TagTier, q.Tier}, {authz.TagLifecycle, q.Lifecycle}} {
		var err error
		if tag.value == nil {
			continue
		}
		if s, err = c.Tx.Map.SetStewardTag(s, tag.key, *tag.value); err != nil {
			return nil, err
		}
	}
	if err := api.ChangeSteward(c, o, s); err != nil {
		return nil, err
	}
	now, _ := c.Tx.Map.Object(o.ID) // it was there a moment ago
	return stewardOf(c.Tx.Map, now), nil
}

type unownedRequest struct {
	// Kind leaves out objects of other kinds.
	Kind      string `json:"-" query:"kind"`
	Max       int    `json:"-" query:"max_results"`
	PageToken string `json:"-" query:"page_token"`
}

// unownedAnswer is a page of the objects for which nobody answers.
type unownedAnswer struct {
	Objects []stewardAnswer `json:"objects"`
	Next    string          `json:"next_page_token,omitempty"`
}

// listUnowned lists what nobody answers for, as far as the caller may look at it or read its permissions. The page token is the last
// object's id: it opens nothing, as every page is decided anew.
func listUnowned(c *api.Call, scope authz.Scope, q *unownedRequest) (*unownedAnswer, error) {
	limit, err := pageSize(q.Max)
	if err != nil {
		return nil, err
	}
	after, kind, err := q.from()
	if err != nil {
		return nil, err
	}
	a := &unownedAnswer{Objects: []stewardAnswer{}}
	last := after
	for o := range c.Tx.Map.Unowned(after) {
		seen := scope.AdmitsIn(c.Tx.Map, o) || c.Can(viewAbility[o.Kind], o.ID)
		if kind != 0 && o.Kind != kind || !seen {
			continue
		}
		if len(a.Objects) == limit {
			a.Next = strconv.FormatInt(last, 10)
			break
		}
		last = o.ID
		a.Objects = append(a.Objects, *stewardOf(c.Tx.Map, o))
	}
	return a, nil
}

func (q *unownedRequest) from() (after int64, kind authz.Kind, err error) {
	after = -1
	if q.PageToken != "" {
		if after, err = strconv.ParseInt(q.PageToken, 10, 64); err != nil {
			return 0, 0, fail.Invalidf("page_token is not one of this endpoint's")
		}
	}
	if q.Kind != "" {
		err = kind.UnmarshalText([]byte(q.Kind))
	}
	return after, kind, err
}
