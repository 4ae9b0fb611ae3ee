// Package api is the one way in: identify, decode, find the object, decide, handle, record, commit, answer. It is written once, generic over
// request and response; a protocol is a Front (codec, error table, routes), a route is a line that names its ability. Read, Write, List,
// Upload, Download, Stream and Open are the only constructors, so no route can be made without saying what it needs.
package api

import (
	"io"
	"regexp"
	"slices"
	"strings"

	"bailiwick/authz"
	"bailiwick/fail"
)

// mode is how a route goes through the pipeline.
type mode uint8

const (
	modeOpen mode = iota + 1
	modeRead
	modeList
	modeWrite
	modeUpload
	modeDownload
	modeOpenWrite
	modeStream
)

// open says that anybody may call the route.
func (m mode) open() bool { return m == modeOpen || m == modeOpenWrite }

// Class is how a call gets into the ledger (DESIGN, audit classes).
type Class uint8

// The audit classes: an entry of its own before the answer; one row per principal, object and minute in the write's own transaction; the
// same written behind.
const (
	Each     Class = iota + 1 // A
	Gathered                  // B
	Behind                    // C
)

// Target is what a finder found: the governed object that the decision is about, and what to say when the caller may not know of it,
// which must be what is said of one that does not exist.
type Target struct {
	Object int64
	Absent error
	// Name is what the ledger calls the thing within the object (a run's id); empty = the object itself.
	Name string
	// Ability is what is asked where it depends on what was found (import onto a notebook, or into a folder). It must be one that the
	// route's line declares by Or; 0 = the ability that the line gives.
	Ability authz.Ability
	// Names is the object that the request names, where the decision is about its folder: whoever may not know of it is told Absent.
	Names *authz.Object
	// Frozen is what a call that would change it is told instead, once it was decided that it may look: the object is in the trash, say.
	// One of kind Denied is recorded as the refusal that it is.
	Frozen error
}

// Finder loads what a request is about. It runs inside the transaction, before the decision; NotFound is its only expected error.
type Finder[O, Q any] func(*Call, *Q) (O, Target, error)

// Route is one line of a front's table. Its fields are set by the constructors only.
type Route struct {
	Method, Path string
	Ability      authz.Ability
	// Reason is why an open route needs no ability.
	Reason string
	// Service and Action are the audit names; empty Service = the front's.
	Service, Action string
	// MaxBody is the most bytes of a decoded body; 0 = the door's.
	MaxBody int64

	mode  mode
	class Class
	// alone marks a write that is known to change governance.
	alone bool
	// signed marks a route whose callers come with a signed address instead of a credential.
	signed bool
	// decoded marks an upload whose body is a message.
	decoded bool
	// also are the further abilities a request needs, by ability, for the route list.
	also []authz.Ability
	// or are the abilities that a finder may ask instead of the line's own.
	or []authz.Ability
	// request gives a new request value, for the test of its fields and for OpenAPI.
	request  func() any
	response func() any
	call     func(*Call, any) (any, error)
	upload   func(*Call, any, io.Reader) (func(*Call) (any, error), error)
	// ahead is done before the transaction of an open write.
	ahead func(*Call, any) error
	// again decides on a stream's request once more.
	again func(*Call, any) error
}

// Mode names how the route goes through the pipeline: "open", "read", "list", "write", "upload",
// "download", "open-write" or "stream".
func (r *Route) Mode() string {
	return [...]string{"", "open", "read", "list", "write", "upload", "download", "open-write", "stream"}[r.mode]
}

// Also lists the further abilities that the route's requests need on other objects.
func (r *Route) Also() []authz.Ability { return r.also }

// Or lists the abilities that a finder of the route may ask instead of the one its line gives, depending on what it found.
func (r *Route) Or() []authz.Ability { return r.or }

// AuditClass gives the letter of how the route's calls get into the ledger: "A", "B" or "C".
func (r *Route) AuditClass() string { return [...]string{"", "A", "B", "C"}[r.class] }

// Signed says that callers of the route prove themselves by a signed address instead of a credential.
func (r *Route) Signed() bool { return r.signed }

// NewRequest gives an empty value of the route's request type; nil for a route that decodes nothing.
func (r *Route) NewRequest() any { return r.request() }

// NewResponse gives an empty value of the route's response type.
func (r *Route) NewResponse() any { return r.response() }

// Option changes a route that is being made.
type Option[Q any] func(*making[Q])

type making[Q any] struct {
	Route
	checks []check[Q]
}

type check[Q any] struct {
	ability authz.Ability
	find    func(*Call, *Q) ([]Target, error)
}

