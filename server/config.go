// Package server puts the parts together: configuration, store, map, routes and workers become one process on one port.
package server

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// Config is everything that can be set about a running server. Each leaf has exactly one row in the table of settings
// (config_table.go), which gives its key in a file, its environment variable, its flag, its default and its line of documentation;
// the JSON Schema and docs/configuration.md are printed from the same rows.
type Config struct {
	Listen         string
	Data           string
	Database       string // empty: SQLite in Data
	Artifacts      string // empty: a folder in Data
	ArtifactsFrom  string // empty: nothing moves
	PublicURL      string // without a slash at its end; empty: what the request's Host says
	TLS            TLSConfig
	TrustedProxies []netip.Prefix
	AllowedHosts   []string
	LedgerKey      string // empty: a file in Data
	KEK            string // where key-encryption keys are; empty: a file in Data
	KEKOld         []string

	AccessControl     string // AccessKeep, AccessOn or AccessOff
	RelativeNames     string // "home", or the workspace folder that takes experiments named without a path
	DefaultExperiment string // "shared", "home" or "refuse"
	ArtifactPrefixes  []string
	// ArtifactsDirect lets clients send and fetch bytes at the object store itself; ArtifactsResumable has the Files API take large files one
	// piece after the other.
	ArtifactsDirect, ArtifactsResumable bool

	Backups  string // where backups that are started over HTTP are kept; empty: a folder in Data
	MLflowUI string // wheel of MLflow, or folder of an installed one; empty: what an administrator has sent

	Audit    AuditConfig
	OIDC     OIDCConfig
	OAuth    OAuthConfig
	Webhooks WebhookConfig
	Limits   Limits
	Log      LogConfig
	Metrics  bool
	// SessionLife is how long a browser's session lasts unless it is renewed.
	SessionLife time.Duration
	Grace       time.Duration // how long open requests may go on once a stop was asked for

	from map[string]string // key → where the value in force came from
}

// TLSConfig names the PEM files of the certificate and its key; both or none.
type TLSConfig struct{ Cert, Key string }

// AuditConfig says which calls get an entry of their own ("every") and which are gathered as their audit class says ("default").
type AuditConfig struct{ Reads, Writes string }

// WebhookConfig says which hosts, addresses and networks webhooks may call beside the public internet.
type WebhookConfig struct{ Allow []string }

// OIDCConfig says who signs people in: a file of OpenID providers, and what may be called for it beside the public internet.
type OIDCConfig struct {
	Providers string // empty: none
	Allow     []string
}

// OAuthConfig says which programs people can let in beside Databricks' own, and where the issuers of federation policies may be beside the public
// internet.
type OAuthConfig struct {
	Clients string // file; empty: none
	Allow   []string
}

// LogConfig is the level (debug, info, warn, error) and the format (text, json) of the log on standard error.
type LogConfig struct{ Level, Format string }

// Limits bound what one request can make the server hold or wait for. Sizes are bytes.
type Limits struct {
	Body       int64         // a JSON body
	Depth      int64         // nesting of a JSON body
	Import     int64         // the content of one workspace import, decoded
	Artifact   int64         // one artifact file; 0 means no limit of ours
	Drain      int64         // read and thrown away after a refusal, so that the client reads the reason
	Header     int64         // all headers of a request
	HeaderTime time.Duration // from the first byte to the end of the headers
	IdleTime   time.Duration // a kept-alive connection without a request
}

// maxJSONDepth is the nesting that the codecs take at most.
const maxJSONDepth = 64

// Values of Config.AccessControl. Keep leaves the workspace's own setting alone; a new workspace starts with access control on.
const (
	AccessKeep = "keep"
	AccessOn   = "on"
	AccessOff  = "off"
)

// Overrides are the flags given on the command line: a flag's name without dashes → its text, lists separated by commas.
type Overrides map[string]string

// Problem is one thing wrong with the configuration.
type Problem struct {
	Where string // file:line:column, the environment variable or the flag; empty when several sources together are wrong
	Key   string // the key in dotted form
	What  string
}

// String gives the problem on one line.
func (p Problem) String() string {
	parts := slices.DeleteFunc([]string{p.Where, p.Key, p.What}, func(s string) bool { return s == "" })
	return strings.Join(parts, ": ")
}

// Problems is the error of a configuration: all that is wrong with it, in the order of the sources.
type Problems []Problem

// Error gives one problem a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// Load reads the configuration: defaults, then the file (YAML or JSON; "" for none), then the environment, then the flags, each
// overriding what came before. An empty environment variable counts as not set. The error is Problems, with everything that is wrong
// with any of the sources and with their sum; the Config is the best that could be read and is not to be used with an error.
func Load(file string, env func(string) (string, bool), flags Overrides) (Config, error) {
	l := loading{cfg: Default()}
	if file != "" {
		l.file(file)
	}
	l.environment(env)
	l.overrides(flags)
	l.problems = append(l.problems, Check(l.cfg)...)
	if len(l.problems) > 0 {
		return l.cfg, l.problems
	}
	return l.cfg, nil
}

// Default is the configuration of a server that was told nothing.
func Default() Config {
	cfg := Config{from: map[string]string{}}
	for _, s := range settings {
		if err := s.set(&cfg, s.texts(s.Default)); err != nil {
			panic(fmt.Sprintf("default of %s: %v", s.Key, err)) // a row of the table is wrong; TestDefaults sees it
		}
		cfg.from[s.Key] = "default"
	}
	return cfg
}

type loading struct {
	cfg      Config
	problems Problems
}

