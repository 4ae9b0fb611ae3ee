package main

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// registryRoutes are the fake's registered models: their versions by name, and who is shown which.
func (f *fake) registryRoutes() map[string]func(*http.Request, object) any {
	return map[string]func(*http.Request, object) any{
		"POST " + mlflowAPI + "/registered-models/create":        f.createModel,
		"GET " + mlflowAPI + "/registered-models/search":         f.searchModels,
		"GET " + mlflowAPI + "/databricks/registered-models/get": f.modelID,
		"POST " + mlflowAPI + "/registered-models/alias":         func(*http.Request, object) any { return object{} },
		"GET " + mlflowAPI + "/registered-models/alias":          f.getVersion,
		"POST " + mlflowAPI + "/model-versions/create":           f.createVersion,
		"GET " + mlflowAPI + "/model-versions/get":               f.getVersion,
		"POST " + mlflowAPI + "/model-versions/transition-stage": f.moveVersion,
	}
}

func (f *fake) createModel(_ *http.Request, in object) any {
	name := in["name"].(string)
	f.models = append(f.models, name)
	return object{"registered_model": object{"name": name}}
}

func (f *fake) createVersion(_ *http.Request, in object) any {
	v := &modelVersion{Name: in["name"].(string), Version: "1", Stage: "None", Status: "READY", RunID: in["run_id"].(string)}
	if f.wrong == "pending-version" {
		v.Status = "PENDING_REGISTRATION"
	}
	f.versions[v.Name] = v
	return oneVersion{*v}
}

func (f *fake) getVersion(r *http.Request, _ object) any {
	v := f.versions[r.FormValue("name")]
	if v == nil || f.wrong == "other-version" {
		v = &modelVersion{Name: "another"}
	}
	return oneVersion{*v}
}

func (f *fake) moveVersion(_ *http.Request, in object) any {
	v := f.versions[in["name"].(string)]
	if f.wrong != "stay" {
		v.Stage = in["stage"].(string)
	}
	return oneVersion{*v}
}

func (f *fake) modelID(r *http.Request, _ object) any {
	return object{"registered_model_databricks": object{"id": strconv.Itoa(slices.Index(f.models, r.FormValue("name")))}}
}

func (f *fake) searchModels(r *http.Request, _ object) any {
	who := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	var page modelPage
	for i, name := range f.models {
		if who == "root" || who == adminToken || f.wrong == "leak" || f.grants[who]["registered-models/"+strconv.Itoa(i)] {
			page.Models = append(page.Models, registeredModel{name})
		}
	}
	slices.SortFunc(page.Models, func(a, b registeredModel) int { return strings.Compare(a.Name, b.Name) })
	if f.wrong == "misorder" {
		slices.Reverse(page.Models)
	}
	page.Models = page.Models[:min(modelsPageSize, len(page.Models))]
	return page
}

// TestGallery lists models as those who may see few of them, on a right server and on one that shows them to everybody.
func TestGallery(t *testing.T) {
	for fault, right := range map[string]bool{"": true, "leak": false} {
		b, s := tinyBench(t), startFake(t, fault)
		g := &gallery{b: b}
		if err := g.fill(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		for _, who := range []string{administrator, sees10, seesLast} {
			viewer := s.as(who, adminToken)
			if who != administrator {
				var err error
				if viewer, err = g.viewer(t.Context(), s, who); err != nil {
					t.Fatal(err)
				}
			}
			seen := g.seen(who)
			_, err := g.page(viewer, seen[:min(modelsPageSize, len(seen))])(t.Context(), 2)
			if (err == nil) != (right || who == administrator) {
				t.Errorf("%q: the page of %s: %v", fault, who, err)
			}
		}
	}
}
