package mlflow

import "bailiwick/api"

// serverRoutes is what clients and MLflow's pages ask before anything else.
func (f *Front) serverRoutes() []api.Route {
	return []api.Route{
		api.Open("GET /server-info", "says how artifacts are transferred, which is the same for everybody; clients ask it without a credential",
			func(*api.Call, *Anything) (*ServerInfo, error) { return f.serverInfo(), nil }),
		api.Open("GET /ui-telemetry", "tells MLflow's pages to count nothing, which is the same for everybody",
			func(*api.Call, *Anything) (*uiTelemetry, error) { return &noTelemetry, nil }),
		api.Open("POST /ui-telemetry", "what pages count nevertheless is not read, and told to nobody",
			func(*api.Call, *Anything) (*Nothing, error) { return &Nothing{}, nil }, api.Body[Anything](maxTelemetry)),
	}
}

// maxTelemetry is the most bytes of a count that is thrown away.
const maxTelemetry = 1 << 20

// uiTelemetry says what MLflow's pages may count of their users, to be passed on to MLflow's makers.
type uiTelemetry struct {
	Disabled *bool  `wire:"disable_ui_telemetry"`
	Rollout  *int32 `wire:"ui_rollout_percentage"`
}

var noTelemetry = func() uiTelemetry {
	yes, none := true, int32(0)
	return uiTelemetry{&yes, &none}
}()

// serverInfo says what a client may ask for. Large files come in parts, which is several connections at once; presigned addresses are this
// server's own. Downloads are whole unless a client insists, or the bytes come from the object store: in parts each file, however small, costs a request more.
func (f *Front) serverInfo() *ServerInfo {
	no, yes, direct, store := false, true, f.Direct != nil, "SqlStore"
	return &ServerInfo{
		StoreType: &store, WorkspacesEnabled: &no, TraceArchivalEnabled: &no, MultipartUploadsEnabled: &yes, MultipartDownloadsEnabled: &direct,
		PresignedUploadRunIdSupported: &yes, PresignedUploadModelIdSupported: &yes, FeaturesEnabled: &ServerFeatures{Gateway: &no},
	}
}
