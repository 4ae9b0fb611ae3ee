package mlflow

import (
	"strings"

	"bailiwick/api"
	"bailiwick/store"
)

// form is how artifact addresses are written to a client: what it is answered decides how it transfers bytes (reference: mlflow-api.md §2).
type form uint8

const (
	// httpForm is for MLflow clients with an http tracking address, which transfer over the proxy routes.
	httpForm form = iota
	// workspaceForm is for clients that come the Databricks way, which transfer over the Files API, and for everybody else.
	workspaceForm
	forms
)

// workspaceRoot is where managed artifacts are in the workspace form.
const workspaceRoot = "dbfs:/databricks/mlflow-tracking/"

// formOf tells the two by the headers of a call.
func formOf(c *api.Call) form {
	if strings.HasPrefix(c.Header("User-Agent"), "mlflow-python-client/") && c.Header("X-Databricks-Org-Id") == "" {
		return httpForm
	}
	return workspaceForm
}

// address writes an artifact location in the form; locations outside of the managed store are the same in both.
func (f form) address(location string) string {
	if rest, ok := strings.CutPrefix(location, store.ManagedRoot); ok && f == workspaceForm {
		return workspaceRoot + rest
	}
	return location
}

// managed gives an address of either form as the store has it.
func managed(address string) string {
	if rest, ok := strings.CutPrefix(address, workspaceRoot); ok {
		return store.ManagedRoot + rest
	}
	return address
}
