package server

import (
	gocmp "cmp"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// load runs Load on a file with this content ("" for no file); file names in problems are cut to "FILE".
func load(t *testing.T, name, content string, env map[string]string, flags Overrides) (Config, []string) {
	t.Helper()
	file := ""
	if name != "" {
		file = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := Load(file, func(name string) (string, bool) { v, ok := env[name]; return v, ok }, flags)
	var lines []string
	if err != nil {
		for _, p := range err.(Problems) {
			lines = append(lines, strings.ReplaceAll(p.String(), gocmp.Or(file, "\x00"), "FILE"))
		}
	}
	return cfg, lines
}

// TestEveryFieldIsASetting walks the leaves of Config: each is the place of exactly one row, and each row has all its faces.
func TestEveryFieldIsASetting(t *testing.T) {
	var cfg Config
	owner := map[any]string{}
	seen := map[string]string{}
	for _, s := range settings {
		place := s.at(&cfg)
		if other, taken := owner[place]; taken {
			t.Errorf("%s and %s are the same field", s.Key, other)
		}
		owner[place] = s.Key
		for face, text := range map[string]string{"key": s.Key, "variable": s.Env(), "flag": s.Flag()} {
			if other := seen[face+text]; other != "" {
				t.Errorf("%s %s of %s is taken by %s", face, text, s.Key, other)
			}
			seen[face+text] = s.Key
		}
		if !strings.HasSuffix(s.Doc, ".") || strings.ContainsAny(s.Doc, "\n|") {
			t.Errorf("%s: the doc line %q is not one sentence on one line", s.Key, s.Doc)
		}
		if !inSchema(t, s) {
			t.Errorf("%s is not in config_schema.json", s.Key)
		}
	}
	walk(reflect.ValueOf(&cfg).Elem(), "Config", func(name string, place any) {
		if owner[place] == "" {
			t.Errorf("%s has no row in the table of settings", name)
		}
		delete(owner, place)
	})
	for _, key := range owner {
		t.Errorf("%s is the place of no leaf of Config", key)
	}
}

func walk(v reflect.Value, name string, leaf func(string, any)) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		switch {
		case !field.IsExported():
		case field.Type.Kind() == reflect.Struct:
			walk(v.Field(i), name+"."+field.Name, leaf)
		default:
			leaf(name+"."+field.Name, v.Field(i).Addr().Interface())
		}
	}
}

// inSchema asks the compiled schema whether it knows the key: a value of no type at all must break something else than the key.
func inSchema(t *testing.T, s Setting) bool {
	t.Helper()
	var value any = nil
	steps := s.path()
	for i := len(steps) - 1; i >= 0; i-- {
		value = map[string]any{steps[i]: value}
	}
	err := compiledSchema().Validate(value)
	return err != nil && !strings.Contains(err.Error(), "additional properties")
}

func TestDefaults(t *testing.T) {
	cfg, problems := load(t, "", "", nil, nil)
	if problems != nil {
		t.Fatalf("the defaults are no valid configuration: %v", problems)
	}
	want := Config{
		Listen: "127.0.0.1:5000", Data: "./data", AccessControl: "keep", RelativeNames: "home", DefaultExperiment: "shared",
		Audit: AuditConfig{"default", "default"}, Log: LogConfig{"info", "text"}, Metrics: true, SessionLife: 12 * time.Hour, Grace: 15 * time.Second,
		Limits: Limits{Body: 16 << 20, Depth: 64, Import: 10 << 20, Drain: 64 << 20,
			Header: 64 << 10, HeaderTime: 10 * time.Second, IdleTime: 2 * time.Minute},
	}
	ignore := cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "from" }, cmp.Ignore())
	if diff := cmp.Diff(want, cfg, ignore); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	for _, s := range settings {
		if s.Default != "" && s.text(cfg) != s.Default && s.Type() != "duration" {
			t.Errorf("%s: the default %q prints as %q", s.Key, s.Default, s.text(cfg))
		}
	}
}

const wholeFile = `# the team's server
listen: 0.0.0.0:5000
public-url: https://ml.example.org
trusted-proxies: [10.0.0.0/8, "::1"]
access-control: on
metrics: false
audit:
  reads: every
limits:
  body: 32MiB
  import: 1048576
  depth: 32
  idle-time: 1h30m
`

const sameAsJSON = `{
	"listen": "0.0.0.0:5000",
	"public-url": "https://ml.example.org",
	"trusted-proxies": ["10.0.0.0/8", "::1"],
	"access-control": "on",
	"metrics": false,
	"audit": {"reads": "every"},
	"limits": {"body": "32MiB", "import": 1048576, "depth": 32, "idle-time": "1h30m"}
}`

