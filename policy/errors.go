package policy

import (
	"fmt"
	"strings"

	"bailiwick/fail"
)

// Problem is what is wrong at a place of a text.
type Problem struct {
	Line    int    `json:"line"`   // from 1
	Column  int    `json:"column"` // from 1, in characters
	Message string `json:"message"`
}

// Problems are all that is wrong with a text, in its order.
type Problems []Problem

// mostShown is how many problems an error tells.
const mostShown = 10

// Error tells the first problems, a line each: "3:14: …".
func (p Problems) Error() string {
	var lines []string
	for i, one := range p {
		if i == mostShown {
			lines = append(lines, fmt.Sprintf("and %d more", len(p)-i))
			break
		}
		lines = append(lines, fmt.Sprintf("%d:%d: %s", one.Line, one.Column, one.Message))
	}
	return strings.Join(lines, "\n")
}

// Refusal is the problems as the error of a request that brought the text; nil for none.
func (p Problems) Refusal() error {
	if len(p) == 0 {
		return nil
	}
	return fail.Invalidf("%s", p.Error())
}

func at(t token, format string, args ...any) Problems {
	return Problems{{t.line, t.column, fmt.Sprintf(format, args...)}}
}
