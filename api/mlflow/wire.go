// Package mlflow is the front end for MLflow's REST protocol: the wire shapes of its messages, read from the installed package's own
// descriptors (wire.gen.go), and the lenient JSON that its clients send and expect.
package mlflow

//go:generate sh -c "python3 generate.py > wire.gen.go.new && mv wire.gen.go.new wire.gen.go"

// Endpoint is one HTTP endpoint that a service of the MLflow package declares.
type Endpoint struct {
	Method string
	// Path holds the API version (/api/2.0/…) and parameters as {name}, or {name...} for the rest of a path. It is as declared, so one
	// path lacks a slash (/api/2.0mlflow/experiments/search-datasets).
	Path string
	// Service and Message are full proto names, RPC is the method's name in the service.
	Service, RPC, Message string
	// Request and Response are nil pointers of the shapes' types; nil where no shape is generated because the kind is not served.
	Request, Response any
}

// EnumValue is one known name of an enum with its number.
type EnumValue struct {
	Number int32
	Name   string
}

// ServerInfo answers GET /api/3.0/mlflow/server-info, which no service declares.
type ServerInfo struct {
	FeaturesEnabled                 *ServerFeatures `wire:"features_enabled"`
	MultipartDownloadsEnabled       *bool           `wire:"multipart_downloads_enabled"`
	MultipartUploadsEnabled         *bool           `wire:"multipart_uploads_enabled"`
	PresignedUploadModelIdSupported *bool           `wire:"presigned_upload_model_id_supported"`
	PresignedUploadRunIdSupported   *bool           `wire:"presigned_upload_run_id_supported"`
	StoreType                       *string         `wire:"store_type"`
	TraceArchivalEnabled            *bool           `wire:"trace_archival_enabled"`
	WorkspacesEnabled               *bool           `wire:"workspaces_enabled"`
}

// ServerFeatures is the part of ServerInfo that switches whole areas of MLflow's pages.
type ServerFeatures struct {
	Gateway *bool `wire:"gateway"`
}

// GetMetricHistoryBulk is the query of GET /ajax-api/2.0/mlflow/metrics/get-history-bulk, which no service declares: at most 100 runs,
// and 25000 points in all.
type GetMetricHistoryBulk struct {
	RunId      []string `wire:"run_id,runId"`
	MetricKey  *string  `wire:"metric_key,metricKey"`
	MaxResults *int32   `wire:"max_results,maxResults"`
}

// GetMetricHistoryBulkResponse is the answer to GetMetricHistoryBulk.
type GetMetricHistoryBulkResponse struct {
	Metrics []*MetricWithRunId `wire:"metrics"`
}

// ModelVersionFile is the query of GET /api/2.0/mlflow/model-versions/list-artifacts and …/get-signed-download-uri, which the Python
// client calls on a `databricks` registry and no service declares.
type ModelVersionFile struct {
	Name      *string `wire:"name"`
	Version   *string `wire:"version"`
	Path      *string `wire:"path"`
	PageToken *string `wire:"page_token,pageToken"`
}

// ListModelVersionArtifactsResponse is the answer of model-versions/list-artifacts.
type ListModelVersionArtifactsResponse struct {
	RootUri       *string     `wire:"root_uri,rootUri"`
	Files         []*FileInfo `wire:"files"`
	NextPageToken *string     `wire:"next_page_token,nextPageToken"`
}

// SignedDownloadUri is the answer of model-versions/get-signed-download-uri.
type SignedDownloadUri struct {
	SignedUri *string                             `wire:"signed_uri,signedUri"`
	Headers   []*ArtifactCredentialInfoHttpHeader `wire:"headers"`
}

// deref gives what p points to, and unset when it is nil.
func deref[T any](p *T, unset T) T {
	if p == nil {
		return unset
	}
	return *p
}

// orEmpty makes getters safe on nil messages, so that chains of them never panic.
func orEmpty[T any](m *T) *T {
	if m == nil {
		return new(T)
	}
	return m
}
