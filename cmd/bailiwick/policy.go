package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"bailiwick/policy"
	"bailiwick/store"
)

// policies is about the text of roles and policies.
type policies struct {
	Get      policyGet      `cmd:"" help:"Print the text of roles and policies, or that of a version."`
	Check    policyCheck    `cmd:"" help:"Say what is wrong with a text, and whom it would give and take what. Exit code 2 = something is wrong."`
	Apply    policyApply    `cmd:"" help:"Put a text, whole. Exit code 2 = something is wrong with it."`
	History  policyHistory  `cmd:"" help:"List the versions of the text, newest first."`
	Rollback policyRollback `cmd:"" help:"Put the text of an earlier version again; with --data on a stopped server."`
	Schema   policySchema   `cmd:"" help:"Print the schema that policies are held against."`
}

// policyVersion is a version of the text.
type policyVersion struct {
	Version int64
	Text    string
	Author  principal
	Reason  string
	At      int64
}

type policyGet struct {
	remote
	Version int64 `help:"Of this version instead of the present one." placeholder:"N"`
}

// Run prints the text.
func (q *policyGet) Run() error {
	path := "/policies"
	if q.Version != 0 {
		path += "/versions/" + strconv.FormatInt(q.Version, 10)
	}
	return ask(&q.remote, path, nil, func(v *policyVersion) error {
		_, err := io.WriteString(os.Stdout, v.Text)
		return err
	})
}

// readText reads a file, or standard input for "-".
func readText(file string) (string, error) {
	if file == "-" {
		text, err := io.ReadAll(io.LimitReader(os.Stdin, 2<<20))
		return string(text), err
	}
	text, err := os.ReadFile(file)
	return string(text), err
}

type policyCheck struct {
	remote
	File string `arg:"" help:"The text; - = standard input."`
}

// checked is what a text would be and do.
type checked struct {
	Problems  []policy.Problem
	Policies  int
	Roles     int
	Effects   []checkedEffect
	Unmanaged []object
	LocksOut  bool `json:"locks_out"`
}

type checkedEffect struct {
	Object  object
	Changes []struct {
		Principal    principal
		Gains, Loses []string
	}
}

// Run checks the text.
func (q *policyCheck) Run() error {
	text, err := readText(q.File)
	if err != nil {
		return err
	}
	a, err := sent(&q.remote, http.MethodPost, "/policies/check", map[string]any{"text": text}, func(a *checked) error { return a.show(q.File) })
	if err == nil && (len(a.Problems) > 0 || len(a.Unmanaged) > 0 || a.LocksOut) {
		return codeUnsound
	}
	return err
}

func (a *checked) show(file string) error {
	for _, p := range a.Problems {
		fmt.Printf("%s:%d:%d: %s\n", file, p.Line, p.Column, p.Message)
	}
	if len(a.Problems) > 0 {
		return nil
	}
	fmt.Printf("%d policies, %d roles.\n", a.Policies, a.Roles)
	var rows [][]string
	for _, e := range a.Effects {
		for _, c := range e.Changes {
			rows = append(rows, []string{e.Object.title(), c.Principal.Name, strings.Join(c.Gains, "; "), strings.Join(c.Loses, "; ")})
		}
	}
	if len(rows) > 0 {
		if err := printTable(append([][]string{{"OBJECT", "WHO", "GAINS", "LOSES"}}, rows...)); err != nil {
			return err
		}
	}
	for _, o := range a.Unmanaged {
		fmt.Printf("Nobody could manage %s any more.\n", o.title())
	}
	if a.LocksOut {
		fmt.Println("You could not change policies any more.")
	}
	return nil
}

type policyApply struct {
	remote
	File     string `arg:"" help:"The text; - = standard input."`
	Reason   string `help:"Why, for the history and the audit trail."`
	Expected *int64 `name:"expect" help:"Put it only while this version holds." placeholder:"N"`
	Force    bool   `help:"Put it though it leaves something without a manager or locks you out."`
}

// Run puts the text.
func (q *policyApply) Run() error {
	text, err := readText(q.File)
	if err != nil {
		return err
	}
	body := map[string]any{"text": text, "reason": q.Reason, "force": q.Force}
	if q.Expected != nil {
		body["expected_version"] = *q.Expected
	}
	_, err = sent(&q.remote, http.MethodPut, "/policies", body, showPut)
	if r, ok := err.(*refusal); ok && r.status == http.StatusBadRequest {
		fmt.Fprintln(os.Stderr, "bailiwick:", r.message)
		return codeUnsound
	}
	return err
}

func showPut(v *policyVersion) error {
	fmt.Printf("The policies are at version %d.\n", v.Version)
	return nil
}

type policyHistory struct{ remote }

// Run lists the versions.
func (q *policyHistory) Run() error {
	type history struct{ Versions []policyVersion }
	return ask(&q.remote, "/policies/versions", url.Values{}, func(h *history) error {
		rows := [][]string{{"VERSION", "WHEN", "WHO", "WHY"}}
		for _, v := range h.Versions {
			rows = append(rows, []string{strconv.FormatInt(v.Version, 10), time.UnixMilli(v.At).UTC().Format(time.RFC3339), v.Author.Name, v.Reason})
		}
		return printTable(rows)
	})
}

type policyRollback struct {
	remote
	Version int64  `arg:"" optional:"" help:"The version to put again; without it the one before the present one."`
	Data    string `help:"Data folder of a stopped server, instead of asking one that runs." type:"path" placeholder:"DIR"`
	Reason  string `help:"Why, for the history and the audit trail."`
	Force   bool   `help:"Put it though it leaves something without a manager or locks you out."`
}

// Run puts the earlier text.
func (q *policyRollback) Run() error {
	if q.Data == "" {
		body := map[string]any{"version": q.Version, "reason": q.Reason, "force": q.Force}
		_, err := sent(&q.remote, http.MethodPost, "/policies/rollback", body, showPut)
		return err
	}
	if _, err := os.Stat(q.Data); err != nil {
		return err
	}
	ctx, stop := interrupted()
	defer stop()
	db, err := store.Open(ctx, store.Options{Data: q.Data})
	if err != nil {
		return err
	}
	defer db.Close()
	version, err := db.RollBackPolicies(ctx, q.Version, q.Reason)
	if err != nil {
		return err
	}
	return showPut(&policyVersion{Version: version})
}

type policySchema struct{}

// Run prints it.
func (q *policySchema) Run() error {
	_, err := io.WriteString(os.Stdout, policy.Schema())
	return err
}
