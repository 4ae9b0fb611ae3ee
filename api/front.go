package api

import (
	"net/http"
	"net/url"
	"strings"

	"bailiwick/fail"
)

// Input is an undecoded request.
type Input struct {
	Body  []byte
	Query url.Values
	// Path are the pattern's variables, decoded once.
	Path map[string]string
	// Request is for codecs that look at headers; its body is already read.
	Request *http.Request
}

// Front is one protocol: how its requests and answers are written, and its routes.
type Front struct {
	Name string
	// Service is the audit service of routes that name none.
	Service string
	// Prefixes are put in front of each route's path; each route is served under every one.
	Prefixes []string
	Decode   func(in *Input, request any) error
	Encode   func(answer any) ([]byte, error)
	// ContentType of answers.
	ContentType string
	// Fail writes an error: status and body.
	Fail   func(c *Call, err *fail.Error) (status int, body []byte)
	Routes []Route
}

// node is a level of the routing tree; a segment matches its literal child first, then the variable, then the rest.
type node struct {
	literal  map[string]*node
	variable *node
	name     string
	restName string
	ends     map[string]*endpoint
	rests    map[string]*endpoint
}

type endpoint struct {
	front *Front
	route *Route
}

// add puts a route into the tree; two routes at one place are a defect that stops the start.
func (n *node) add(method, path string, e *endpoint) {
	for _, seg := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		if name, ok := strings.CutSuffix(strings.TrimPrefix(seg, "{"), "...}"); ok {
			n.restName = name
			put(&n.rests, method, path, e)
			return
		}
		n = n.child(seg)
	}
	put(&n.ends, method, path, e)
}

func put(m *map[string]*endpoint, method, path string, e *endpoint) {
	if *m == nil {
		*m = map[string]*endpoint{}
	}
	if (*m)[method] != nil {
		panic("two routes for " + method + " " + path)
	}
	(*m)[method] = e
}

func (n *node) child(seg string) *node {
	if strings.HasPrefix(seg, "{") {
		name := strings.Trim(seg, "{}")
		if n.variable == nil {
			n.variable = &node{name: name}
		}
		if n.variable.name != name {
			panic("two names for one place in a path: " + n.variable.name + ", " + name)
		}
		return n.variable
	}
	if n.literal == nil {
		n.literal = map[string]*node{}
	}
	if n.literal[seg] == nil {
		n.literal[seg] = &node{}
	}
	return n.literal[seg]
}

// find gives what is at a path: its endpoints by method and the variables; nil when nothing is there.
func (n *node) find(segs []string, vars map[string]string) (map[string]*endpoint, bool) {
	if len(segs) == 0 {
		return n.ends, n.ends != nil
	}
	if c := n.literal[segs[0]]; c != nil {
		if e, ok := c.find(segs[1:], vars); ok {
			return e, true
		}
	}
	if n.variable != nil && segs[0] != "" {
		if e, ok := n.variable.find(segs[1:], vars); ok {
			v, err := url.PathUnescape(segs[0])
			vars[n.variable.name] = v
			return e, err == nil
		}
	}
	if n.rests != nil {
		v, err := url.PathUnescape(strings.Join(segs, "/"))
		vars[n.restName] = v
		return n.rests, err == nil
	}
	return nil, false
}
