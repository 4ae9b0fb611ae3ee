package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
)

// Header is a header of what is sent.
type Header struct{ Name, Value string }

// Headers gives what goes with a body to a webhook, signature included where it has a key. at is the moment of this try in seconds since
// 1970, which MLflow's receivers compare with their clocks.
func (h *Hook) Headers(s Secrets, delivery, body string, at int64) []Header {
	all := []Header{{"Content-Type", "application/json"}}
	switch {
	case h.Job != "":
		return append(all, Header{"Authorization", "Bearer " + s.Token})
	case h.Protocol == MLflow:
		all = append(all, Header{"X-MLflow-Delivery-Id", delivery}, Header{"X-MLflow-Timestamp", strconv.FormatInt(at, 10)})
		if s.Key != "" {
			all = append(all, Header{"X-MLflow-Signature", signMLflow(s.Key, delivery, strconv.FormatInt(at, 10), body)})
		}
		return all
	}
	all = append(all, Header{"X-Bailiwick-Delivery-Id", delivery}) // the source has no name for it, and receivers need one
	if s.Key != "" {
		all = append(all, Header{"X-Databricks-Signature", hex.EncodeToString(mac(s.Key, body))})
	}
	if s.Authorization != "" {
		all = append(all, Header{"Authorization", s.Authorization})
	}
	return all
}

// signMLflow is version 1 of MLflow's signature (mlflow/webhooks/delivery.py, after standardwebhooks.com).
func signMLflow(key, delivery, at, body string) string {
	return "v1," + base64.StdEncoding.EncodeToString(mac(key, delivery+"."+at+"."+body))
}

func mac(key, text string) []byte {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(text))
	return m.Sum(nil)
}
