package ledger

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"bailiwick/fail"
)

// A search of the audit trail is a line of qualifiers: actor:ann@example.org -action:getRun created:>=2026-01-01. Several values of one
// qualifier are alternatives, different qualifiers narrow each other, and -qualifier:value leaves out what it names. There is no free text:
// entries are looked up, not ranked.

const (
	// maxQuery and maxTerms bound what a search says.
	maxQuery = 4096
	maxTerms = 64
)

// Term is one qualifier of a search with its value.
type Term struct {
	Qualifier string
	Value     string
	// Quoted says that a star in the value is just a star.
	Quoted  bool
	Negated bool
}

// Query is a parsed search.
type Query []Term

// Qualifier says what can be asked by one word.
type Qualifier struct {
	Name string `json:"name"`
	What string `json:"what"`
	// Values are all that it takes; none for open ones.
	Values []string `json:"values,omitempty"`
	// Example is a value as it may be written.
	Example string `json:"example,omitempty"`
}

// Qualifiers are all that a search knows.
var Qualifiers = []Qualifier{
	{Name: "actor", What: "Who did it, by name or id; * stands for any characters", Example: "ann@example.org"},
	{Name: "actor-kind", What: "What kind of principal did it; nobody is who proved no identity",
		Values: []string{"user", "service-principal", "system", "nobody"}},
	{Name: "action", What: "What was called, as the audit log names it, or service.action; * stands for any characters",
		Example: "changeWorkspaceAcl"},
	{Name: "operation", What: "What kind of thing was done", Values: texts(Operations)},
	{Name: "service", What: "The part of the server that was called", Example: "modelRegistry"},
	{Name: "object", What: "What it was about: experiments/123, registered-models/churn, runs/ID, or a workspace path",
		Example: "/Shared/churn"},
	{Name: "result", What: "How it came out", Values: texts([]Result{Allowed, Denied, Failed})},
	{Name: "created", What: "When: a date or time (UTC where it has no zone), >=, >, <= or < before it, or two with .. between them",
		Example: ">=2026-01-01"},
	{Name: "source", What: "The client's address, or the network it is in", Example: "10.0.0.0/8"},
	{Name: "class", What: "How it was recorded: A by itself, B and C counted by the minute", Values: []string{"A", "B", "C"}},
	{Name: "credential", What: "The id of the token or session that was used", Example: "tttttttt1a2b3c4d"},
	{Name: "request", What: "The id of the request, as the header X-Request-Id of its answer has it", Example: "5f0c6d…"},
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

func qualifierNamed(name string) (*Qualifier, bool) {
	i := slices.IndexFunc(Qualifiers, func(q Qualifier) bool { return q.Name == name })
	if i < 0 {
		return nil, false
	}
	return &Qualifiers[i], true
}

// known lists the qualifiers, for messages.
func known() string {
	names := make([]string, len(Qualifiers))
	for i, q := range Qualifiers {
		names[i] = q.Name
	}
	return strings.Join(names, ", ")
}

// ParseQuery reads a search. Errors are fail.Invalid and name what is wrong and what may stand there. What is returned without an error
// has known qualifiers with values that they take.
func ParseQuery(text string) (Query, error) {
	if len(text) > maxQuery {
		return nil, fail.Invalidf("the search is %d bytes long, at most %d are taken", len(text), maxQuery)
	}
	if !utf8.ValidString(text) {
		return nil, fail.Invalidf("the search is not valid UTF-8")
	}
	var q Query
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		t, after, err := cutTerm(rest)
		if err != nil {
			return nil, err
		}
		if q, err = q.With(t); err != nil {
			return nil, err
		}
		rest = after
	}
	return q, nil
}

