package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// What is done with the model registry: models and versions are made, found by alias, listed and moved.

type modelVersion struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Stage   string `json:"current_stage"`
	Status  string `json:"status"`
	RunID   string `json:"run_id"`
}

type oneVersion struct {
	Version modelVersion `json:"model_version"`
}

type registeredModel struct {
	Name string `json:"name"`
}

type modelPage struct {
	Models []registeredModel `json:"registered_models"`
	Next   string            `json:"next_page_token"`
}

// origin is a run with a small model among its artifacts, of which versions are made.
type origin struct{ run, source string }

// originOf makes a run with a model of some MiB; 0 for a file of one block's beginning, which every server takes.
func (b *bench) originOf(ctx context.Context, s *site, blocks int) (o origin, err error) {
	experiment, err := s.createExperiment(ctx, b.name("registered"))
	if err != nil {
		return o, err
	}
	made, err := s.createRun(ctx, experiment, "trained")
	if err != nil {
		return o, err
	}
	folder, err := made.artifacts()
	if err != nil {
		return o, err
	}
	_, err = s.upload(ctx, folder+"/model/weights.bin", blocks, b.next()<<32)
	return origin{made.Info.RunID, "runs:/" + made.Info.RunID + "/model"}, err
}

func (o origin) version(name string) object {
	return object{"name": name, "source": o.source, "run_id": o.run}
}

// openRegister makes a model and its first version, one after the other; its figure is pairs a second.
func openRegister(ctx context.Context, b *bench, s *site) (measure, error) {
	from, err := b.originOf(ctx, s, 1)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, clients int) (float64, error) {
		prefix := b.name("register")
		models, versions := make([]template, clients), make([]template, clients)
		for i := range clients {
			name := fmt.Sprintf("%s-%02d-%s", prefix, i, mark)
			model, err := json.Marshal(object{"name": name})
			if err != nil {
				return 0, err
			}
			version, err := json.Marshal(from.version(name))
			if err != nil {
				return 0, err
			}
			models[i] = newTemplate(s.request("POST", mlflowAPI+"/registered-models/create", model), mark)
			versions[i] = newTemplate(s.request("POST", mlflowAPI+"/model-versions/create", version), mark)
		}
		p, err := s.play(ctx, load{
			clients: clients, warm: 2, most: b.size.most, limit: b.size.cell,
			request: func(client, i int) []byte {
				if i%2 == 0 {
					return models[client].with(i / 2)
				}
				return versions[client].with(i / 2)
			},
		})
		for client := 0; err == nil && client < clients; client++ {
			err = s.checkRegistered(ctx, fmt.Sprintf("%s-%02d-%08d", prefix, client, (p.done[client]/2)-1), from)
		}
		return p.rate / 2, err
	}, nil
}

// checkRegistered looks at the last version that a client made.
func (s *site) checkRegistered(ctx context.Context, name string, from origin) error {
	var got oneVersion
	if err := s.call(ctx, "GET", mlflowAPI+"/model-versions/get?version=1&name="+name, nil, &got); err != nil {
		return err
	}
	if v := got.Version; v.Name != name || v.RunID != from.run || v.Status != "READY" {
		return wrongf("the version of %s is %+v", name, v)
	}
	return nil
}

func openByAlias(ctx context.Context, b *bench, s *site) (measure, error) {
	from, err := b.originOf(ctx, s, 1)
	if err != nil {
		return nil, err
	}
	prefix := b.name("aliased")
	requests := make([][]byte, b.size.samples)
	err = parallel(ctx, len(requests), seeders, func(ctx context.Context, i int) error {
		name := serial(prefix+"-", i, 4)
		requests[i] = s.request("GET", mlflowAPI+"/registered-models/alias?alias=champion&name="+name, nil)
		if err := s.post(ctx, mlflowAPI+"/registered-models/create", object{"name": name}, nil); err != nil {
			return err
		}
		if err := s.post(ctx, mlflowAPI+"/model-versions/create", from.version(name), nil); err != nil {
			return err
		}
		return s.post(ctx, mlflowAPI+"/registered-models/alias", object{"name": name, "alias": "champion", "version": "1"}, nil)
	})
	at := func(client, i int) int { return (client*37 + i) % len(requests) }
	return func(ctx context.Context, clients int) (float64, error) {
		p, err := s.play(ctx, load{
			clients: clients, warm: 2, most: b.size.most, limit: b.size.cell,
			request: func(client, i int) []byte { return requests[at(client, i)] },
		})
		for client := 0; err == nil && client < clients; client++ {
			var got oneVersion
			if err = json.Unmarshal(p.last[client], &got); err == nil && got.Version.Name != serial(prefix+"-", at(client, p.done[client]-1), 4) {
				err = wrongf("an alias gave %.300s", p.last[client])
			}
		}
		return p.rate, err
	}, err
}

