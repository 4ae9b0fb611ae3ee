package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"bailiwick/kek"
)

// secrets is about secrets and the keys that they are under.
type secrets struct {
	Show      secretShow `cmd:"" help:"A secret's versions, and who read which when; never its value."`
	Kek       kekShow    `cmd:"" help:"The key-encryption keys, and how far a rotation is (administrators)."`
	RotateKek kekRotate  `cmd:"" help:"Make another key-encryption key the active one, while the server serves (administrators)."`
	NewKek    kekNew     `cmd:"" help:"Add a key-encryption key to a file, for servers that may not write theirs; rotate-kek takes it into use."`
}

type secretShow struct {
	remote
	Scope string `arg:"" help:"The scope's name."`
	Key   string `arg:"" help:"The secret's name."`
}

// secretShown is a secret without its values.
type secretShown struct {
	Versions []struct {
		Version       int64
		State         string
		Created       int64
		By            struct{ Name string } `json:"created_by"`
		Until, Closed int64
		Readers       []struct {
			Principal  struct{ Name string }
			Credential string `json:"credential_id"`
			Count      int64
			Last       int64
			Source     string
		}
	}
}

// Run prints the versions, and below each who read it.
func (q *secretShow) Run() error {
	return ask(&q.remote, "/secrets/"+url.PathEscape(q.Scope)+"/"+url.PathEscape(q.Key), nil, func(a *secretShown) error {
		rows := [][]string{{"VERSION", "STATE", "SINCE", "BY", "READS", "SOURCE"}}
		for _, v := range a.Versions {
			rows = append(rows, []string{strconv.FormatInt(v.Version, 10), v.State, minute(v.Created), v.By.Name, "", ""})
			for _, r := range v.Readers {
				rows = append(rows, []string{"", "read", minute(r.Last), r.Principal.Name, strconv.FormatInt(r.Count, 10), r.Source})
			}
		}
		return printTable(rows)
	})
}

// minute writes a time in milliseconds since 1970.
func minute(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04") }

// kekShown is how far a rotation is.
type kekShown struct {
	Active string
	Left   int64
	Keys   []struct {
		ID       string
		State    string
		Since    int64
		DataKeys int64 `json:"data_keys"`
	}
}

func (a *kekShown) show() error {
	rows := [][]string{{"KEY", "STATE", "SINCE", "DATA KEYS"}}
	for _, k := range a.Keys {
		rows = append(rows, []string{k.ID, k.State, minute(k.Since), strconv.FormatInt(k.DataKeys, 10)})
	}
	return printTable(rows)
}

type kekShow struct{ remote }

// Run prints the keys.
func (q *kekShow) Run() error { return ask(&q.remote, "/kek", nil, (*kekShown).show) }

type kekRotate struct {
	remote
	Reason string `help:"Why, for the ledger." placeholder:"TEXT"`
	Wait   bool   `help:"Wait until nothing is left under older keys."`
}

// Run rotates, and prints the keys as they are then.
func (q *kekRotate) Run() error {
	c, err := q.connect()
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"reason": q.Reason})
	if err != nil {
		return err
	}
	answer, err := c.open(http.MethodPost, "/api/governance/1.0/kek/rotate", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer answer.Close()
	var text json.RawMessage
	if err := json.NewDecoder(answer).Decode(&text); err != nil {
		return err
	}
	for at := new(kekShown); q.Wait; time.Sleep(time.Second) {
		if err := c.get("/kek", nil, &text); err != nil {
			return err
		}
		if err := json.Unmarshal(text, at); err != nil {
			return err
		}
		if at.Left == 0 {
			break
		}
	}
	_, err = printed(&q.remote, c, text, (*kekShown).show)
	return err
}

type kekNew struct {
	File string `arg:"" help:"The file; made when absent." type:"path"`
}

// Run adds a key and prints its id.
func (q *kekNew) Run() error {
	id, err := (&kek.File{Path: q.File}).Make(context.Background())
	if err == nil {
		fmt.Println(id)
	}
	return err
}
