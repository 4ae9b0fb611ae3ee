package mlflow

import (
	"slices"
	"strings"

	"bailiwick/api"
	"bailiwick/fail"
	"bailiwick/store"
	"bailiwick/tracking"
)

// Locations of an experiment's own, which are outside of our store. Clients go there with their own rights, and this server with its own, so what it
// reads there for somebody must be in the location of an experiment that he may read, and in nobody else's.

// location checks the artifact location that a caller gives an experiment: only what an administrator has allowed. Empty is the managed
// one.
func (f *Front) location(uri string) (string, error) {
	if uri == "" {
		return "", nil
	}
	if err := tracking.ArtifactLocation(uri); err != nil {
		return "", err
	}
	uri = strings.TrimSuffix(uri, "/")
	if plainPlace(uri) {
		for _, prefix := range f.Prefixes {
			if rest, ok := strings.CutPrefix(uri, strings.TrimSuffix(prefix, "/")); ok && (rest == "" || rest[0] == '/') {
				return uri, nil
			}
		}
	}
	return "", fail.Invalidf("Invalid value %q for parameter 'artifact_location' supplied: artifacts are kept by this server; "+
		"an administrator can allow other locations by their prefix (artifact-prefixes)", uri)
}

// plainPlace reports whether an address means what its text says: two such are in each other only where one's text begins with the other's.
func plainPlace(uri string) bool {
	_, at, ok := strings.Cut(uri, ":/")
	at = strings.TrimPrefix(at, "/") // of scheme://host
	if !ok || strings.ContainsAny(uri, "%\\?#") {
		return false
	}
	segments := strings.Split(strings.TrimPrefix(at, "/"), "/") // file:///path has no host
	return !slices.ContainsFunc(segments, func(s string) bool { return s == "" || s == "." || s == ".." })
}

// overlapped asks for the experiments in whose own locations a new one's is, or is about: its maker could read there by it what he may not, and
// others what is his.
func (f *Front) overlapped(c *api.Call, q *CreateExperiment) ([]api.Target, error) {
	uri, err := f.location(q.GetArtifactLocation())
	if err != nil || uri == "" {
		return nil, err
	}
	in, inner, err := c.Tx.ExperimentsAt(uri)
	if in != 0 {
		inner = append(inner, in)
	}
	return locationTargets(c, inner, fail.Invalidf("Invalid value %q for parameter 'artifact_location' supplied: it overlaps the location of another "+
		"experiment", uri)), err
}

// locationTargets asks for what lies in the own locations of experiments; one in the trash may be looked at there.
func locationTargets(c *api.Call, experiments []int64, absent error) (targets []api.Target) {
	for _, id := range experiments {
		t := experimentTarget(c, id, "", absent)
		t.Frozen = nil
		targets = append(targets, t)
	}
	return targets
}

// outside turns the source of an owner whose experiment has a location of its own, and of which nothing is in our store, into that location.
func (s *source) outside(c *api.Call, q *CreateModelVersion) error {
	own, err := c.Tx.Location(s.experiment)
	if err != nil || own == "" {
		return err
	}
	if ours, err := c.Tx.HasSource(s.owner, s.path); err != nil || ours {
		return err
	}
	root := store.RunLocation(s.experiment, own, s.owner)
	if strings.HasPrefix(s.owner, "m-") {
		root = store.ModelLocation(s.experiment, own, s.owner)
	}
	s.elsewhere = strings.TrimSuffix(root+"/"+strings.ReplaceAll(s.path, "%", "%25"), "/") // an address is decoded, a path is not
	s.owner, s.path = "", ""
	return s.around(c, q)
}

// around notes the experiments whose own locations lie in the source.
func (s *source) around(c *api.Call, q *CreateModelVersion) error {
	_, inner, err := c.Tx.ExperimentsAt(s.elsewhere)
	s.inner = locationTargets(c, inner, elsewhereOf(q))
	return err
}

// elsewhereOf is what is said of a source that is nowhere, and of one that the caller may not know of.
func elsewhereOf(q *CreateModelVersion) error {
	return badSource(q, "It is outside of every experiment of this server, so nobody can say who may read it. Log the model to an experiment, and register it from there.")
}

// outsideSource finds the experiment whose own location a source is in; what is in none is outside of everything that permissions are about.
func (f *Front) outsideSource(c *api.Call, q *CreateModelVersion, location string) (*source, error) {
	if !plainPlace(location) {
		return nil, badSource(q, "It is no address of artifacts: expected runs:/, models:/, mlflow-artifacts:/, dbfs:/ or a place in an experiment's own "+
			"location, written as it is, without '%%', '.' and '..'")
	}
	id, _, err := c.Tx.ExperimentsAt(location)
	if err == nil && id == 0 {
		err = elsewhereOf(q)
	}
	if err != nil {
		return nil, err
	}
	s := &source{experiment: id, elsewhere: location, target: experimentTarget(c, id, "", elsewhereOf(q))}
	return s, s.around(c, q)
}
