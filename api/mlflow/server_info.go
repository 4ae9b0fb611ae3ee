package mlflow

import "bailiwick/api"

// serverRoutes is what clients and MLflow's pages ask before anything else.
func serverRoutes() []api.Route {
	return []api.Route{
		api.Open("GET /server-info", "says how artifacts are transferred, which is the same for everybody; clients ask it without a credential",
			func(*api.Call, *Anything) (*ServerInfo, error) { return serverInfo(), nil }),
	}
}

// serverInfo says no to each thing that a client may ask for: transfers in parts, presigned addresses, workspaces, the gateway.
func serverInfo() *ServerInfo {
	no, store := new(bool), "SqlStore"
	return &ServerInfo{
		StoreType: &store, WorkspacesEnabled: no, TraceArchivalEnabled: no, MultipartUploadsEnabled: no, MultipartDownloadsEnabled: no,
		PresignedUploadRunIdSupported: no, PresignedUploadModelIdSupported: no, FeaturesEnabled: &ServerFeatures{Gateway: no},
	}
}
