package tracking

import "bailiwick/keyed"

// MaxArtifactPath is the most bytes an artifact's path may have.
const MaxArtifactPath = keyed.MaxPath

// ArtifactPath checks the path of an artifact below its root (keyed.Path).
func ArtifactPath(raw string) (string, error) { return keyed.Path(raw) }
