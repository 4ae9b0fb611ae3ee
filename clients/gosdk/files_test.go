package gosdk

import (
	"bytes"
	"io"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/databricks/databricks-sdk-go/apierr"
	"github.com/databricks/databricks-sdk-go/service/files"
	"github.com/databricks/databricks-sdk-go/service/ml"
)

// TestArtifacts sends a run's files over the Files API and reads them there, over DBFS and as the run's artifacts.
func TestArtifacts(t *testing.T) {
	ctx, ada, giver := within(t), person(t, "ada"), nameOf(t, "ada")
	exp := experiment(t, ada)
	run := newRun(t, ada, exp)
	root := "/WorkspaceInternal/Mlflow/Artifacts/" + exp + "/Runs/" + run + "/artifacts"
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<17) // 2 MiB, two blocks of DBFS
	for name, content := range map[string][]byte{"model/MLmodel": []byte("flavors: {}\n"), "model/weights.bin": large} {
		must(t, ada.Files.Upload(ctx, files.UploadRequest{FilePath: root + "/" + name, Contents: io.NopCloser(bytes.NewReader(content))}))
	}
	listed := mapped(all(t, ada.Experiments.ListArtifacts(ctx, ml.ListArtifactsRequest{RunId: run, Path: "model"})),
		func(f ml.FileInfo) string { return f.Path })
	holds(t, slices.Equal(listed, []string{"model/MLmodel", "model/weights.bin"}), listed)

	got := of(ada.Files.DownloadByFilePath(ctx, root+"/model/weights.bin")).must(t)
	holds(t, bytes.Equal(of(io.ReadAll(got.Contents)).must(t), large), "the file's bytes")
	equal(t, of(ada.Files.GetMetadataByFilePath(ctx, root+"/model/weights.bin")).must(t).ContentLength, int64(len(large)))
	entries := all(t, ada.Files.ListDirectoryContents(ctx, files.ListDirectoryContentsRequest{DirectoryPath: root + "/model"}))
	holds(t, len(entries) == 2 && path.Base(entries[1].Path) == "weights.bin" && entries[1].FileSize == int64(len(large)), entries)

	uri := strings.TrimPrefix(of(ada.Experiments.GetRun(ctx, ml.GetRunRequest{RunId: run})).must(t).Run.Info.ArtifactUri, "dbfs:")
	equal(t, uri, "/databricks/mlflow-tracking/"+exp+"/"+run+"/artifacts")
	holds(t, bytes.Equal(of(ada.Dbfs.ReadFile(ctx, uri+"/model/weights.bin")).must(t), large), "the file's bytes")
	equal(t, of(ada.Dbfs.GetStatusByPath(ctx, uri+"/model/weights.bin")).must(t).FileSize, int64(len(large)))
	deep := of(ada.Dbfs.RecursiveList(ctx, uri)).must(t)
	equal(t, len(deep), 2)

	of(person(t, "rita").Dbfs.ReadFile(ctx, uri+"/model/MLmodel")).must(t)
	only(person(t, "rita").Files.Upload(ctx, files.UploadRequest{FilePath: root + "/x", Contents: io.NopCloser(strings.NewReader("x"))})).
		refused(t, "CAN_EDIT", giver)
	of(person(t, "bob").Dbfs.ReadFile(ctx, uri+"/model/MLmodel")).refused(t, "CAN_READ", giver)
	of(person(t, "bob").Files.DownloadByFilePath(ctx, root+"/model/MLmodel")).refused(t, "CAN_READ", giver)
	of(ada.Dbfs.GetStatusByPath(ctx, uri+"/gone")).missing(t)
	of(ada.Files.DownloadByFilePath(ctx, root+"/gone")).missing(t)
	of(ada.Dbfs.GetStatusByPath(ctx, "/etc/passwd")).fails(t, apierr.ErrBadRequest)
}
