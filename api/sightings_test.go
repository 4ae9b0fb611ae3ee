package api

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/credential"
	"bailiwick/store"
)

// seenCall is a call with a credential, from an address and by a program, that touched a run.
func seenCall(id, address, agent, run string) *Call {
	r := httptest.NewRequest("POST", "/x", nil)
	r.Header.Set("User-Agent", agent)
	c := &Call{request: r, Now: time.UnixMilli(5_000), source: netip.MustParseAddr(address), route: &Route{mode: modeWrite}}
	c.Who.Credential = id
	if run != "" {
		c.touched = []touch{{authz.LogRuns, authz.Experiment, 2000, run}}
	}
	return c
}

func (s *sightings) see(c *Call) {
	s.came(c)
	s.did(c)
}

// rowsOf gives rows in one line each.
func rowsOf(rows []store.Sighting) map[string]int64 {
	out := map[string]int64{}
	for _, r := range rows {
		out[fmt.Sprint(r.Credential, " ", r.Aspect, " ", r.Stored().What)] += r.Count
	}
	return out
}

func TestSightings(t *testing.T) {
	var s sightings
	run := fmt.Sprintf("%032x", 7)
	for range 3 {
		s.see(seenCall("a", "10.0.0.1", "mlflow-python-client/3", run))
	}
	s.see(seenCall("a", "10.0.0.200", "curl/8", ""))
	s.see(seenCall("b", "2001:db8::1", "curl/8", ""))
	want := map[string]int64{
		"a network 10.0.0.0/24": 4, "a program mlflow": 3, "a program curl": 1, "a family mlflow": 3, "a object 2000": 3, "a run " + run: 3,
		"b network 2001:db8::/48": 1, "b program curl": 1,
	}
	if diff := cmp.Diff(want, rowsOf(s.take(10_000, false))); diff != "" {
		t.Errorf("first (-want +got):\n%s", diff)
	}
	s.see(seenCall("a", "10.0.0.1", "curl/9", ""))
	s.see(seenCall("a", "10.1.0.1", "curl/9", ""))
	if diff := cmp.Diff(map[string]int64{"a network 10.1.0.0/24": 1}, rowsOf(s.take(12_000, false))); diff != "" {
		t.Errorf("only what is new goes at once (-want +got):\n%s", diff)
	}
	want = map[string]int64{"a network 10.0.0.0/24": 1, "a program curl": 2}
	if diff := cmp.Diff(want, rowsOf(s.take(70_500, false))); diff != "" {
		t.Errorf("the rest after a minute (-want +got):\n%s", diff)
	}
	s.take(1_000_000, true)
	if len(s.of) != 0 || s.total != 0 {
		t.Errorf("%d credentials, %d spans are kept of what rests", len(s.of), s.total)
	}
}

// A million user agents and addresses take little memory, and do not hide what was seen before.
func TestSightingsHostile(t *testing.T) {
	var s sightings
	s.see(seenCall("a", "10.0.0.1", "mlflow-python-client/3", ""))
	c := seenCall("a", "10.0.0.1", "", "")
	for i := range 1_000_000 {
		c.request.Header["User-Agent"] = []string{fmt.Sprintf("p%d/1", i)}
		c.source = netip.AddrFrom4([4]byte{byte(i >> 16), byte(i >> 8), byte(i), 1})
		s.came(c)
	}
	got := rowsOf(s.take(10_000, false))
	if most := credential.Program.Most() + credential.Network.Most() + 2; len(got) != most || s.total != most {
		t.Errorf("%d rows, %d spans; %d are enough", len(got), s.total, most)
	}
	others := got["a network (others)"] + got["a program (others)"]
	if got["a program mlflow"] != 1 || got["a network 10.0.0.0/24"] < 1 || others < 1_999_000 {
		t.Errorf("mlflow %d, its network %d, others %d", got["a program mlflow"], got["a network 10.0.0.0/24"], others)
	}
	for i := range 2 * maxSpans {
		s.see(seenCall(fmt.Sprint("c", i%2000), "10.0.0.1", "curl/8", fmt.Sprintf("%032x", i)))
	}
	if s.total > 2*maxSpans {
		t.Errorf("%d spans", s.total)
	}
}

// What could not be written is written the next time, with what came meanwhile.
func TestFlushSightings(t *testing.T) {
	d := &Door{}
	full := errors.New("disk full")
	d.sightings.see(seenCall("a", "10.0.0.1", "curl/8", ""))
	if err := d.FlushSightings(false, func([]store.Sighting) error { return full }); err != full {
		t.Errorf("error %v", err)
	}
	d.sightings.see(seenCall("a", "10.0.0.1", "curl/8", ""))
	var rows []store.Sighting
	if err := d.FlushSightings(false, func(r []store.Sighting) error { rows = append(rows, r...); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int64{"a network 10.0.0.0/24": 2, "a program curl": 2}, rowsOf(rows)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// BenchmarkSightings is what the inventory adds to a call that logs to a run.
func BenchmarkSightings(b *testing.B) {
	var s sightings
	calls := make([]*Call, 64)
	for i := range calls {
		calls[i] = seenCall(fmt.Sprintf("%064x", i), "10.0.0.1", "mlflow-python-client/3.17.2", fmt.Sprintf("%032x", i))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.see(calls[i%len(calls)])
	}
}
