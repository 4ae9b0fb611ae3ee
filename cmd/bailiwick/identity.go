package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// identities is about who people are, and by whose word.
type identities struct {
	ExplainToken explainToken `cmd:"" help:"Say what a provider's token would become, were somebody to sign in with it (administrators). Exit code 3 = it would not be taken."`
	Directory    directories  `cmd:"" help:"The directories that provision users and groups over SCIM."`
	Conflicts    conflicts    `cmd:"" help:"What one source wanted of users, groups and memberships that another owns (administrators)."`
	Resolve      resolve      `cmd:"" help:"Decide on a conflict (administrators)."`
	Give         giveTo       `cmd:"" help:"Make a user, a group or a service principal another source's (administrators)."`
}

type explainToken struct {
	remote
	Provider string `help:"The provider by its name in the configuration; needed where there are several." placeholder:"NAME"`
	File     string `arg:"" optional:"" help:"File of the ID token; left out: standard input. It is no argument: those can be seen by others."`
}

// maxPasted is the most bytes of a token that is read.
const maxPasted = 512 << 10

// Run prints what the token would become.
func (q *explainToken) Run() error {
	token, err := q.token()
	if err != nil {
		return err
	}
	c, err := q.connect()
	if err != nil {
		return err
	}
	wish, err := json.Marshal(map[string]string{"provider": q.Provider, "token": token})
	if err != nil {
		return err
	}
	body, err := c.open("POST", "/api/governance/1.0/sign-in/explain-token", bytes.NewReader(wish))
	if err != nil {
		return err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	a, err := printed(&q.remote, c, text, (*explained).show)
	if err == nil && !a.Accepted {
		return codeRefused
	}
	return err
}

// token reads the token, wherever it comes from.
func (q *explainToken) token() (string, error) {
	from := io.Reader(os.Stdin)
	if q.File != "" && q.File != "-" {
		f, err := os.Open(q.File)
		if err != nil {
			return "", err
		}
		defer f.Close()
		from = f
	} else if info, err := os.Stdin.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		fmt.Fprintln(os.Stderr, "Paste the ID token, then press Return and Ctrl-D:")
	}
	text, err := io.ReadAll(io.LimitReader(from, maxPasted))
	return strings.TrimSpace(string(text)), err
}

// explained is the server's answer.
type explained struct {
	Provider, Reason, Subject, User  string
	Accepted, Signed, Creates, Links bool
	Joins, Leaves, Roles             []string
	UserName                         string   `json:"user_name"`
	Groups                           []string `json:"claimed_groups"`
	Held                             []string `json:"not_joined"`
}

func (a *explained) show() error {
	rows := [][]string{{"PROVIDER", a.Provider}, {"TAKEN", yes(a.Accepted)}}
	who := a.User
	switch {
	case a.Creates:
		who += " (would be made)"
	case a.Links:
		who += " (would be linked to the subject)"
	}
	for _, row := range [][2]string{
		{"REASON", a.Reason}, {"NAME CLAIMED", a.UserName}, {"SUBJECT", a.Subject}, {"SIGNS IN AS", who}, {"GROUPS CLAIMED", strings.Join(a.Groups, ", ")},
		{"JOINS", strings.Join(a.Joins, ", ")}, {"LEAVES", strings.Join(a.Leaves, ", ")},
		{"DOES NOT JOIN", strings.Join(a.Held, ", ")}, {"ROLES", strings.Join(a.Roles, ", ")},
	} {
		if row[1] != "" {
			rows = append(rows, []string{row[0], row[1]})
		}
	}
	return printTable(rows)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
