// Package gosdk drives a server with the unmodified Databricks SDK for Go. clients/test_go_sdk.py starts the server, makes the people and
// runs each test as a process of its own; this is a module of its own, so that the product does not get the SDK as a dependency.
package gosdk

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/databricks/databricks-sdk-go"
	"github.com/databricks/databricks-sdk-go/apierr"
	"github.com/databricks/databricks-sdk-go/listing"
	"github.com/databricks/databricks-sdk-go/service/iam"
	"github.com/databricks/databricks-sdk-go/service/ml"
	"github.com/databricks/databricks-sdk-go/service/workspace"
)

// given is a value of the environment that clients/test_go_sdk.py sets.
func given(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: clients/test_go_sdk.py sets it", name)
	}
	return value
}

// signedIn gives the SDK with a token.
func signedIn(t *testing.T, token string) *databricks.WorkspaceClient {
	t.Helper()
	w, err := databricks.NewWorkspaceClient(&databricks.Config{
		Host: given(t, "SERVER"), Token: token, AuthType: "pat", RetryTimeoutSeconds: 20,
	})
	must(t, err)
	return w
}

// person gives the SDK signed in as somebody: admin, ada (whose folder it is), rita (who reads there), ed (who edits) or bob (who may
// nothing).
func person(t *testing.T, name string) *databricks.WorkspaceClient {
	t.Helper()
	return signedIn(t, given(t, strings.ToUpper(name)+"_TOKEN"))
}

// nameOf is somebody's name in access control lists.
func nameOf(t *testing.T, name string) string {
	t.Helper()
	return given(t, strings.ToUpper(name)+"_NAME")
}

// place is a path in Ada's folder that no other test uses.
func place(t *testing.T) string {
	t.Helper()
	return given(t, "FOLDER") + "/" + own(t)
}

// own is a name that no other test uses, with no slash.
func own(t *testing.T) string { return strings.ReplaceAll(t.Name(), "/", "-") }

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// result is what a call gave.
type result[T any] struct {
	value T
	err   error
}

func of[T any](value T, err error) result[T] { return result[T]{value, err} }

// must gives the value of a call that has to go well.
func (r result[T]) must(t *testing.T) T {
	t.Helper()
	must(t, r.err)
	return r.value
}

// fails holds an error to be of one of the SDK's kinds, with these parts in its text.
func (r result[T]) fails(t *testing.T, kind error, parts ...string) {
	t.Helper()
	if r.err == nil {
		t.Fatalf("expected an error, got %+v", r.value)
	}
	fails(t, r.err, kind, parts...)
}

// refused holds an error to be a refusal that tells the level which would have helped, and who can give it.
func (r result[T]) refused(t *testing.T, level, giver string) {
	t.Helper()
	r.fails(t, apierr.ErrPermissionDenied, "may not", "It takes "+level, "Who can give it:", giver)
}

func (r result[T]) missing(t *testing.T) {
	t.Helper()
	r.fails(t, apierr.ErrNotFound)
}

// only is the result of a call that gives nothing.
func only(err error) result[struct{}] { return result[struct{}]{err: err} }

func fails(t *testing.T, err, kind error, parts ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("got %v (%T), want %v", err, err, kind)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Fatalf("%q is not in %q", part, err)
		}
	}
}

func equal[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func holds(t *testing.T, is bool, about any) {
	t.Helper()
	if !is {
		t.Fatalf("does not hold of %+v", about)
	}
}

// all reads a list to its end, page by page.
func all[T any](t *testing.T, pages listing.Iterator[T]) []T {
	t.Helper()
	return of(listing.ToSlice(within(t), pages)).must(t)
}

// mapped gives one thing of each.
func mapped[T, U any](list []T, f func(T) U) []U {
	out := make([]U, 0, len(list))
	for _, x := range list {
		out = append(out, f(x))
	}
	return out
}

// folder makes a folder of the test's own and gives its path and id.
func folder(t *testing.T, w *databricks.WorkspaceClient) (path string, id int64) {
	t.Helper()
	path = place(t)
	must(t, w.Workspace.MkdirsByPath(within(t), path))
	return path, of(w.Workspace.GetStatusByPath(within(t), path)).must(t).ObjectId
}

// experiment makes an experiment of the test's own and gives its id.
func experiment(t *testing.T, w *databricks.WorkspaceClient) string {
	t.Helper()
	return of(w.Experiments.CreateExperiment(within(t), ml.CreateExperiment{Name: place(t)})).must(t).ExperimentId
}

// notebook imports a small Python notebook.
func notebook(t *testing.T, w *databricks.WorkspaceClient, path string) {
	t.Helper()
	must(t, w.Workspace.Import(within(t), workspace.PythonNotebookOverwrite(path, "# Databricks notebook source\nprint('hello')\n")))
}

// direct gives the entries that an object has of its own, by principal.
func direct(list []iam.AccessControlResponse) map[string]string {
	out := map[string]string{}
	for _, entry := range list {
		for _, p := range entry.AllPermissions {
			if !p.Inherited {
				out[entry.UserName+entry.GroupName+entry.ServicePrincipalName] = string(p.PermissionLevel)
			}
		}
	}
	return out
}
