package credential

import (
	"strconv"
	"strings"

	"bailiwick/fail"
)

// off switches a rule off.
const off = "off"

// most is the greatest number that a threshold takes.
const most = 36500

// Settings gives the keys of the workspace's configuration that say when a credential is found, each with what it is until somebody sets it:
// a number, or "off".
func Settings() map[string]string {
	all := make(map[string]string, len(rules))
	for _, r := range rules {
		all[r.setting] = r.standard
	}
	return all
}

// CheckSetting refuses a value that a key of Settings cannot have. Errors: Invalid.
func CheckSetting(key, value string) error {
	_, _, err := threshold(key, value)
	return err
}

// threshold reads the value of a setting; on is false for a rule that is switched off.
func threshold(key, value string) (n int64, on bool, err error) {
	value = strings.TrimSpace(value)
	if value == off {
		return 0, false, nil
	}
	n, err = strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 || n > most {
		return 0, false, fail.Invalidf("%s must be a number from 0 to %d, or %q; not %.40q", key, most, off, value)
	}
	return n, true, nil
}
