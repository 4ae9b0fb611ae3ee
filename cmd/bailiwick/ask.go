package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// The answers of the governance API, as far as they are printed.
type (
	principal struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Kind string `json:"kind"`
	}
	object struct {
		Object string `json:"object"`
		Kind   string `json:"kind"`
		Name   string `json:"name"`
		Path   string `json:"path"`
	}
)

// title is what people call an object.
func (o *object) title() string {
	if o == nil {
		return ""
	}
	if o.Path != "" {
		return o.Path
	}
	return o.Object
}

// ask gets an answer and prints it as JSON, or has it printed by show.
func ask[A any](r *remote, path string, query url.Values, show func(*A) error) error {
	_, err := askFor(r, path, query, show)
	return err
}

// askFor is ask for who needs the answer, too.
func askFor[A any](r *remote, path string, query url.Values, show func(*A) error) (*A, error) {
	c, err := r.connect()
	if err != nil {
		return nil, err
	}
	var text json.RawMessage
	if err := c.get(path, query, &text); err != nil {
		return nil, err
	}
	return printed(r, c, text, show)
}

// printed prints an answer as JSON, or has it printed by show.
func printed[A any](r *remote, c *client, text json.RawMessage, show func(*A) error) (*A, error) {
	a := new(A)
	if err := json.Unmarshal(text, a); err != nil {
		return nil, err
	}
	if r.JSON {
		return a, printJSON(text)
	}
	c.as()
	return a, show(a)
}

type whoami struct{ remote }

// Run prints the caller.
func (w *whoami) Run() error {
	type answer struct {
		Principal principal
		Groups    []principal
		Scopes    []string
	}
	return ask(&w.remote, "/whoami", nil, func(a *answer) error {
		var groups []string
		for _, g := range a.Groups {
			groups = append(groups, g.Name)
		}
		scopes := "all"
		if len(a.Scopes) > 0 {
			scopes = strings.Join(a.Scopes, ", ")
		}
		return printTable([][]string{{"NAME", a.Principal.Name}, {"KIND", a.Principal.Kind}, {"ID", a.Principal.ID},
			{"GROUPS", strings.Join(groups, ", ")}, {"TOKEN'S SCOPES", scopes}})
	})
}

type can struct {
	remote
	Ability   string `arg:"" help:"An ability; bailiwick abilities lists them."`
	Object    string `arg:"" help:"experiments/123, runs/…, or a workspace path such as /Users/a@example.org/churn."`
	Principal string `arg:"" optional:"" help:"Somebody else, by name or id (administrators and auditors)."`
}

// Run prints the decision. Exit code 3 = no.
func (q *can) Run() error {
	type answer struct {
		Allowed   bool
		Principal principal
		Object    object
		Path      []struct{ Text string }
		Refusal   *struct{ Message string }
	}
	query := url.Values{"ability": {q.Ability}, "object": {q.Object}, "principal": {q.Principal}}
	a, err := askFor(&q.remote, "/can", query, func(a *answer) error {
		word := "no"
		if a.Allowed {
			word = "yes"
		}
		fmt.Printf("%s: %s, %s on %s\n", word, plain(a.Principal.Name), q.Ability, plain(a.Object.title()))
		for _, step := range a.Path {
			fmt.Println(" ", plain(step.Text))
		}
		if a.Refusal != nil {
			fmt.Println(" ", plain(a.Refusal.Message))
		}
		return nil
	})
	if err == nil && !a.Allowed {
		return codeRefused
	}
	return err
}

type whoCan struct {
	remote
	Ability string `arg:"" help:"An ability; bailiwick abilities lists them."`
	Object  string `arg:"" help:"experiments/123, runs/…, or a workspace path."`
	Explain bool   `help:"Give each one's path in sentences."`
}

// Run prints the holders.
func (q *whoCan) Run() error {
	type answer struct {
		Principals []struct {
			principal
			Level, Rule string
			From        *object
			Through     *principal
			Path        []struct{ Text string }
		}
	}
	query := url.Values{"ability": {q.Ability}, "object": {q.Object}, "explain": {fmt.Sprint(q.Explain)}}
	return ask(&q.remote, "/who-can", query, func(a *answer) error {
		rows := [][]string{{"NAME", "KIND", "LEVEL", "RULE", "FROM", "THROUGH"}}
		for _, p := range a.Principals {
			row := []string{p.Name, p.Kind, p.Level, p.Rule, p.From.title(), ""}
			if p.Through != nil {
				row[5] = p.Through.Name
			}
			rows = append(rows, row)
			for _, step := range p.Path {
				rows = append(rows, []string{"  " + step.Text})
			}
		}
		return printTable(rows)
	})
}

type whatCan struct {
	remote
	Principal string `arg:"" optional:"" help:"A principal or group by name or id; left out: yourself."`
	Kind      string `help:"Only objects of this kind." placeholder:"KIND"`
}

// reach is one page of what-can.
type reach struct {
	Objects []struct {
		object
		Level, Rule string
		From        object
		Through     principal
	}
	Next string `json:"next_page_token"`
}

// Run prints the objects, page by page.
func (q *whatCan) Run() error {
	query := url.Values{"principal": {q.Principal}, "kind": {q.Kind}}
	heading := [][]string{{"LEVEL", "KIND", "OBJECT", "FROM", "THROUGH"}}
	for more := true; more; {
		err := ask(&q.remote, "/what-can", query, func(a *reach) error {
			rows := heading
			for _, o := range a.Objects {
				rows = append(rows, []string{o.Level, o.Kind, o.title(), o.From.title(), o.Through.Name})
			}
			heading, more = nil, a.Next != ""
			query.Set("page_token", a.Next)
			return printTable(rows)
		})
		if err != nil || q.JSON {
			return err
		}
	}
	return nil
}

type abilities struct {
	remote
	Kind string `arg:"" optional:"" help:"Only this kind of object."`
}

// Run prints the tables.
func (q *abilities) Run() error {
	type answer struct {
		Kinds []struct {
			Kind      string
			Abilities []struct {
				Ability, Title, Least string
				LeastLevel            string `json:"least_level"`
				Everyone              bool
			}
		}
	}
	return ask(&q.remote, "/abilities", nil, func(a *answer) error {
		rows := [][]string{{"KIND", "ABILITY", "LEAST LEVEL", "WHAT IT IS"}}
		for _, k := range a.Kinds {
			for _, row := range k.Abilities {
				least := row.LeastLevel
				if row.Everyone {
					least = "(everybody)"
				}
				if q.Kind == "" || q.Kind == k.Kind {
					rows = append(rows, []string{k.Kind, row.Ability, least, row.Title})
				}
			}
		}
		if len(rows) == 1 {
			fmt.Fprintf(os.Stderr, "bailiwick: no kind %q\n", q.Kind)
			return codeError
		}
		return printTable(rows)
	})
}

// sent sends a body, prints the answer as ask does, and gives it.
func sent[A any](r *remote, method, path string, body any, show func(*A) error) (*A, error) {
	c, err := r.connect()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	answer, err := c.open(method, "/api/governance/1.0"+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	var raw json.RawMessage
	if err := json.NewDecoder(answer).Decode(&raw); err != nil {
		return nil, err
	}
	return printed(r, c, raw, show)
}

// send is sent for those who need no more of the answer than that it is printed.
func send[A any](r *remote, method, path string, body any, show func(*A) error) error {
	_, err := sent(r, method, path, body, show)
	return err
}
