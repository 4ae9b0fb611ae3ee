package workspace

import (
	"errors"
	"path"
	"strings"

	"bailiwick/fail"
)

// ItemKind tells notebooks from files, spelt as the protocol's object_type.
type ItemKind string

// The kinds of item.
const (
	NotebookItem ItemKind = "NOTEBOOK"
	FileItem     ItemKind = "FILE"
)

// Format is a format of import and export, spelt as the protocol spells it.
type Format string

// The formats. The empty one means SOURCE.
const (
	FormatSource    Format = "SOURCE"
	FormatJupyter   Format = "JUPYTER"
	FormatHTML      Format = "HTML"
	FormatDBC       Format = "DBC"
	FormatRMarkdown Format = "R_MARKDOWN"
	FormatRaw       Format = "RAW"
	FormatAuto      Format = "AUTO"
)

// Item is a notebook or a file as it is kept: the bytes that were imported, and what they are. Cells are derived on demand, so an
// export in the stored format is the import to the byte; WithNotebook replaces the bytes.
type Item struct {
	Kind     ItemKind
	Path     string   // clean; AUTO has cut the extension off a notebook's
	Language Language // of notebooks; "" for files
	Format   Format   // what Content is: SOURCE or JUPYTER for notebooks, RAW for files
	Content  []byte
}

var importers = map[Format]func(path string, l Language, content []byte) (Item, error){
	FormatSource:  importSource,
	FormatJupyter: importJupyter,
	FormatRaw:     importRaw,
	FormatAuto:    importAuto,
}

// Import reads what a client sends to be kept at rawPath. SOURCE needs the language, or a path whose extension tells it; JUPYTER and
// AUTO find it in the content and take the given one where that is silent; AUTO makes a notebook of .ipynb, and of .py, .sql, .scala
// and .r whose first line is the notebook header, and cuts the extension off, and a file of all else; RAW makes a file. Errors:
// fail.Invalid with what is allowed, or MAX_NOTEBOOK_SIZE_EXCEEDED; fail.Unsupported for DBC and R_MARKDOWN.
func Import(rawPath string, f Format, l Language, content []byte) (Item, error) {
	clean, err := Clean(rawPath)
	if err != nil {
		return Item{}, err
	}
	if IsSpecial(clean) || IsHome(clean) {
		return Item{}, fail.Invalidf("%s is a folder: a notebook or file needs a path below it", quote(clean))
	}
	if l != "" {
		if _, err := l.dialect(); err != nil {
			return Item{}, err
		}
	}
	read, ok := importers[orSource(f)]
	if !ok {
		return Item{}, notImportable(f)
	}
	return read(clean, l, content)
}

func orSource(f Format) Format {
	if f == "" {
		return FormatSource
	}
	return f
}

func notImportable(f Format) error {
	const allowed = "notebooks are imported as SOURCE or JUPYTER, files as RAW, and AUTO tells by extension and first line"
	switch f {
	case FormatDBC:
		return fail.New(fail.Unsupported, "the format DBC (Databricks archive) is not served yet; %s", allowed)
	case FormatRMarkdown:
		return fail.New(fail.Unsupported, "the format R_MARKDOWN is not served; %s", allowed)
	case FormatHTML:
		return fail.Invalidf("HTML is an export for reading and cannot be imported; %s", allowed)
	default:
		return fail.Invalidf("format %s is not known; %s", quote(string(f)), allowed)
	}
}

func importSource(clean string, l Language, content []byte) (Item, error) {
	d, ok := dialectOf(func(d dialect) bool { return d.Language == l || l == "" && strings.EqualFold(d.Ext, path.Ext(clean)) })
	if !ok {
		return Item{}, fail.Invalidf("the format SOURCE needs a language (PYTHON, SQL, SCALA or R), or a path that ends in .py, .sql, .scala or .r")
	}
	if err := checkSource(content, d); err != nil {
		return Item{}, err
	}
	return Item{NotebookItem, clean, d.Language, FormatSource, content}, nil
}

func importJupyter(clean string, l Language, content []byte) (Item, error) {
	nb, err := ParseJupyter(content, l)
	if err != nil {
		return Item{}, err
	}
	return Item{NotebookItem, clean, nb.Language, FormatJupyter, content}, nil
}

func importRaw(clean string, _ Language, content []byte) (Item, error) {
	return Item{FileItem, clean, "", FormatRaw, content}, nil
}

