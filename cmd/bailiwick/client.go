package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// remote are the flags of commands that talk to a server.
type remote struct {
	Host string `help:"Address of the server; otherwise BAILIWICK_HOST, DATABRICKS_HOST or MLFLOW_TRACKING_URI." placeholder:"URL"`
	JSON bool   `name:"json" help:"Print JSON for programs."`
}

// client talks to a server as somebody.
type client struct {
	host           string
	token          string
	user, password string
	from           string // the variables that host and credential came from
}

// families are the variables that people may have, the first complete one wins: a host of one and the token of another would send a secret
// to a server it was not meant for.
var families = []struct{ name, host, token, user, password string }{
	{"BAILIWICK", "BAILIWICK_HOST", "BAILIWICK_TOKEN", "", ""},
	{"DATABRICKS", "DATABRICKS_HOST", "DATABRICKS_TOKEN", "", ""},
	{"MLFLOW_TRACKING", "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"},
}

// connect finds the server and the credential.
func (r *remote) connect() (*client, error) {
	for _, f := range families {
		c := &client{host: os.Getenv(f.host), token: os.Getenv(f.token), user: os.Getenv(f.user), password: os.Getenv(f.password), from: f.name}
		if r.Host != "" && (c.token != "" || c.password != "") {
			c.host = r.Host
		}
		if !strings.HasPrefix(c.host, "http://") && !strings.HasPrefix(c.host, "https://") {
			c.host = withScheme(c.host)
		}
		if c.host != "" && (c.token != "" || c.password != "") {
			c.host = strings.TrimSuffix(c.host, "/")
			return c, nil
		}
	}
	return nil, fmt.Errorf("which server, and as whom? Set BAILIWICK_HOST and BAILIWICK_TOKEN, or the DATABRICKS_HOST/_TOKEN or " +
		"MLFLOW_TRACKING_URI/_TOKEN (or _USERNAME and _PASSWORD) of your client; bailiwick login LINK prints them")
}

// withScheme completes a bare host name as the Databricks clients do; MLflow's "databricks" and file stores are no hosts.
func withScheme(host string) string {
	if host == "" || host == "databricks" || strings.ContainsAny(host, "/\\ ") || strings.Contains(host, ":") && !strings.Contains(host, ".") {
		return ""
	}
	return "https://" + host
}

// refusal is an error that a server answered.
type refusal struct {
	status  int
	code    string
	message string
}

// Error gives the server's words.
func (r *refusal) Error() string {
	if r.message == "" {
		return fmt.Sprintf("the server answered %d", r.status)
	}
	return fmt.Sprintf("%s (%s)", r.message, r.code)
}

// get asks an endpoint of the governance API and decodes its answer.
func (c *client) get(path string, query url.Values, answer any) error {
	body, err := c.open(http.MethodGet, "/api/governance/1.0"+path+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	defer body.Close()
	return json.NewDecoder(body).Decode(answer)
}

// waiting bounds the time to an answer's head; bodies may take as long as they take.
var waiting = &http.Client{Transport: &http.Transport{
	Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: 10 * time.Minute, TLSHandshakeTimeout: 15 * time.Second,
}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// open sends a request and gives the body of a good answer.
func (c *client) open(method, path string, body io.Reader) (io.ReadCloser, error) {
	req, err := http.NewRequest(method, c.host+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "bailiwick-cli")
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	switch {
	case c.token != "":
		req.Header.Set("Authorization", "Bearer "+c.token)
	case c.password != "":
		req.SetBasicAuth(c.user, c.password)
	}
	res, err := waiting.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode == http.StatusOK {
		return res.Body, nil
	}
	defer res.Body.Close()
	return nil, refusalOf(res)
}

func refusalOf(res *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	var e struct {
		Code    string `json:"error_code"`
		Message string `json:"message"`
	}
	if json.Unmarshal(text, &e) != nil {
		e.Message = ""
	}
	return &refusal{res.StatusCode, e.Code, e.Message}
}

// as says on standard error who asks whom, so that nobody takes an answer for that of another server or person.
func (c *client) as() {
	var me struct {
		Principal struct{ Name string }
	}
	if err := c.get("/whoami", nil, &me); err == nil {
		fmt.Fprintf(os.Stderr, "as %s on %s (%s)\n", me.Principal.Name, c.host, c.from)
	}
}
