package server_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bailiwick/api"
	"bailiwick/server"
	"bailiwick/server/servertest"
)

// routes calls use for every route of a running server.
func routes(s *servertest.Server, use func(*api.Front, *api.Route)) {
	for _, f := range s.Door.Fronts() {
		for i := range f.Routes {
			use(f, &f.Routes[i])
		}
	}
}

// TestPrintedRoutes prints docs/routes.md.
func TestPrintedRoutes(t *testing.T) {
	s := servertest.Start(t)
	var b bytes.Buffer
	b.WriteString(`# Routes

Printed from the tables of all protocols by a test (` + "`server/routes_test.go`" + `); edit a table, then run ` + "`make golden`" + `.

A route names the ability that it needs on the object it is about. *Further* are abilities that it needs on other objects of the request;
*or* those that it needs instead, depending on what the request names. Open routes take no credential, for the reason given. The audit class
says how a call gets into the ledger: A an entry of its own before the answer, B counted by the minute in the same transaction, C counted
and written behind. Refusals of an identified caller are entries of their own.
`)
	for _, f := range s.Door.Fronts() {
		fmt.Fprintf(&b, "\n## %s\n\nUnder %s:\n\n| route | way | needs | audit |\n|---|---|---|---|\n", f.Name, prefixes(f))
		for i := range f.Routes {
			r := &f.Routes[i]
			fmt.Fprintf(&b, "| `%s %s` | %s | %s | %s %s.%s |\n", r.Method, r.Path, r.Mode(), needs(r), r.AuditClass(), r.Service, r.Action)
		}
	}
	server.Golden(t, "../docs/routes.md", b.Bytes())
}

func prefixes(f *api.Front) string {
	var out []string
	for _, p := range f.Prefixes {
		out = append(out, "`"+p+"/`")
	}
	return strings.Join(out, ", ")
}

func needs(r *api.Route) string {
	if r.Ability == 0 {
		return "nothing: " + r.Reason
	}
	out := r.Ability.String()
	for _, a := range r.Also() {
		out += ", further " + a.String()
	}
	for _, a := range r.Or() {
		out += ", or " + a.String()
	}
	return out
}

// TestPrintedOpenAPI keeps the description of the governance API as a file, so that a change of its shapes is seen as one.
func TestPrintedOpenAPI(t *testing.T) {
	s := servertest.Start(t)
	a := s.Do("", "GET", "/api/governance/1.0/openapi.json", nil)
	if a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	text := bytes.ReplaceAll(a.Body, []byte(`"version":"`+server.Version+`"`), []byte(`"version":"VERSION"`))
	server.Golden(t, "testdata/openapi.json", indented(t, text))
	routes(s, func(f *api.Front, r *api.Route) {
		if f.Name == "governance" && a.JSON("paths") != nil {
			operation := a.JSON("paths").(map[string]any)[r.Path].(map[string]any)[strings.ToLower(r.Method)].(map[string]any)
			if operation["summary"] == nil {
				t.Errorf("%s %s has no line in the table of summaries (api/governance/openapi.go)", r.Method, r.Path)
			}
		}
	})
}

// field is a leaf of a request.
type field struct {
	path string // dotted: "metrics.key"
	in   string // "path", "query" or "body"
	typ  reflect.Type
}

// fieldsOf gives the leaves of a request's type, by the names that clients send.
func fieldsOf(r *api.Route) (out []field) {
	q := r.NewRequest()
	if q == nil {
		return nil
	}
	return walk(reflect.TypeOf(q).Elem(), "", map[reflect.Type]bool{})
}

func walk(t reflect.Type, above string, seen map[reflect.Type]bool) (out []field) {
	if t.Kind() != reflect.Struct || seen[t] {
		return nil
	}
	seen[t] = true
	defer delete(seen, t)
	for i := range t.NumField() {
		f := t.Field(i)
		name, in := wireName(f)
		if f.Anonymous && name == "" {
			out = append(out, walk(f.Type, above, seen)...)
			continue
		}
		if name == "" {
			continue
		}
		elem := f.Type
		for elem.Kind() == reflect.Pointer || elem.Kind() == reflect.Slice {
			elem = elem.Elem()
		}
		if inner := walk(elem, above+name+".", seen); len(inner) > 0 {
			out = append(out, inner...)
			continue
		}
		out = append(out, field{above + name, in, f.Type})
	}
	return out
}

// wireName is a field's name for clients and where it comes.
func wireName(f reflect.StructField) (name, in string) {
	for _, tag := range []string{"path", "query", "wire", "json"} {
		name, _, _ := strings.Cut(f.Tag.Get(tag), ",")
		if name == "" || name == "-" {
			continue
		}
		if tag == "wire" || tag == "json" {
			return name, "body"
		}
		return name, tag
	}
	return "", ""
}

// naming are the ends of names of fields that name something.
var naming = []string{"id", "ids", "uuid", "name", "names", "path", "source", "uri", "location", "principal", "object", "user", "owner", "actor", "digest"}

func names(path string) bool {
	last := path[strings.LastIndex(path, ".")+1:]
	return slices.ContainsFunc(naming, func(end string) bool { return last == end || strings.HasSuffix(last, "_"+end) })
}