// importAuto decides as the Databricks command line decides about local files, header and letter case included: where the two
// differed, a sync would look for a file where a notebook is.
func importAuto(clean string, l Language, content []byte) (Item, error) {
	ext := path.Ext(clean)
	bare, err := Clean(strings.TrimSuffix(clean, ext))
	if err != nil || bare+ext != clean || IsSpecial(bare) {
		return importRaw(clean, l, content) // without its extension it would be no name, or a folder's
	}
	if strings.EqualFold(ext, ".ipynb") {
		return autoJupyter(clean, bare, l, content)
	}
	d, ok := dialectOf(func(d dialect) bool { return strings.EqualFold(d.Ext, ext) })
	line, _, _ := strings.Cut(string(content[:min(len(content), 64)]), "\n")
	if !ok || strings.TrimSuffix(line, "\r") != d.Comment+headerText {
		return importRaw(clean, l, content)
	}
	return importSource(bare, d.Language, content)
}

// autoJupyter keeps notebooks of older formats and of other languages as files, since they are good data all the same; what is no
// notebook at all is refused, for somebody expects one.
func autoJupyter(clean, bare string, l Language, content []byte) (Item, error) {
	keys, err := jupyterKeys(content)
	if e := (*fail.Error)(nil); errors.As(err, &e) {
		e.Message += "; the format RAW keeps it as a file"
	}
	if err != nil {
		return Item{}, err
	}
	_, foreign := jupyterLanguage(keys["metadata"], l)
	if foreign != nil || oldFormats[string(keys["nbformat"])] {
		return importRaw(clean, l, content)
	}
	return importJupyter(bare, l, content)
}

// Notebook takes a notebook apart; fail.Invalid for a file.
func (it Item) Notebook() (*Notebook, error) {
	switch it.Format {
	case FormatSource:
		return ParseSource(it.Content, it.Language)
	case FormatJupyter:
		return ParseJupyter(it.Content, it.Language)
	}
	return nil, fail.Invalidf("%s is a file, not a notebook", quote(it.Path))
}

// WithNotebook gives the item with the notebook's content, in the format it is kept in; within the limits of an import.
func (it Item) WithNotebook(nb *Notebook) (Item, error) {
	if it.Kind != NotebookItem {
		return Item{}, fail.Invalidf("%s is a file, not a notebook", quote(it.Path))
	}
	write := WriteSource
	if it.Format == FormatJupyter {
		write = WriteJupyter
	}
	content, err := write(nb)
	if err != nil {
		return Item{}, err
	}
	return importers[it.Format](it.Path, nb.Language, content)
}

// Export gives the item's bytes in a format and its file type, the extension without a dot. The stored format, RAW and AUTO give what
// was imported, to the byte; files have no other. Errors: fail.Invalid, MAX_NOTEBOOK_SIZE_EXCEEDED if the converted notebook is
// larger than MaxNotebook, fail.Unsupported for DBC and R_MARKDOWN.
func Export(it Item, f Format) (content []byte, fileType string, err error) {
	switch f = orSource(f); {
	case f == FormatDBC || f == FormatRMarkdown:
		return nil, "", fail.New(fail.Unsupported, "the export format %s is not served; %s", f, exportable(it))
	case it.Kind == FileItem && f != FormatSource && f != FormatRaw && f != FormatAuto:
		return nil, "", fail.Invalidf("%s is a file and has no format %s; %s", quote(it.Path), quote(string(f)), exportable(it))
	case it.Kind == FileItem:
		return it.Content, strings.TrimPrefix(path.Ext(it.Path), "."), nil
	case f == FormatRaw || f == FormatAuto:
		f = it.Format
	}
	return exportNotebook(it, f)
}

func exportable(it Item) string {
	if it.Kind == FileItem {
		return "files are exported as RAW, SOURCE or AUTO, which give their bytes"
	}
	return "notebooks are exported as SOURCE, JUPYTER, HTML, or as they were imported: RAW or AUTO"
}

func exportNotebook(it Item, f Format) ([]byte, string, error) {
	writers := map[Format]func(*Notebook) ([]byte, error){
		FormatSource:  WriteSource,
		FormatJupyter: WriteJupyter,
		FormatHTML:    func(nb *Notebook) ([]byte, error) { return WriteHTML(nb, Base(it.Path)) },
	}
	write, ok := writers[f]
	if !ok {
		return nil, "", fail.Invalidf("format %s is not known; %s", quote(string(f)), exportable(it))
	}
	if f == it.Format {
		return it.Content, fileType(f, it.Language), nil
	}
	nb, err := it.Notebook()
	if err != nil {
		return nil, "", err
	}
	content, err := write(nb)
	if err == nil {
		err = checkSize(len(content))
	}
	return content, fileType(f, it.Language), err
}

func fileType(f Format, l Language) string {
	d, _ := l.dialect()
	return map[Format]string{FormatSource: strings.TrimPrefix(d.Ext, "."), FormatJupyter: "ipynb", FormatHTML: "html"}[f]
}