// With adds a term, which is checked like one that was parsed.
func (q Query) With(t Term) (Query, error) {
	if len(q) == maxTerms {
		return nil, fail.Invalidf("the search has more than %d qualifiers", maxTerms)
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	return append(q, t), nil
}

// cutTerm takes the first term off a text that does not begin with a blank.
func cutTerm(text string) (t Term, rest string, err error) {
	word, negated := strings.CutPrefix(text, "-")
	end := strings.IndexAny(word, ": \t\r\n\"")
	if end < 0 || word[end] != ':' {
		return t, "", freeText(text)
	}
	t = Term{Qualifier: strings.ToLower(word[:end]), Negated: negated}
	if _, ok := qualifierNamed(t.Qualifier); !ok {
		return t, "", fail.Invalidf("'%s' is no qualifier; known: %s", word[:end], known())
	}
	if word = word[end+1:]; strings.HasPrefix(word, `"`) {
		t.Quoted = true
		t.Value, rest, err = cutQuoted(t.Qualifier, word)
		return t, rest, err
	}
	if end = strings.IndexAny(word, " \t\r\n"); end < 0 {
		end = len(word)
	}
	t.Value = word[:end]
	return t, word[end:], nil
}

// freeText says what to do with words that no qualifier stands before.
func freeText(text string) error {
	word, _, _ := strings.Cut(text, " ")
	if r := []rune(word); len(r) > 60 {
		word = string(r[:60]) + "…"
	}
	return fail.Invalidf("'%s' is free text, which is not searched; put a qualifier before it, such as actor:%[1]s or object:%[1]s. "+
		"Known: %s", word, known())
}

// cutQuoted reads a value in quotes, in which \" is a quote and \\ a backslash.
func cutQuoted(qualifier, text string) (value, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			if rest = text[i+1:]; rest != "" && !strings.ContainsRune(" \t\r\n", rune(rest[0])) {
				return "", "", fail.Invalidf("%s: a blank must follow the closing quote", qualifier)
			}
			return b.String(), rest, nil
		case c == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\'):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", fail.Invalidf("%s: the closing quote is missing", qualifier)
}

// check says what is wrong with a term.
func (t *Term) check() error {
	q, ok := qualifierNamed(t.Qualifier)
	switch {
	case !ok:
		return fail.Invalidf("'%s' is no qualifier; known: %s", t.Qualifier, known())
	case t.Value == "":
		return fail.Invalidf("%s: a value must follow the colon, without a blank", t.Qualifier)
	case q.Values != nil && !slices.Contains(q.Values, t.Value):
		return fail.Invalidf("%s: '%s' is not one of %s", t.Qualifier, t.Value, strings.Join(q.Values, ", "))
	case t.Qualifier == "created":
		_, err := ParseSpan(t.Value)
		return err
	case t.Qualifier == "source":
		_, err := parseNetwork(t.Value)
		return err
	}
	return nil
}

// String writes the search so that ParseQuery gives it again.
func (q Query) String() string {
	var b strings.Builder
	for i, t := range q {
		if i > 0 {
			b.WriteByte(' ')
		}
		if t.Negated {
			b.WriteByte('-')
		}
		b.WriteString(t.Qualifier + ":" + t.text())
	}
	return b.String()
}

func (t *Term) text() string {
	if !t.Quoted {
		return t.Value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(t.Value) + `"`
}

// Span is a stretch of time in ms since 1970: From is in it, To is not; 0 = open.
type Span struct{ From, To int64 }

// Holds says whether a moment is in the span.
func (s Span) Holds(ms int64) bool { return (s.From == 0 || ms >= s.From) && (s.To == 0 || ms < s.To) }

// And gives what two spans have in common; the result may hold nothing.
func (s Span) And(o Span) Span {
	s.From = max(s.From, o.From)
	if s.To == 0 || o.To != 0 && o.To < s.To {
		s.To = o.To
	}
	return s
}

// comparisons are what may stand before a time, the longer ones first.
var comparisons = []struct {
	sign string
	span func(Span) Span
}{
	{">=", func(s Span) Span { return Span{From: s.From} }},
	{"<=", func(s Span) Span { return Span{To: s.To} }},
	{">", func(s Span) Span { return Span{From: s.To} }},
	{"<", func(s Span) Span { return Span{To: s.From} }},
}

// isBound says that a value of created bounds time on one side: such ones narrow each other.
func isBound(text string) bool { return strings.HasPrefix(text, "<") || strings.HasPrefix(text, ">") }

// ParseSpan reads a value of created: "2026-01-01" is that whole day, "2026-01-01T10:00Z" that minute, ">2026-01-01" all after that day,
// "2026-01-01..2026-01-31" both days and what is between them, "*" on a side leaves it open.
func ParseSpan(text string) (Span, error) {
	for _, c := range comparisons {
		if rest, ok := strings.CutPrefix(text, c.sign); ok {
			s, err := parseMoment(rest)
			return c.span(s), err
		}
	}
	from, to, isRange := strings.Cut(text, "..")
	if !isRange {
		return parseMoment(text)
	}
	first, err := parseEnd(from)
	if err != nil {
		return Span{}, err
	}
	last, err := parseEnd(to)
	if err == nil && first.From != 0 && last.To != 0 && first.From >= last.To {
		err = fail.Invalidf("created: '%s' ends before it begins", text)
	}
	return Span{first.From, last.To}, err
}

// parseEnd reads an end of a range.
func parseEnd(text string) (Span, error) {
	if text == "*" {
		return Span{}, nil
	}
	return parseMoment(text)
}

// moments are the forms of a time with how much of it one names. A time without zone is UTC.
var moments = []struct {
	layout string
	length time.Duration
}{
	{time.DateOnly, 24 * time.Hour},
	{"2006-01-02T15:04Z07:00", time.Minute}, {"2006-01-02T15:04", time.Minute},
	{"2006-01-02T15:04:05Z07:00", time.Second}, {"2006-01-02T15:04:05", time.Second},
}

// parseMoment reads a day, a minute, a second, or milliseconds since 1970.
func parseMoment(text string) (Span, error) {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms > 0 && ms < 1<<53 {
		return Span{ms, ms + 1}, nil
	}
	for _, m := range moments {
		t, err := time.Parse(m.layout, text)
		if err != nil || t.Year() < 1970 {
			continue
		}
		from := max(1, t.UnixMilli())
		length := m.length
		if t.Nanosecond() != 0 { // parsing takes a fraction of the second, whatever the layout says
			length = time.Millisecond
		}
		return Span{from, max(1, t.UnixMilli()) + length.Milliseconds()}, nil
	}
	return Span{}, fail.Invalidf("created: '%s' is no time; write 2026-01-31, 2026-01-31T10:00Z or milliseconds since 1970, with >=, >, <= or < "+
		"before it, or two of them with .. between", text)
}

// parseNetwork reads an address or a network.
func parseNetwork(text string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, fail.Invalidf("source: '%s' is neither an address nor a network such as 10.0.0.0/8", text)
	}
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), nil
}
