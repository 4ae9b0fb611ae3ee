package identity

import "strings"

// part is what one or more tokens became in the text handed to the parser.
type part struct {
	token
	class partClass
}

type partClass uint8

const (
	wordPart  partClass = iota // a name, an operator, and, or, not
	valuePart                  // the right side of a comparison
	groupPart                  // attribute[filter]
	openPart
	closePart
)

func classOf(t token) partClass {
	switch {
	case t.is("("):
		return openPart
	case t.is(")"):
		return closePart
	}
	return wordPart
}

// shape is what must come next in a filter.
type shape uint8

const (
	wantOperand shape = iota
	wantOperator
	wantValue
	wantJoiner
	misplaced
)

var wanted = [...]string{
	wantOperand: "an attribute, not ( or (", wantOperator: "one of " + strings.Join(operators, ", ") + ", pr",
	wantValue: "a value", wantJoiner: "and, or, or the end",
}

// explain finds the first part that cannot stand where it does, for the message of a filter the parser refused.
func explain(parts []part) error {
	state := wantOperand
	for i, p := range parts {
		next := state.after(p, i+1 < len(parts) && parts[i+1].class == openPart)
		if next == misplaced {
			return invalid(InvalidFilter, "the filter does not parse at position %d: %q stands where %s is expected",
				p.at+1, shorten(p.text), wanted[state])
		}
		state = next
	}
	if state == wantJoiner {
		return invalid(InvalidFilter, "the filter does not parse: its parentheses do not match, or a name in it is malformed")
	}
	return invalid(InvalidFilter, "the filter does not parse: it ends where %s is expected", wanted[state])
}

// after gives what is wanted behind p; before tells that a parenthesis opens next.
func (s shape) after(p part, before bool) shape {
	word := p.class == wordPart && !p.str
	switch {
	case s == wantOperand && (p.class == openPart || before && p.isWord("not")):
		return wantOperand
	case s == wantOperand && word:
		return wantOperator
	case s == wantOperator && p.isWord("pr"),
		s == wantOperand && p.class == groupPart,
		s == wantValue && p.class == valuePart,
		s == wantJoiner && p.class == closePart:
		return wantJoiner
	case s == wantOperator && isOperator(p.token) && word:
		return wantValue
	case s == wantJoiner && word && anyFold([]string{"and", "or"}, p.text):
		return wantOperand
	}
	return misplaced
}