// openTransition moves a version of each client's own to Staging and back.
func openTransition(ctx context.Context, b *bench, s *site) (measure, error) {
	from, err := b.originOf(ctx, s, 1)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, clients int) (float64, error) {
		prefix := b.name("moved")
		requests := make([][2][]byte, clients)
		err := parallel(ctx, clients, seeders, func(ctx context.Context, i int) error {
			name := serial(prefix+"-", i, 2)
			if err := s.post(ctx, mlflowAPI+"/registered-models/create", object{"name": name}, nil); err != nil {
				return err
			}
			for k, stage := range []string{"Staging", "None"} {
				body, err := json.Marshal(object{"name": name, "version": "1", "stage": stage, "archive_existing_versions": false})
				if err != nil {
					return err
				}
				requests[i][k] = s.request("POST", mlflowAPI+"/model-versions/transition-stage", body)
			}
			return s.post(ctx, mlflowAPI+"/model-versions/create", from.version(name), nil)
		})
		if err != nil {
			return 0, err
		}
		p, err := s.play(ctx, load{
			clients: clients, warm: 2, most: b.size.most, limit: b.size.cell,
			request: func(client, i int) []byte { return requests[client][i%2] },
		})
		for client := 0; err == nil && client < clients; client++ {
			var got oneVersion
			if err = json.Unmarshal(p.last[client], &got); err == nil && got.Version.Stage != []string{"Staging", "None"}[(p.done[client]-1)%2] {
				err = wrongf("a transition was answered %.300s", p.last[client])
			}
			if err == nil {
				err = s.checkMove(ctx, serial(prefix+"-", client, 2))
			}
		}
		return p.rate, err
	}, nil
}

// checkMove moves a version somewhere else once more, and looks whether it is there.
func (s *site) checkMove(ctx context.Context, name string) error {
	if err := s.post(ctx, mlflowAPI+"/model-versions/transition-stage", object{"name": name, "version": "1", "stage": "Archived", "archive_existing_versions": false}, nil); err != nil {
		return err
	}
	var got oneVersion
	if err := s.call(ctx, "GET", mlflowAPI+"/model-versions/get?version=1&name="+name, nil, &got); err != nil {
		return err
	}
	if got.Version.Stage != "Archived" {
		return wrongf("a version that was archived is in %s", got.Version.Stage)
	}
	return nil
}

// openLargeVersion makes versions of a large model and of a small one that the store has already; its figure is the large one's time.
func openLargeVersion(ctx context.Context, b *bench, s *site) (measure, error) {
	large, err := b.originOf(ctx, s, b.size.large)
	if err != nil {
		return nil, err
	}
	name := b.name("large")
	if err := s.post(ctx, mlflowAPI+"/registered-models/create", object{"name": name}, nil); err != nil {
		return nil, err
	}
	return func(ctx context.Context, _ int) (float64, error) {
		var got oneVersion
		began := time.Now()
		err := s.post(ctx, mlflowAPI+"/model-versions/create", large.version(name), &got)
		spent := time.Since(began)
		if err == nil && got.Version.Status != "READY" {
			err = wrongf("the version of a large model is %s", got.Version.Status)
		}
		return spent.Seconds(), err
	}, nil
}

// modelsPage is how many models a page has.
const modelsPageSize = 100

// gallery is the registry with many models, as somebody sees it.
type gallery struct {
	b     *bench
	names []string // all, in order
}

// openModels lists the first page of many models as who may see them all.
func openModels(ctx context.Context, b *bench, s *site) (measure, error) {
	g := &gallery{b: b}
	if err := g.fill(ctx, s); err != nil {
		return nil, err
	}
	return g.page(s, g.names[:min(modelsPageSize, len(g.names))]), nil
}

func (g *gallery) fill(ctx context.Context, s *site) error {
	for i := range g.b.size.models {
		g.names = append(g.names, serial("!gallery-", i, 5)) // before all others, so that they are the first page
	}
	if s.seedURI != "" {
		return g.seedTables(ctx, s)
	}
	return parallel(ctx, len(g.names), seeders, func(ctx context.Context, i int) error {
		return s.post(ctx, mlflowAPI+"/registered-models/create", object{"name": g.names[i]}, nil)
	})
}

