package authz

import (
	"strconv"
	"strings"
)

// rootNames are the objects whose name on the wire is no number.
var rootNames = map[int64]string{ModelsRoot: "root", DefaultExperiment: "0"}

// RequestName gives the name of an object in the permissions API without the slash at its front: "experiments/123", "authorization/tokens",
// "registered-models/root"; "workspace" for the workspace itself, which has no permissions there.
func RequestName(o *Object) string {
	info, _ := o.Kind.Info()
	switch o.Kind {
	case Workspace:
		return info.Name
	case Tokens, Passwords:
		return info.Request
	}
	if name, ok := rootNames[o.ID]; ok {
		return info.Request + "/" + name
	}
	return info.Request + "/" + strconv.FormatInt(o.ID, 10)
}

// Find finds an object by the text that people and commands use for it: a workspace path ("/Users/a@b/churn"), or a name as RequestName
// writes it, with or without a slash at its front where it cannot be a path. A registered model is also found by its name.
func (m *Map) Find(text string) (*Object, bool) {
	if strings.HasPrefix(text, "/") {
		if o, ok := m.Resolve(text); ok {
			return o, true
		}
	}
	text = strings.TrimPrefix(text, "/")
	switch text {
	case "workspace":
		return m.Object(WorkspaceObject)
	case "authorization/tokens":
		return m.Object(TokensRoot)
	case "authorization/passwords":
		return m.Object(PasswordsRoot)
	}
	request, id, ok := strings.Cut(text, "/")
	kind, known := KindOfRequest(request)
	if !ok || !known {
		return nil, false
	}
	return m.findOfKind(kind, id)
}

// findOfKind finds an object of a kind by its id on the wire.
func (m *Map) findOfKind(kind Kind, id string) (*Object, bool) {
	for n, name := range rootNames {
		if o, ok := m.Object(n); ok && o.Kind == kind && name == id {
			return o, true
		}
	}
	if n, err := strconv.ParseInt(id, 10, 64); err == nil && rootNames[n] == "" {
		if o, ok := m.Object(n); ok && o.Kind == kind {
			return o, true
		}
	}
	if kind != RegisteredModel {
		return nil, false
	}
	return m.ChildNamed(ModelsRoot, kind, id)
}
