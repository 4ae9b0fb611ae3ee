package mlflow

import (
	"strings"

	"bailiwick/fail"
)

// Bounds of a GraphQL document: several times what MLflow's pages send.
const (
	maxGraphText   = 16 << 10
	maxGraphDepth  = 8
	maxGraphFields = 300
)

// graphQuery is a GraphQL document of the one form that MLflow's pages send: a single query with one variable, whose one field takes it.
type graphQuery struct {
	name, variable, input string // query name($variable: input!)
	root                  graphSelection
}

// graphSelection is a field that a document selects, with what it selects of it.
type graphSelection struct {
	name   string
	fields []graphSelection
}

// parseGraph reads a document. There are no aliases, arguments of inner fields, fragments, second operations or directives but @component in what
// it reads, so there is nothing to be refused later. (A library would read all of the language, to have most of it refused by other code.)
func parseGraph(text string) (*graphQuery, error) {
	if len(text) > maxGraphText {
		return nil, fail.Invalidf("a GraphQL document has at most %d bytes here", maxGraphText)
	}
	p := graphParser{rest: text}
	q := &graphQuery{}
	p.next()
	p.take("query")
	q.name = p.word()
	p.all("(", "$")
	q.variable = p.word()
	p.take(":")
	q.input = p.word()
	if p.token == "!" {
		p.next()
	}
	p.take(")")
	p.component()
	p.take("{")
	q.root.name = p.word()
	p.all("(", "input", ":", "$", q.variable, ")")
	q.root.fields = p.selections(2)
	p.take("}")
	p.take("")
	return q, p.err
}

// graphParser takes a document apart. After the first error every token is empty and nothing is taken any more.
type graphParser struct {
	rest, token string
	fields      int
	err         error
}

// graphIgnored are the characters between tokens; a comma is one.
const graphIgnored = " \t\r\n,\ufeff"

// next goes to the next token: a mark, a name, or a string as it is written; empty = the end.
func (p *graphParser) next() {
	p.token = ""
	p.rest = strings.TrimLeft(p.rest, graphIgnored)
	for strings.HasPrefix(p.rest, "#") {
		_, p.rest, _ = strings.Cut(p.rest, "\n")
		p.rest = strings.TrimLeft(p.rest, graphIgnored)
	}
	if p.rest == "" || p.err != nil {
		return
	}
	n := len(p.rest) - len(strings.TrimLeftFunc(p.rest, isGraphName))
	if p.rest[0] == '"' {
		n = strings.IndexAny(p.rest[1:], "\"\\\n") + 2
		if n < 2 || p.rest[n-1] != '"' {
			p.fail("a string without an end, or with an escape")
			return
		}
	}
	n = max(n, 1)
	p.token, p.rest = p.rest[:n], p.rest[n:]
}

func isGraphName(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// take goes on if the token is the one that must come.
func (p *graphParser) take(token string) {
	if p.token != token {
		p.fail("not of the form that is read here")
		return
	}
	p.next()
}

func (p *graphParser) all(tokens ...string) {
	for _, t := range tokens {
		p.take(t)
	}
}

// word takes a name.
func (p *graphParser) word() string {
	name := p.token
	if name == "" || !isGraphName(rune(name[0])) || name[0] <= '9' {
		p.fail("not of the form that is read here")
		return ""
	}
	p.next()
	return name
}

// component takes the directive with which MLflow's pages say which part of them asks; it means nothing.
func (p *graphParser) component() {
	for p.token == "@" {
		p.all("@", "component", "(", "name", ":")
		if !strings.HasPrefix(p.token, `"`) {
			p.fail("the directive's name is no string")
			return
		}
		p.next()
		p.take(")")
	}
}

// selections takes what is selected of an object.
func (p *graphParser) selections(depth int) (list []graphSelection) {
	if depth > maxGraphDepth {
		p.fail("nested too deep")
	}
	p.take("{")
	for p.err == nil && p.token != "}" {
		s := graphSelection{name: p.word()}
		if p.fields++; p.fields > maxGraphFields {
			p.fail("too many fields")
		}
		if p.token == "{" {
			s.fields = p.selections(depth + 1)
		}
		list = append(list, s)
	}
	p.take("}")
	return list
}

// fail keeps the first error, with where it was found.
func (p *graphParser) fail(why string) {
	if p.err == nil {
		p.err = fail.Invalidf("%s The document ends to be one of them before %.40q: %s.", onlyFixed, p.token+p.rest, why)
	}
	p.token, p.rest = "", ""
}

// onlyFixed is what is said of every document but those of MLflow's pages.
const onlyFixed = "This endpoint answers the GraphQL documents of MLflow's own pages (GetRun, MlflowGetExperimentQuery, SearchRuns and " +
	"GetMetricHistoryBulkInterval) and no others."
