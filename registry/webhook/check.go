package webhook

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"bailiwick/fail"
)

// Limits of what callers send.
const (
	maxText   = 1000
	maxSecret = 1000
)

var validName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)

// Check says what is wrong with a webhook that somebody wants to have: fail.Invalid, with what is allowed.
func (h *Hook) Check(s Secrets, allow *Allow) error {
	for _, check := range []error{
		h.checkName(), h.checkEvents(), h.checkStatus(), CheckURL(h.URL, allow), h.checkJob(s), s.check(), h.checkLength(),
	} {
		if check != nil {
			return check
		}
	}
	return nil
}

func (h *Hook) checkName() error {
	if h.Protocol == MLflow && !validName.MatchString(h.Name) {
		return fail.Invalidf("Webhook name %q is invalid: 1 to 63 letters, digits, dots, underscores and hyphens, the first and the last a "+
			"letter or digit.", h.Name)
	}
	return nil
}

func (h *Hook) checkLength() error {
	if len(h.Text) > maxText {
		return fail.Invalidf("The description has %d bytes; at most %d are allowed.", len(h.Text), maxText)
	}
	if strings.ContainsRune(h.Text, 0) || !utf8.ValidString(h.Text) {
		return fail.Invalidf("The description holds what is no text.")
	}
	return nil
}

func (h *Hook) checkEvents() error {
	if len(h.Events) == 0 {
		return fail.Invalidf("A webhook needs at least one event; known: %s.", strings.Join(AllEvents(h.Protocol), ", "))
	}
	for i, name := range h.Events {
		switch {
		case !Known(h.Protocol, name):
			return fail.Invalidf("%q is no event; known: %s.", name, strings.Join(AllEvents(h.Protocol), ", "))
		case slices.Contains(h.Events[:i], name):
			return fail.Invalidf("The event %s stands twice.", name)
		case name == dbModelCreated && h.Model != 0:
			return fail.Invalidf("%s is an event of the whole registry: leave model_name out, or the event.", name)
		}
	}
	return nil
}

func (h *Hook) checkStatus() error {
	switch {
	case h.Status == Active || h.Status == Disabled || h.Status == TestMode && h.Protocol == Databricks:
		return nil
	case h.Protocol == Databricks:
		return fail.Invalidf("%q is no status; known: ACTIVE, DISABLED, TEST_MODE.", h.Status)
	}
	return fail.Invalidf("%q is no status; known: ACTIVE, DISABLED.", h.Status)
}

func (h *Hook) checkJob(s Secrets) error {
	if h.Job == "" {
		return nil
	}
	if n, err := strconv.ParseInt(h.Job, 10, 64); err != nil || n <= 0 {
		return fail.Invalidf("job_spec.job_id %q is no job's id, which is a positive number.", h.Job)
	}
	if s.Token == "" {
		return fail.Invalidf("job_spec.access_token is missing: a job is started with it.")
	}
	return nil
}

// RunNow is where a job is started, below the workspace's URL.
const RunNow = "/api/2.2/jobs/run-now"

// Endpoint is the address that is called.
func (h *Hook) Endpoint() string {
	if h.Job == "" {
		return h.URL
	}
	return strings.TrimSuffix(h.URL, "/") + RunNow
}

func (s Secrets) check() error {
	for what, value := range map[string]string{"secret": s.Key, "authorization": s.Authorization, "access_token": s.Token} {
		if len(value) > maxSecret {
			return fail.Invalidf("The %s has %d bytes; at most %d are allowed.", what, len(value), maxSecret)
		}
		if what != "secret" && strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			return fail.Invalidf("The %s has characters that no header may hold.", what)
		}
	}
	return nil
}
