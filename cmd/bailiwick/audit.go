package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"

	"bailiwick/ledger"
)

// audit is about the audit trail.
type audit struct {
	List       auditList       `cmd:"" help:"Print entries, newest first (administrators and auditors)."`
	Export     auditExport     `cmd:"" help:"Write the sealed ledger to standard output as JSONL (administrators and auditors)."`
	Checkpoint auditCheckpoint `cmd:"" help:"Print the newest signed checkpoint, to be kept elsewhere; with --key the public keys."`
	Verify     auditVerify     `cmd:"" help:"Check a ledger. Exit code 2 = something was changed, dropped, inserted, swapped or cut."`
}

type auditList struct {
	remote
	Search  string `name:"search" help:"A search as in the console: actor:ann@example.org -action:getRun result:denied created:>=2026-01-01." placeholder:"QUALIFIERS"`
	Since   string `help:"From this time on (2006-01-02, 2006-01-02T15:04:05Z, or ms since 1970)." placeholder:"TIME"`
	Until   string `help:"Before this time." placeholder:"TIME"`
	Actor   string `help:"Who did it, by name or id." placeholder:"NAME"`
	Object  string `help:"About this object: experiments/123, runs/…, or a workspace path." placeholder:"OBJECT"`
	Service string `help:"Of this service." placeholder:"NAME"`
	Action  string `help:"Of this action." placeholder:"NAME"`
	Class   string `help:"Of this audit class: A, B or C." placeholder:"CLASS"`
	Limit   int    `help:"At most so many." default:"100"`
}

func (l *auditList) query() url.Values {
	return url.Values{"q": {l.Search}, "since": {l.Since}, "until": {l.Until}, "actor": {l.Actor}, "object": {l.Object}, "service": {l.Service},
		"action": {l.Action}, "class": {l.Class}}
}

// auditPage is a page of the audit trail.
type auditPage struct {
	Events []json.RawMessage
	Next   string `json:"next_page_token"`
}

// Run prints the entries. With --json, one entry a line.
func (l *auditList) Run() error {
	c, err := l.connect()
	if err != nil {
		return err
	}
	if !l.JSON {
		c.as()
	}
	rows := [][]string{{"TIME", "WHO", "ACTION", "OBJECT", "STATUS", "×"}}
	for left, query := l.Limit, l.query(); left > 0; {
		query.Set("max_results", strconv.Itoa(min(left, 1000)))
		var page auditPage
		if err := c.get("/audit", query, &page); err != nil {
			return err
		}
		for _, text := range page.Events {
			if l.JSON {
				fmt.Println(string(text))
				continue
			}
			var e ledger.Row
			if err := json.Unmarshal(text, &e); err != nil {
				return err
			}
			rows = append(rows, rowOf(&e))
		}
		left -= len(page.Events)
		query.Set("page_token", page.Next)
		if page.Next == "" {
			break
		}
	}
	if l.JSON {
		return nil
	}
	return printTable(rows)
}

func rowOf(e *ledger.Row) []string {
	what, times := e.Object.Path, ""
	if what == "" {
		what = strings.Trim(e.Object.Kind+"/"+e.Object.ID, "/")
	}
	if e.Count > 1 {
		times = strconv.FormatInt(e.Count, 10)
	}
	return []string{e.EventTime, e.UserIdentity.Email, e.ServiceName + "." + e.ActionName, what, strconv.Itoa(e.Response.StatusCode), times}
}

type auditExport struct {
	remote
	From  int64  `help:"First leaf." default:"0"`
	To    int64  `help:"First leaf that is left out; 0 = all that is sealed." default:"0"`
	Since string `help:"File with a checkpoint that you keep: the export then proves that it continues it." type:"existingfile" placeholder:"FILE"`
}

