package worker

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bailiwick/fail"
	"bailiwick/registry/webhook"
	"bailiwick/rotation"
	"bailiwick/secret"
)

// Caller calls those who rotate outside credentials: Key is the workspace's, of which each plan's own is made.
type Caller struct {
	*Sender
	Key []byte
}

// maxRotated is the most bytes of an answer: a value of full size in base64 or with each character escaped.
const maxRotated = 1 << 20

// rotationCall is what is sent. Rotation is the same in all calls of one rotation, those that are repeated too: by it the receiver knows that he has
// made the new value already.
type rotationCall struct {
	Action   rotation.Step `json:"action"` // create, test, switch or close
	Plan     string        `json:"plan"`
	Rotation string        `json:"rotation"`
	Key      string        `json:"key"` // of the secret
}

// rotationAnswer is what comes back from create: exactly one of the two. Text and bytes are never logged.
type rotationAnswer struct {
	Text  *string `json:"value"`
	Bytes *string `json:"value_base64"`
}

// Call asks for one step, and gives the new value of create. What the receiver says never gets into an error: it may be the value.
func (c *Caller) Call(ctx context.Context, w *Work, step rotation.Step) (value []byte, err error) {
	body, err := json.Marshal(rotationCall{step, w.ID, w.Rotation.ID, w.Key})
	if err != nil {
		return nil, err
	}
	answer, err := c.ask(ctx, w.Plan, string(body))
	if err != nil || step != rotation.Create {
		return nil, err
	}
	return valueOf(answer)
}

func (c *Caller) ask(ctx context.Context, p *rotation.Plan, body string) ([]byte, error) {
	if err := webhook.CheckURL(p.URL, c.allow); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, strings.NewReader(body))
	if err != nil {
		return nil, fail.Invalidf("the URL cannot be called")
	}
	at := strconv.FormatInt(time.Now().Unix(), 10)
	m := hmac.New(sha256.New, []byte(p.SigningKey(c.Key)))
	m.Write([]byte(at + "." + body))
	for key, value := range map[string]string{"Content-Type": "application/json", "User-Agent": c.product, "X-Bailiwick-Timestamp": at,
		"X-Bailiwick-Signature": "v1=" + hex.EncodeToString(m.Sum(nil))} {
		req.Header.Set(key, value)
	}
	res, err := c.safe.Do(req)
	if err != nil {
		return nil, unanswered(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxRotated+1))
	switch {
	case err != nil:
		return nil, fail.New(fail.Unavailable, "the receiver's answer broke off")
	case res.StatusCode == 429 || res.StatusCode == 408 || res.StatusCode >= 500:
		return nil, fail.New(fail.Unavailable, "the receiver answered %d", res.StatusCode)
	case res.StatusCode != 200 && res.StatusCode != 204:
		return nil, fail.Statef("the receiver answered %d", res.StatusCode)
	case len(answer) > maxRotated:
		return nil, fail.Statef("the receiver's answer has more than %d bytes", maxRotated)
	}
	return answer, nil
}

// unanswered gives why there was no answer; an address that may not be called is no matter of time.
func unanswered(err error) error {
	var named *fail.Error
	if errors.As(err, &named) {
		return named
	}
	return fail.New(fail.Unavailable, "%s", reason(err))
}

func valueOf(answer []byte) (value []byte, err error) {
	var a rotationAnswer
	if json.Unmarshal(answer, &a) != nil || (a.Text == nil) == (a.Bytes == nil) {
		return nil, fail.Statef("the receiver's answer to create is not JSON with either value or value_base64")
	}
	if a.Text != nil {
		value = []byte(*a.Text)
	} else if value, err = base64.StdEncoding.DecodeString(*a.Bytes); err != nil {
		return nil, fail.Statef("the receiver's value_base64 is not base64")
	}
	if len(value) == 0 {
		return nil, fail.Statef("the receiver's value is empty")
	}
	return value, secret.CheckValue(value)
}
