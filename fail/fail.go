// Package fail is the error of every layer: a dozen kinds, each with a message that may be shown to the caller. A protocol's
// front end turns a kind into its own code and status by a table; whatever is not one of these is internal and shows nothing.
package fail

import (
	"errors"
	"fmt"
)

// Kind says what went wrong in terms every protocol can express.
type Kind uint8

// The kinds. Internal is the zero value, so an error that nobody named leaks nothing.
const (
	Internal        Kind = iota // a defect or a broken dependency
	Invalid                     // the request's content is wrong
	NotFound                    // no such object, or none the caller may know of
	Denied                      // the caller lacks an ability
	Unauthenticated             // no credential, or one that does not count
	Exists                      // the name is taken
	Conflict                    // somebody else changed it first (ETag, approvals)
	State                       // the object is not in a state that allows this
	TooLarge                    // the body is larger than the route takes
	Limit                       // a quota of the caller is used up
	Unsupported                 // a part of the protocol that this server does not serve
	Unavailable                 // try again: the server is stopping or the disk is full
)

// Error is an error with a kind and a message for the caller.
type Error struct {
	Kind    Kind
	Message string
	// Code is a protocol's own error code where one kind has several (DIRECTORY_NOT_EMPTY); empty means the kind's usual one.
	Code string
	// Reason is machine-readable detail for the protocols that carry it, e.g. the refusal of a decision.
	Reason any
	// Cause is for the log only.
	Cause error
}

// Error gives the message, with the cause behind it when there is one; only Message is sent to a caller.
func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// New makes an error of a kind.
func New(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Message: fmt.Sprintf(format, args...)}
}

// WithCode sets the protocol's own code and returns the error.
func (e *Error) WithCode(code string) *Error { e.Code = code; return e }

// Invalidf is New(Invalid, …).
func Invalidf(format string, args ...any) error { return New(Invalid, format, args...) }

// NotFoundf is New(NotFound, …).
func NotFoundf(format string, args ...any) error { return New(NotFound, format, args...) }

// Existsf is New(Exists, …).
func Existsf(format string, args ...any) error { return New(Exists, format, args...) }

// Statef is New(State, …).
func Statef(format string, args ...any) error { return New(State, format, args...) }

// Internalf is New(Internal, …) with a cause that only the log shows.
func Internalf(cause error, format string, args ...any) error {
	e := New(Internal, format, args...)
	e.Cause = cause
	return e
}

// KindOf gives the kind of err; Internal for an error nobody named.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is of kind k.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }
