package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// credentials is the inventory of tokens and sessions.
type credentials struct {
	List     credentialsList     `cmd:"" help:"List credentials: whose, how old, until when, last used, what is wrong. Your own, or all for administrators and auditors."`
	Show     credentialsShow     `cmd:"" help:"Show all that is known of a credential."`
	Findings credentialsFindings `cmd:"" help:"List what is wrong with credentials, the most severe first. Exit code 3 = something is."`
	Impact   credentialsImpact   `cmd:"" help:"List what would stop, were a credential revoked."`
	Revoke   credentialsRevoke   `cmd:"" help:"Revoke a credential: it is refused from the next call on."`
}

// The answers of the inventory, as far as they are printed.
type (
	credential struct {
		ID, Kind, Comment, State string
		Owner                    principal
		CreatedBy                principal `json:"created_by"`
		Created                  int64     `json:"created_at"`
		Expires                  int64     `json:"expires_at"`
		LastUsed                 int64     `json:"last_used_at"`
		LastSource               string    `json:"last_source"`
		LastProgram              string    `json:"last_program"`
		Scopes                   []string
		Findings                 []finding
	}
	finding struct {
		ID, Class, Severity, Text, Advice string
		Accepted                          *struct {
			By     principal
			Until  int64
			Reason string
		}
	}
	sighting struct {
		Name          string
		First         int64 `json:"first_at"`
		Last          int64 `json:"last_at"`
		Calls, Writes int64
	}
	dependent struct {
		ID, Kind      string
		Object        object
		First         int64 `json:"first_at"`
		Last          int64 `json:"last_at"`
		Calls, Writes int64
	}
	hardCoded struct {
		Object object
		Place  string
		Rule   string
	}
)

// moment prints a time of milliseconds since 1970, to the minute; without is what stands for none.
func moment(ms int64, without string) string {
	if ms == 0 {
		return without
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04")
}

// classes gives the classes of the findings that nobody has accepted.
func (c *credential) classes() string {
	var names []string
	for _, f := range c.Findings {
		if f.Accepted == nil {
			names = append(names, f.Class)
		}
	}
	return strings.Join(names, ", ")
}

type credentialsList struct {
	remote
	Owner string `help:"A principal by name or id, or me." placeholder:"NAME"`
	Kind  string `help:"token or session." placeholder:"KIND"`
	State string `help:"active, ended or owner-inactive." placeholder:"STATE"`
}

// pageOfCredentials is one page of the list.
type pageOfCredentials struct {
	Credentials []credential
	Next        string `json:"next_page_token"`
}

// Run prints the credentials, page by page; as JSON the first page, which names the next.
func (q *credentialsList) Run() error {
	query := url.Values{"owner": {q.Owner}, "kind": {q.Kind}, "state": {q.State}, "max_results": {"1000"}}
	heading := [][]string{{"ID", "KIND", "OWNER", "STATE", "CREATED", "EXPIRES", "LAST USED", "FINDINGS", "COMMENT"}}
	return pages(&q.remote, "/credentials", query, func(a *pageOfCredentials) (string, error) {
		rows := heading
		for i := range a.Credentials {
			c := &a.Credentials[i]
			rows = append(rows, []string{c.ID, c.Kind, c.Owner.Name, c.State, moment(c.Created, ""), moment(c.Expires, "never"),
				moment(c.LastUsed, "never"), c.classes(), c.Comment})
		}
		heading = nil
		return a.Next, printTable(rows)
	})
}

// pages asks for page after page and has each printed by show, which gives the token of the next; as JSON only the first is asked for.
func pages[A any](r *remote, path string, query url.Values, show func(*A) (next string, err error)) error {
	for more := true; more; {
		err := ask(r, path, query, func(a *A) error {
			next, err := show(a)
			query.Set("page_token", next)
			more = next != ""
			return err
		})
		if err != nil || r.JSON {
			return err
		}
	}
	return nil
}

type credentialsShow struct {
	remote
	ID string `arg:"" help:"The credential's id; credentials list prints them."`
}

// Run prints the credential.
func (q *credentialsShow) Run() error {
	type answer struct {
		credential
		Reached            []string   `json:"scopes_reached"`
		Used               []sighting `json:"scopes_used"`
		Networks, Programs []sighting
		Places             []hardCoded `json:"hard_coded"`
	}
	return ask(&q.remote, "/credentials/"+url.PathEscape(q.ID), nil, func(a *answer) error {
		rows := append(a.rows(), []string{"SCOPES", strings.Join(a.Reached, ", ")})
		rows = append(rows, sightings("SCOPE USED", a.Used)...)
		rows = append(rows, sightings("NETWORK", a.Networks)...)
		rows = append(rows, sightings("PROGRAM", a.Programs)...)
		rows = append(rows, places(a.Places)...)
		for _, f := range a.Findings {
			rows = append(rows, f.row())
		}
		return printTable(rows)
	})
}

// rows are what is said of the credential itself.
func (c *credential) rows() [][]string {
	return [][]string{
		{"ID", c.ID}, {"KIND", c.Kind}, {"OWNER", c.Owner.Name + " (" + c.State + ")"}, {"MADE", moment(c.Created, "") + " by " + c.CreatedBy.Name},
		{"EXPIRES", moment(c.Expires, "never")}, {"COMMENT", c.Comment},
		{"LAST USED", strings.TrimSpace(moment(c.LastUsed, "never") + " " + c.LastSource + " " + c.LastProgram)},
	}
}

func (f *finding) row() []string {
	text := f.Text + " " + f.Advice
	if f.Accepted != nil {
		text += " Accepted by " + f.Accepted.By.Name + " until " + moment(f.Accepted.Until, "") + ": " + f.Accepted.Reason
	}
	return []string{"FINDING", f.Severity + " " + f.Class + ": " + text}
}

func sightings(heading string, all []sighting) (rows [][]string) {
	for _, s := range all {
		rows = append(rows, []string{heading, fmt.Sprintf("%s, %s to %s, %d calls, %d of them writes", s.Name, moment(s.First, ""), moment(s.Last, ""), s.Calls, s.Writes)})
	}
	return rows
}

func places(all []hardCoded) (rows [][]string) {
	for _, p := range all {
		rows = append(rows, []string{"STANDS IN", p.Object.title() + ", " + p.Place})
	}
	return rows
}

type credentialsFindings struct {
	remote
	Owner    string `help:"A principal by name or id, or me." placeholder:"NAME"`
	Class    string `help:"One class: hard-coded, owner-inactive, new-network, shared-by-programs, unused, never-expires or wider-than-used." placeholder:"CLASS"`
	Accepted bool   `help:"Those that were accepted, too."`
}

// Run prints the findings. Exit code 3 = there are some.
func (q *credentialsFindings) Run() error {
	type found struct {
		finding
		Credential credential
		Object     *object
	}
	type answer struct {
		Findings []found
		Next     string `json:"next_page_token"`
	}
	query := url.Values{"owner": {q.Owner}, "class": {q.Class}, "accepted": {strconv.FormatBool(q.Accepted)}, "max_results": {"1000"}}
	heading, any := [][]string{{"SEVERITY", "CLASS", "OWNER", "CREDENTIAL", "WHAT"}}, false
	show := func(a *answer) (string, error) {
		rows := heading
		for i := range a.Findings {
			f := &a.Findings[i]
			rows = append(rows, []string{f.Severity, f.Class, f.Credential.Owner.Name, f.Credential.ID, f.Text + " " + f.Advice})
		}
		heading, any = nil, any || len(a.Findings) > 0
		if !any {
			fmt.Println("nothing found")
			return "", nil
		}
		return a.Next, printTable(rows)
	}
	var err error
	if q.JSON {
		var first *answer
		if first, err = askFor[answer](&q.remote, "/credentials/findings", query, nil); err == nil {
			any = len(first.Findings) > 0
		}
	} else {
		err = pages(&q.remote, "/credentials/findings", query, show)
	}
	if err == nil && any {
		return codeRefused
	}
	return err
}

type credentialsImpact struct {
	remote
	ID string `arg:"" help:"The credential's id."`
}

// Run prints what depends on the credential.
func (q *credentialsImpact) Run() error {
	type answer struct {
		Credential         credential
		Experiments, Runs  []dependent
		Models             []dependent `json:"registered_models"`
		LoggedModels       []dependent `json:"logged_models"`
		Others             []dependent
		Sessions           []string
		Programs, Networks []sighting
		Places             []hardCoded `json:"hard_coded"`
		Complete           bool
	}
	return ask(&q.remote, "/credentials/"+url.PathEscape(q.ID)+"/impact", nil, func(a *answer) error {
		rows := [][]string{{"KIND", "ID", "IN", "FIRST", "LAST", "CALLS", "WRITES"}}
		for _, list := range [][]dependent{a.Experiments, a.Runs, a.Models, a.LoggedModels, a.Others} {
			for i := range list {
				d := &list[i]
				rows = append(rows, []string{d.Kind, d.ID, d.Object.title(), moment(d.First, ""), moment(d.Last, ""), fmt.Sprint(d.Calls), fmt.Sprint(d.Writes)})
			}
		}
		for _, s := range a.Sessions {
			rows = append(rows, []string{"session", s})
		}
		if len(rows) == 1 {
			rows = [][]string{{"nothing that this server has seen"}}
		}
		rows = append(append(rows, sightings("PROGRAM", a.Programs)...), places(a.Places)...)
		if !a.Complete {
			rows = append(rows, []string{"(more was touched than is kept: the oldest is left out)"})
		}
		return printTable(rows)
	})
}

type credentialsRevoke struct {
	remote
	ID      string   `arg:"" help:"The credential's id."`
	Reason  string   `help:"Why, for the ledger." placeholder:"TEXT"`
	Finding []string `help:"A class of finding that is the reason, for the ledger; may be given several times." placeholder:"CLASS"`
}

// Run revokes the credential.
func (q *credentialsRevoke) Run() error {
	c, err := q.connect()
	if err != nil {
		return err
	}
	wish, err := json.Marshal(map[string]any{"reason": q.Reason, "findings": q.Finding})
	if err != nil {
		return err
	}
	body, err := c.open("POST", "/api/governance/1.0/credentials/"+url.PathEscape(q.ID)+"/revoke", bytes.NewReader(wish))
	if err != nil {
		return err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if q.JSON {
		return printJSON(json.RawMessage(text))
	}
	var a credential
	if err := json.Unmarshal(text, &a); err != nil {
		return err
	}
	fmt.Printf("revoked: %s %s of %s\n", plain(a.Kind), plain(a.ID), plain(a.Owner.Name))
	return nil
}
