package mlflow

import "bailiwick/api"

// serverRoutes is what clients and MLflow's pages ask before anything else.
func (f *Front) serverRoutes() []api.Route {
	return []api.Route{
		api.Open("GET /server-info", "says how artifacts are transferred, which is the same for everybody; clients ask it without a credential",
			func(*api.Call, *Anything) (*ServerInfo, error) { return f.serverInfo(), nil }),
	}
}

// serverInfo says what a client may ask for. Large files come in parts, which is several connections at once; presigned addresses are this
// server's own. Downloads are whole unless a client insists, or the bytes come from the object store: in parts each file, however small, costs a request more.
func (f *Front) serverInfo() *ServerInfo {
	no, yes, direct, store := false, true, f.Direct != nil, "SqlStore"
	return &ServerInfo{
		StoreType: &store, WorkspacesEnabled: &no, TraceArchivalEnabled: &no, MultipartUploadsEnabled: &yes, MultipartDownloadsEnabled: &direct,
		PresignedUploadRunIdSupported: &yes, PresignedUploadModelIdSupported: &yes, FeaturesEnabled: &ServerFeatures{Gateway: &no},
	}
}
