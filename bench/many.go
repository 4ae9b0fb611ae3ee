package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// Who looks at the workspace with many experiments.
const (
	administrator = "administrator"
	sees10        = "sees-10"
	seesLast      = "sees-last-1%"
	seesHalf      = "sees-half"
)

// foldersOf gives the number of folders that so many experiments are spread over; half of them are granted to who sees half.
func foldersOf(objects int) int { return max(2, objects*6/100) }

// crowd is the workspace with many experiments in folders.
type crowd struct {
	b       *bench
	s       *site
	folders []int64      // object ids, in the order in which they were filled
	all     []experiment // in the order in which the administrator sees them, the shared one among them
}

const crowdRoot = "/many"

// playMany fills a server of its own and measures on it.
func (b *bench) playMany(ctx context.Context) error {
	if !b.opt.wants(many) || !b.opt.plays(manyPage, manyStart, manyMemory) {
		return nil
	}
	s, _, err := b.boot(ctx, findPeer(ours))
	if err != nil {
		return b.fail(ctx, err, manyPage, manyStart, manyMemory)
	}
	defer func() { s.process.stop() }()
	c := &crowd{b: b, s: s}
	if err := c.fill(ctx); err != nil {
		return b.fail(ctx, err, manyPage, manyStart, manyMemory)
	}
	b.sample(manyMemory, s)
	if b.opt.plays(manyPage) {
		sites, err := c.principals(ctx)
		if err != nil {
			return b.fail(ctx, err, manyPage)
		}
		w := work{name: manyPage, unit: "/s", levels: levels, on: principals, open: c.open}
		if err := b.play(ctx, w, sites); err != nil {
			return err
		}
	}
	return c.restart(ctx)
}

// restart measures the start on the data that there is now.
func (c *crowd) restart(ctx context.Context) error {
	for range c.b.size.rounds {
		if !c.b.opt.plays(manyStart) {
			break
		}
		c.s.process.stop()
		took, err := c.b.start(ctx, c.s, "")
		c.b.book.record(manyStart, "s", true, 0, ours, took.Seconds(), err)
		if err != nil {
			return ctx.Err()
		}
	}
	return nil
}

// fill makes folders and experiments, in the order of the folders, until all are there or the time for it is over.
func (c *crowd) fill(ctx context.Context) error {
	if err := c.makeFolders(ctx, foldersOf(c.b.size.objects)); err != nil {
		return err
	}
	began := time.Now()
	late := began.Add(c.b.opt.seedTime)
	var made atomic.Int64
	err := parallel(ctx, c.b.size.objects, 32, func(ctx context.Context, i int) error {
		if time.Now().After(late) {
			return nil
		}
		made.Add(1)
		folder := i * len(c.folders) / c.b.size.objects
		_, err := c.s.createExperiment(ctx, fmt.Sprintf("%s/%s/%s", crowdRoot, serial("f", folder, 5), serial("e", i, 6)))
		return err
	})
	if err != nil {
		return err
	}
	c.b.note("%d of %d experiments in %d folders were made over HTTP in %s (-seed-time %s)", made.Load(), c.b.size.objects,
		len(c.folders), time.Since(began).Round(time.Second), c.b.opt.seedTime)
	if c.all, err = c.s.experiments(ctx); err != nil {
		return err
	}
	if seen := slices.DeleteFunc(slices.Clone(c.all), experiment.shared); len(seen) != int(made.Load()) {
		return wrongf("%d experiments were made, the administrator sees %d", made.Load(), len(seen))
	}
	if made.Load() == 0 {
		return fmt.Errorf("no experiment was made within -seed-time %s", c.b.opt.seedTime)
	}
	last := slices.MaxFunc(c.all, func(a, b experiment) int { return a.folder() - b.folder() })
	c.folders = c.folders[:last.folder()+1]
	return nil
}

// folder gives the number of an experiment's folder; -1 for the shared one.
func (e experiment) folder() int {
	var folder, number int
	if _, err := fmt.Sscanf(e.Name, crowdRoot+"/f%d/e%d", &folder, &number); err != nil {
		return -1
	}
	return folder
}