// Also asks a further ability on further objects of the request; find may give none.
func Also[Q any](ability authz.Ability, find func(*Call, *Q) ([]Target, error)) Option[Q] {
	return func(m *making[Q]) {
		m.also = append(m.also, ability)
		m.checks = append(m.checks, check[Q]{ability, find})
	}
}

// Or declares the abilities that the route's finders may ask instead (Target.Ability), where what is needed depends on what the request
// names: a folder or an experiment, something new or something that is there.
func Or[Q any](abilities ...authz.Ability) Option[Q] {
	return func(m *making[Q]) { m.or = append(m.or, abilities...) }
}

// Audit sets the audit names and class where they differ from what the path and constructor say.
func Audit[Q any](class Class, service, action string) Option[Q] {
	return func(m *making[Q]) {
		m.class = class
		if service != "" {
			m.Service = service
		}
		if action != "" {
			m.Action = action
		}
	}
}

// As sets the audit action's name.
func As[Q any](action string) Option[Q] { return func(m *making[Q]) { m.Action = action } }

// Alone marks a write that is always a governance change, so that it is not tried in company first.
func Alone[Q any](m *making[Q]) { m.alone = true }

// Decoded marks an upload whose body is a message like any other, decoded before the finder runs: what receive does outside of the
// transaction is then slow work of another kind, and its reader is empty.
func Decoded[Q any](m *making[Q]) { m.decoded = true }

// Ahead has an open write do something before its transaction: what takes time, and may ask others. An error of it is the call's answer, and
// nothing of it is in the ledger; what shall be there is kept in the request for the handler (Call.Refuse).
func Ahead[Q any](do func(*Call, *Q) error) Option[Q] {
	return func(m *making[Q]) { m.ahead = func(c *Call, q any) error { return do(c, q.(*Q)) } }
}

// Body sets the most bytes of the request's body.
func Body[Q any](n int64) Option[Q] { return func(m *making[Q]) { m.MaxBody = n } }

// defaultMaxBody bounds a decoded body: room for a batch of 1,000 metrics, 100 params and 100 tags of full length, several times over.
const defaultMaxBody = 16 << 20

func start[Q, R any](pattern string, md mode, class Class, ability authz.Ability, opts []Option[Q]) *making[Q] {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok || !strings.HasPrefix(path, "/") {
		panic("route pattern must be \"METHOD /path\": " + pattern)
	}
	m := &making[Q]{Route: Route{
		Method: method, Path: path, Ability: ability, mode: md, class: class, Action: actionOf(path),
		request: func() any { return new(Q) }, response: func() any { return new(R) },
	}}
	for _, o := range opts {
		o(m)
	}
	return m
}

var variables = regexp.MustCompile(`\{[^}]*\}`)

// actionOf makes an audit action of a path: "/runs/log-batch" is logBatch of runs → "runsLogBatch".
func actionOf(path string) string {
	var b strings.Builder
	path = variables.ReplaceAllString(path, "")
	for _, part := range strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '-' || r == '_' || r == '.' }) {
		if b.Len() > 0 {
			part = strings.ToUpper(part[:1]) + part[1:]
		}
		b.WriteString(part)
	}
	return b.String()
}

// admit decides everything a request needs: the route's ability on what was found, then each further one.
func admit[O, Q any](c *Call, m *making[Q], find Finder[O, Q], q *Q) (O, error) {
	obj, target, err := find(c, q)
	if err != nil {
		return obj, err
	}
	if err := m.ask(c, m.Ability, target); err != nil {
		return obj, err
	}
	return obj, further(c, m, q)
}

// ask decides on one target. A finder that asks for an ability which the route's line does not declare is a defect, and refused.
func (m *making[Q]) ask(c *Call, ability authz.Ability, t Target) error {
	if t.Ability != 0 && t.Ability != ability {
		if !slices.Contains(m.or, t.Ability) {
			return fail.Internalf(nil, "%s %s asks for %s, which its line does not declare", m.Method, m.Path, t.Ability)
		}
		ability = t.Ability
	}
	if err := c.decide(ability, t); err != nil {
		return err
	}
	if m.mode == modeWrite || m.mode == modeUpload {
		return c.thaw(t.Frozen)
	}
	return nil
}

