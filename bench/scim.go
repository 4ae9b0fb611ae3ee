package main

import (
	"context"
	"fmt"
	"net/url"
	"time"
)

const (
	scimAPI = "/scim/v2"
	patchOp = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	// pushers are the connections that a directory works on at once.
	pushers = 4
	// groupsEach is in how many groups each person is; peopleEach for how many people there is a group.
	groupsEach, peopleEach = 5, 20
)

// company is a directory that provisions a server of its own for the first time.
type company struct {
	b      *bench
	s      *site
	users  []string // ids on the server
	groups []string
}

// playDirectory has a directory do its first sync, as Okta does: it looks for each user and makes him, makes each group, and pushes its members.
func (b *bench) playDirectory(ctx context.Context) error {
	if !b.opt.wants(ours) || !b.opt.plays(scimSync) {
		return nil
	}
	for round := range b.size.rounds {
		b.say("%s, round %d", scimSync, round+1)
		if err := b.syncOnce(ctx); err != nil {
			return b.fail(ctx, err, scimSync, scimGrowth, scimLarge)
		}
	}
	return nil
}

func (b *bench) syncOnce(ctx context.Context) error {
	s, _, err := b.boot(ctx, findPeer(ours))
	if err != nil {
		return err
	}
	defer func() { s.process.stop() }()
	c := &company{b: b, users: make([]string, b.size.people), groups: make([]string, b.size.people/peopleEach)}
	if c.s, err = connect(ctx, s); err != nil {
		return err
	}
	before, err := s.process.memory()
	if err != nil {
		return err
	}
	took, err := c.sync(ctx)
	if err != nil {
		return err
	}
	after, err := s.process.memory()
	b.book.record(scimSync, "s", true, 0, ours, took.Seconds(), nil)
	b.book.record(scimGrowth, "MiB", true, 0, ours, max(after-before, 1), err)
	b.note("%s: %d users, %d groups, %d memberships in %s; the server held %.0f MiB before and %.0f after", scimSync, len(c.users), len(c.groups),
		len(c.users)*groupsEach, took.Round(10*time.Millisecond), before, after)
	if err := c.check(ctx); err != nil {
		return err
	}
	return c.large(ctx)
}

// connect makes a directory and gives the server as it sees it.
func connect(ctx context.Context, s *site) (*site, error) {
	var made struct {
		Token string `json:"token_value"`
	}
	err := s.post(ctx, "/api/governance/1.0/identity/directories", object{"name": "okta"}, &made)
	return s.as(ours, made.Token), err
}

func (c *company) sync(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	for _, step := range []struct {
		count int
		do    func(context.Context, int) error
	}{{len(c.users), c.assign}, {len(c.groups), c.push}, {len(c.groups), c.fill}} {
		if err := parallel(ctx, step.count, pushers, step.do); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

type madeResource struct {
	ID string `json:"id"`
}

// assign looks for a user and makes him.
func (c *company) assign(ctx context.Context, i int) error {
	name := serial("user", i, 5) + "@example.com"
	var found struct {
		Total int `json:"totalResults"`
	}
	filter := url.QueryEscape(`userName eq "` + name + `"`)
	if err := c.s.call(ctx, "GET", scimAPI+"/Users?filter="+filter+"&startIndex=1&count=100", nil, &found); err != nil {
		return err
	}
	if found.Total != 0 {
		return wrongf("%s is there already", name)
	}
	var made madeResource
	err := c.s.post(ctx, scimAPI+"/Users", object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": name, "displayName": "Person " + fmt.Sprint(i),
		"name":   object{"givenName": "Person", "familyName": fmt.Sprint(i)},
		"emails": []object{{"primary": true, "value": name, "type": "work"}}, "locale": "en-US", "externalId": serial("00u", i, 8),
		"groups": []string{}, "active": true,
	}, &made)
	c.users[i] = made.ID
	return err
}

// push makes a group without members.
func (c *company) push(ctx context.Context, i int) error {
	var made madeResource
	err := c.s.post(ctx, scimAPI+"/Groups", object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": serial("team", i, 4), "members": []string{},
	}, &made)
	c.groups[i] = made.ID
	return err
}

// members gives the ids of those who are in a group: each person is in groupsEach of them.
func (c *company) members(group int) (ids []string) {
	for i := range peopleEach * groupsEach {
		ids = append(ids, c.users[(group*peopleEach+i)%len(c.users)])
	}
	return ids
}

// fill pushes a group's members.
func (c *company) fill(ctx context.Context, i int) error {
	return c.add(ctx, c.groups[i], c.members(i))
}

func (c *company) add(ctx context.Context, group string, ids []string) error {
	members := make([]object, len(ids))
	for i, id := range ids {
		members[i] = object{"value": id}
	}
	return c.patch(ctx, group, object{"op": "add", "path": "members", "value": members})
}

func (c *company) patch(ctx context.Context, group string, operation object) error {
	return c.s.call(ctx, "PATCH", scimAPI+"/Groups/"+group+"?excludedAttributes=members",
		object{"schemas": []string{patchOp}, "Operations": []object{operation}}, nil)
}

// check reads everybody and every group, in Okta's pages, and counts.
func (c *company) check(ctx context.Context) error {
	users, _, err := c.read(ctx, "/Users")
	if err != nil {
		return err
	}
	groups, members, err := c.read(ctx, "/Groups")
	if err != nil {
		return err
	}
	if users != len(c.users) || groups != len(c.groups) || members != len(c.users)*groupsEach {
		return wrongf("the server shows %d users, %d groups and %d memberships", users, groups, members)
	}
	return nil
}

// read gives how many of a kind that the directory made are listed, and their members.
func (c *company) read(ctx context.Context, kind string) (count, members int, err error) {
	for start := 1; ; {
		var page struct {
			Resources []struct {
				UserName string     `json:"userName"`
				Display  string     `json:"displayName"`
				Members  []struct{} `json:"members"`
			} `json:"Resources"`
		}
		if err := c.s.call(ctx, "GET", fmt.Sprintf("%s%s?startIndex=%d&count=100", scimAPI, kind, start), nil, &page); err != nil {
			return 0, 0, err
		}
		if len(page.Resources) == 0 {
			return count, members, nil
		}
		for _, r := range page.Resources {
			if len(r.UserName) > 5 && r.UserName[:4] == "user" || len(r.Display) > 4 && r.Display[:4] == "team" {
				count++
				members += len(r.Members)
			}
		}
		start += len(page.Resources)
	}
}

// large makes a group of half of the people, and measures how long it takes to add one and take him out again.
func (c *company) large(ctx context.Context) error {
	var made madeResource
	if err := c.s.post(ctx, scimAPI+"/Groups", object{"displayName": "everybody-else"}, &made); err != nil {
		return err
	}
	half := len(c.users) / 2
	if err := c.add(ctx, made.ID, c.users[:half]); err != nil {
		return err
	}
	const times = 20
	began := time.Now()
	for i := range times {
		one := c.users[half+i]
		if err := c.add(ctx, made.ID, []string{one}); err != nil {
			return err
		}
		if err := c.patch(ctx, made.ID, object{"op": "remove", "path": `members[value eq "` + one + `"]`}); err != nil {
			return err
		}
	}
	c.b.book.record(scimLarge, "ms", true, 0, ours, float64(time.Since(began).Milliseconds())/(2*times), nil)
	return nil
}
