package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// site is one running server as one caller sees it; its name is a column of the report.
type site struct {
	name    string
	addr    string
	auth    string // value of the Authorization header; empty = none is sent
	peer    *peer
	process *process
	dir     string
	seedURI string // where the server's tables can be filled directly; empty = over HTTP
}

// agent makes servers answer as they answer the Python client of this version.
const agent = "mlflow-python-client/3.17.2"

const mlflowAPI = "/api/2.0/mlflow"

// as gives the same server as somebody else sees it.
func (s *site) as(name, token string) *site {
	other := *s
	other.name, other.auth = name, "Bearer "+token
	return &other
}

// request gives the bytes of a request, ready to be sent again and again.
func (s *site) request(method, path string, body []byte) []byte {
	var b bytes.Buffer
	b.Write(s.requestHead(method, path, int64(len(body))))
	b.Write(body)
	return b.Bytes()
}

func (s *site) requestHead(method, path string, length int64) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: */*\r\n", method, path, s.addr, agent)
	if s.auth != "" {
		fmt.Fprintf(&b, "Authorization: %s\r\n", s.auth)
	}
	kind := "application/json"
	if strings.Contains(path, artifactsAPI) {
		kind = "application/octet-stream"
	}
	if method != http.MethodGet {
		fmt.Fprintf(&b, "Content-Type: %s\r\nContent-Length: %d\r\n", kind, length)
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// caller is the client of everything that is not measured: seeding and checks.
var caller = &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Second}}

// call sends in as JSON (nil = no body) and reads the answer into out (nil = it is not looked at).
func (s *site) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+s.addr+path, body)
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", agent)
	r.Header.Set("Content-Type", "application/json")
	if s.auth != "" {
		r.Header.Set("Authorization", s.auth)
	}
	answer, err := caller.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("%s: %s %s was answered %d: %.300s", s.name, method, path, answer.StatusCode, bytes.TrimSpace(text))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

func (s *site) post(ctx context.Context, path string, in, out any) error {
	return s.call(ctx, http.MethodPost, path, in, out)
}
