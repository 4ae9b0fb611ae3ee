package workspace

import (
	"strings"
	"testing"

	"bailiwick/fail"
)

var (
	ana    = Names{Home: "/Users/ana", Default: "/Shared/Default"}
	bob    = Names{Home: "/Users/bob", Default: "/Shared/Default"}
	robot  = Names{Default: "/Shared/Default"}
	shared = Names{Home: "/Users/ana", Shared: "/Shared/mlflow"}
)

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		names    Names
		name     string
		want     string // "" = refused
		relative bool
	}{
		{ana, "churn", "/Users/ana/churn", true},
		{ana, "team/churn/", "/Users/ana/team/churn", true},
		{ana, "/Shared/churn", "/Shared/churn", false},
		{ana, "/Workspace/Users/bob/x", "/Users/bob/x", false},
		{ana, "Default", "/Shared/Default", true},
		{ana, "Workspace/x", "/Users/ana/Workspace/x", true},
		{Names{Home: "/Users/ana"}, "Default", "/Users/ana/Default", true},
		{shared, "churn", "/Shared/mlflow/churn", true},
		{shared, "Default", "/Shared/mlflow/Default", true},
		{robot, "churn", "", false},
		{robot, "Default", "/Shared/Default", true},
		{ana, "", "", false},
		{ana, "../bob/churn", "", false},
		{ana, `..\bob`, "", false},
		{ana, "/", "", false},
		{ana, "/Workspace", "", false},
		{ana, "/Users/bob", "", false},
		{Names{Shared: "/"}, "Workspace", "", false},
	} {
		path, relative, err := c.names.Resolve(c.name)
		if c.want == "" {
			if !fail.Is(err, fail.Invalid) {
				t.Errorf("Resolve(%q) = %q, %v; want Invalid", c.name, path, err)
			}
			continue
		}
		if path != c.want || relative != c.relative || err != nil {
			t.Errorf("Resolve(%q) = %q, %v, %v; want %q, %v", c.name, path, relative, err, c.want, c.relative)
		}
	}
}

func TestShown(t *testing.T) {
	for _, c := range []struct {
		names    Names
		path     string
		relative bool
		want     string
	}{
		{ana, "/Users/ana/churn", true, "churn"},
		{ana, "/Users/ana/team/churn", true, "team/churn"},
		{ana, "/Users/ana/churn", false, "/Users/ana/churn"},
		{bob, "/Users/ana/churn", true, "/Users/ana/churn"},
		{robot, "/Users/ana/churn", true, "/Users/ana/churn"},
		{ana, "/Users/anabel/churn", true, "/Users/anabel/churn"},
		{ana, "/Shared/moved", true, "/Shared/moved"},
		{bob, "/Shared/Default", false, "Default"},
		{ana, "/Users/ana/Default", true, "/Users/ana/Default"},
		{shared, "/Shared/mlflow/churn", true, "churn"},
		{shared, "/Users/ana/churn", true, "/Users/ana/churn"},
	} {
		got := c.names.Shown(c.path, c.relative)
		if got != c.want {
			t.Errorf("Shown(%q, %v) for %q = %q; want %q", c.path, c.relative, c.names.Base(), got, c.want)
		}
		if back, _, err := c.names.Resolve(got); back != c.path || err != nil {
			t.Errorf("%q is shown as %q, which resolves to %q, %v", c.path, got, back, err)
		}
	}
}

func TestRename(t *testing.T) {
	for _, c := range []struct {
		names      Names
		path, name string
		want       string // "" = refused
		relative   bool
		says       string
	}{
		{names: ana, path: "/Users/ana/churn", name: "churn2", want: "/Users/ana/churn2", relative: true},
		{names: ana, path: "/Shared/team/churn", name: "churn2", want: "/Shared/team/churn2", relative: true},
		{names: ana, path: "/Users/ana/team/churn", name: "team/churn2", want: "/Users/ana/team/churn2", relative: true},
		{names: ana, path: "/Users/ana/churn", name: "/Shared/churn", want: "/Shared/churn"},
		{names: ana, path: "/Users/ana/churn", name: "team/churn", says: "would move the experiment from '/Users/ana' to '/Users/ana/team'"},
		{names: ana, path: "/Users/ana/churn", name: "", says: "name ''"},
		{names: ana, path: "/Users/ana/churn", name: "..", says: "'..'"},
		{names: robot, path: "/Shared/a", name: "x/y", says: "has none"},
		{names: robot, path: "/a", name: "Workspace", says: "another name of the root"},
		{names: ana, path: "/a", name: "Shared", says: "names the folder"},
	} {
		got, relative, err := c.names.Rename(c.path, c.name)
		if c.want == "" {
			if !fail.Is(err, fail.Invalid) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Rename(%q, %q) = %q, %v; want Invalid with %q", c.path, c.name, got, err, c.says)
			}
			continue
		}
		if got != c.want || relative != c.relative || err != nil {
			t.Errorf("Rename(%q, %q) = %q, %v, %v; want %q", c.path, c.name, got, relative, err, c.want)
		}
	}
}
