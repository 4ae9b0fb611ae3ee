package mlflow

import (
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
)

// ViewRoutes are the endpoints with which the console shows artifacts; they stand with its others.
func (f *Front) ViewRoutes() []api.Route {
	return []api.Route{
		api.Download("GET /artifacts/view", authz.ReadArtifacts, at(viewedFile), f.view, orElsewhere[ArtifactView](),
			api.Audit[ArtifactView](api.Each, "mlflowExperiment", "downloadArtifact")),
	}
}

// ArtifactView names a file of a run (RunID), a logged model (ModelID) or a version of a registered model (Name, Version).
type ArtifactView struct {
	RunID   string `json:"-" query:"run_id"`
	ModelID string `json:"-" query:"model_id"`
	Name    string `json:"-" query:"name"`
	Version string `json:"-" query:"version"`
	Path    string `json:"-" query:"path"`
	// MaxBytes asks for no more than the beginning of a text; 0 = all of it.
	MaxBytes int64 `json:"-" query:"max_bytes"`
}

func viewedFile(_ *api.Call, q *ArtifactView) (artifactAddress, error) {
	owners := 0
	for _, named := range []bool{q.RunID != "", q.ModelID != "", q.Name != "" || q.Version != ""} {
		if named {
			owners++
		}
	}
	switch {
	case owners != 1:
		return artifactAddress{}, fail.Invalidf("Name one owner of the artifact: 'run_id', 'model_id', or 'name' and 'version'.")
	case q.Path == "":
		return artifactAddress{}, fail.Invalidf("Missing value for required parameter 'path'.")
	case q.MaxBytes < 0:
		return artifactAddress{}, fail.Invalidf("'max_bytes' must not be negative.")
	case q.RunID != "":
		return runAddress(q.RunID, q.Path)
	case q.ModelID != "":
		return modelFile(q.ModelID, q.Path)
	}
	return versionPath(&ModelVersionFile{Name: &q.Name, Version: &q.Version}, q.Path)
}

// showing is how files of a type are shown.
type showing struct {
	mime   string
	policy api.Policy
	text   bool // max_bytes may cut it
}

const plainText = "text/plain; charset=utf-8"

// asText shows a file as what it is made of.
var asText = showing{plainText, api.Sealed, true}

// showings say by the last ending of a name, in lower case, how a file is shown. What is in none of these lists is saved. Bytes are never
// looked at: what a browser makes of a file is for us to say.
var showings = map[string]showing{
	".html": {"text/html; charset=utf-8", api.Page, false}, ".htm": {"text/html; charset=utf-8", api.Page, false},
	".svg": {"image/svg+xml", api.Page, false},
	".png": {"image/png", api.Media, false}, ".jpg": {"image/jpeg", api.Media, false}, ".jpeg": {"image/jpeg", api.Media, false},
	".gif": {"image/gif", api.Media, false}, ".webp": {"image/webp", api.Media, false}, ".bmp": {"image/bmp", api.Media, false},
	".ico": {"image/x-icon", api.Media, false}, ".avif": {"image/avif", api.Media, false},
	".pdf": {"application/pdf", api.Media, false},
	".mp4": {"video/mp4", api.Media, false}, ".webm": {"video/webm", api.Media, false},
	".mp3": {"audio/mpeg", api.Media, false}, ".wav": {"audio/wav", api.Media, false}, ".ogg": {"audio/ogg", api.Media, false},
}

// texts are the endings of what people read as text; so do they what has no ending (MLmodel, LICENSE).
var texts = strings.Fields(`.txt .md .markdown .rst .log .csv .tsv .json .jsonl .ndjson .geojson .yaml .yml .toml .ini .cfg .conf .properties .env
	.xml .xhtml .py .pyi .ipynb .sql .scala .r .sh .bash .java .kt .go .rs .c .h .cc .cpp .hpp .js .mjs .ts .tsx .jsx .css .tex .proto .lock .diff
	.patch .template .jinja .dockerfile .gitignore`)

// showingOf gives how a file is shown; false for what is saved.
func showingOf(name string) (showing, bool) {
	ext := strings.ToLower(path.Ext(name))
	if s, ok := showings[ext]; ok {
		return s, true
	}
	if ext == "" || ext == "." || slices.Contains(texts, ext) {
		return asText, true
	}
	return showing{mime: "application/octet-stream"}, false
}

// view answers with a file as the console shows it: in its place, and so that it can do nothing there.
func (f *Front) view(c *api.Call, p spot, q *ArtifactView) (*api.Content, error) {
	content, err := f.content(c, p)
	if err != nil {
		return nil, err
	}
	how, shown := showingOf(content.Name)
	content.Type, content.Policy, content.Attachment = how.mime, how.policy, !shown
	if shown {
		c.SetHeader("Content-Disposition", "inline")
	}
	if how.text && q.MaxBytes > 0 {
		cutShort(c, content, q.MaxBytes)
	}
	return content, nil
}

// cutShort makes content give no more than its first bytes, and say so where there are more.
func cutShort(c *api.Call, content *api.Content, most int64) {
	open := content.Open
	content.ETag += "-" + strconv.FormatInt(most, 10)
	content.Open = func() (io.ReadSeekCloser, error) {
		r, err := open()
		if err != nil {
			return nil, err
		}
		size, err := r.Seek(0, io.SeekEnd)
		if err == nil && size > most {
			c.SetHeader("X-Bailiwick-Truncated", "true")
			c.SetHeader("X-Bailiwick-Size", strconv.FormatInt(size, 10))
		}
		if err == nil {
			_, err = r.Seek(0, io.SeekStart)
		}
		if err != nil {
			r.Close()
			return nil, err
		}
		return &beginning{r, 0, min(size, most)}, nil
	}
}

// beginning is the first bytes of a file.
type beginning struct {
	io.ReadSeekCloser
	at, size int64
}

func (b *beginning) Read(p []byte) (int, error) {
	if b.at >= b.size {
		return 0, io.EOF
	}
	n, err := b.ReadSeekCloser.Read(p[:min(int64(len(p)), b.size-b.at)])
	b.at += int64(n)
	return n, err
}

// Seek counts from the end of the beginning, not of the file.
func (b *beginning) Seek(offset int64, whence int) (n int64, err error) {
	if whence == io.SeekEnd {
		offset, whence = offset+b.size, io.SeekStart
	}
	b.at, err = b.ReadSeekCloser.Seek(offset, whence)
	return b.at, err
}
