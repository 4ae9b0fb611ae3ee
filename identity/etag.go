package identity

import (
	"strconv"
	"strings"

	"bailiwick/fail"
)

// ETag names the present state of a principal's own attributes, and of a group's members: it is another one after each change of them. It is
// weak, since the same state is written differently at each address.
func (r Resource) ETag() string { return `W/"` + strconv.FormatInt(r.Revision, 10) + `"` }

// Matches says whether a header If-Match or If-None-Match names a state; an empty one names none. Weak and strong names are compared alike
// (RFC 7644 §3.14 knows weak ones only).
func Matches(header, etag string) bool {
	for name := range strings.SplitSeq(header, ",") {
		name = strings.TrimSpace(name)
		if name == "*" || name != "" && strings.TrimPrefix(name, "W/") == strings.TrimPrefix(etag, "W/") {
			return true
		}
	}
	return false
}

// CheckMatch refuses a change whose If-Match names another state than the present one. Without the header every state will do.
func CheckMatch(header, etag string) error {
	if header == "" || Matches(header, etag) {
		return nil
	}
	return fail.New(fail.Conflict, "it was changed meanwhile: the present version is %s, the request is about %.80s", etag, header).
		WithCode(PreconditionFailed)
}
