package mlflow

import (
	"net/http"
	"slices"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
)

// absence is a part of MLflow's protocol that is not served, and why. Its endpoints answer whoever is signed in with that, in the protocol's
// own shape; a test holds this table and the routes against all endpoints that the client package declares.
type absence struct {
	// kind is fail.Unsupported (501) for what may come, and fail.NotFound (404) where clients take a missing endpoint for an answer: they
	// go another way, or leave a part of their pages out. Neither is tried again.
	kind     fail.Kind
	reason   string
	prefixes []string
	// paths are exact; one that ends in /* stands for itself and all below it.
	paths []string
}

var (
	v2and3  = []string{"/api/2.0/mlflow", "/ajax-api/2.0/mlflow", "/api/3.0/mlflow", "/ajax-api/3.0/mlflow"}
	v4and5  = []string{"/api/4.0/mlflow", "/ajax-api/4.0/mlflow", "/api/5.0/mlflow", "/ajax-api/5.0/mlflow"}
	catalog = []string{"/api/2.0", "/ajax-api/2.0", "/api/2.1", "/ajax-api/2.1"}
	atRoot  = []string{""}
)

// unserved is the file of what is declared and not served (issue: none answers 404 without being listed).
var unserved = []absence{
	{fail.NotFound, "Unity Catalog is not served: use the workspace's own registry (MLFLOW_REGISTRY_URI=databricks)", catalog,
		[]string{"/mlflow/unity-catalog/*", "/unity-catalog/*"}},
	{fail.Unsupported, "traces are not stored yet", v2and3, []string{"/traces/*", "/get-trace-artifact"}},
	{fail.Unsupported, "traces are not stored yet", atRoot, []string{"/v1/traces"}},
	{fail.NotFound, "traces in Unity Catalog are not served", v4and5, []string{"/traces/*", "/tracing/*", "/experiments/*"}},
	{fail.NotFound, "declared by MLflow, and not served by its own server either", v2and3,
		[]string{"/unified-traces", "/get-online-trace-details"}},
	{fail.NotFound, "declared by MLflow with a slash missing; the right path is served", []string{"/api", "/ajax-api"},
		[]string{"/2.0mlflow/experiments/search-datasets"}},
	{fail.Unsupported, "evaluation datasets, scorers, labels and reviews are not served yet", v2and3,
		[]string{"/datasets/*", "/scorers/*", "/scorer/*", "/genai/*", "/label-schemas/*", "/review-queues/*", "/issues/*"}},
	{fail.Unsupported, "optimization of prompts is not served", v2and3, []string{"/prompt-optimization/*", "/runs/create-promptlab-run"}},
	{fail.Unsupported, "the gateway is not served", v2and3, []string{"/gateway/*", "/mcp-servers/*"}},
	{fail.NotFound, "the gateway is not served", v2and3, []string{"/gateway-proxy"}}, // asked with each list of runs
	{fail.Unsupported, "the gateway is not served", atRoot, []string{"/gateway/*"}},
	{fail.Unsupported, "a server has one workspace", v2and3, []string{"/workspaces/*"}},
	{fail.Unsupported, "files of DBFS are sent whole, by PUT /dbfs/<path>", []string{"/api/2.0/dbfs"},
		[]string{"/create", "/add-block", "/close", "/put", "/mkdirs", "/move", "/delete"}},
	{fail.NotFound, "users, groups and permissions are not MLflow's own here: see SCIM and the permissions API", v2and3,
		[]string{"/users/*", "/roles/*"}},
	{fail.NotFound, "accounts are made by an administrator", atRoot, []string{"/signup"}},
	{fail.NotFound, "the assistant and the demonstration of MLflow's pages are not served", v2and3, []string{"/assistant/*", "/demo/*"}},
	{fail.NotFound, "jobs of MLflow's own server are not served", v2and3, []string{"/jobs/*"}},
	{fail.NotFound, "jobs of MLflow's own server are not served", []string{"/api/3.0", "/ajax-api/3.0"}, []string{"/jobs/*"}},
}

// unrouted is what is declared, and not answered there: the console is at the root.
var unrouted = absence{fail.NotFound, "MLflow's own pages are under /mlflow/", atRoot, []string{"/static-files/*", "/build/*"}}

// Anything is a request that is not read.
type Anything struct{}

func decodeNothing(*api.Input, any) error { return nil }

// unservedMethods are those that clients use.
var unservedMethods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// routes gives the absence's answers: to who is signed in, so that strangers learn nothing.
func (a *absence) routes() (list []api.Route) {
	for _, path := range a.paths {
		top, below := strings.CutSuffix(path, "/*")
		for _, method := range unservedMethods {
			list = append(list, a.route(method+" "+top))
			if below {
				list = append(list, a.route(method+" "+top+"/{rest...}"))
			}
		}
	}
	return list
}

func (a *absence) route(pattern string) api.Route {
	return api.Read(pattern, authz.SignedIn, api.At[Anything](authz.WorkspaceObject), func(c *api.Call, _ int64, _ *Anything) (*Nothing, error) {
		return nil, a.answer()
	}, api.As[Anything]("unserved"))
}

func (a *absence) answer() error {
	e := fail.New(a.kind, "This endpoint is not served by Bailiwick: %s.", a.reason)
	if a.kind == fail.NotFound {
		e = e.WithCode("ENDPOINT_NOT_FOUND")
	}
	return e
}

// lists reports whether the absence stands for a path.
func (a *absence) lists(path string) bool {
	for _, prefix := range a.prefixes {
		rest, ok := strings.CutPrefix(path, prefix)
		for _, p := range a.paths {
			top, below := strings.CutSuffix(p, "/*")
			if ok && (rest == top || below && strings.HasPrefix(rest, top+"/")) {
				return true
			}
		}
	}
	return false
}

// Unserved gives the reason why an endpoint of MLflow is not served, by its path as it is declared.
func Unserved(path string) (reason string, listed bool) {
	for _, a := range append(slices.Clip(unserved), unrouted) {
		if a.lists(path) {
			return a.reason, true
		}
	}
	return "", false
}
