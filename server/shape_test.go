package server

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// shape gathers the figures of the hand-written Go code of the tree: one number a file or function.
type shape struct {
	fileLines, funcLines, branches, nesting []int
	longest                                 string // the longest function, for who has to shorten it
	largest                                 string // the largest file
	codeLines, testLines                    int
	exported, documented                    int
}

// TestShape keeps the figures below the limits at which code stops being easy to read. `make check` prints them. A figure that comes
// near its limit is a reason to look at the code, not at the limit.
func TestShape(t *testing.T) {
	var s shape
	if err := filepath.WalkDir("..", s.visit); err != nil {
		t.Fatal(err)
	}
	over := float64(countOver(s.funcLines, 60)) * 100 / float64(len(s.funcLines))
	figures := []struct {
		name         string
		got          float64
		least, alarm float64
		note         string
	}{
		{"function lines, 95th percentile", quantile(s.funcLines, .95), 0, 60, ""},
		{"function lines, longest", quantile(s.funcLines, 1), 0, 120, s.longest},
		{"functions over 60 lines, percent", over, 0, 4, ""},
		{"branches of a function, 95th percentile", quantile(s.branches, .95), 0, 12, ""},
		{"nesting of a function, 95th percentile", quantile(s.nesting, .95), 0, 2, ""},
		{"file lines, 95th percentile", quantile(s.fileLines, .95), 0, 600, ""},
		{"file lines, largest", quantile(s.fileLines, 1), 0, 800, s.largest},
		{"exported names with a comment, percent", float64(s.documented) * 100 / float64(s.exported), 75, 100, ""},
		{"lines of tests per line of code", float64(s.testLines) / float64(s.codeLines), 0.5, 2, ""},
		{"direct dependencies", float64(directDependencies(t)), 0, 32, ""},
	}
	for _, f := range figures {
		t.Logf("%-42s %7.2f   (%g to %g) %s", f.name, f.got, f.least, f.alarm, f.note)
		if f.got < f.least || f.got > f.alarm {
			t.Errorf("%s: %.2f is outside of %g to %g %s", f.name, f.got, f.least, f.alarm, f.note)
		}
	}
}

var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

func (s *shape) visit(name string, entry fs.DirEntry, err error) error {
	base := entry.Name()
	switch {
	case err != nil:
		return err
	case entry.IsDir() && name != ".." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules"):
		return fs.SkipDir
	case entry.IsDir() || !strings.HasSuffix(base, ".go"):
		return nil
	}
	source, err := os.ReadFile(name)
	if err != nil || generated.Match(source) {
		return err
	}
	lines := bytes.Count(source, []byte("\n"))
	if strings.HasSuffix(base, "_test.go") {
		s.testLines += lines
		return nil
	}
	if len(s.fileLines) == 0 || lines > slices.Max(s.fileLines) {
		s.largest = name
	}
	s.codeLines += lines
	s.fileLines = append(s.fileLines, lines)
	positions := token.NewFileSet()
	file, err := parser.ParseFile(positions, name, source, parser.ParseComments)
	if err != nil {
		return err
	}
	for _, declaration := range file.Decls {
		s.declaration(declaration, positions)
	}
	return nil
}

func (s *shape) declaration(declaration ast.Decl, positions *token.FileSet) {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		s.count(d.Name, d.Doc)
		if d.Body == nil {
			return
		}
		lines := positions.Position(d.End()).Line - positions.Position(d.Pos()).Line + 1
		if len(s.funcLines) == 0 || lines > slices.Max(s.funcLines) {
			s.longest = d.Name.Name + " at " + positions.Position(d.Pos()).String()
		}
		s.funcLines = append(s.funcLines, lines)
		s.branches = append(s.branches, branches(d.Body))
		s.nesting = append(s.nesting, nesting(d.Body))
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			s.spec(spec, d.Doc)
		}
	}
}

func (s *shape) spec(spec ast.Spec, above *ast.CommentGroup) {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		s.count(spec.Name, above, spec.Doc)
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			s.count(name, above, spec.Doc, spec.Comment)
		}
	}
}

func (s *shape) count(name *ast.Ident, comments ...*ast.CommentGroup) {
	if !name.IsExported() {
		return
	}
	s.exported++
	if slices.ContainsFunc(comments, func(c *ast.CommentGroup) bool { return c != nil }) {
		s.documented++
	}
}

// branches is the cyclomatic number of a body.
func branches(body *ast.BlockStmt) int {
	n := 1
	ast.Inspect(body, func(node ast.Node) bool {
		switch x := node.(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt, *ast.CaseClause, *ast.CommClause:
			n++
		case *ast.BinaryExpr:
			if x.Op == token.LAND || x.Op == token.LOR {
				n++
			}
		}
		return true
	})
	return n
}

// nesting is the greatest number of statements with blocks that enclose a statement of the function itself; an else-if adds none.
func nesting(body *ast.BlockStmt) int {
	deepest := 0
	var visit func(ast.Node, int)
	visit = func(from ast.Node, depth int) {
		deepest = max(deepest, depth)
		ast.Inspect(from, func(node ast.Node) bool {
			if node == from || node == nil {
				return true
			}
			switch x := node.(type) {
			case *ast.FuncLit:
				return false
			case *ast.IfStmt:
				visit(x.Body, depth+1)
				if next, elseIf := x.Else.(*ast.IfStmt); elseIf {
					visit(&ast.BlockStmt{List: []ast.Stmt{next}}, depth)
				} else if x.Else != nil {
					visit(x.Else, depth+1)
				}
				return false
			case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
				visit(x, depth+1)
				return false
			}
			return true
		})
	}
	visit(body, 0)
	return deepest
}

func quantile(values []int, p float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return float64(sorted[int(p*float64(len(sorted)-1))])
}

func countOver(values []int, limit int) int {
	return len(slices.DeleteFunc(slices.Clone(values), func(v int) bool { return v <= limit }))
}

func directDependencies(t *testing.T) int {
	t.Helper()
	data, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	file, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	return len(slices.DeleteFunc(file.Require, func(r *modfile.Require) bool { return r.Indirect }))
}