// Run writes the export.
func (x *auditExport) Run() error {
	c, err := x.connect()
	if err != nil {
		return err
	}
	query := url.Values{"from": {fmt.Sprint(x.From)}, "to": {fmt.Sprint(x.To)}}
	if x.Since != "" {
		kept, err := sizeIn(x.Since)
		if err != nil {
			return err
		}
		query.Set("since", fmt.Sprint(kept))
	}
	c.as()
	body, err := c.open("GET", "/api/governance/1.0/audit/export?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.Copy(os.Stdout, body)
	return err
}

// sizeIn reads the size of the checkpoint in a file, whose signature is checked when the export is.
func sizeIn(file string) (int64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	lines := strings.SplitAfterN(string(text), "\n\n", 2)
	c, err := ledger.ParseCheckpointText(strings.TrimSuffix(lines[0], "\n"))
	return c.Size, err
}

type auditCheckpoint struct {
	remote
	Key bool `help:"Print the public keys instead, one a line: what --pubkey takes."`
}

// Run prints the checkpoint.
func (k *auditCheckpoint) Run() error {
	type answer struct {
		Checkpoint string
		PublicKeys []string `json:"public_keys"`
	}
	return ask(&k.remote, "/audit/checkpoint", nil, func(a *answer) error {
		text := a.Checkpoint
		if k.Key {
			text = strings.Join(a.PublicKeys, "\n") + "\n"
		}
		_, err := os.Stdout.WriteString(text)
		return err
	})
}

type auditVerify struct {
	Data     string   `help:"Data folder; a server may run on it." type:"path" placeholder:"DIR" xor:"what" required:""`
	Database string   `help:"PostgreSQL database." placeholder:"URL" xor:"what" required:""`
	File     string   `help:"Exported file; - = standard input." placeholder:"FILE" xor:"what" required:""`
	Pubkey   []string `help:"Public key, or a file with public keys. Needed with --file; otherwise those kept in the database are used, which prove nothing to who does not trust that machine." sep:"none" placeholder:"KEY"`
	Since    []string `help:"File with a checkpoint that you keep: the ledger must continue it." placeholder:"FILE" sep:"none"`
	JSON     bool     `name:"json" help:"Print JSON for programs."`
}

// verdict is what a verification found.
type verdict struct {
	Sound  bool           `json:"sound"`
	Fault  *ledger.Fault  `json:"fault,omitempty"`
	Report *ledger.Report `json:"report"`
	Note   string         `json:"note,omitempty"`
}

// Run verifies.
func (v *auditVerify) Run() error {
	keys, err := readKeys(v.Pubkey)
	if err != nil {
		return err
	}
	var found verdict
	var report ledger.Report
	if v.File != "" {
		report, err = v.file(keys)
	} else {
		report, found.Note, err = v.stored(context.Background(), keys)
	}
	found.Report, found.Sound = &report, err == nil
	if err != nil && !errors.As(err, &found.Fault) {
		return err
	}
	if err := v.print(&found); err != nil || found.Sound {
		return err
	}
	return codeUnsound
}

// readKeys takes keys as text or out of files.
func readKeys(given []string) (keys []string, err error) {
	for _, k := range given {
		if text, err := os.ReadFile(k); err == nil {
			keys = append(keys, strings.Fields(string(text))...)
		} else {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

func (v *auditVerify) kept(keys []string) (all []ledger.Checkpoint, err error) {
	trusted, err := ledger.ParseKeys(keys...)
	if err != nil {
		return nil, err
	}
	for _, file := range v.Since {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		c, err := ledger.OpenCheckpoint(text, trusted)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, c)
	}
	return all, nil
}

func (v *auditVerify) file(keys []string) (r ledger.Report, err error) {
	if len(keys) == 0 {
		return r, errors.New("--file needs --pubkey: an export cannot vouch for itself (bailiwick audit checkpoint --key prints the keys)")
	}
	if len(v.Since) > 1 {
		return r, errors.New("an export is checked against one --since at most")
	}
	kept, err := v.kept(keys)
	if err != nil {
		return r, err
	}
	in := os.Stdin
	if v.File != "-" {
		if in, err = os.Open(v.File); err != nil {
			return r, err
		}
		defer in.Close()
	}
	var since *ledger.Checkpoint
	if len(kept) > 0 {
		since = &kept[0]
	}
	return ledger.VerifyExport(bufio.NewReaderSize(in, 1<<20), keys, since)
}

func (v *auditVerify) print(found *verdict) error {
	if v.JSON {
		return printJSON(found)
	}
	r := found.Report
	if found.Note != "" {
		fmt.Fprintln(os.Stderr, found.Note)
	}
	if !found.Sound {
		fmt.Printf("NOT SOUND: %v\n", found.Fault)
		return nil
	}
	fmt.Printf("sound: entries %d to %d of %s are as they were sealed\n", r.From, r.To, r.Origin)
	fmt.Printf("  governance versions %d to %d, %d signed checkpoints, newest %d entries %s\n", r.FirstVersion, r.LastVersion, r.Checkpoints,
		r.Checkpoint.Size, r.Checkpoint.Root)
	if r.Unsealed > 0 {
		fmt.Printf("  %d entries are not sealed yet, which is normal on a running server\n", r.Unsealed)
	}
	return nil
}
