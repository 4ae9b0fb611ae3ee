package databricks

import (
	"strconv"

	"bailiwick/api"
)

// hostRoutes is what clients ask before they sign in.
func hostRoutes(workspace int64) []api.Route {
	answer := &hostConfig{Cloud: "AWS", HostType: "workspace", Workspace: strconv.FormatInt(workspace, 10)}
	return []api.Route{
		api.Open("GET /.well-known/databricks-config", "every Databricks client asks this before it sends a credential; it tells no more than "+
			"the workspace's number, which every answer carries",
			func(*api.Call, *hostRequest) (*hostConfig, error) { return answer, nil }),
	}
}

type hostRequest struct{}

// hostConfig says that this is one workspace and no account. Without an oidc_endpoint clients do not try OAuth.
type hostConfig struct {
	Cloud     string `json:"cloud"`
	HostType  string `json:"host_type"`
	Workspace string `json:"workspace_id"`
}
