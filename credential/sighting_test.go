package credential

import (
	"net/netip"
	"strings"
	"testing"

	"bailiwick/authz"
)

func TestProgramOf(t *testing.T) {
	for agent, want := range map[string]string{
		"mlflow-python-client/3.17.2":                                                                     "mlflow",
		"unknown/0.0.0 databricks-sdk-py/0.61.0 python/3.12.3 os/linux auth/pat":                          "databricks-sdk-py",
		"mlflow/3.17.2 databricks-sdk-py/0.61.0 python/3.12.3":                                            "mlflow",
		"cli/0.260.0 databricks-sdk-go/0.74.0 go/1.24 os/linux":                                           "databricks-cli",
		"databricks-tf-provider/1.85.0 databricks-sdk-go/0.74.0 go/1.24 os/linux terraform/1.12":          "terraform",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139 Safari/537.36": "browser",
		"bailiwick-cli": "bailiwick-cli", "python-requests/2.32.4": "python-requests", "  curl/8.5.0": "curl",
		"": "(unnamed)", "/": "(unnamed)", "日本/1": "(unnamed)", "a\x00b/1": "(unnamed)", strings.Repeat("?", 1000): "(unnamed)",
		strings.Repeat("a", 1000): strings.Repeat("a", maxProgram), strings.Repeat("x! ", 400) + "late/1": "(unnamed)",
	} {
		if got := ProgramOf(agent); got != want {
			t.Errorf("%.60q is %q, want %q", agent, got, want)
		}
	}
}

func FuzzProgramOf(f *testing.F) {
	for _, s := range []string{"mlflow-python-client/3.17.2", "", " / ", "unknown/1 unknown/2", "\xff\xfe/1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, agent string) {
		if got := ProgramOf(agent); got == "" || len(got) > maxProgram {
			t.Errorf("%q is %q", agent, got)
		}
	})
}

func TestNetworkOf(t *testing.T) {
	for address, want := range map[string]string{
		"10.1.2.3": "10.1.2.0/24", "::ffff:10.1.2.3": "10.1.2.0/24", "2001:db8:1:2::3": "2001:db8:1::/48", "fe80::1%eth0": "fe80::/48", "::1": "::/48",
	} {
		if got := NetworkOf(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is in %q, want %q", address, got, want)
		}
	}
	if got := NetworkOf(netip.Addr{}); got != "" {
		t.Errorf("no address is in %q", got)
	}
}

func TestThingsOf(t *testing.T) {
	run := strings.Repeat("0f", 16)
	for name, tt := range map[string]struct {
		kind   authz.Kind
		object int64
		name   string
		want   string
	}{
		"a run":               {authz.Experiment, 2000, run, "object 2000, run " + run},
		"a logged model":      {authz.Experiment, 2000, "m-" + run, "object 2000, logged-model m-" + run},
		"an experiment":       {authz.Experiment, 2000, "", "object 2000"},
		"a comment":           {authz.RegisteredModel, 2001, "comment 12", "object 2001"},
		"no id of a run":      {authz.Experiment, 2000, strings.Repeat("G", 32), "object 2000"},
		"a folder":            {authz.Directory, 2002, "", ""},
		"the workspace":       {authz.Workspace, authz.WorkspaceObject, "", ""},
		"all models":          {authz.RegisteredModel, authz.ModelsRoot, "", ""},
		"the default of all":  {authz.Experiment, authz.DefaultExperiment, "", "object 9"},
		"what is not decided": {0, 0, run, ""},
	} {
		things, n := ThingsOf(tt.kind, tt.object, tt.name)
		var got []string
		for _, s := range things[:n] {
			s = s.Stored()
			got = append(got, s.Aspect.String()+" "+s.What)
		}
		if text := strings.Join(got, ", "); text != tt.want {
			t.Errorf("%s: %q, want %q", name, text, tt.want)
		}
	}
}

func TestAspects(t *testing.T) {
	for a := Family; a < aspectEnd; a++ {
		if a.Most() == 0 || a.String() == "" || ParseAspect(a.String()) != a {
			t.Errorf("aspect %d: %q, at most %d, read back as %d", a, a, a.Most(), ParseAspect(a.String()))
		}
	}
	if ParseAspect("else") != 0 {
		t.Error("an unknown aspect is one")
	}
	one := Sighting{Seen{Run, "r", 1}, 5, 9, 2, 1}
	if got := one.Merge(Sighting{Seen{Run, "r", 1}, 3, 7, 1, 0}); got != (Sighting{Seen{Run, "r", 1}, 3, 9, 3, 1}) {
		t.Errorf("merged: %+v", got)
	}
}
