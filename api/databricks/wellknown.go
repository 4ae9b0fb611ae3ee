package databricks

import (
	"strconv"

	"bailiwick/api"
)

// hostRoutes is what clients ask before they sign in.
func hostRoutes(workspace int64, account string) []api.Route {
	answer := hostConfig{Cloud: "AWS", HostType: "workspace", Workspace: strconv.FormatInt(workspace, 10), Account: account, Audiences: []string{account}}
	return []api.Route{
		api.Open("GET /.well-known/databricks-config", "every Databricks client asks this before it sends a credential; it tells no more than "+
			"the workspace's number, which every answer carries, and where tokens are to be had",
			func(c *api.Call, _ *hostRequest) (*hostConfig, error) {
				own := answer
				own.OIDC = c.BaseURL() + "/oidc"
				return &own, nil
			}),
	}
}

type hostRequest struct{}

// hostConfig says that this is one workspace, whose account serves nothing but what stands for it here. Audiences is what a foreign token is for
// that is exchanged here, where the client is told nothing else.
type hostConfig struct {
	Cloud     string   `json:"cloud"`
	HostType  string   `json:"host_type"`
	Workspace string   `json:"workspace_id"`
	Account   string   `json:"account_id"`
	OIDC      string   `json:"oidc_endpoint"`
	Audiences []string `json:"token_federation_default_oidc_audiences"`
}
