package mlflow

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"bailiwick/api"
	"bailiwick/blob"
	"bailiwick/registry/webhook"
	"bailiwick/store"
)

// Front serves MLflow's protocol. Its fields are set before Mount.
type Front struct {
	// Blobs holds the bytes of artifacts.
	Blobs blob.Store
	// Arrive is told of each file that begins to arrive (store.Store.Arrive).
	Arrive func(context.Context, store.Upload) (*store.Arrival, error)
	// Resumable answers uploads of the Files API one piece after the other, instead of in parts of any order.
	Resumable bool
	// Direct is the object store where clients may send and fetch bytes by themselves; nil = nowhere.
	Direct blob.Stager
	// RelativeNames is "home", or the workspace folder that takes experiments named without a path.
	RelativeNames string
	// DefaultExperiment is what experiment "0" is: "shared", "home" or "refuse".
	DefaultExperiment string
	// Prefixes are the URL prefixes that an experiment's own artifact location may have.
	Prefixes []string
	// MaxArtifact is the most bytes of one artifact file; 0 = no limit.
	MaxArtifact int64
	// Hooks makes test calls of webhooks; Allow is what webhooks may call beside the public internet.
	Hooks HookSender
	Allow *webhook.Allow
}

// Mount adds the protocol's routes to the door.
func (f *Front) Mount(d *api.Door) {
	for _, table := range []struct {
		prefixes []string
		routes   []api.Route
	}{
		{trackingPrefixes, f.trackingRoutes()},
		{trackingPrefixes, f.registryRoutes()},
		{trackingPrefixes, slices.Concat(f.webhookRoutes(), f.registryWebhookRoutes())},
		{[]string{"/api/governance/1.0"}, f.purgeRoutes()},
	} {
		d.Mount(&api.Front{
			Name: "mlflow", Service: "mlflowExperiment", Prefixes: withPages(table.prefixes), Decode: decode, Encode: encode, ContentType: "application/json",
			Fail: api.FailJSON, Routes: table.routes,
		})
	}
	f.mountArtifacts(d)
	f.mountGraph(d)
}

// trackingPrefixes are the places where clients look for the tracking API: the Python client and others under api, MLflow's pages under
// ajax-api, old clients under preview.
var trackingPrefixes = []string{
	"/api/2.0/mlflow", "/ajax-api/2.0/mlflow", "/api/3.0/mlflow", "/ajax-api/3.0/mlflow", "/api/2.0/preview/mlflow",
	"/ajax-api/2.0/preview/mlflow",
}

// pagesPrefix is where MLflow's own pages are; they make their calls relative to it.
const pagesPrefix = "/mlflow"

// withPages adds, to the prefixes that MLflow's pages use, the same below the place of the pages.
func withPages(prefixes []string) []string {
	out := slices.Clone(prefixes)
	for _, p := range prefixes {
		if p == "" || strings.HasPrefix(p, "/ajax-api/") && !strings.Contains(p, "/preview/") {
			out = append(out, pagesPrefix+p)
		}
	}
	return out
}

// decode fills a request from its body, the query and the path's variables, in this order.
func decode(in *api.Input, request any) error {
	if len(bytes.TrimSpace(in.Body)) > 0 {
		if err := Decode(in.Body, request); err != nil {
			return err
		}
	}
	values := url.Values{}
	if in.Request.Method == http.MethodGet || in.Request.Method == http.MethodDelete { // like MLflow: elsewhere a query means nothing
		maps.Copy(values, in.Query)
	}
	for k, v := range in.Path {
		values[k] = []string{v}
	}
	if len(values) == 0 {
		return nil
	}
	return DecodeQuery(values, request)
}

func encode(answer any) ([]byte, error) {
	if w, ok := answer.(written); ok {
		return w.json(), nil
	}
	return AppendJSON(make([]byte, 0, 512), answer), nil
}
