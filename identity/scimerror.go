package identity

import (
	"errors"
	"strconv"

	"bailiwick/fail"
)

// The scimType values of RFC 7644 table 9 that this package gives; they travel as the Code of a fail.Error.
const (
	InvalidFilter = "invalidFilter" // the filter does not parse, or compares what cannot be compared
	TooMany       = "tooMany"       // more operations than are taken at once
	Uniqueness    = "uniqueness"    // the name is taken
	Mutability    = "mutability"    // the attribute cannot be changed by a client
	InvalidSyntax = "invalidSyntax" // the body is no SCIM message
	InvalidPath   = "invalidPath"   // the path of a PATCH does not parse or names nothing of this kind
	NoTarget      = "noTarget"      // the path of a PATCH matches nothing
	InvalidValue  = "invalidValue"  // a value of the wrong type or content
)

// PreconditionFailed is the Code of the refusal of a change of what somebody else has changed meanwhile (RFC 7644 §3.14). It is no scimType.
const PreconditionFailed = "preconditionFailed"

var scimTypes = []string{InvalidFilter, TooMany, Uniqueness, Mutability, InvalidSyntax, InvalidPath, NoTarget, InvalidValue}

// SchemaError is the schema of ErrorDocument.
const SchemaError = "urn:ietf:params:scim:api:messages:2.0:Error"

// ErrorDocument is RFC 7644's answer to a refused request. Status is a string there, and clients insist.
type ErrorDocument struct {
	Schemas  []string `json:"schemas"`
	Status   string   `json:"status"`
	ScimType string   `json:"scimType,omitempty"`
	Detail   string   `json:"detail"`
}

// NewErrorDocument makes the answer for an error that the protocol's table turned into an HTTP status; the scimType is the error's
// code where that is one.
func NewErrorDocument(status int, err error) ErrorDocument {
	d := ErrorDocument{Schemas: []string{SchemaError}, Status: strconv.Itoa(status), ScimType: ScimType(err)}
	var e *fail.Error
	if errors.As(err, &e) && e.Kind != fail.Internal {
		d.Detail = e.Message
	} else {
		d.Detail = "internal error"
	}
	return d
}

// ConflictDocument is the answer to a write of what another source owns.
func ConflictDocument(detail string) Document {
	return Document{"schemas": []any{SchemaError}, "status": "409", "scimType": Mutability, "detail": detail}
}

// ScimType gives the scimType an error carries, or "".
func ScimType(err error) string {
	var e *fail.Error
	if errors.As(err, &e) && anyFold(scimTypes, e.Code) {
		return e.Code
	}
	return ""
}

func invalid(scimType, format string, args ...any) error {
	return fail.New(fail.Invalid, format, args...).WithCode(scimType)
}
