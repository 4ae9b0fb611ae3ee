package gosdk

import (
	"bytes"
	"encoding/base64"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/databricks/databricks-sdk-go/apierr"
	"github.com/databricks/databricks-sdk-go/service/workspace"
)

const source = "# Databricks notebook source\nprint('hello')\n\n# COMMAND ----------\n\nprint('world')\n"

func TestNotebook(t *testing.T) {
	ctx, w, path := within(t), person(t, "ada").Workspace, place(t)
	sent := workspace.Import{Path: path, Format: workspace.ImportFormatSource, Language: workspace.LanguagePython,
		Content: base64.StdEncoding.EncodeToString([]byte(source))}
	must(t, w.Import(ctx, sent))
	status := of(w.GetStatusByPath(ctx, "/Workspace"+path)).must(t)
	equal(t, status.Path, path)
	equal(t, status.ObjectType, workspace.ObjectTypeNotebook)
	equal(t, status.Language, workspace.LanguagePython)

	exported := of(w.Export(ctx, workspace.ExportRequest{Path: path, Format: workspace.ExportFormatSource})).must(t)
	equal(t, string(of(base64.StdEncoding.DecodeString(exported.Content)).must(t)), source)
	only(w.Import(ctx, sent)).fails(t, apierr.ErrResourceAlreadyExists)
	sent.Overwrite = true
	must(t, w.Import(ctx, sent))
	equal(t, of(w.GetStatusByPath(ctx, path)).must(t).ObjectId, status.ObjectId)
	must(t, w.Delete(ctx, workspace.Delete{Path: path}))
	of(w.GetStatusByPath(ctx, path)).missing(t)
	only(w.Delete(ctx, workspace.Delete{Path: path})).missing(t)
}

func TestUploadAndDownload(t *testing.T) {
	ctx, w, path := within(t), person(t, "ada").Workspace, place(t)
	content := bytes.Repeat([]byte("a,b\n1,\x00\xff\n"), 100_000)
	must(t, w.Upload(ctx, path+".csv", bytes.NewReader(content), workspace.UploadFormat(workspace.ImportFormatRaw)))
	body := of(w.Download(ctx, path+".csv")).must(t)
	holds(t, bytes.Equal(of(io.ReadAll(body)).must(t), content), "the file's bytes")
	must(t, body.Close())

	must(t, w.WriteFile(ctx, path+".txt", []byte("first and longer")))
	must(t, w.WriteFile(ctx, path+".txt", []byte("second")))
	equal(t, string(of(w.ReadFile(ctx, path+".txt")).must(t)), "second")
	must(t, w.Upload(ctx, path+"-job.py", strings.NewReader(source), workspace.UploadFormat(workspace.ImportFormatAuto)))
	equal(t, of(w.GetStatusByPath(ctx, path+"-job")).must(t).ObjectType, workspace.ObjectTypeNotebook)
	only(w.Upload(ctx, path+"-gone/x.txt", strings.NewReader("x"), workspace.UploadFormat(workspace.ImportFormatRaw))).missing(t)
}

func TestFolders(t *testing.T) {
	ctx, ada := within(t), person(t, "ada")
	w := ada.Workspace
	path, id := folder(t, ada)
	must(t, w.MkdirsByPath(ctx, path+"/a/b"))
	must(t, w.MkdirsByPath(ctx, path+"/a/b"))
	notebook(t, ada, path+"/a/nb")
	pathOf := func(o workspace.ObjectInfo) string { return o.Path }
	listed := mapped(all(t, w.List(ctx, workspace.ListWorkspaceRequest{Path: path + "/a"})), pathOf)
	slices.Sort(listed)
	holds(t, slices.Equal(listed, []string{path + "/a/b", path + "/a/nb"}), listed)
	deep := mapped(of(w.RecursiveList(ctx, path)).must(t), pathOf)
	holds(t, slices.Equal(deep, []string{path + "/a/nb"}), deep)
	equal(t, len(all(t, w.List(ctx, workspace.ListWorkspaceRequest{Path: path + "/a/b"}))), 0)

	only(w.MkdirsByPath(ctx, path+"/a/nb/c")).fails(t, apierr.ErrResourceAlreadyExists)
	only(w.Delete(ctx, workspace.Delete{Path: path})).fails(t, apierr.ErrBadRequest, "not empty")
	must(t, w.Delete(ctx, workspace.Delete{Path: path, Recursive: true}))
	must(t, w.MkdirsByPath(ctx, path))
	holds(t, of(w.GetStatusByPath(ctx, path)).must(t).ObjectId != id, "the id of a new folder")
}

func TestFoldersRefuse(t *testing.T) {
	ctx, ada := within(t), person(t, "ada")
	path, _ := folder(t, ada)
	notebook(t, ada, path+"/nb")
	giver := nameOf(t, "ada")
	bob := person(t, "bob").Workspace
	of(bob.Export(ctx, workspace.ExportRequest{Path: path + "/nb"})).refused(t, "CAN_READ", giver)
	of(bob.Download(ctx, path+"/nb")).refused(t, "CAN_READ", giver)
	only(bob.MkdirsByPath(ctx, path+"/theirs")).refused(t, "CAN_MANAGE", giver)
	only(bob.Delete(ctx, workspace.Delete{Path: path + "/nb"})).refused(t, "CAN_MANAGE", giver)
	only(bob.Import(ctx, workspace.PythonNotebookOverwrite(path+"/nb", "1"))).refused(t, "CAN_EDIT", giver)
	only(bob.MkdirsByPath(ctx, "/"+own(t))).fails(t, apierr.ErrPermissionDenied)

	of(person(t, "rita").Workspace.Export(ctx, workspace.ExportRequest{Path: path + "/nb"})).must(t)
	only(person(t, "rita").Workspace.Import(ctx, workspace.PythonNotebookOverwrite(path+"/nb", "1"))).refused(t, "CAN_EDIT", giver)
	must(t, person(t, "ed").Workspace.Import(ctx, workspace.PythonNotebookOverwrite(path+"/nb", "1")))
}