// seedTables writes the models into MLflow's tables, which takes seconds instead of minutes.
func (g *gallery) seedTables(ctx context.Context, s *site) error {
	path := filepath.Join(s.dir, "models.txt")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	for _, name := range g.names {
		fmt.Fprintln(out, name) // Flush gives its error
	}
	if err := errors.Join(out.Flush(), f.Close()); err != nil {
		return err
	}
	script := filepath.Join(g.b.root, "bench", "seed_models.py")
	seed, err := launch("seed_models.py", s.dir, g.b.pythonEnv(), []string{g.b.python, script, s.seedURI, path})
	if err != nil {
		return err
	}
	g.b.processes = append(g.b.processes, seed)
	g.b.note("the %d models of %s were written into its tables by bench/seed_models.py", len(g.names), s.name)
	return seed.success(ctx)
}

// page measures the first page; want is what is on it.
func (g *gallery) page(s *site, want []string) measure {
	request := s.request("GET", fmt.Sprintf("%s/registered-models/search?max_results=%d", mlflowAPI, modelsPageSize), nil)
	return func(ctx context.Context, clients int) (float64, error) {
		p, err := s.play(ctx, load{
			clients: clients, warm: 1, most: g.b.size.most, limit: g.b.size.cell,
			request: func(int, int) []byte { return request },
		})
		for client := 0; err == nil && client < clients; client++ {
			err = checkModels(p.last[client], want)
		}
		return p.rate, err
	}
}

func checkModels(body []byte, want []string) error {
	var got modelPage
	if err := json.Unmarshal(body, &got); err != nil {
		return wrongf("models: %v", err)
	}
	names := make([]string, len(got.Models))
	for i, m := range got.Models {
		names[i] = m.Name
	}
	if !slices.Equal(names, want) {
		return wrongf("%d models are listed, from %q on, where %d are to be, from %q on", len(names), first(names), len(want), first(want))
	}
	return nil
}

// playGallery fills a server of its own with models and lists them as those who may see few of them.
func (b *bench) playGallery(ctx context.Context) error {
	if !b.opt.wants(many) || !b.opt.plays(manyModels) {
		return nil
	}
	s, _, err := b.boot(ctx, findPeer(ours))
	if err != nil {
		return b.fail(ctx, err, manyModels)
	}
	defer func() { s.process.stop() }()
	g := &gallery{b: b}
	if err := g.fill(ctx, s); err != nil {
		return b.fail(ctx, err, manyModels)
	}
	viewers := []*site{s.as(administrator, adminToken)}
	for _, who := range []string{sees10, seesLast} {
		viewer, err := g.viewer(ctx, s, who)
		if err != nil {
			return b.fail(ctx, err, manyModels)
		}
		viewers = append(viewers, viewer)
	}
	w := work{name: manyModels, unit: "/s", levels: levels, on: principals, open: func(_ context.Context, _ *bench, s *site) (measure, error) {
		seen := g.seen(s.name)
		return g.page(s, seen[:min(modelsPageSize, len(seen))]), nil
	}}
	return b.play(ctx, w, viewers)
}

// seen gives the names of the models that somebody may see.
func (g *gallery) seen(who string) (list []string) {
	n := len(g.names)
	switch who {
	case sees10:
		for i := range 10 {
			list = append(list, g.names[i*n/10])
		}
		return list
	case seesLast:
		return g.names[n-max(1, n/100):]
	}
	return g.names
}

// viewer makes a service principal with Read on what it may see.
func (g *gallery) viewer(ctx context.Context, s *site, who string) (*site, error) {
	id, token, err := s.servicePrincipal(ctx, who)
	if err != nil {
		return nil, err
	}
	ask := object{"access_control_list": []object{{"service_principal_name": id, "permission_level": "CAN_READ"}}}
	seen := g.seen(who)
	return s.as(who, token), parallel(ctx, len(seen), seeders, func(ctx context.Context, i int) error {
		var got struct {
			Model struct {
				ID string `json:"id"`
			} `json:"registered_model_databricks"`
		}
		if err := s.call(ctx, "GET", mlflowAPI+"/databricks/registered-models/get?name="+seen[i], nil, &got); err != nil {
			return err
		}
		return s.call(ctx, "PATCH", "/api/2.0/permissions/registered-models/"+got.Model.ID, ask, nil)
	})
}
