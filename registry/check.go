package registry

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"bailiwick/fail"
)

// CheckState is how a check of a version went.
type CheckState string

// The states, as CI systems have them: what runs, what passed, what found something, and what could not be carried out.
const (
	CheckPending CheckState = "pending"
	CheckSuccess CheckState = "success"
	CheckFailure CheckState = "failure"
	CheckError   CheckState = "error"
)

var checkStates = []CheckState{CheckPending, CheckSuccess, CheckFailure, CheckError}

// ParseCheckState finds a state by its name; an unknown one is fail.Invalid with those there are.
func ParseCheckState(name string) (CheckState, error) {
	if s := CheckState(name); slices.Contains(checkStates, s) {
		return s, nil
	}
	return "", fail.Invalidf("Invalid check state %q. Value must be one of pending, success, failure, error.", name)
}

// Limits of a check.
const (
	MaxCheckName = 128  // characters
	MaxCheckURL  = 2048 // bytes
	MaxChecks    = 100  // of one version, and required of one model
)

// Check is what somebody, CI as a rule, says of a version's bytes. The last one of a name counts.
type Check struct {
	Key
	Name  string
	State CheckState
	// URL is where to read more; empty where there is nothing.
	URL    string
	Digest [32]byte
	Actor  int64
	At     int64 // ms since 1970
}

// NewCheck makes a check of a version from what a client sent. The digest is the version's, in hex: what was checked is these bytes and no
// others. One of other bytes is fail.State, what is ill-formed fail.Invalid.
func NewCheck(v *Version, name, state, address, digest string) (*Check, error) {
	s, err := ParseCheckState(state)
	if err == nil {
		err = CheckCheckName(name)
	}
	if err == nil {
		err = checkAddress(address)
	}
	if err != nil {
		return nil, err
	}
	c := &Check{Key: v.Key(), Name: name, State: s, URL: address}
	return c, c.read(v, digest)
}

// CheckCheckName refuses what cannot be the name of a check.
func CheckCheckName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return fail.Invalidf("Missing value for required parameter 'name': a check has a name.")
	case utf8.RuneCountInString(name) > MaxCheckName:
		return fail.Invalidf("The name of a check has at most %d characters.", MaxCheckName)
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }):
		return fail.Invalidf("The name of a check is one line of text.")
	}
	return nil
}

func checkAddress(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || len(address) > MaxCheckURL {
		return fail.Invalidf("The url of a check must be an http or https address of at most %d bytes.", MaxCheckURL)
	}
	return nil
}

func (c *Check) read(v *Version, digest string) error {
	if v.Digest == ([32]byte{}) {
		return fail.Statef("Version %d of %s is %s and has no digest: there are no bytes to be checked.", v.Number, v.Name, v.Status)
	}
	b, err := hex.DecodeString(strings.TrimPrefix(digest, "sha256:"))
	if err != nil || len(b) != len(c.Digest) {
		return fail.Invalidf("'digest' must be the version's digest, 64 hexadecimal digits: it says which bytes were checked.")
	}
	copy(c.Digest[:], b)
	if c.Digest != v.Digest {
		return fail.Statef("The check is of other bytes: version %d of %s has the digest %x, not %x.", v.Number, v.Name, v.Digest, c.Digest)
	}
	return nil
}

// ChecksText writes the names, states and digests of checks in one way only, so that two texts are equal where the checks are.
func ChecksText(checks []Check) []byte {
	sorted := slices.SortedFunc(slices.Values(checks), func(a, b Check) int { return strings.Compare(a.Name, b.Name) })
	text := []byte{}
	for _, c := range sorted {
		text = fmt.Appendf(text, "%x %s %s\n", c.Digest, c.State, c.Name)
	}
	return text
}

// Required is a check that a version must have passed before it comes into a stage.
type Required struct {
	Stage Stage
	Name  string
}

// CheckRequired refuses a list that says something twice, or too much; it gives the list in its order.
func CheckRequired(list []Required) ([]Required, error) {
	if len(list) > MaxChecks {
		return nil, fail.Invalidf("A model requires at most %d checks, not %d.", MaxChecks, len(list))
	}
	sorted := slices.SortedFunc(slices.Values(list), func(a, b Required) int {
		if a.Stage != b.Stage {
			return int(a.Stage) - int(b.Stage)
		}
		return strings.Compare(a.Name, b.Name)
	})
	for i, r := range sorted {
		if err := CheckCheckName(r.Name); err != nil {
			return nil, err
		}
		if i > 0 && sorted[i-1] == r {
			return nil, fail.Invalidf("The check %q is required twice for %s.", r.Name, r.Stage)
		}
	}
	return sorted, nil
}

// Unmet gives what keeps a version out of a stage: each required check that is missing, did not pass, or was of other bytes.
func Unmet(v *Version, to Stage, checks []Check, required []Required) (list []string) {
	for _, r := range required {
		if r.Stage != to {
			continue
		}
		i := slices.IndexFunc(checks, func(c Check) bool { return c.Name == r.Name })
		switch {
		case i < 0:
			list = append(list, fmt.Sprintf("%q was not posted", r.Name))
		case checks[i].Digest != v.Digest:
			list = append(list, fmt.Sprintf("%q was of other bytes (%x)", r.Name, checks[i].Digest))
		case checks[i].State != CheckSuccess:
			list = append(list, fmt.Sprintf("%q is %s", r.Name, checks[i].State))
		}
	}
	return list
}
