package registry

import (
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"bailiwick/fail"
	"bailiwick/keyed"
)

// Limits of MLflow's registry (mlflow/utils/validation.py), in characters. A name has none there; here it has the database's.
const (
	MaxName        = 256
	MaxAlias       = 255
	MaxTagValue    = 100_000
	MaxDescription = 5_000
	MaxSource      = 8_192
)

// CheckName refuses what cannot be the name of a registered model, with MLflow's messages. It is part of addresses of artifacts, so it must be
// one plain segment of a path.
func CheckName(name string) error {
	if strings.TrimSpace(name) == "" {
		return fail.Invalidf("Missing value for required parameter 'name'.")
	}
	if strings.ContainsAny(name, "/:") {
		return fail.Invalidf("Invalid model name '%s'. Names cannot contain '/' or ':'.", name)
	}
	if path.Clean(name) != name || name == "." || name == ".." {
		return fail.Invalidf("Invalid value \"%s\" for parameter 'name' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '%s'", name, path.Clean(name))
	}
	if n := utf8.RuneCountInString(name); n > MaxName {
		return fail.Invalidf("'name' exceeds the maximum length of %d characters", MaxName)
	}
	if !utf8.ValidString(name) || strings.IndexFunc(name, unicode.IsControl) >= 0 {
		return fail.Invalidf("Invalid model name %q. Names cannot contain control characters.", name)
	}
	if _, err := keyed.Path(name); err != nil || encoded.MatchString(name) {
		return fail.Invalidf("Invalid model name %q. Names are part of addresses, and cannot contain '\\', '?', '#' or '%%' with two hexadecimal digits.", name)
	}
	return nil
}

// encoded finds what clients and servers on the way decode: MLflow's clients put names into addresses as they are, so that such a one would name
// another model's files.
var encoded = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

var (
	aliasShape   = regexp.MustCompile(`^[\w\-]+$`)
	aliasVersion = regexp.MustCompile(`^[vV]\d+$`)
)

// CheckAlias refuses what cannot be an alias, with MLflow's messages.
func CheckAlias(alias string) error {
	switch {
	case alias == "":
		return fail.Invalidf("Registered model alias name cannot be empty.")
	case !aliasShape.MatchString(alias):
		return fail.Invalidf("Invalid alias name: '%s'. Names may only contain alphanumerics, underscores (_), and dashes (-).", alias)
	case len(alias) > MaxAlias:
		return fail.Invalidf("Registered model alias name exceeds the maximum length of %d characters", MaxAlias)
	}
	return nil
}

// CheckNewAlias is CheckAlias for an alias that is being set: names that mean a version are reserved.
func CheckNewAlias(alias string) error {
	switch err := CheckAlias(alias); {
	case err != nil:
		return err
	case strings.EqualFold(alias, "latest"):
		return fail.Invalidf("'latest' alias name (case insensitive) is reserved.")
	case aliasVersion.MatchString(alias):
		return fail.Invalidf("Version alias name '%s' is reserved.", alias)
	}
	return nil
}

// CheckTag refuses what cannot be a tag of a model or of a version.
func CheckTag(t keyed.Pair) error {
	if err := keyed.Check("key", t.Key); err != nil {
		return err
	}
	if utf8.RuneCountInString(t.Value) > MaxTagValue {
		return fail.Invalidf("The value of tag '%s' exceeds the maximum length of %d characters", t.Key, MaxTagValue)
	}
	return nil
}

// CheckTags is CheckTag for all tags of something new.
func CheckTags(tags []keyed.Pair) error {
	if len(tags) > keyed.MaxAtOnce {
		return fail.Invalidf("At most %d tags may be given at once, got %d", keyed.MaxAtOnce, len(tags))
	}
	for _, t := range tags {
		if err := CheckTag(t); err != nil {
			return err
		}
	}
	return nil
}

// CheckDescription refuses one that is too long.
func CheckDescription(text string) error {
	if n := utf8.RuneCountInString(text); n > MaxDescription {
		return fail.Invalidf("'description' exceeds the maximum length of %d characters: it has %d", MaxDescription, n)
	}
	return nil
}
