package main

import (
	"fmt"
	"slices"
)

// figure is what was measured of a work on a site with a number of clients (0 where there are none).
type figure struct {
	Work    string    `json:"work"`
	Unit    string    `json:"unit"`
	Less    bool      `json:"smaller_is_better,omitempty"`
	Clients int       `json:"clients,omitempty"`
	Site    string    `json:"site"`
	Rounds  []float64 `json:"rounds"`
	Median  float64   `json:"median,omitempty"`
	Void    string    `json:"void,omitempty"` // why there is no figure: a wrong answer or an error
}

// book holds the figures in the order in which they came.
type book struct{ figures []*figure }

func (b *book) find(work, site string, clients int) *figure {
	for _, f := range b.figures {
		if f.Work == work && f.Site == site && f.Clients == clients {
			return f
		}
	}
	return nil
}

// record adds a round's figure. An error makes the figure of all rounds void.
func (b *book) record(work, unit string, less bool, clients int, site string, value float64, err error) {
	f := b.find(work, site, clients)
	if f == nil {
		f = &figure{Work: work, Unit: unit, Less: less, Clients: clients, Site: site}
		b.figures = append(b.figures, f)
	}
	if err != nil {
		f.Void, f.Median = fmt.Sprintf("%.400s", err), 0
	}
	f.Rounds = append(f.Rounds, value)
	if f.Void == "" {
		f.Median = median(f.Rounds)
	}
}

// median is the middle of the values, or between the two in the middle; 0 of none.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// good says whether there is a figure.
func (f *figure) good() bool { return f != nil && f.Void == "" && f.Median > 0 }

// ratio is how many times better f is than other; 0 unless both are good.
func (f *figure) ratio(other *figure) float64 {
	switch {
	case !f.good() || !other.good():
		return 0
	case f.Less:
		return other.Median / f.Median
	}
	return f.Median / other.Median
}
