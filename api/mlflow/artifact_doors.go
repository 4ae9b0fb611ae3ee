package mlflow

import (
	"bytes"
	"maps"
	"net/url"
	"slices"

	"bailiwick/api"
	"bailiwick/fail"
)

// The old doors to artifacts: MLflow's pages use them, and scripts that were written for them. Each leads to the same finder and the same
// decision as the proxy.

// RunFile is the query of GET /get-artifact and POST …/upload-artifact, which no service declares.
type RunFile struct {
	RunId   *string `wire:"run_id,runId"`
	RunUuid *string `wire:"run_uuid,runUuid"`
	Path    *string `wire:"path"`
}

func runFile(_ *api.Call, q *RunFile) (artifactAddress, error) {
	if deref(q.Path, "") == "" {
		return artifactAddress{}, fail.Invalidf("Missing value for required parameter 'path'.")
	}
	return runAddress(runOr(deref(q.RunId, ""), deref(q.RunUuid, "")), *q.Path)
}

// LoggedModelFile is the query of GET …/logged-models/{model_id}/artifacts/files.
type LoggedModelFile struct {
	ModelId          *string `wire:"model_id,modelId"`
	ArtifactFilePath *string `wire:"artifact_file_path,artifactFilePath"`
}

func loggedModelFile(_ *api.Call, q *LoggedModelFile) (artifactAddress, error) {
	if deref(q.ArtifactFilePath, "") == "" {
		return artifactAddress{}, fail.Invalidf("Missing value for required parameter 'artifact_file_path'.")
	}
	return modelFile(deref(q.ModelId, ""), *q.ArtifactFilePath)
}

// uploadLimit is the most bytes of a file that MLflow's pages upload.
const uploadLimit = 10 << 20

// doorRoutes are the old doors, by the prefix under which they are known.
func (f *Front) doorRoutes() map[string][]api.Route {
	small := *f
	small.MaxArtifact = uploadLimit
	if f.MaxArtifact > 0 {
		small.MaxArtifact = min(uploadLimit, f.MaxArtifact)
	}
	return map[string][]api.Route{
		"": append(f.versionDoors(), getFile(f, "GET /get-artifact", runFile)),
		"/ajax-api/2.0/mlflow": {
			getFile(f, "GET /get-artifact", runFile),
			putFile(&small, "POST /upload-artifact", runFile),
			getFile(f, "GET /logged-models/{model_id}/artifacts/files", loggedModelFile),
		},
	}
}

// decodeAddress fills a request from its query and the variables of its path, whatever the method.
func decodeAddress(in *api.Input, request any) error {
	values := url.Values{}
	maps.Copy(values, in.Query)
	for k, v := range in.Path {
		values[k] = []string{v}
	}
	return DecodeQuery(values, request)
}

// decodeAll fills a request from its body, then as decodeAddress does.
func decodeAll(in *api.Input, request any) error {
	if len(bytes.TrimSpace(in.Body)) > 0 {
		if err := Decode(in.Body, request); err != nil {
			return err
		}
	}
	return decodeAddress(in, request)
}

// mountArtifacts adds what transfers artifacts beside the tracking API.
func (f *Front) mountArtifacts(d *api.Door) {
	add := func(decode func(*api.Input, any) error, routes []api.Route, prefixes ...string) {
		d.Mount(&api.Front{
			Name: "mlflow", Service: "mlflowExperiment", Prefixes: withPages(prefixes), Decode: decode, Encode: encode, ContentType: "application/json",
			Fail: api.FailJSON, Routes: routes,
		})
	}
	add(decode, slices.Concat(f.proxyRoutes(), f.mpuRoutes(), []api.Route{f.presignedProxied()}), proxyPrefixes...)
	doors := f.doorRoutes()
	for _, prefix := range slices.Sorted(maps.Keys(doors)) { // in one order, for what is printed from the tables
		add(decodeAddress, doors[prefix], prefix)
	}
	add(decodeAll, f.filesRoutes(), "/api/2.0/fs")
	add(decodeAddress, f.dbfsRoutes(), "/api/2.0/dbfs")
	add(decodeAddress, f.rawDBFSRoutes(), "/dbfs")
	add(decodeAddress, f.transferRoutes(), transferPrefix)
	d.Mount(&api.Front{
		Name: "mlflow", Service: "mlflowExperiment", Prefixes: []string{uploadPrefix}, Decode: decodeAddress, Encode: encode,
		ContentType: "application/json", Fail: failUpload, Routes: f.uploadRoutes(),
	})
	add(decodeNothing, f.serverRoutes(), "/api/3.0/mlflow", "/ajax-api/3.0/mlflow")
	for _, u := range unserved {
		add(decodeNothing, u.routes(), u.prefixes...)
	}
}
