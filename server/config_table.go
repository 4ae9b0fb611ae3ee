package server

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"bailiwick/registry/webhook"
)

const envPrefix = "BAILIWICK_"

// otherVariables are the BAILIWICK_ variables that are no settings of the server.
var otherVariables = []string{
	"BAILIWICK_CONFIG",      // the file, where --config is not given
	"BAILIWICK_ADMIN_TOKEN", // the first administrator's token, read at the first start only
	"BAILIWICK_PKCS11_PIN",  // of the token that kek names, where it names no file for it
	"BAILIWICK_HOST",        // the commands: which server to talk to
	"BAILIWICK_TOKEN",       // the commands: as whom
}

// Setting is one row of the table: all that is known about one value of Config.
type Setting struct {
	Key     string // dotted: the path in a file
	Default string
	Enum    []string // the only values, when there are some
	Min     int64    // the least number, size (bytes) or duration (nanoseconds)
	Secret  bool     // may hold a password; masked wherever it is shown
	Doc     string   // one line for docs/configuration.md, the schema and the flag's help

	check func(string) error // of each text, after the type's own rules
	at    func(*Config) any  // the place in a Config
}

// Settings is the whole table, for a command line that makes its flags from it.
func Settings() []Setting { return slices.Clone(settings) }

// stores are the schemes of places for artifacts.
var stores = []string{"file", "s3", "gs", "azblob"}

