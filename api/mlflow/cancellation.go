package mlflow

import (
	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry"
)

// cancelling is a request that is to be cancelled; nil where there is none such.
type cancelling struct {
	key     registry.Key
	name    string
	to      registry.Stage
	request *registry.Request
}

// findCancelled finds the request of the creator who is named. One's own may be cancelled whatever one's level has become (notes.md), somebody
// else's by Manage. Where there is none of one's own, who may look is told so; nobody else learns whether the model exists.
func findCancelled(c *api.Call, q *StageTransition) (cancelling, api.Target, error) {
	to, err := stageNamed(q.GetStage())
	if err == nil && q.GetCreator() == "" {
		err = fail.Invalidf("Missing value for required parameter 'creator': it names whose request is cancelled.")
	}
	if err != nil {
		return cancelling{}, api.Target{}, err
	}
	number, err := api.ParseVersion(q.GetVersion())
	if err != nil {
		return cancelling{}, api.Target{}, err
	}
	o, target, err := findRegistered(c, q.GetName())
	if err != nil {
		return cancelling{}, target, err
	}
	x := cancelling{key: registry.Key{Model: o.ID, Number: number}, name: o.Name, to: to}
	creator, known := c.Tx.Map.PrincipalByName(0, q.GetCreator())
	x.request, err = requestBy(c, x.key, to, creator, q.GetCreator())
	switch {
	case x.request != nil && x.request.Creator == c.Who.Principal:
		target.Ability = authz.WithdrawTransition
	case x.request == nil && known && creator.ID == c.Who.Principal:
		target.Ability = authz.ViewModel
	}
	return x, target, err
}

// requestBy finds the pending request of a principal or, where nobody has the name any more, of who had it when he asked.
func requestBy(c *api.Call, k registry.Key, to registry.Stage, creator *authz.Principal, name string) (*registry.Request, error) {
	all, err := c.Tx.TransitionRequests(k)
	for _, r := range forStage(all, to) {
		if creator != nil && r.Creator == creator.ID || creator == nil && r.UserName == name {
			return r, nil
		}
	}
	return nil, err
}

// cancelRequest takes the request away. Who may not look at the model any more is not told where its version is by now.
func cancelRequest(c *api.Call, x cancelling, q *StageTransition) (*DecidedRequestResponse, error) {
	if err := registry.CheckComment(q.GetComment()); err != nil {
		return nil, err
	}
	v, err := c.Tx.ModelVersion(x.key)
	if err != nil {
		return nil, err
	}
	noteVersion(c, v)
	c.Note("stage", x.to.String())
	c.Note("creator", q.GetCreator())
	c.Because(q.GetComment())
	if err := c.Tx.HoldVersion(v); err != nil {
		return nil, err
	}
	if err := x.take(c, v); err != nil {
		return nil, err
	}
	a := &registry.Activity{Kind: registry.Cancelled, Comment: q.GetComment()}
	if err := keepActivity(c, v, x.to, a); err != nil {
		return nil, err
	}
	w := activityOf(a)
	if !c.Can(authz.ViewModel, x.key.Model) {
		w.FromStage = nil
	}
	return &DecidedRequestResponse{Activity: w}, nil
}

func (x cancelling) take(c *api.Call, v *registry.Version) error {
	if x.request == nil {
		return notPending(c, v, x.to)
	}
	c.Change(requestText(v, x.request), nil)
	there, err := c.Tx.CancelRequest(x.request)
	if err == nil && !there {
		err = notPending(c, v, x.to)
	}
	return err
}
