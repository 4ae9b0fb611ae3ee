package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"bailiwick/authz"
	"bailiwick/bearer"
	"bailiwick/fail"
	"bailiwick/ledger"
	"bailiwick/store"
)

// Call is one request on its way through the pipeline, as a handler sees it.
type Call struct {
	// Who calls; the zero value on open routes.
	Who authz.Who
	// Tx is the transaction; nil on open routes, while bytes are transferred, and after it ended.
	Tx *store.Tx
	// Now is when the request came.
	Now time.Time
	// Decision is the first decision of the route: the reason why the call is allowed.
	Decision authz.Decision
	// Log takes what an operator should know.
	Log *slog.Logger

	door    *Door
	front   *Front
	route   *Route
	request *http.Request
	header  http.Header
	status  int
	id      string
	source  netip.Addr
	entry   ledger.Entry
	// subject names what the call was about, for tallies: the finder's Name or the object.
	subject string
	// object is the governed object of the ledger entry.
	object int64
	// action and service are the audit names where the handler gave some.
	action, service string
	// proofs name what the call tries to prove itself for.
	proofs []string
	// permit is what a signed address is good for.
	permit Permit
	// access is what the access token says that the call came with; nil for one that came otherwise.
	access *bearer.Claims
	// refused is set when a decision said no.
	refused *fail.Error
	// after is what is to be done once the call is durable.
	after []func() error
	// opened is when a stream's answer began.
	opened time.Time
	// asked is the decoded request.
	asked any
	// touched are the decisions that said yes, for the use that is kept of the credential.
	touched []touch
	// found is what Remember keeps of the transaction foundIn.
	found   map[any]any
	foundIn *store.Tx
}

// Principal is the caller as the access map knows him; nil on open routes.
func (c *Call) Principal() *authz.Principal {
	if c.Tx == nil || c.Who.Principal == 0 {
		return nil
	}
	p, _ := c.Tx.Map.Principal(c.Who.Principal)
	return p
}

// Remember gives what find gives, once a transaction: for what both the decision and the handler need. It is for what is found before the call
// changes anything.
func Remember[T any](c *Call, key any, find func() (T, error)) (T, error) {
	if c.foundIn != c.Tx {
		c.found, c.foundIn = map[any]any{}, c.Tx
	}
	if v, ok := c.found[key].(T); ok {
		return v, nil
	}
	v, err := find()
	if err == nil {
		c.found[key] = v
	}
	return v, err
}

// Context ends when the client is gone; it is for what a handler does outside of the transaction.
func (c *Call) Context() context.Context { return c.request.Context() }

// Asked gives the decoded request, for fronts whose errors take its shape; nil before it was decoded, and perhaps not whole if it could not be.
func (c *Call) Asked() any { return c.asked }

// Header gives a request header.
func (c *Call) Header(name string) string { return c.request.Header.Get(name) }

// Method gives the request's method, for handlers that two methods share.
func (c *Call) Method() string { return c.request.Method }

// SetHeader sets a header of the answer.
func (c *Call) SetHeader(name, value string) { c.header.Set(name, value) }

// SetStatus sets the answer's status where it is not 200.
func (c *Call) SetStatus(status int) { c.status = status }

// BaseURL is this server's address as the client knows it, without a slash at the end.
func (c *Call) BaseURL() string { return c.door.baseURL(c.request) }

// Workspace is this workspace's id.
func (c *Call) Workspace() int64 { return c.door.Store.Workspace() }

// PageKey signs page tokens, which are good for one caller and one query only.
func (c *Call) PageKey() []byte { return c.door.Store.Key("pages") }

// place names the route for the log. The path itself may hold what opens doors: a one-time code, a signed address.
func (c *Call) place() string {
	if c.route == nil {
		return c.request.Method + " (no route)"
	}
	return c.route.Method + " " + c.route.Path
}

// After does something once the call's transaction is durable, with its entry: what no rollback would undo. An error is the call's answer then.
func (c *Call) After(do func() error) { c.after = append(c.after, do) }

// took is how long the call took to be answered; of a stream, until its answer began.
func (c *Call) took(began time.Time) time.Duration {
	if c.opened.IsZero() {
		return time.Since(began)
	}
	return c.opened.Sub(began)
}

// Source is the client's address.
func (c *Call) Source() string { return c.source.String() }

// Note adds a request parameter to the ledger entry of this call.
func (c *Call) Note(key, value string) {
	c.entry.Params = append(c.entry.Params, ledger.Param{Key: key, Value: value})
}

// Action names the audit action where it depends on what the call did rather than on its route.
func (c *Call) Action(name string) { c.action = name }

