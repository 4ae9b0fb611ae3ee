package governance

import (
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
)

func (f *Front) versionRoutes() []api.Route {
	return []api.Route{
		api.Open("GET /version", "which program answers is in the Server header of every answer anyway", f.version),
		api.Read("GET /whoami", authz.AskAboutSelf, api.At[nothing](authz.WorkspaceObject), whoami),
		api.Open("GET /openapi.json", "the description of the endpoints is the same for everybody and holds no data", f.openAPI),
	}
}

// nothing is the request of endpoints without parameters.
type nothing struct{}

// versionAnswer says what runs here.
type versionAnswer struct {
	Product   string `json:"product"`
	Version   string `json:"version"`
	MLflow    string `json:"mlflow_version"`
	Workspace string `json:"workspace_id"`
}

func (f *Front) version(*api.Call, *nothing) (*versionAnswer, error) {
	return &versionAnswer{"bailiwick", f.Version, f.MLflow, strconv.FormatInt(f.Workspace, 10)}, nil
}

// whoamiAnswer is the caller as the access map knows him.
type whoamiAnswer struct {
	Principal  principalRef   `json:"principal"`
	Groups     []principalRef `json:"groups"`
	Admin      bool           `json:"admin"`
	Credential string         `json:"credential_id"`
	Scopes     []string       `json:"scopes,omitempty"`
	Expires    int64          `json:"expires,omitempty"`
}

func whoami(c *api.Call, _ int64, _ *nothing) (*whoamiAnswer, error) {
	m := c.Tx.Map
	a := &whoamiAnswer{Principal: principalOf(m, c.Who.Principal), Groups: []principalRef{}, Credential: c.Who.Credential,
		Scopes: c.Who.Scopes, Expires: c.Who.Expires}
	for _, id := range groupsOf(m, c.Who.Principal) {
		a.Groups = append(a.Groups, principalOf(m, id))
		a.Admin = a.Admin || id == authz.GroupAdmins
	}
	return a, nil
}

// groupsOf gives the groups that a principal is in, nested ones too, nearest first; `users`, which everybody is in, at last.
func groupsOf(m *authz.Map, principal int64) []int64 {
	seen, groups := map[int64]bool{principal: true, authz.GroupUsers: true}, []int64{}
	for queue := []int64{principal}; len(queue) > 0; queue = queue[1:] {
		p, ok := m.Principal(queue[0])
		if !ok {
			continue
		}
		for _, g := range p.Parents {
			if !seen[g] {
				seen[g] = true
				groups, queue = append(groups, g), append(queue, g)
			}
		}
	}
	return append(groups, authz.GroupUsers)
}
