package governance

import (
	"math"
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
)

// mostVersions is the largest page of versions: each row says of four stages why the caller may not bring it there.
const mostVersions = 200

type versionsRequest struct {
	Model     string `json:"-" path:"model"`
	Max       int    `json:"-" query:"max_results"`
	PageToken string `json:"-" query:"page_token"`
}

type versionsAnswer struct {
	Versions []versionRow `json:"versions"`
	Next     string       `json:"next_page_token,omitempty"`
}

func versionsAt(c *api.Call, q *versionsRequest) (*authz.Object, api.Target, error) {
	return api.FindRegistered(c, q.Model)
}

// listVersions gives a page of a model's versions, newest first.
func listVersions(c *api.Call, o *authz.Object, q *versionsRequest) (*versionsAnswer, error) {
	limit, err := pageWithin(q.Max, mostVersions)
	if err != nil {
		return nil, err
	}
	below, err := q.below()
	if err != nil {
		return nil, err
	}
	versions, err := c.Tx.VersionsBelow(o.ID, below, limit+1)
	if err != nil {
		return nil, err
	}
	a := &versionsAnswer{Versions: []versionRow{}}
	if len(versions) > limit {
		versions = versions[:limit]
		a.Next = strconv.FormatInt(versions[limit-1].Number, 10)
	}
	list, err := pendingOfEach(c, o.ID, versions)
	for _, p := range list {
		a.Versions = append(a.Versions, p.versionRow(c))
	}
	return a, err
}

// below is the number under which the page begins. The token is the last version's number: it opens nothing, as every page is decided anew.
func (q *versionsRequest) below() (int64, error) {
	if q.PageToken == "" {
		return math.MaxInt64, nil
	}
	number, err := strconv.ParseInt(q.PageToken, 10, 64)
	if err != nil {
		return 0, fail.Invalidf("page_token is not one of this endpoint's")
	}
	return number, nil
}