func TestFileForms(t *testing.T) {
	want := Default()
	want.Listen, want.PublicURL, want.AccessControl, want.Metrics = "0.0.0.0:5000", "https://ml.example.org", "on", false
	want.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	want.Audit.Reads = "every"
	want.Limits.Body, want.Limits.Import, want.Limits.Depth, want.Limits.IdleTime = 32<<20, 1<<20, 32, 90*time.Minute
	for name, content := range map[string]string{"bailiwick.yaml": wholeFile, "bailiwick.json": sameAsJSON} {
		got, problems := load(t, name, content, nil, nil)
		if problems != nil {
			t.Errorf("%s: %v", name, problems)
		}
		ignore := cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "from" }, cmp.Ignore())
		if diff := cmp.Diff(want, got, ignore, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestLaterSourcesOverride(t *testing.T) {
	env := map[string]string{"BAILIWICK_LISTEN": "127.0.0.1:6000", "BAILIWICK_LOG_LEVEL": "warn",
		"BAILIWICK_DATABASE": "", "BAILIWICK_ALLOWED_HOSTS": "a.example, b.example"}
	cfg, problems := load(t, "c.yaml", "listen: 127.0.0.1:5500\nlog: {level: debug, format: json}\n", env, Overrides{"listen": "127.0.0.1:7000"})
	if problems != nil {
		t.Fatal(problems)
	}
	got := map[string]string{}
	for _, s := range cfg.InForce() {
		got[s.Key] = s.Value + " | " + filepath.Base(s.From)
	}
	want := map[string]string{
		"listen": "127.0.0.1:7000 | flag --listen", "log.level": "warn | environment BAILIWICK_LOG_LEVEL", "log.format": "json | c.yaml:2:29",
		"allowed-hosts": "a.example,b.example | environment BAILIWICK_ALLOWED_HOSTS", "database": " | default",
	}
	for key, line := range want {
		if got[key] != line {
			t.Errorf("%s: %q, want %q", key, got[key], line)
		}
	}
}

func TestProblems(t *testing.T) {
	tests := map[string]struct {
		name, content string
		env           map[string]string
		flags         Overrides
		want          []string
	}{
		"everything at once": {
			name:    "c.yaml",
			content: "listen: here\naudit:\n  reads: all\n  raeds: every\nlimits:\n  body: 1KiB\ncolour: red\n",
			env:     map[string]string{"BAILIWICK_METRICS": "maybe"},
			flags:   Overrides{"log-level": "loud", "portt": "1"},
			want: []string{
				"FILE:4:10: audit.raeds: no such setting; here are known: reads, writes",
				"FILE:3:10: audit.reads: value must be one of 'default', 'every'",
				"FILE:7:9: colour: no such setting; here are known: listen, data, database",
				`FILE:1:9: listen: "here" is not HOST:PORT`,
				"FILE:6:9: limits.body: 1KiB is less than 64KiB",
				`environment BAILIWICK_METRICS: metrics: "maybe" is neither true nor false`,
				`--log-level: log.level: "loud" is none of debug, info, warn, error`,
				"--portt: no such flag",
			},
		},
		"wrong types": {name: "c.yaml", content: "metrics: 3\nallowed-hosts: x\naudit: every\n", want: []string{
			"FILE:2:16: allowed-hosts: got string, want array", "FILE:3:8: audit: got string, want object",
			"FILE:1:10: metrics: got number, want boolean"}},
		"null":          {name: "c.yaml", content: "audit:\n  reads:\n", want: []string{"FILE:2:3: audit.reads: got null"}},
		"syntax":        {name: "c.yaml", content: "listen: [a\n", want: []string{"FILE:"}},
		"twice":         {name: "c.yaml", content: "metrics: true\nmetrics: false\n", want: []string{"FILE:2:1: mapping key \"metrics\" already defined"}},
		"two documents": {name: "c.yaml", content: "metrics: true\n---\nmetrics: false\n", want: []string{"FILE: holds several YAML documents"}},
		"a list":        {name: "c.yaml", content: "- metrics\n", want: []string{"FILE:1:1: "}},
		"item of a list": {name: "c.yaml", content: "allowed-hosts: [a, https://b]\ntrusted-proxies: [1.2.3.4/33]\n",
			want: []string{`FILE:2:18: trusted-proxies: "1.2.3.4/33" is neither`, `FILE:1:16: allowed-hosts: "https://b" is no host name`}},
		"half of TLS":     {flags: Overrides{"tls-cert": "cert.pem"}, want: []string{"tls: cert and key go together"}},
		"TLS not there":   {flags: Overrides{"tls-cert": "none.pem", "tls-key": "none.key"}, want: []string{"tls: open none.pem"}},
		"password hidden": {flags: Overrides{"database": "mysql://u:secret@h/d"}, want: []string{`--database: database: scheme "mysql" is none of postgres, postgresql`}},
		"url with slash":  {flags: Overrides{"public-url": "https://a.example/"}, want: []string{"--public-url: public-url: must have a host and no slash"}},
		"relative names":  {flags: Overrides{"relative-names": "Shared"}, want: []string{`--relative-names: relative-names: "Shared" is neither home`}},
		"sizes": {flags: Overrides{"limits-body": "5MB", "limits-depth": "3"}, want: []string{
			`--limits-body: limits.body: "5MB" is no whole number`, "--limits-depth: limits.depth: 3 is less than 16"}},
		"size too large": {flags: Overrides{"limits-drain": "9999999999TiB"}, want: []string{"--limits-drain: limits.drain:"}},
		"durations": {flags: Overrides{"shutdown-grace": "-1s", "limits-idle-time": "5"}, want: []string{
			"--limits-idle-time: limits.idle-time: \"5\" is no duration", "--shutdown-grace: shutdown-grace:"}},
		"import over body": {flags: Overrides{"limits-import": "16MiB"}, want: []string{"limits.import: content travels as base64"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, got := load(t, tt.name, tt.content, tt.env, tt.flags)
			if len(got) != len(tt.want) {
				t.Fatalf("%d problems, want %d:\n%s", len(got), len(tt.want), strings.Join(got, "\n"))
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("problem %d is\n%s\nwant it to start with\n%s", i, got[i], want)
				}
				if strings.Contains(got[i], "secret") {
					t.Errorf("a password is shown: %s", got[i])
				}
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.yaml"), func(string) (string, bool) { return "", false }, nil)
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 1 || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("error %v, want one problem that names the missing file", err)
	}
}

func TestEmptyFile(t *testing.T) {
	for _, content := range []string{"", "\n", "# nothing yet\n"} {
		if _, problems := load(t, "c.yaml", content, nil, nil); problems != nil {
			t.Errorf("%q: %v", content, problems)
		}
	}
}

func TestCheckEnviron(t *testing.T) {
	got := CheckEnviron([]string{"HOME=/x", "BAILIWICK_LISTEN=:1", "BAILIWICK_TOKEN=t",
		"BAILIWICK_TEST_POSTGRES=p", "BAILIWICK_LISTN=:1", "BAILIWICK_AUDIT.READS=every"})
	want := Problems{
		{Where: "environment BAILIWICK_AUDIT.READS", What: "no such setting (docs/configuration.md lists them)"},
		{Where: "environment BAILIWICK_LISTN", What: "no such setting (docs/configuration.md lists them)"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSecretsAreMasked(t *testing.T) {
	for given, want := range map[string]string{
		"postgres://u:hunter2@h:5432/d":       "postgres://u:xxxxx@h:5432/d",
		"postgres://h/d?password=hunter2&a=b": "postgres://h/d?a=b&password=xxxxx",
		"postgres://h/d":                      "postgres://h/d",
	} {
		cfg, problems := load(t, "", "", map[string]string{"BAILIWICK_DATABASE": given}, nil)
		if problems != nil {
			t.Fatal(problems)
		}
		for _, s := range cfg.InForce() {
			if s.Key == "database" && s.Value != want {
				t.Errorf("%s is shown as %s, want %s", given, s.Value, want)
			}
		}
	}
}

func TestWarnings(t *testing.T) {
	tests := map[string]struct {
		flags Overrides
		want  []string
	}{
		"loopback":         {nil, nil},
		"open, plain":      {Overrides{"listen": ":5000"}, []string{"tokens travel in clear text"}},
		"behind a proxy":   {Overrides{"listen": ":5000", "public-url": "https://a.example", "trusted-proxies": "10.0.0.1"}, nil},
		"url without one":  {Overrides{"listen": ":5000", "public-url": "https://a.example"}, []string{"tokens travel in clear text"}},
		"no access checks": {Overrides{"access-control": "off"}, []string{"access control is off"}},
	}
	for name, tt := range tests {
		cfg, problems := load(t, "", "", nil, tt.flags)
		got := cfg.Warnings()
		if problems != nil || len(got) != len(tt.want) || (len(got) == 1 && !strings.HasPrefix(got[0], tt.want[0])) {
			t.Errorf("%s: %q (%v), want %q", name, got, problems, tt.want)
		}
	}
}
