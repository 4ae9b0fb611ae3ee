package registry

import (
	"strings"
	"unicode/utf8"

	"bailiwick/fail"
)

// MaxComment is the most characters of a comment.
const MaxComment = 5000

// Comment is what somebody wrote about a version.
type Comment struct {
	Key
	ID       string
	Creator  int64
	UserName string
	Text     string
	Created  int64 // ms since 1970
	Updated  int64 // ms since 1970
}

// CheckComment refuses the comment of a transition that is too long; it may be empty.
func CheckComment(text string) error {
	if n := utf8.RuneCountInString(text); n > MaxComment {
		return fail.Invalidf("'comment' exceeds the maximum length of %d characters: it has %d", MaxComment, n)
	}
	return nil
}

// CheckNewComment is CheckComment for a comment of its own, which says something.
func CheckNewComment(text string) error {
	if strings.TrimSpace(text) == "" {
		return fail.Invalidf("Missing value for required parameter 'comment'.")
	}
	return CheckComment(text)
}