// Service is Action for the audit service: for doors that lead to things of several.
func (c *Call) Service(name string) { c.service = name }

// About names the object of the ledger entry where it is not what the decision was about: a new object, for one.
func (c *Call) About(object int64) { c.object = object }

// Change keeps in the ledger entry what was before and after; both are JSON texts, empty for nothing.
func (c *Call) Change(before, after []byte) { c.entry.Before, c.entry.After = before, after }

// Because keeps a reason that the caller gave.
func (c *Call) Because(reason string) { c.entry.Reason = reason }

// signedIn refuses who is not an active principal.
func (c *Call) signedIn() error {
	return c.decide(authz.SignedIn, Target{Object: authz.WorkspaceObject})
}

// Can decides without refusing: for answers that tell the viewer what he may do. It is never the guard of an effect.
func (c *Call) Can(ability authz.Ability, object int64) bool {
	return authz.Decide(c.Tx.Map, c.Who, ability, object, c.Now).Allowed
}

// decide asks the access map and keeps the first decision as the reason of this call. A refusal says what may be known.
func (c *Call) decide(ability authz.Ability, t Target) error {
	d := authz.Decide(c.Tx.Map, c.Who, ability, t.Object, c.Now)
	if c.subject == "" {
		c.Decision, c.subject = d, subjectOf(t)
		c.object = t.Object
	}
	if d.Allowed {
		c.touched = append(c.touched, touch{ability, d.Kind, t.Object, t.Name})
		return nil
	}
	c.Decision, c.object, c.subject = d, t.Object, subjectOf(t)
	if d.Rule == authz.RuleAbsent || c.hidden(d, t) {
		c.refused = absent(t)
		return c.refused
	}
	r := authz.Refuse(c.Tx.Map, d)
	message := r.Message
	r.Message = "" // it is the error's own; clients print the whole answer
	c.refused = &fail.Error{Kind: fail.Denied, Message: message, Reason: r}
	return c.refused
}

// Refuse keeps a refusal that no decision made as the call's, and gives it: a provider's word did not count. It is for handlers of open writes that
// have changed nothing yet; the refusal is recorded, and what was noted with it.
func (c *Call) Refuse(err error) error {
	c.refused = asError(err)
	return c.refused
}

// thaw gives what a call is told that may not change what it found, and keeps a denial as the call's refusal: nothing was done yet.
func (c *Call) thaw(frozen error) error {
	if fail.Is(frozen, fail.Denied) {
		c.refused = asError(frozen)
	}
	return frozen
}

// hidden says whether a refusal must not tell that the object exists, or the one that the request names in it.
func (c *Call) hidden(d authz.Decision, t Target) bool {
	if d.Kind == 0 && d.Rule != authz.RuleScope {
		return false // refused before the object was looked at
	}
	return !d.Known || t.Names != nil && c.Tx.Map.NamesHidden() && !c.Tx.Map.Knows(c.Who.Principal, t.Names.ID)
}

// absent is what is said of an object that does not exist, or may not be known.
func absent(t Target) *fail.Error {
	if t.Absent == nil {
		return fail.New(fail.NotFound, "Object %d does not exist.", t.Object)
	}
	return asError(t.Absent)
}

func subjectOf(t Target) string {
	if t.Name != "" {
		return t.Name
	}
	return formatID(t.Object)
}

// Glance reads in a snapshot, ahead of the transaction of a call that anybody may make (Ahead). Nothing is decided there.
func (c *Call) Glance(look func(*store.Tx) error) error {
	return c.door.snapshot(c.request.Context(), c, look)
}

// lookFirst runs find and decide in a snapshot, ahead of a stream.
func (c *Call) lookFirst(find func() (any, error)) (obj any, err error) {
	err = c.door.Store.Read(c.request.Context(), func(tx *store.Tx) error {
		c.Tx = tx
		defer func() { c.Tx = nil }()
		if err = c.identifyAgain(); err == nil {
			obj, err = find()
		}
		if err != nil {
			c.describe(err) // a refusal is recorded here; what is allowed is described when it commits
		}
		return err
	})
	return obj, err
}

// Content is an answer of bytes.
type Content struct {
	// Open gives the bytes; it is called after the transaction and closed when they are sent.
	Open func() (io.ReadSeekCloser, error)
	// Name is the file's name; its ending gives the type when Type is empty.
	Name, Type string
	// ETag is the digest of the bytes.
	ETag     string
	Modified time.Time
	// Attachment asks the browser to save rather than show.
	Attachment bool
	// Policy says what the bytes may do in a browser that shows them: nothing, unless it says more.
	Policy Policy
}