// further decides what a request needs beyond its first object.
func further[Q any](c *Call, m *making[Q], q *Q) error {
	for _, k := range m.checks {
		targets, err := k.find(c, q)
		if err != nil {
			return err
		}
		for _, t := range targets {
			if err := m.ask(c, k.ability, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// Read makes a route that changes nothing.
func Read[O, Q, R any](pattern string, ability authz.Ability, find Finder[O, Q], handle func(*Call, O, *Q) (*R, error),
	opts ...Option[Q]) Route {
	return object(modeRead, Behind, pattern, ability, find, handle, opts)
}

// Write makes a route that changes something, in one transaction with its ledger entry.
func Write[O, Q, R any](pattern string, ability authz.Ability, find Finder[O, Q], handle func(*Call, O, *Q) (*R, error),
	opts ...Option[Q]) Route {
	return object(modeWrite, Each, pattern, ability, find, handle, opts)
}

func object[O, Q, R any](md mode, class Class, pattern string, ability authz.Ability, find Finder[O, Q],
	handle func(*Call, O, *Q) (*R, error), opts []Option[Q]) Route {
	m := start[Q, R](pattern, md, class, ability, opts)
	m.call = func(c *Call, q any) (any, error) {
		obj, err := admit(c, m, find, q.(*Q))
		if err != nil {
			return nil, err
		}
		return answerOf(handle(c, obj, q.(*Q)))
	}
	return m.Route
}

// answerOf keeps a nil answer a nil interface.
func answerOf[R any](r *R, err error) (any, error) {
	if err != nil || r == nil {
		return nil, err
	}
	return r, nil
}

// List makes a route that gives what the caller may see of many objects; kind is what the ability is about. The handler sees the world
// through the scope only.
func List[Q, R any](pattern string, ability authz.Ability, kind authz.Kind, handle func(*Call, authz.Scope, *Q) (*R, error),
	opts ...Option[Q]) Route {
	m := start[Q, R](pattern, modeList, Behind, ability, opts)
	if !kind.Has(ability) {
		panic(pattern + ": " + kind.String() + " has no ability " + ability.String())
	}
	m.call = func(c *Call, q any) (any, error) {
		if err := c.signedIn(); err != nil {
			return nil, err
		}
		c.touched = append(c.touched, touch{ability: ability})
		if err := further(c, m, q.(*Q)); err != nil {
			return nil, err
		}
		return answerOf(handle(c, authz.ScopeOf(c.Tx.Map, c.Who, ability, c.Now), q.(*Q)))
	}
	return m.Route
}

// Open makes a route that anybody may call, for a written reason. Its handler gets no transaction.
func Open[Q, R any](pattern, reason string, handle func(*Call, *Q) (*R, error), opts ...Option[Q]) Route {
	m := start[Q, R](pattern, modeOpen, Behind, authz.Ability(0), opts)
	m.Reason = reason
	m.call = func(c *Call, q any) (any, error) { return answerOf(handle(c, q.(*Q))) }
	return m.Route
}

// OpenWrite is Open with a write transaction and a ledger entry: for those who come to sign in and have nothing yet but what the request
// itself proves. Its handler checks that proof first and gives fail.Unauthenticated without it, which is counted as a stranger's try; then
// it sets Call.Who, so that the entry has an actor.
func OpenWrite[Q, R any](pattern, reason string, handle func(*Call, *Q) (*R, error), opts ...Option[Q]) Route {
	m := start[Q, R](pattern, modeOpenWrite, Each, authz.Ability(0), opts)
	m.Reason = reason
	m.call = func(c *Call, q any) (any, error) { return answerOf(handle(c, q.(*Q))) }
	return m.Route
}

// Upload makes a route whose body is a stream. The decision is made before the first byte is taken and once more when the bytes are safe,
// in the transaction of commit; receive does the slow part outside of any transaction, and what it received is dropped when the
// second decision refuses.
func Upload[O, Q, B, R any](pattern string, ability authz.Ability, find Finder[O, Q], receive func(*Call, O, *Q, io.Reader) (B, error),
	commit func(*Call, O, *Q, B) (*R, error), opts ...Option[Q]) Route {
	m := start[Q, R](pattern, modeUpload, Each, ability, opts)
	m.upload = func(c *Call, q any, body io.Reader) (func(*Call) (any, error), error) {
		obj, err := c.lookFirst(func() (any, error) { return admit(c, m, find, q.(*Q)) })
		if err != nil {
			return nil, err
		}
		got, err := receive(c, obj.(O), q.(*Q), body)
		if err != nil {
			return nil, err
		}
		return func(c *Call) (any, error) {
			obj, err := admit(c, m, find, q.(*Q))
			if err != nil {
				return nil, err
			}
			return answerOf(commit(c, obj, q.(*Q), got))
		}, nil
	}
	return m.Route
}

// Download makes a route that answers with bytes; they are read after the transaction has ended.
func Download[O, Q any](pattern string, ability authz.Ability, find Finder[O, Q], handle func(*Call, O, *Q) (*Content, error),
	opts ...Option[Q]) Route {
	return object(modeDownload, Each, pattern, ability, find, handle, opts)
}

// At is the finder of routes about a fixed object of the workspace.
func At[Q any](id int64) Finder[int64, Q] {
	return func(*Call, *Q) (int64, Target, error) { return id, Target{Object: id}, nil }
}