func (l *loading) environment(env func(string) (string, bool)) {
	for _, s := range settings {
		if text, ok := env(s.Env()); ok && text != "" {
			l.take(s, s.texts(text), "environment "+s.Env(), "environment "+s.Env())
		}
	}
}

func (l *loading) overrides(flags Overrides) {
	known := map[string]Setting{}
	for _, s := range settings {
		known[s.Flag()] = s
	}
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		s, ok := known[name]
		if !ok {
			l.problems = append(l.problems, Problem{Where: "--" + name, What: "no such flag"})
			continue
		}
		l.take(s, s.texts(flags[name]), "--"+name, "flag --"+name)
	}
}

// take sets one value, or keeps the problem with it; where is for the problem, origin for whoever asks later.
func (l *loading) take(s Setting, texts []string, where, origin string) {
	if err := s.set(&l.cfg, texts); err != nil {
		l.problems = append(l.problems, Problem{Where: where, Key: s.Key, What: err.Error()})
		return
	}
	l.cfg.from[s.Key] = origin
}

// CheckEnviron gives a problem for each BAILIWICK_ variable of environ ("NAME=value", as os.Environ has them) that is no setting and
// none that the commands or the tests read. A misspelt variable would otherwise leave a default in force unseen.
func CheckEnviron(environ []string) Problems {
	known := slices.Clone(otherVariables)
	for _, s := range settings {
		known = append(known, s.Env())
	}
	var problems Problems
	for _, pair := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(pair, "=")
		if value == "" || !strings.HasPrefix(name, envPrefix) || strings.HasPrefix(name, envPrefix+"TEST_") || slices.Contains(known, name) {
			continue
		}
		problems = append(problems, Problem{Where: "environment " + name, What: "no such setting (docs/configuration.md lists them)"})
	}
	return problems
}

// Check gives what is wrong with the values together, each being right by itself. It reads the TLS files.
func Check(c Config) Problems {
	var problems Problems
	report := func(key, format string, args ...any) {
		problems = append(problems, Problem{Key: key, What: fmt.Sprintf(format, args...)})
	}
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		report("tls", "cert and key go together; only one is set")
	} else if c.TLS.Cert != "" {
		if _, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key); err != nil {
			report("tls", "%v", err)
		}
	}
	if c.TLS.Cert != "" && strings.HasPrefix(c.PublicURL, "http://") {
		report("public-url", "is http://, but the server speaks TLS")
	}
	if c.ArtifactsFrom != "" && samePlace(c.ArtifactsFrom, artifactsAt(&c)) {
		report("artifacts-from", "is where artifacts are kept; it must be another place, which they come from")
	}
	if err := checkProviders(&c); err != nil {
		report("oidc.providers", "%v", err)
	}
	if _, err := readClients(c.OAuth.Clients); err != nil {
		report("oauth.clients", "%v", err)
	}
	if info, err := os.Stat(c.Data); err == nil && !info.IsDir() {
		report("data", "%s is not a folder", c.Data)
	}
	if c.Limits.Depth > maxJSONDepth {
		report("limits.depth", "at most %d levels are ever taken", maxJSONDepth)
	}
	if c.Limits.Import > c.Limits.Body*3/4 {
		report("limits.import", "content travels as base64 in a JSON body, so limits.body must be at least a third larger")
	}
	return problems
}

// Warnings gives what is allowed but deserves a look, for the log at start and for `bailiwick config check`.
func (c Config) Warnings() []string {
	var warnings []string
	secure := c.TLS.Cert != "" || (strings.HasPrefix(c.PublicURL, "https://") && len(c.TrustedProxies) > 0)
	if !secure && !loopback(c.Listen) {
		warnings = append(warnings, "tokens travel in clear text: "+c.Listen+
			" is reachable from outside and neither tls nor a proxy (public-url https://…, trusted-proxies) is set")
	}
	if c.AccessControl == AccessOff {
		warnings = append(warnings, "access control is off: every user may edit the whole tree and manage all registered models")
	}
	return warnings
}

func loopback(listen string) bool {
	host, _, _ := net.SplitHostPort(listen)
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

// InForce is one setting as it stands: its key, its value as text with secrets masked, and where the value came from.
type InForce struct{ Key, Value, From string }

// InForce lists all settings with their values and origins, in the table's order.
func (c Config) InForce() []InForce {
	var all []InForce
	for _, s := range settings {
		value := s.text(c)
		if s.Secret {
			value = maskPassword(value)
		}
		all = append(all, InForce{s.Key, value, cmp.Or(c.from[s.Key], "set by the program")})
	}
	return all
}

// maskPassword hides the password of a URL, in its user part or its query; what does not parse is hidden as a whole.
func maskPassword(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "xxxxx"
	}
	if q := u.Query(); q.Has("password") {
		q.Set("password", "xxxxx")
		u.RawQuery = q.Encode()
	}
	return u.Redacted()
}

// Hosts gives the names under which requests are taken, and whether any numeric address is one: what allowed-hosts says, and else what
// the server is known by on the machine it runs on.
func (c Config) Hosts() (names []string, anyAddress bool) {
	if len(c.AllowedHosts) > 0 {
		return c.AllowedHosts, false
	}
	names = []string{"localhost", "127.0.0.1", "::1"}
	if u, err := url.Parse(c.PublicURL); err == nil && u.Hostname() != "" {
		names = append(names, u.Hostname())
	}
	host, _, _ := net.SplitHostPort(c.Listen)
	if addr, err := netip.ParseAddr(host); host != "" && !(err == nil && addr.IsUnspecified()) {
		return append(names, host), false
	}
	if own, err := os.Hostname(); err == nil {
		names = append(names, own)
	}
	return names, true
}
