package databricks

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strconv"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/workspace"
)

// reader is a request that is not plain JSON: it reads itself, with the most bytes of an imported item. It runs before any transaction,
// which is where the slow part of an import belongs.
type reader interface {
	read(in *api.Input, most int64) error
}

// decode fills a request: JSON, or in its own way.
func (f *Front) decode(in *api.Input, request any) error {
	if r, ok := request.(reader); ok {
		return r.read(in, f.MaxImport)
	}
	return api.DecodeJSON(in, request)
}

type importRequest struct {
	Path      string `json:"path"`
	Format    string `json:"format"`
	Language  string `json:"language"`
	Content   []byte `json:"content"` // base64 in JSON, the bytes themselves in a form
	Overwrite bool   `json:"overwrite"`

	item workspace.Item
}

func (q *importRequest) read(in *api.Input, most int64) (err error) {
	kind, params, err := mime.ParseMediaType(in.Request.Header.Get("Content-Type"))
	if err == nil && kind == "multipart/form-data" {
		err = q.readForm(in.Body, params["boundary"])
	} else {
		err = api.DecodeJSON(in, q)
	}
	if err != nil {
		return err
	}
	q.item, err = parse(q.Path, q.Format, q.Language, q.Content, most)
	return err
}

// parse reads content as package workspace does, within the server's limit.
func parse(path, format, language string, content []byte, most int64) (workspace.Item, error) {
	if int64(len(content)) > most {
		return workspace.Item{}, fail.New(fail.TooLarge, "the content has %d bytes, this server takes at most %d", len(content), most)
	}
	return workspace.Import(path, workspace.Format(format), workspace.Language(language), content)
}

// maxParts bounds the parts of a form, which has five.
const maxParts = 16

func (q *importRequest) readForm(body []byte, boundary string) error {
	form := multipart.NewReader(bytes.NewReader(body), boundary)
	for range maxParts {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fail.Invalidf("malformed form: %v", err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return fail.Invalidf("malformed form: %v", err)
		}
		if err := q.field(part.FormName(), content); err != nil {
			return err
		}
	}
	return fail.Invalidf("the form has more than %d parts", maxParts)
}

func (q *importRequest) field(name string, content []byte) (err error) {
	switch name {
	case "path":
		q.Path = string(content)
	case "format":
		q.Format = string(content)
	case "language":
		q.Language = string(content)
	case "content":
		q.Content = content
	case "overwrite":
		if q.Overwrite, err = strconv.ParseBool(string(content)); err != nil {
			return fail.Invalidf("overwrite: %q is not true or false", content)
		}
	}
	return nil
}

// fileRequest is an upload by path: the body is the content, and what it is shows in it, as with the format AUTO.
type fileRequest struct {
	Path      string `path:"path"`
	Overwrite bool   `query:"overwrite"`

	item workspace.Item
}

func (q *fileRequest) read(in *api.Input, most int64) (err error) {
	content := in.Body
	in.Body = nil
	if err := api.DecodeJSON(in, q); err != nil {
		return err
	}
	q.Path = "/" + strings.TrimPrefix(q.Path, "/")
	q.item, err = parse(q.Path, string(workspace.FormatAuto), "", content, most)
	return err
}

// findImport takes as the target the notebook or file that is there, or else the folder. One who may not know what is there has no level
// in its folder either, so he is asked about the folder and learns nothing.
func findImport(c *api.Call, q *importRequest) (api.Place, api.Target, error) {
	return findItem(c, q.item)
}

func findFile(c *api.Call, q *fileRequest) (api.Place, api.Target, error) {
	return findItem(c, q.item)
}

func findItem(c *api.Call, item workspace.Item) (api.Place, api.Target, error) {
	p, err := api.FindPlace(c.Tx.Map, item.Path)
	if err != nil {
		return p, api.Target{}, err
	}
	c.Note("path", p.Path)
	c.Note("format", string(item.Format))
	if o := p.Object; o != nil && (o.Kind == authz.Notebook || o.Kind == authz.File) && c.Visible(o) {
		return p, p.Itself(authz.EditCells), nil
	}
	t, err := p.ToFolder(authz.CreateItems)
	return p, t, err
}

type importAnswer struct {
	ID int64 `json:"object_id"`
}

func importItem(c *api.Call, p api.Place, q *importRequest) (*importAnswer, error) {
	if p.Object != nil && !q.Overwrite {
		return nil, p.Taken()
	}
	id, err := keep(c, p, q.item)
	return &importAnswer{id}, err
}

// importFile answers what the command line takes for "there is one already": 409 about a file, 400 with just these words about a notebook.
func importFile(c *api.Call, p api.Place, q *fileRequest) (*empty, error) {
	if p.Object != nil && !q.Overwrite {
		if p.Object.Kind == authz.Notebook {
			return nil, p.Taken()
		}
		return nil, fail.New(fail.Conflict, "Path (%s) already exists.", p.Path).WithCode("RESOURCE_ALREADY_EXISTS")
	}
	_, err := keep(c, p, q.item)
	return &empty{}, err
}

// keep writes an item where it belongs: over the one that is there, which keeps its id, or as a new object.
func keep(c *api.Call, p api.Place, item workspace.Item) (id int64, err error) {
	kind := kindOf(item)
	switch old := p.Object; {
	case old == nil:
		if err := api.CheckFolder(p.Folder); err != nil {
			return 0, err
		}
		o := c.NewObject(kind, p.Folder.ID, workspace.Base(p.Path))
		id = o.ID
		c.Action(actions[kind].create)
		if err := c.Tx.Govern(api.PutObject(o)); err != nil {
			return 0, err
		}
	case old.Kind != kind:
		return 0, fail.New(fail.Invalid, "Path (%s) already exists as %s and cannot be overwritten as %s.", p.Path,
			api.ObjectType(old.Kind), api.ObjectType(kind)).
			WithCode("RESOURCE_ALREADY_EXISTS")
	default:
		id = old.ID
	}
	c.About(id)
	return id, c.Tx.PutItem(id, string(item.Language), string(item.Format), item.Content)
}

// kindOf is the kind of a notebook or file.
func kindOf(it workspace.Item) authz.Kind {
	if it.Kind == workspace.NotebookItem {
		return authz.Notebook
	}
	return authz.File
}
