package mlflow

import (
	"slices"
	"strings"

	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/tracking"
)

// artifactAddress says which file or folder of which run, logged model or registered version a request is about. It is made of text only: whether there is such
// an owner, and in that experiment, is for the finder.
type artifactAddress struct {
	experiment string // as clients know it; "" where the request names none
	owner      string // the run's or model's id
	model      bool   // the owner is a logged model
	version    string // the number of a registered version; the owner is then the registered model's name
	path       string // below the root of artifacts; "" = the root
}

// shape is one way to write an address: for a run, a logged model and, where it has one, a version of a registered model. {e} stands for the
// experiment, {o} for the owner, {v} for the version; the path follows.
type shape struct{ run, model, version []string }

func shapeOf(run, model, version string) shape {
	s := shape{run: strings.Split(run, "/"), model: strings.Split(model, "/")}
	if version != "" {
		s.version = strings.Split(version, "/")
	}
	return s
}

// The shapes of the proxy, of the Files API and of DBFS (DESIGN §3, Artifacts).
var (
	proxyShape = shapeOf("{e}/{o}/artifacts", "{e}/models/{o}/artifacts", registryFolder+"/{o}/{v}")
	filesShape = shapeOf(filesRoot+"/{e}/Runs/{o}/artifacts", filesRoot+"/{e}/LoggedModels/{o}/artifacts", "")
	dbfsShape  = shapeOf("databricks/mlflow-tracking/{e}/{o}/artifacts", "databricks/mlflow-tracking/{e}/logged_models/{o}/artifacts",
		"databricks/"+registryFolder+"/{o}/{v}")
)

// registryFolder is where both forms have the versions of registered models (DESIGN §3, Artifacts).
const registryFolder = "model-registry"

// filesRoot is where the Files API has MLflow's artifacts.
const filesRoot = "WorkspaceInternal/Mlflow/Artifacts"

// parse reads an address. Whatever is not of the shape, or could lead out of it, is fail.Invalid.
func (s shape) parse(text string) (artifactAddress, error) {
	if _, err := tracking.ArtifactPath(text); err != nil {
		return artifactAddress{}, err
	}
	parts := strings.Split(text, "/")
	for i, pattern := range [][]string{s.version, s.model, s.run} {
		a, ok := matched(pattern, parts)
		if !ok {
			continue
		}
		a.model = i == 1
		_, err := below(a.path) // by itself it may begin like a drive, which it does not behind the rest
		return a, err
	}
	return artifactAddress{}, fail.Invalidf("Invalid path: artifacts are at %s/<path> and %s/<path>", shown(s.run), shown(s.model))
}

func shown(pattern []string) string {
	return strings.NewReplacer("{e}", "<experiment>", "{o}", "<id>").Replace(strings.Join(pattern, "/"))
}

func matched(pattern, parts []string) (a artifactAddress, ok bool) {
	if len(pattern) == 0 || len(parts) < len(pattern) {
		return a, false
	}
	for i, p := range pattern {
		switch p {
		case "{e}":
			a.experiment = parts[i]
		case "{o}":
			a.owner = parts[i]
		case "{v}":
			a.version = parts[i]
		default:
			if parts[i] != p {
				return a, false
			}
		}
	}
	a.path = strings.Join(parts[len(pattern):], "/")
	return a, true
}

// write gives the address in a shape.
func (s shape) write(a artifactAddress) string {
	pattern := s.run
	switch {
	case a.model:
		pattern = s.model
	case a.version != "":
		pattern = s.version
	}
	parts := slices.Clone(pattern)
	for i, p := range parts {
		switch p {
		case "{e}":
			parts[i] = a.experiment
		case "{o}":
			parts[i] = a.owner
		case "{v}":
			parts[i] = a.version
		}
	}
	if a.path != "" {
		parts = append(parts, a.path)
	}
	return strings.Join(parts, "/")
}

// folderOf takes the one slash away that names of folders may end in.
func folderOf(text string) string { return strings.TrimSuffix(text, "/") }

// absolute takes the slash away that paths of the workspace forms begin with; without it they are refused.
func absolute(text string) (string, error) {
	if rest, ok := strings.CutPrefix(text, "/"); ok {
		return rest, nil
	}
	return "", fail.Invalidf("Invalid path: it must begin with a slash")
}

// below checks a path within an owner's artifacts; "" is their root.
func below(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	return tracking.ArtifactPath(path)
}

// modelAddress writes the location of a logged model's artifacts in the form; the two differ in more than the beginning.
func (f form) modelAddress(m *tracking.LoggedModel) string {
	if f == workspaceForm && strings.HasPrefix(m.ArtifactLocation, store.ManagedRoot) {
		return "dbfs:/" + dbfsShape.write(artifactAddress{experiment: store.ExperimentID(m.Experiment), owner: m.ID, model: true})
	}
	return m.ArtifactLocation
}