var settings = []Setting{
	{Key: "listen", Default: "127.0.0.1:5000", check: hostPort, at: func(c *Config) any { return &c.Listen },
		Doc: "Address and port of the one listener; `:5000` means all interfaces."},
	{Key: "data", Default: "./data", check: notEmpty, at: func(c *Config) any { return &c.Data },
		Doc: "Data folder: the SQLite database, artifacts and keys that are not placed elsewhere. One server at a time holds its lock."},
	{Key: "database", Secret: true, check: urlOf("postgres", "postgresql"), at: func(c *Config) any { return &c.Database },
		Doc: "PostgreSQL, as `postgres://user:password@host:port/name`. Empty: SQLite in the data folder."},
	{Key: "artifacts", Secret: true, check: folderOrURL(stores...), at: func(c *Config) any { return &c.Artifacts },
		Doc: "Where artifact bytes are kept: a folder, `file:///folder`, `s3://bucket/prefix`, `gs://bucket/prefix` or `azblob://container/prefix`; " +
			"credentials come from the provider's usual variables and files. Empty: the folder `artifacts` in the data folder."},
	{Key: "artifacts-from", Secret: true, check: folderOrURL(stores...), at: func(c *Config) any { return &c.ArtifactsFrom },
		Doc: "Where artifact bytes come from while they move to `artifacts`: what is not there yet is read here, and copied in the background. " +
			"To be taken out when the log says that all are copied."},
	{Key: "public-url", check: urlOf("http", "https"), at: func(c *Config) any { return &c.PublicURL },
		Doc: "The address people and clients use, as `https://ml.example.org`. Empty: taken from each request's Host header."},
	{Key: "tls.cert", at: func(c *Config) any { return &c.TLS.Cert },
		Doc: "PEM file of the certificate and its chain; with `tls.key`, the listener speaks HTTPS only."},
	{Key: "tls.key", at: func(c *Config) any { return &c.TLS.Key },
		Doc: "PEM file of the certificate's private key."},
	{Key: "trusted-proxies", at: func(c *Config) any { return &c.TrustedProxies },
		Doc: "Networks (`10.0.0.0/8`) or addresses of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` headers count."},
	{Key: "allowed-hosts", check: hostName, at: func(c *Config) any { return &c.AllowedHosts },
		Doc: "Host names that requests may carry, without port; `*` is any. Empty: localhost, 127.0.0.1, ::1, the host of `listen` " +
			"and of `public-url`; a server that listens on all interfaces also takes the machine's name and any numeric address."},
	{Key: "ledger-key", at: func(c *Config) any { return &c.LedgerKey },
		Doc: "File of the key that signs the ledger's checkpoints, best kept outside the data folder. Empty: a file in the data folder, made " +
			"at first start."},
	{Key: "kek", check: kekPlace, at: func(c *Config) any { return &c.KEK },
		Doc: "Where the key-encryption keys of secrets are (docs/secrets.md): a file, best kept outside the data folder; a PKCS#11 token, as " +
			"`pkcs11:token=LABEL?module-path=LIBRARY&pin-source=file:FILE`; or a cloud's key, `awskms://…`, `gcpkms://…`, `azurekeyvault://…`. Empty: the file `kek` in the data " +
			"folder, made at first start; backups do not hold it."},
	{Key: "kek-old", check: kekPlace, at: func(c *Config) any { return &c.KEKOld },
		Doc: "Places where key-encryption keys were before, while data keys that are wrapped there are wrapped anew."},

	{Key: "access-control", Default: AccessKeep, Enum: []string{AccessKeep, AccessOn, AccessOff},
		at: func(c *Config) any { return &c.AccessControl },
		Doc: "`on` and `off` set the workspace's `enableWorkspaceAcls` at start; `keep` leaves it as it is. A new workspace starts with " +
			"access control on."},
	{Key: "relative-names", Default: "home", check: homeOrFolder, at: func(c *Config) any { return &c.RelativeNames },
		Doc: "Where an experiment named without a leading `/` goes: `home` is the caller's home folder, a workspace path is one folder for all."},
	{Key: "default-experiment", Default: "shared", Enum: []string{"shared", "home", "refuse"},
		at:  func(c *Config) any { return &c.DefaultExperiment },
		Doc: "What experiment `0` is: `shared` is one in `/Shared`, `home` one in each caller's home folder, `refuse` asks callers to name an experiment."},
	{Key: "artifact-prefixes", check: urlOf(), at: func(c *Config) any { return &c.ArtifactPrefixes },
		Doc: "URL prefixes that administrators may allow as artifact locations of experiments. Bytes there are outside of this server's enforcement."},

	{Key: "artifacts-direct", Default: "false", at: func(c *Config) any { return &c.ArtifactsDirect },
		Doc: "Give clients addresses of the object store itself where they can use them. They are good for 60 seconds and not decided again: " +
			"whoever loses a permission may go on with one that long. Needs an object store in `artifacts`."},
	{Key: "artifacts-resumable", Default: "false", at: func(c *Config) any { return &c.ArtifactsResumable },
		Doc: "Have the Files API take large files one piece after the other, for clients that are cut off often, instead of parts side by side."},

	{Key: "backups", at: func(c *Config) any { return &c.Backups },
		Doc: "Folder in which backups are kept that administrators start in the console or with `POST /backups`; best on another disk. Empty: the folder " +
			"`backups` in the data folder."},
	{Key: "mlflow-ui", at: func(c *Config) any { return &c.MLflowUI },
		Doc: "Where MLflow's own pages come from, which are served under `/mlflow/`: MLflow's wheel, the folder of an installed package, or of its " +
			"`build`. Empty: what an administrator has sent (docs/mlflow-ui.md)."},

	{Key: "audit.reads", Default: "default", Enum: []string{"default", "every"}, at: func(c *Config) any { return &c.Audit.Reads },
		Doc: "`every` gives each read and search a ledger entry of its own, durable before the answer; `default` gathers them by minute."},
	{Key: "audit.writes", Default: "default", Enum: []string{"default", "every"}, at: func(c *Config) any { return &c.Audit.Writes },
		Doc: "`every` gives each logging call (metrics, parameters, tags) a ledger entry of its own; `default` gathers them by principal, run and minute."},

	{Key: "webhooks.allow", check: allowedReceiver, at: func(c *Config) any { return &c.Webhooks.Allow },
		Doc: "What webhooks may call beside public addresses, and by `http` too: host names, addresses or networks (`hooks.example.org`, " +
			"`10.1.0.0/16`). Link-local addresses are never reached by a name, only where the address itself is listed."},

	{Key: "oidc.providers", at: func(c *Config) any { return &c.OIDC.Providers },
		Doc: "File (YAML or JSON) of the OpenID providers that people sign in with (docs/sign-in.md). Empty: tokens and sign-in links only."},
	{Key: "oidc.allow", check: allowedReceiver, at: func(c *Config) any { return &c.OIDC.Allow },
		Doc: "Where providers may be beside public addresses: host names, addresses or networks. `http` is taken for this machine only, where it is " +
			"listed (`127.0.0.1`)."},

	{Key: "oauth.clients", at: func(c *Config) any { return &c.OAuth.Clients },
		Doc: "File (YAML or JSON) of the programs that people can let in beside Databricks' command line and SDKs (docs/oauth.md)."},
	{Key: "oauth.allow", check: allowedReceiver, at: func(c *Config) any { return &c.OAuth.Allow },
		Doc: "Where the issuers of federation policies may be beside public addresses: host names, addresses or networks. `http` is taken for this " +
			"machine only, where it is listed."},

	{Key: "limits.body", Default: "16MiB", Min: 64 << 10, at: func(c *Config) any { return &c.Limits.Body },
		Doc: "Largest JSON body."},
	{Key: "limits.depth", Default: "64", Min: 16, at: func(c *Config) any { return &c.Limits.Depth },
		Doc: "Deepest nesting of a JSON body, from 16 to 64."},
	{Key: "limits.import", Default: "10MiB", Min: 1 << 10, at: func(c *Config) any { return &c.Limits.Import },
		Doc: "Largest content of one workspace import or export."},
	{Key: "limits.artifact", Default: "0", at: func(c *Config) any { return &c.Limits.Artifact },
		Doc: "Largest artifact file; 0 sets no limit."},
	{Key: "limits.drain", Default: "64MiB", at: func(c *Config) any { return &c.Limits.Drain },
		Doc: "How much of a refused upload is read and thrown away, so that the client gets to read the refusal."},
	{Key: "limits.header", Default: "64KiB", Min: 4 << 10, at: func(c *Config) any { return &c.Limits.Header },
		Doc: "Largest sum of a request's headers."},
	{Key: "limits.header-time", Default: "10s", Min: int64(time.Second), at: func(c *Config) any { return &c.Limits.HeaderTime },
		Doc: "Longest time to send a request's headers."},
	{Key: "limits.idle-time", Default: "2m", Min: int64(time.Second), at: func(c *Config) any { return &c.Limits.IdleTime },
		Doc: "How long a kept-alive connection may stay without a request."},

	{Key: "log.level", Default: "info", Enum: []string{"debug", "info", "warn", "error"}, at: func(c *Config) any { return &c.Log.Level },
		Doc: "Least level of the log on standard error."},
	{Key: "log.format", Default: "text", Enum: []string{"text", "json"}, at: func(c *Config) any { return &c.Log.Format },
		Doc: "Format of the log."},
	{Key: "metrics", Default: "true", at: func(c *Config) any { return &c.Metrics },
		Doc: "Serve Prometheus metrics at `/metrics`."},
	{Key: "session-lifetime", Default: "12h", Min: int64(time.Minute), at: func(c *Config) any { return &c.SessionLife },
		Doc: "How long a browser's session lasts unless its person extends it, which is possible for seven days after the sign-in."},
	{Key: "shutdown-grace", Default: "15s", at: func(c *Config) any { return &c.Grace },
		Doc: "How long requests in progress may go on after a stop was asked for."},
}

