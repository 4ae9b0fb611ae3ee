// Package leak finds credentials that stand in texts. The rules are those of gitleaks, read through its library; what they are matched with is
// here, because the library's own detector writes what it finds into its log, and brings readers of archives that nobody asked for (ADR 22).
package leak

import (
	"context"
	"iter"
	"math"
	"regexp"
	"strings"

	"github.com/zricethezav/gitleaks/v8/config"
)

const (
	// MaxText is how many bytes of a text are searched; what lies behind is not.
	MaxText = 4 << 20
	// MaxFound is the most credentials that are given of one text.
	MaxFound = 100

	// piece is how much is matched at a time: between two pieces the search can be ended.
	piece = 128 << 10
	// overlap is how much of a piece is looked at again with the next one, so that nothing is cut in two. Longer secrets than that are none.
	overlap = 8 << 10
)

// Found is a credential in a text. Secret is for a fingerprint and never goes anywhere else.
type Found struct {
	Rule   string
	Line   int // counted from 1
	Secret string
}

// Search gives the credentials in a text that the rules know, each by the first rule that does, in no order; path is where it stands, which some rules ask for. It ends early with
// what it has when ctx does. The engine of expressions takes time in proportion to the text, whatever is in it.
func (r *Rules) Search(ctx context.Context, path, text string) (found []Found) {
	if !searchable(text) {
		return nil
	}
	seen := map[Found]bool{}
	for from, part := range pieces(text[:min(len(text), MaxText)]) {
		before := strings.Count(text[:from], "\n")
		lower := strings.ToLower(part)
		for i := range r.rules {
			if ctx.Err() != nil {
				return found
			}
			for _, f := range r.match(&r.rules[i], path, part, lower) {
				f.Line += before
				same := Found{Line: f.Line, Secret: f.Secret}
				if !seen[same] && len(found) < MaxFound {
					seen[same] = true
					found = append(found, f)
				}
			}
		}
	}
	return found
}

// searchable says whether something is text: what has NUL characters in its beginning is none.
func searchable(text string) bool { return strings.IndexByte(text[:min(len(text), 8<<10)], 0) < 0 }

// pieces gives overlapping parts of a text with where they begin.
func pieces(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for from := 0; ; from += piece - overlap {
			end := min(from+piece, len(text))
			if !yield(from, text[from:end]) || end == len(text) {
				return
			}
		}
	}
}

// match gives what one rule finds in a part of a text.
func (r *Rules) match(rule *config.Rule, path, part, lower string) (found []Found) {
	if !mentioned(rule.Keywords, lower) {
		return nil
	}
	for _, at := range rule.Regex.FindAllStringSubmatchIndex(part, MaxFound) {
		whole, secret := part[at[0]:at[1]], secretOf(rule, part, at)
		if rule.Entropy != 0 && entropy(secret) <= rule.Entropy {
			continue
		}
		line := lineAround(part, at[0], at[1])
		if allowed(r.everywhere, path, whole, line, secret) || allowed(rule.Allowlists, path, whole, line, secret) {
			continue
		}
		found = append(found, Found{rule.RuleID, 1 + strings.Count(part[:at[0]], "\n"), secret})
	}
	return found
}

// mentioned says whether one of a rule's keywords is in the text, which is in lower case; a rule without any is always tried.
func mentioned(keywords []string, lower string) bool {
	for _, k := range keywords {
		if strings.Contains(lower, k) {
			return true
		}
	}
	return len(keywords) == 0
}

// secretOf gives the secret within a match: the group that the rule names, else the first that is not empty, else all of it.
func secretOf(rule *config.Rule, part string, at []int) string {
	if g := 2 * rule.SecretGroup; g > 0 && g+1 < len(at) && at[g] >= 0 {
		return part[at[g]:at[g+1]]
	}
	for g := 2; g+1 < len(at); g += 2 {
		if at[g] >= 0 && at[g+1] > at[g] {
			return part[at[g]:at[g+1]]
		}
	}
	return strings.Trim(part[at[0]:at[1]], "\n")
}

func lineAround(part string, from, to int) string {
	start := strings.LastIndexByte(part[:from], '\n') + 1
	if n := strings.IndexByte(part[to:], '\n'); n >= 0 {
		return part[start : to+n]
	}
	return part[start:]
}

// allowed says whether a match is none after all: an example, a placeholder.
func allowed(lists []*config.Allowlist, path, whole, line, secret string) bool {
	for _, a := range lists {
		target := secret
		switch a.RegexTarget {
		case "match":
			target = whole
		case "line":
			target = line
		}
		word, _ := a.ContainsStopWord(secret)
		fits := a.RegexAllowed(target)
		if a.MatchCondition != config.AllowlistMatchAnd {
			if word || fits {
				return true
			}
			continue
		}
		if (len(a.Commits) == 0) && (len(a.Paths) == 0 || a.PathAllowed(path)) && (len(a.Regexes) == 0 || fits) && (len(a.StopWords) == 0 || word) {
			return true
		}
	}
	return false
}

// entropy gives the bits a character of a text has, by Shannon.
func entropy(text string) (bits float64) {
	counts := map[rune]int{}
	for _, c := range text {
		counts[c]++
	}
	for _, n := range counts {
		p := float64(n) / float64(len(text))
		bits -= p * math.Log2(p)
	}
	return bits
}

// word is what one of our own credentials may look like: nobody writes words of that length.
var word = regexp.MustCompile(`[A-Za-z0-9_.~-]{32,}`)

// maxWords and maxWord bound what is looked up of a text.
const maxWords, maxWord = 20_000, 512

// Words gives the words of a text that may be credentials, with their lines.
func Words(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		if !searchable(text) {
			return
		}
		text = text[:min(len(text), MaxText)]
		line, counted := 1, 0
		for n := 0; n < maxWords; n++ {
			at := word.FindStringIndex(text[counted:])
			if at == nil {
				return
			}
			from, to := counted+at[0], counted+at[1]
			line += strings.Count(text[counted:from], "\n")
			counted = to
			if to-from <= maxWord && !yield(line, text[from:to]) {
				return
			}
		}
	}
}
