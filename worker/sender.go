// Package worker does what nobody waits for: it sends webhooks their events.
package worker

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode"

	"bailiwick/fail"
	"bailiwick/outward"
	"bailiwick/registry/webhook"
)

// How long a receiver may take, and how much of what it says is looked at and kept.
const (
	sendTime  = 15 * time.Second // a whole try
	maxRead   = 64 << 10
	maxAnswer = 1 << 10
	maxHeader = 32 << 10
)

// Sender calls receivers. It connects only to addresses that may be called (webhook.Allow), asked of the very address at the moment of
// connecting; it uses no proxy, follows no redirect, and keeps no connection.
type Sender struct {
	allow   *webhook.Allow
	product string
	// resolver finds addresses; nil = the system's. Tests put one here that changes its mind.
	resolver *net.Resolver
	safe     *http.Client
	insecure *http.Client
}

// NewSender makes a sender; product is its User-Agent.
func NewSender(allow *webhook.Allow, product string) *Sender {
	s := &Sender{allow: allow, product: product}
	s.safe, s.insecure = s.client(false), s.client(true)
	return s
}

func (s *Sender) client(insecure bool) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext: s.dial, DisableKeepAlives: true, TLSHandshakeTimeout: outward.ConnectTime, MaxResponseHeaderBytes: maxHeader,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: insecure}, // only where the webhook says so
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       sendTime,
	}
}

// dial connects to one of a host's addresses that may be called.
func (s *Sender) dial(ctx context.Context, network, address string) (net.Conn, error) {
	return outward.Dial(s.allow, s.resolver)(ctx, network, address)
}

// Send makes one try, and says what came of it.
func (s *Sender) Send(ctx context.Context, h *webhook.Hook, secrets webhook.Secrets, delivery, body string) webhook.Outcome {
	began := time.Now()
	o, err := s.post(ctx, h, secrets, delivery, body)
	o.Took = time.Since(began).Milliseconds()
	if err != nil {
		o.Status, o.Answer, o.Final = 0, reason(err), fail.Is(err, fail.Denied)
	}
	return o
}

func (s *Sender) post(ctx context.Context, h *webhook.Hook, secrets webhook.Secrets, delivery, body string) (o webhook.Outcome, err error) {
	// The address is checked anew: what an administrator allowed may have changed since the webhook was made.
	if err := webhook.CheckURL(h.URL, s.allow); err != nil {
		return o, fail.New(fail.Denied, "%v", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.Endpoint(), strings.NewReader(body))
	if err != nil {
		return o, fail.New(fail.Denied, "the URL cannot be called")
	}
	for _, header := range h.Headers(secrets, delivery, body, time.Now().Unix()) {
		req.Header.Set(header.Name, header.Value)
	}
	req.Header.Set("User-Agent", s.product)
	client := s.safe
	if h.Insecure {
		client = s.insecure
	}
	res, err := client.Do(req)
	if err != nil {
		return o, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxRead))
	if err != nil && len(answer) == 0 {
		answer = []byte("(the answer broke off)")
	}
	return webhook.Outcome{
		Status: int64(res.StatusCode), Answer: clean(string(answer)), Wait: webhook.RetryAfter(res.Header.Get("Retry-After")),
	}, nil
}

// reason tells why there was no answer, without the URL, which http's errors repeat.
func reason(err error) string {
	var f *fail.Error
	var timeout net.Error
	switch {
	case errors.As(err, &f):
		return clean(f.Message)
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		if _, ok := err.(*net.OpError); ok {
			break
		}
		err = next
	}
	return clean(err.Error())
}

// clean gives the beginning of a text as a log and both databases take it.
func clean(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), maxAnswer)], "")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
}
