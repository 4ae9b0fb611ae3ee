package mlflow_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
)

func TestMetricHistory(t *testing.T) {
	w := newWorld(t)
	id := w.run(w.experiment("e"), nil)
	log := func(value any, at, step int) {
		w.ok("runs/log-metric", fields{"run_id": id, "key": "loss", "value": value, "timestamp": at, "step": step})
	}
	log(1.5, 10, 0)
	log("NaN", 20, 2)
	log("Infinity", 15, 1)
	log("-Infinity", 5, 0)
	log(1.5, 10, 0) // a point is kept once
	log(-0.25, 20, 2)
	want := []string{"-1.7976931348623157e+308 5 0", "1.5 10 0", "1.7976931348623157e+308 15 1", "-0.25 20 2", "NaN 20 2"}
	if diff := cmp.Diff(want, points(w.good(w.get(w.ann, "metrics/get-history?run_uuid="+id+"&metric_key=loss"), "history"))); diff != "" {
		t.Error(diff)
	}
	// The latest is by step, time and value, where NaN counts as 0.
	if got := pairs(w.get(w.ann, "runs/get?run_id="+id), "run.data.metrics")["loss"]; got != "NaN" {
		t.Errorf("latest is %s", got)
	}
	log(0.5, 20, 2)
	log(7, 19, 2)
	if got := pairs(w.get(w.ann, "runs/get?run_id="+id), "run.data.metrics")["loss"]; got != "0.5" {
		t.Errorf("latest is %s", got)
	}
	var paged []string
	token := ""
	for {
		a := w.good(w.get(w.ann, "metrics/get-history?run_id="+id+"&metric_key=loss&max_results=2&page_token="+url.QueryEscape(token)), "page")
		paged = append(paged, points(a)...)
		if token = a.Text("next_page_token"); token == "" {
			break
		}
		log(9, 1, 0) // before all others: it moves nothing
	}
	all := points(w.get(w.ann, "metrics/get-history?run_id="+id+"&metric_key=loss"))
	if diff := cmp.Diff(all[1:], paged); diff != "" {
		t.Error(diff)
	}
	if a := w.good(w.get(w.ann, "metrics/get-history?run_id="+id+"&metric_key=none"), "none"); string(a.Body) != "{}" {
		t.Errorf("%s", a.Body)
	}
	refused(t, "no key", w.get(w.ann, "metrics/get-history?run_id="+id), 400, "INVALID_PARAMETER_VALUE", "metric_key")
	refused(t, "no run", w.get(w.ann, "metrics/get-history?run_id=x&metric_key=k"), 404, "RESOURCE_DOES_NOT_EXIST", "x")
	refused(t, "bad token", w.get(w.ann, "metrics/get-history?run_id="+id+"&metric_key=k&page_token=x"), 400, "INVALID_PARAMETER_VALUE", "token")
}

func TestLogBatchHistory(t *testing.T) {
	w := newWorld(t)
	id := w.run(w.experiment("e"), nil)
	var list []fields
	for i := range 1000 {
		list = append(list, fields{"key": fmt.Sprint("k", i%10), "value": i, "timestamp": 1000 - i, "step": i / 10})
	}
	w.ok("runs/log-batch", fields{"run_id": id, "metrics": list})
	a := w.get(w.ann, "runs/get?run_id="+id)
	if got := pairs(a, "run.data.metrics"); len(got) != 10 || got["k3"] != "993.0" {
		t.Errorf("%v", got)
	}
	if got := points(w.get(w.ann, "metrics/get-history?run_id="+id+"&metric_key=k3")); len(got) != 100 || got[0] != "993.0 7 99" {
		t.Errorf("%d points, first %s", len(got), got[0])
	}
}

func TestHistoryBulk(t *testing.T) {
	w := newWorld(t)
	ben := w.User("ben@example.org")
	one, two := w.experiment("one"), w.experiment("two")
	a, b := w.run(one, nil), w.run(two, nil)
	for _, id := range []string{a, b} {
		var list []fields
		for i := range 30 {
			list = append(list, fields{"key": "m", "value": i, "timestamp": i, "step": i})
		}
		w.ok("runs/log-batch", fields{"run_id": id, "metrics": list})
	}
	w.share(number(t, two), w.PrincipalID("ben@example.org"), authz.CanRead)
	for _, c := range []struct {
		token, path string
		want        map[string]int
	}{
		{w.ann, "metrics/get-history-bulk?run_id=" + a + "&run_id=" + b + "&metric_key=m", map[string]int{a: 30, b: 30}},
		{w.ann, "metrics/get-history-bulk?run_id=" + a + "&run_id=" + b + "&metric_key=m&max_results=40", map[string]int{a: 30, b: 10}},
		{ben, "metrics/get-history-bulk?run_id=" + a + "&run_id=" + b + "&run_id=none&metric_key=m", map[string]int{b: 30}},
		{w.ann, "metrics/get-history-bulk-interval?run_ids=" + a + "&run_ids=" + b + "&metric_key=m&max_results=10", map[string]int{a: 10, b: 10}},
		{w.ann, "metrics/get-history-bulk-interval?run_ids=" + a + "&metric_key=m&start_step=5&end_step=9", map[string]int{a: 5}},
		{ben, "metrics/get-history-bulk-interval?run_ids=" + a + "&metric_key=m", map[string]int{}},
	} {
		got := map[string]int{}
		for _, id := range texts(w.good(w.get(c.token, c.path), c.path), "metrics", "run_id") {
			got[id]++
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.path, diff)
		}
	}
	many := "metrics/get-history-bulk?metric_key=m" + strings.Repeat("&run_id="+a, 101)
	for _, path := range []string{
		"metrics/get-history-bulk?metric_key=m", "metrics/get-history-bulk?run_id=" + a, many,
		"metrics/get-history-bulk-interval?metric_key=m&run_ids=" + a + "&max_results=2501",
		"metrics/get-history-bulk-interval?metric_key=m&run_ids=" + a + "&start_step=1",
		"metrics/get-history-bulk-interval?metric_key=m&run_ids=" + a + "&start_step=2&end_step=1",
	} {
		refused(t, path, w.get(w.ann, path), 400, "INVALID_PARAMETER_VALUE", "")
	}
}
