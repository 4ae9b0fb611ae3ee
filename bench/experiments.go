package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

func openExperiments(ctx context.Context, b *bench, s *site) (measure, error) {
	prefix := b.name("page") + "-"
	err := parallel(ctx, b.size.page, seeders, func(ctx context.Context, i int) error {
		_, err := s.createExperiment(ctx, serial(prefix, i, 5))
		return err
	})
	want := make([]string, b.size.page)
	for i := range want {
		want[i] = serial(prefix, i, 5)
	}
	return b.pageOf(s, func(got []experiment) error { return checkPage(got, want) }), err
}

// pageOf measures a search for the newest experiments, as many as a page of the benchmark has.
func (b *bench) pageOf(s *site, check func([]experiment) error) measure {
	body := fmt.Appendf(nil, `{"max_results":%d,"view_type":"ACTIVE_ONLY"}`, b.size.page)
	request := s.request("POST", mlflowAPI+"/experiments/search", body)
	return func(ctx context.Context, clients int) (float64, error) {
		p, err := s.play(ctx, load{
			clients: clients, warm: 1, most: b.size.most, limit: b.size.cell,
			request: func(int, int) []byte { return request },
		})
		for client := 0; err == nil && client < clients; client++ {
			var got experimentPage
			if err = json.Unmarshal(p.last[client], &got); err == nil {
				err = check(got.Experiments)
			}
		}
		return p.rate, err
	}
}

// checkPage compares a page with the names that are to be on it, in whatever order they were made: the newest come first, and smaller
// ids first among those of the same millisecond.
func checkPage(got []experiment, want []string) error {
	names := make([]string, len(got))
	for i, e := range got {
		names[i] = e.Name
		if i > 0 && e.Created > got[i-1].Created {
			return wrongf("experiment %s is listed behind the older %s", e.Name, got[i-1].Name)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, want) {
		return wrongf("%d experiments are listed, from %q on, where %d are to be, from %q on", len(names), first(names), len(want), first(want))
	}
	return nil
}