// makeFolders makes the folders and learns their ids.
func (c *crowd) makeFolders(ctx context.Context, count int) error {
	err := parallel(ctx, count, seeders, func(ctx context.Context, i int) error {
		return c.s.post(ctx, "/api/2.0/workspace/mkdirs", object{"path": crowdRoot + "/" + serial("f", i, 5)}, nil)
	})
	if err != nil {
		return err
	}
	var listed struct {
		Objects []struct {
			Path string `json:"path"`
			ID   int64  `json:"object_id"`
		} `json:"objects"`
	}
	if err := c.s.call(ctx, "GET", "/api/2.0/workspace/list?path="+crowdRoot, nil, &listed); err != nil {
		return err
	}
	c.folders = make([]int64, count)
	for _, o := range listed.Objects {
		var i int
		if _, err := fmt.Sscanf(o.Path, crowdRoot+"/f%d", &i); err == nil && i < count {
			c.folders[i] = o.ID
		}
	}
	if slices.Contains(c.folders, 0) {
		return wrongf("%d folders were made, and not all are listed (%d are)", count, len(listed.Objects))
	}
	return nil
}

// shared says whether an experiment is the one in /Shared that everybody sees, which does not belong to the crowd.
func (e experiment) shared() bool { return e.ID == "0" }

// granted says what a principal is granted, and therefore sees: experiments by their place in the administrator's order, or folders.
func (c *crowd) granted(who string, place int, e experiment) bool {
	if e.shared() {
		return false
	}
	switch who {
	case administrator:
		return true
	case sees10:
		return place%max(1, len(c.all)/10) == 0 && place/max(1, len(c.all)/10) < 10
	case seesLast:
		return e.folder() < max(1, len(c.folders)/100) // the first that were made stand last
	}
	return e.folder()%2 == 0
}

// principals makes the callers with their grants.
func (c *crowd) principals(ctx context.Context) ([]*site, error) {
	sites := []*site{c.s.as(administrator, adminToken)}
	for _, who := range principals[1:] {
		id, token, err := c.s.servicePrincipal(ctx, who)
		if err != nil {
			return nil, err
		}
		if err := c.grant(ctx, who, id); err != nil {
			return nil, err
		}
		sites = append(sites, c.s.as(who, token))
	}
	return sites, nil
}

// servicePrincipal makes one with a token.
func (s *site) servicePrincipal(ctx context.Context, name string) (id, token string, err error) {
	var made struct {
		ApplicationID string `json:"applicationId"`
	}
	err = s.post(ctx, "/api/2.0/preview/scim/v2/ServicePrincipals", object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal"}, "displayName": name, "active": true,
	}, &made)
	if err != nil {
		return "", "", err
	}
	var issued struct {
		Token string `json:"token_value"`
	}
	err = s.post(ctx, "/api/2.0/token-management/on-behalf-of/tokens",
		object{"application_id": made.ApplicationID, "lifetime_seconds": 86400, "comment": "bench"}, &issued)
	return made.ApplicationID, issued.Token, err
}

// grant gives a principal Read on what granted says, through as many entries.
func (c *crowd) grant(ctx context.Context, who, id string) error {
	var paths []string
	for place, e := range c.all {
		switch {
		case !c.granted(who, place, e):
		case who == sees10:
			paths = append(paths, "/api/2.0/permissions/experiments/"+e.ID)
		default:
			paths = append(paths, fmt.Sprint("/api/2.0/permissions/directories/", c.folders[e.folder()]))
		}
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	ask := object{"access_control_list": []object{{"service_principal_name": id, "permission_level": "CAN_READ"}}}
	c.b.note("%s: %d grants", who, len(paths))
	return parallel(ctx, len(paths), seeders, func(ctx context.Context, i int) error { return c.s.call(ctx, "PATCH", paths[i], ask, nil) })
}

// open gives what is measured for a principal: the same page as everywhere, which holds what he may see and nothing else.
func (c *crowd) open(_ context.Context, b *bench, s *site) (measure, error) {
	var want []experiment
	for place, e := range c.all {
		if (e.shared() || c.granted(s.name, place, e)) && len(want) < b.size.page {
			want = append(want, e)
		}
	}
	if len(want) == 0 {
		return nil, errors.New("there are too few experiments for this principal to see any")
	}
	return b.pageOf(s, func(got []experiment) error {
		if !slices.Equal(got, want) {
			return wrongf("%s is shown %d experiments (first %v) instead of %d (first %v)", s.name, len(got), first(got), len(want), first(want))
		}
		return nil
	}), nil
}
