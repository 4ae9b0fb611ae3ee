package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// login uses a one-time link.
type login struct {
	Link string `arg:"" help:"The link, as the server or an administrator gave it."`
	JSON bool   `name:"json" help:"Print JSON for programs."`
}

// Run gets the token and prints the lines that set it, as a shell takes them.
func (l *login) Run() error {
	at, err := url.Parse(l.Link)
	if err != nil || at.Host == "" || !strings.HasPrefix(at.Path, "/login/") {
		return fmt.Errorf("a sign-in link looks like https://HOST/login/CODE")
	}
	c := &client{host: at.Scheme + "://" + at.Host}
	body, err := c.open("POST", at.EscapedPath(), bytes.NewReader([]byte("{}")))
	if err != nil {
		return err
	}
	defer body.Close()
	var got struct {
		User    string `json:"user_name"`
		TokenID string `json:"token_id"`
		Token   string `json:"token_value"`
		Host    string `json:"host"`
	}
	if err := json.NewDecoder(body).Decode(&got); err != nil {
		return err
	}
	if l.JSON {
		return printJSON(got)
	}
	fmt.Fprintf(os.Stderr, "signed in as %s on %s; this token is not shown again:\n", plain(got.User), c.host)
	for _, line := range [][2]string{
		{"MLFLOW_TRACKING_URI", c.host}, {"MLFLOW_TRACKING_TOKEN", got.Token}, {"DATABRICKS_HOST", c.host}, {"DATABRICKS_TOKEN", got.Token},
		{"BAILIWICK_HOST", c.host}, {"BAILIWICK_TOKEN", got.Token},
	} {
		fmt.Printf("export %s=%s\n", line[0], quoted(line[1]))
	}
	return nil
}

// quoted writes a value so that a shell takes it as it is.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// loginLink makes a link for somebody.
type loginLink struct {
	remote
	User string `arg:"" help:"The user's name."`
}

// Run prints the link.
func (l *loginLink) Run() error {
	c, err := l.connect()
	if err != nil {
		return err
	}
	ask, err := json.Marshal(map[string]string{"user_name": l.User})
	if err != nil {
		return err
	}
	body, err := c.open("POST", "/api/governance/1.0/login-links", bytes.NewReader(ask))
	if err != nil {
		return err
	}
	defer body.Close()
	var got struct {
		Link    string `json:"login_link"`
		Expires int64  `json:"expires_at"`
	}
	if err := json.NewDecoder(body).Decode(&got); err != nil {
		return err
	}
	if l.JSON {
		return printJSON(got)
	}
	c.as()
	fmt.Println(got.Link)
	return nil
}