// Env is the setting's environment variable: BAILIWICK_ and the key in capitals.
func (s Setting) Env() string {
	return envPrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(s.Key))
}

// Flag is the setting's flag, without dashes.
func (s Setting) Flag() string { return strings.ReplaceAll(s.Key, ".", "-") }

// Type says what is to be written, in words: text, list, number, size, duration or true/false.
func (s Setting) Type() string {
	switch s.at(new(Config)).(type) {
	case *bool:
		return "true/false"
	case *time.Duration:
		return "duration"
	case *[]string, *[]netip.Prefix:
		return "list"
	case *int64:
		if s.Key == "limits.depth" {
			return "number"
		}
		return "size"
	}
	return "text"
}

// texts splits what an environment variable or a flag says into the values of a list.
func (s Setting) texts(text string) []string {
	if s.Type() != "list" {
		return []string{text}
	}
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// set puts the texts (one, unless the setting is a list) into the place of the setting; cfg is unchanged after an error.
func (s Setting) set(cfg *Config, texts []string) error {
	for _, text := range texts {
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
			return fmt.Errorf("%q is none of %s", text, strings.Join(s.Enum, ", "))
		}
		if s.check != nil && text != "" {
			if err := s.check(text); err != nil {
				return err
			}
		}
	}
	return s.assign(s.at(cfg), texts)
}

