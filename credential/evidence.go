package credential

import (
	"fmt"
	"time"
)

// day is evidence that is a date.
func day(name string, ms int64) Evidence {
	if ms == 0 {
		return Evidence{name, "never"}
	}
	return Evidence{name, date(ms)}
}

func date(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.DateOnly) }

// spans makes evidence of sightings: each with its days and its calls.
func spans(name string, all []Sighting) (out []Evidence) {
	for _, s := range all {
		out = append(out, Evidence{name, fmt.Sprintf("%s: %s to %s, %d calls", s.What, date(s.First), date(s.Last), s.Count)})
	}
	return out
}
