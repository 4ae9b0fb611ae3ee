package api

import (
	"errors"
	"strconv"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry"
	"bailiwick/store"
)

// FindRegistered finds a registered model by its name. Whoever may not know of it is told what is said of one that does not exist.
func FindRegistered(c *Call, name string) (*authz.Object, Target, error) {
	if name == "" {
		return nil, Target{}, fail.Invalidf("Missing value for required parameter 'name'.")
	}
	absent := store.NotARegisteredModel(name)
	o, ok := c.Tx.Map.ChildNamed(authz.ModelsRoot, authz.RegisteredModel, name)
	if !ok {
		return nil, Target{}, absent
	}
	return o, Target{Object: o.ID, Absent: absent}, nil
}

// FindVersion finds a version of a model: the decision is about the model. Who may not look at the model is told the same whether the version
// exists or not, and a number that is none is refused before anything is looked for.
func FindVersion(c *Call, name, number string) (*registry.Version, Target, error) {
	n, err := ParseVersion(number)
	if err != nil {
		return nil, Target{}, err
	}
	o, target, err := FindRegistered(c, name)
	if err != nil {
		return nil, target, err
	}
	if !c.Can(authz.ViewModel, o.ID) { // refused by every route about versions, and not told what there is
		return &registry.Version{Model: o.ID, Name: o.Name, Number: n}, target, nil
	}
	v, err := c.Tx.ModelVersion(registry.Key{Model: o.ID, Number: n})
	if err != nil {
		return nil, target, err
	}
	target.Name = o.Name + "/" + number
	return v, target, nil
}

// ParseVersion reads a version's number from the wire.
func ParseVersion(number string) (int64, error) {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, fail.Invalidf("Invalid value %q for parameter 'version' supplied: it must be an integer", number)
	}
	return n, nil
}

// OpenRequest is a pending transition request with what the caller may do about it.
type OpenRequest struct {
	*registry.Request
	Actions []registry.Action
}

// OpenRequests gives the pending requests of a version, oldest first, with what the caller may do about each.
func OpenRequests(c *Call, v *registry.Version) ([]OpenRequest, error) {
	requests, err := c.Tx.TransitionRequests(v.Key())
	if err != nil || len(requests) == 0 {
		return nil, err
	}
	two, err := c.Tx.TwoPersons(v.Model)
	return ActionsOn(c, v, requests, two), err
}

// ActionsOn adds what the caller may do about each to the pending requests of a version; two says that Production takes two persons.
func ActionsOn(c *Call, v *registry.Version, requests []*registry.Request, two bool) (list []OpenRequest) {
	cancels := c.Can(authz.CancelTransition, v.Model)
	for _, r := range requests {
		barred := two && registry.Barred(c.Who.Principal, r.Stage, requests)
		list = append(list, OpenRequest{r, registry.RequestActions(r.Creator == c.Who.Principal, c.Can(Deciding(v, r.Stage), v.Model), cancels, barred)})
	}
	return list
}

// Deciding is the ability that approves and rejects a version's move to a stage.
func Deciding(v *registry.Version, to registry.Stage) authz.Ability {
	if registry.BelowProduction(v.Stage, to) {
		return authz.DecideStaging
	}
	return authz.DecideAny
}

// Transitioning is the ability that moves a version to a stage.
func Transitioning(v *registry.Version, to registry.Stage) authz.Ability {
	if registry.BelowProduction(v.Stage, to) {
		return authz.TransitionStaging
	}
	return authz.TransitionAny
}

// NameHolder names the version that keeps something from being purged, to who may look at its model.
func NameHolder(c *Call, err error) error {
	var h *store.Held
	if !errors.As(err, &h) || !c.Can(authz.ViewModel, h.Model) {
		return err
	}
	return fail.Statef("%s", h)
}