func (s Setting) assign(place any, texts []string) (err error) {
	switch p := place.(type) {
	case *string:
		*p = texts[0]
	case *[]string:
		*p = texts
	case *bool:
		return put(p, texts[0], parseBool)
	case *int64:
		return put(p, texts[0], func(text string) (int64, error) { return parseSize(text, s.Min) })
	case *time.Duration:
		return put(p, texts[0], func(text string) (time.Duration, error) { return parseDuration(text, time.Duration(s.Min)) })
	case *[]netip.Prefix:
		return put(p, texts, parsePrefixes)
	default:
		return fmt.Errorf("a %T cannot be configured", place)
	}
	return nil
}

func put[T, F any](place *T, from F, parse func(F) (T, error)) error {
	value, err := parse(from)
	if err == nil {
		*place = value
	}
	return err
}

// text is the setting's value as it would be written.
func (s Setting) text(cfg Config) string {
	switch p := s.at(&cfg).(type) {
	case *string:
		return *p
	case *[]string:
		return strings.Join(*p, ",")
	case *bool:
		return strconv.FormatBool(*p)
	case *int64:
		return formatSize(*p)
	case *time.Duration:
		return p.String()
	case *[]netip.Prefix:
		items := make([]string, len(*p))
		for i, prefix := range *p {
			items[i] = prefix.String()
		}
		return strings.Join(items, ",")
	}
	return ""
}

// units of sizes, largest first, so that formatting takes the largest that divides.
var units = []struct {
	name  string
	bytes int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

func parseSize(text string, least int64) (int64, error) {
	digits, factor := text, int64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			digits, factor = rest, u.bytes
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/factor {
		return 0, fmt.Errorf("%q is no whole number, alone or followed by KiB, MiB, GiB or TiB", text)
	}
	if n *= factor; n < least {
		return 0, fmt.Errorf("%s is less than %s", text, formatSize(least))
	}
	return n, nil
}

func formatSize(n int64) string {
	for _, u := range units {
		if n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

func parseDuration(text string, least time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no duration such as 500ms, 15s, 2m or 1h30m", text)
	}
	if d < least {
		return 0, fmt.Errorf("%s is less than %s", text, least)
	}
	return d, nil
}

func parseBool(text string) (bool, error) {
	switch text {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", text)
}

func parsePrefixes(texts []string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if addr, addrErr := netip.ParseAddr(text); addrErr == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%q is neither a network such as 10.0.0.0/8 nor an address", text)
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes, nil
}

func hostPort(text string) error {
	_, port, err := net.SplitHostPort(text)
	if n, portErr := strconv.Atoi(port); err != nil || portErr != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%q is not HOST:PORT", text)
	}
	return nil
}

func hostName(text string) error {
	if text == "*" {
		return nil
	}
	if _, err := netip.ParseAddr(text); err == nil {
		return nil
	}
	if strings.ContainsAny(text, "/:@* ") {
		return fmt.Errorf("%q is no host name: no scheme, port or path belongs here", text)
	}
	return nil
}

func allowedReceiver(text string) error {
	_, err := webhook.ParseAllow([]string{text})
	return err
}

func notEmpty(text string) error {
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("must not be empty")
	}
	return nil
}

func homeOrFolder(text string) error {
	if text != "home" && (!path.IsAbs(text) || path.Clean(text) != text || text == "/") {
		return fmt.Errorf("%q is neither home nor the path of a workspace folder such as /Shared/mlflow", text)
	}
	return nil
}

// urlOf checks for an absolute URL with one of the schemes (any, when none is named), without a slash at its end.
func urlOf(schemes ...string) func(string) error {
	return func(text string) error {
		u, err := url.Parse(text)
		switch {
		case err != nil || u.Scheme == "" || (u.Host == "" && u.Path == ""):
			return fmt.Errorf("not a URL with a scheme") // the text may hold a password, so it is not repeated
		case len(schemes) > 0 && !slices.Contains(schemes, u.Scheme):
			return fmt.Errorf("scheme %q is none of %s", u.Scheme, strings.Join(schemes, ", "))
		case strings.HasPrefix(u.Scheme, "http") && (u.Host == "" || strings.HasSuffix(u.Path, "/") || u.RawQuery != "" || u.Fragment != ""):
			return fmt.Errorf("must have a host and no slash, query or fragment at its end")
		}
		return nil
	}
}

func folderOrURL(schemes ...string) func(string) error {
	return func(text string) error {
		if !strings.Contains(text, "://") {
			return nil
		}
		return urlOf(schemes...)(text)
	}
}
