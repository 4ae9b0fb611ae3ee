package governance

import (
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/fail"
	"bailiwick/registry"
	"bailiwick/store"
)

type activitiesRequest struct {
	Model     string `json:"-" path:"model"`
	Version   string `json:"-" path:"version"`
	Max       int    `json:"-" query:"max_results"`
	PageToken string `json:"-" query:"page_token"`
}

// activityRow is something that was done with a version, with what the caller may do about it: about a request that is pending, and about a
// comment of his own. Names and values are those of the workspace registry's activities.
type activityRow struct {
	ID      string            `json:"id"`
	Kind    string            `json:"activity_type"`
	User    string            `json:"user_id"`
	Comment string            `json:"comment,omitempty"`
	System  string            `json:"system_comment,omitempty"`
	From    string            `json:"from_stage,omitempty"`
	To      string            `json:"to_stage,omitempty"`
	At      int64             `json:"creation_timestamp"`     // ms since 1970
	Updated int64             `json:"last_updated_timestamp"` // ms since 1970
	Actions []registry.Action `json:"available_actions,omitempty"`
}

// activitiesAnswer is a page of activities, newest first.
type activitiesAnswer struct {
	Activities []activityRow `json:"activities"`
	Next       string        `json:"next_page_token,omitempty"`
}

func findActive(c *api.Call, q *activitiesRequest) (*registry.Version, api.Target, error) {
	return api.FindVersion(c, q.Model, q.Version)
}

const (
	defaultActivities = 100
	maxActivities     = 1000
)

func getActivities(c *api.Call, v *registry.Version, q *activitiesRequest) (*activitiesAnswer, error) {
	limit := q.Max
	if limit == 0 {
		limit = defaultActivities
	}
	before, err := activityPlace(q.PageToken)
	if limit < 1 || limit > maxActivities {
		err = fail.Invalidf("max_results must be from 1 to %d, not %d", maxActivities, q.Max)
	}
	if err != nil {
		return nil, err
	}
	list, err := c.Tx.Activities(v.Key(), before, limit)
	if err != nil {
		return nil, err
	}
	out := &activitiesAnswer{Activities: []activityRow{}}
	if len(list) == limit {
		last := list[limit-1]
		out.Next = strconv.FormatInt(last.At, 10) + "." + last.ID
	}
	return out, out.fill(c, v, list)
}

// activityPlace reads a page token. It opens nothing: every page asks for the model.
func activityPlace(token string) (*store.ActivityPlace, error) {
	if token == "" {
		return nil, nil
	}
	at, id, ok := strings.Cut(token, ".")
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil || !ok {
		return nil, fail.Invalidf("page_token is not one of this endpoint's")
	}
	return &store.ActivityPlace{At: n, ID: id}, nil
}

func (out *activitiesAnswer) fill(c *api.Call, v *registry.Version, list []*registry.Activity) error {
	open, err := api.OpenRequests(c, v)
	actions := map[string][]registry.Action{}
	for _, r := range open {
		actions[r.ID] = r.Actions
	}
	for _, a := range list {
		row := activityRow{ID: a.ID, Kind: string(a.Kind), User: a.UserName, Comment: a.Comment, System: a.System, At: a.At, Updated: a.At,
			Actions: actions[a.ID]}
		if a.Moves() {
			row.From, row.To = a.From.String(), a.To.String()
		} else {
			row.Updated, row.Actions = a.Updated, registry.CommentActions(a.Actor == c.Who.Principal)
		}
		out.Activities = append(out.Activities, row)
	}
	return err
}
