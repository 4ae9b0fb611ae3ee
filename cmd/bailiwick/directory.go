package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// directories are the company's directories that provision over SCIM.
type directories struct {
	List   directoryList   `cmd:"" help:"List the directories (administrators)."`
	Create directoryCreate `cmd:"" help:"Make a directory and print its token, once (administrators)."`
	Token  directoryMint   `cmd:"" help:"Print a further token of a directory, once (administrators)."`
	Delete directoryDelete `cmd:"" help:"End a directory and its tokens (administrators)."`
}

// directory is one of them, as the API shows it.
type directory struct {
	Name, Source string
	Adopts       bool
	Active       bool
	Tokens       int
	Value        string `json:"token_value"`
	Address      string `json:"scim_address"`
	Account      string `json:"account_scim_address"`
	Created      int64  `json:"created_at"`
}

type directoryList struct{ remote }

// Run prints them.
func (q *directoryList) Run() error {
	return ask(&q.remote, "/identity/directories", nil, func(a *struct{ Directories []directory }) error {
		rows := [][]string{{"DIRECTORY", "SOURCE", "TAKES OVER", "TOKENS", "SINCE"}}
		for _, d := range a.Directories {
			rows = append(rows, []string{d.Name, d.Source, yes(d.Adopts), strconv.Itoa(d.Tokens), day(d.Created)})
		}
		return printTable(rows)
	})
}

type directoryCreate struct {
	remote
	Name   string        `arg:"" help:"Small letters, digits and hyphens: okta, entra-emea."`
	Adopts bool          `help:"It takes over users and groups that are there already when it first writes them; never administrators."`
	Life   time.Duration `help:"How long its token counts; 0: as long as the workspace allows." placeholder:"8760h"`
}

// Run makes it and prints what to give to the directory.
func (q *directoryCreate) Run() error {
	return send(&q.remote, http.MethodPost, "/identity/directories", lived(q.Life, map[string]any{"name": q.Name, "adopts": q.Adopts}), (*directory).show)
}

type directoryMint struct {
	remote
	Name string        `arg:"" help:"The directory."`
	Life time.Duration `help:"How long the token counts; 0: as long as the workspace allows." placeholder:"8760h"`
}

// Run makes the token.
func (q *directoryMint) Run() error {
	return send(&q.remote, http.MethodPost, "/identity/directories/"+url.PathEscape(q.Name)+"/tokens", lived(q.Life, map[string]any{}), (*directory).show)
}

type directoryDelete struct {
	remote
	Name string `arg:"" help:"The directory. What it owns stays its own until it is given to another source."`
}

// Run ends it.
func (q *directoryDelete) Run() error {
	return send(&q.remote, http.MethodDelete, "/identity/directories/"+url.PathEscape(q.Name), nil, func(*struct{}) error { return nil })
}

func lived(life time.Duration, body map[string]any) map[string]any {
	if life > 0 {
		body["lifetime_seconds"] = int64(life.Seconds())
	}
	return body
}

func (d *directory) show() error {
	return printTable([][]string{
		{"DIRECTORY", d.Name}, {"SOURCE", d.Source}, {"ADDRESS", d.Address}, {"LIKE DATABRICKS", d.Account}, {"TOKEN (shown once)", d.Value},
	})
}

func day(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.DateOnly) }

type conflicts struct {
	remote
	State string `help:"open, kept, given or all." default:"open" enum:"open,kept,given,all"`
}

// conflict is what one source wanted of what another owns, as the API shows it.
type conflict struct {
	ID, Attribute, Owner, Writer, Wish, State string
	Principal                                 principal
	Group                                     *principal
	Times                                     int64
	Last                                      int64 `json:"last_seen"`
}

// Run prints the conflicts.
func (q *conflicts) Run() error {
	return ask(&q.remote, "/identity/conflicts", url.Values{"state": {q.State}}, func(a *struct{ Conflicts []conflict }) error {
		rows := [][]string{{"CONFLICT", "ABOUT", "OWNER", "WRITER", "WOULD", "TIMES", "LAST", "STATE"}}
		for _, k := range a.Conflicts {
			rows = append(rows, k.row())
		}
		return printTable(rows)
	})
}

func (k *conflict) row() []string {
	about := k.Principal.Name + ": " + k.Attribute
	if k.Group != nil {
		about = k.Principal.Name + " in " + k.Group.Name
	}
	return []string{k.ID, about, k.Owner, k.Writer, k.Wish, strconv.FormatInt(k.Times, 10), day(k.Last), k.State}
}

type resolve struct {
	remote
	ID       string `arg:"" help:"The conflict."`
	Decision string `arg:"" enum:"keep,give" help:"keep: the owner keeps it. give: the writer has it, and what it wanted is done."`
	Reason   string `help:"Why, for the audit trail." placeholder:"TEXT"`
}

// Run decides.
func (q *resolve) Run() error {
	return send(&q.remote, http.MethodPost, "/identity/conflicts/"+url.PathEscape(q.ID)+"/resolve",
		map[string]string{"decision": q.Decision, "reason": q.Reason}, func(k *conflict) error { return printTable([][]string{k.row()}) })
}

type giveTo struct {
	remote
	Principal string `arg:"" help:"The id of a user, a group or a service principal."`
	Source    string `arg:"" help:"manual, scim:NAME or oidc:NAME."`
	Reason    string `help:"Why, for the audit trail." placeholder:"TEXT"`
}

// Run gives it.
func (q *giveTo) Run() error {
	return send(&q.remote, http.MethodPut, "/identity/principals/"+url.PathEscape(q.Principal)+"/source",
		map[string]string{"source": q.Source, "reason": q.Reason}, func(a *struct {
			Principal principal
			Source    string
		}) error {
			fmt.Printf("%s is %s's\n", plain(a.Principal.Name), plain(a.Source))
			return nil
		})
}
