package server

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// configSchema is printed from the table of settings by a test (TestPrintedSchema), for editors and other programs as much as for us.
//
//go:embed config_schema.json
var configSchema []byte

// document is a configuration file: its content as JSON values, and its syntax tree for the positions.
type document struct {
	name string
	root ast.Node
	// values is nil for an empty file.
	values map[string]any
}

// file reads a configuration file into the values it names; a problem in one of them does not hide those of the others.
func (l *loading) file(name string) {
	doc, problem := readDocument(name)
	if problem != nil {
		l.problems = append(l.problems, *problem)
		return
	}
	broken := doc.validate()
	l.problems = append(l.problems, broken...)
	for _, s := range settings {
		value, ok := doc.value(s.path())
		if !ok || slices.ContainsFunc(broken, func(p Problem) bool { return p.Key == s.Key || strings.HasPrefix(p.Key, s.Key+".") }) {
			continue
		}
		where := doc.where(s.path())
		l.take(s, textsOf(value), where, where)
	}
}

func readDocument(name string) (document, *Problem) {
	data, err := os.ReadFile(name)
	if err != nil {
		return document{}, &Problem{Where: name, What: err.Error()}
	}
	doc := document{name: name}
	file, err := parser.ParseBytes(data, 0)
	if err == nil && len(file.Docs) > 1 {
		err = errors.New("holds several YAML documents; one is read")
	}
	if err == nil && len(file.Docs) == 1 && file.Docs[0].Body != nil {
		doc.root = file.Docs[0].Body
		err = yaml.NodeToValue(doc.root, &doc.values)
	}
	if err != nil {
		return doc, &Problem{Where: doc.at(err), What: messageOf(err)}
	}
	return doc, nil
}

// at gives the file with the position that a syntax error carries, if it carries one.
func (d document) at(err error) string {
	var syntax yaml.Error
	if !errors.As(err, &syntax) || syntax.GetToken() == nil {
		return d.name
	}
	at := syntax.GetToken().Position
	return fmt.Sprintf("%s:%d:%d", d.name, at.Line, at.Column)
}

func messageOf(err error) string {
	var syntax yaml.Error
	if errors.As(err, &syntax) {
		return syntax.GetMessage()
	}
	return err.Error()
}

// where gives file:line:column of the value at a path; of the nearest thing above it that exists, when there is none.
func (d document) where(path []string) string {
	node := d.root
	for _, step := range path {
		next := child(node, step)
		if next == nil {
			break
		}
		node = next
	}
	if node == nil || node.GetToken() == nil {
		return d.name
	}
	at := node.GetToken().Position
	return fmt.Sprintf("%s:%d:%d", d.name, at.Line, at.Column)
}

// child gives the entry of a mapping whose key is step (the key itself where the value has no place of its own), or an item of a list.
func child(node ast.Node, step string) ast.Node {
	switch n := node.(type) {
	case ast.MapNode:
		for it := n.MapRange(); it.Next(); {
			if key, ok := it.Key().(ast.Node); ok && strings.Trim(key.String(), `"'`) == step {
				return entry(key, it.Value())
			}
		}
	case *ast.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i < len(n.Values) {
			return n.Values[i]
		}
	}
	return nil
}

func entry(key, value ast.Node) ast.Node {
	if _, empty := value.(*ast.NullNode); empty || value == nil {
		return key
	}
	return value
}

func (d document) value(path []string) (any, bool) {
	var at any = d.values
	for _, step := range path {
		m, ok := at.(map[string]any)
		if !ok {
			return nil, false
		}
		if at, ok = m[step]; !ok {
			return nil, false
		}
	}
	return at, true
}

// textsOf gives the texts of a value that the schema has accepted: a scalar, or a list of them.
func textsOf(value any) []string {
	if items, ok := value.([]any); ok {
		texts := make([]string, len(items))
		for i, item := range items {
			texts[i] = fmt.Sprint(item)
		}
		return texts
	}
	return []string{fmt.Sprint(value)}
}

// validate holds the document against the schema and gives each breach with its place.
func (d document) validate() Problems {
	if d.values == nil {
		return nil
	}
	err := compiledSchema().Validate(d.values)
	var breach *jsonschema.ValidationError
	if !errors.As(err, &breach) {
		return nil
	}
	var problems Problems
	for _, leaf := range leaves(breach) {
		problems = append(problems, d.breach(leaf)...)
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return strings.Compare(a.Key, b.Key) })
	return problems
}

func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var all []*jsonschema.ValidationError
	for _, cause := range e.Causes {
		all = append(all, leaves(cause)...)
	}
	return all
}

func (d document) breach(e *jsonschema.ValidationError) Problems {
	unknown, ok := e.ErrorKind.(*kind.AdditionalProperties)
	if !ok {
		what := e.ErrorKind.LocalizedString(message.NewPrinter(language.English))
		return Problems{{Where: d.where(e.InstanceLocation), Key: strings.Join(e.InstanceLocation, "."), What: what}}
	}
	var problems Problems
	for _, name := range unknown.Properties {
		path := append(slices.Clone(e.InstanceLocation), name)
		problems = append(problems, Problem{Where: d.where(path), Key: strings.Join(path, "."),
			What: "no such setting; here are known: " + strings.Join(namesUnder(e.InstanceLocation), ", ")})
	}
	return problems
}

// namesUnder lists the names that may follow a path in a file.
func namesUnder(path []string) []string {
	var names []string
	for _, s := range settings {
		steps := s.path()
		if len(steps) > len(path) && slices.Equal(steps[:len(path)], path) && !slices.Contains(names, steps[len(path)]) {
			names = append(names, steps[len(path)])
		}
	}
	return names
}

func (s Setting) path() []string { return strings.Split(s.Key, ".") }

// Schema is the JSON Schema of the configuration file.
func Schema() []byte { return bytes.Clone(configSchema) }

// compiledSchema compiles the embedded schema. It is part of the program, so a failure is a defect.
func compiledSchema() *jsonschema.Schema {
	const name = "config_schema.json"
	compiler := jsonschema.NewCompiler()
	content, err := jsonschema.UnmarshalJSON(bytes.NewReader(configSchema))
	if err == nil {
		err = compiler.AddResource(name, content)
	}
	if err != nil {
		panic(err)
	}
	return compiler.MustCompile(name)
}
