package ledger

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// Append appends the canonical bytes of e to dst: one line of compact JSON with the keys in fixed order, empty fields left out, valid
// UTF-8 (bytes that are not become U+FFFD) and no HTML escaping. Raw messages are copied; one with blanks is compacted, one that is no
// JSON (or nested deeper than 500) becomes a JSON string, so that an entry is always whole.
func Append(dst []byte, e *Entry) []byte {
	dst = appendInt(dst, `{"id":`, e.ID)
	dst = appendInt(dst, `,"time":`, e.Time)
	dst = appendInt(dst, `,"version":`, e.Version)
	dst = appendString(append(dst, `,"class":`...), string(e.Class))
	dst = optString(dst, `,"service":`, e.Service)
	dst = optString(dst, `,"action":`, e.Action)
	dst = optString(dst, `,"request":`, e.RequestID)
	dst = appendActor(dst, &e.Actor)
	dst = optString(dst, `,"credential":`, e.Credential)
	dst = optString(dst, `,"source":`, e.Source)
	dst = optString(dst, `,"agent":`, e.UserAgent)
	dst = appendObject(dst, &e.Object)
	if len(e.Params) > 0 {
		dst = appendParams(append(dst, `,"params":`...), e.Params)
	}
	dst = optInt(dst, `,"status":`, int64(e.Status))
	dst = optString(dst, `,"error_code":`, e.ErrorCode)
	dst = optString(dst, `,"error":`, e.Error)
	dst = appendDecision(dst, &e.Decision)
	dst = optString(dst, `,"reason":`, e.Reason)
	dst = optRaw(dst, `,"before":`, e.Before)
	dst = optRaw(dst, `,"after":`, e.After)
	dst = optRaw(dst, `,"events":`, e.Events)
	dst = optInt(dst, `,"count":`, e.Count)
	dst = optInt(dst, `,"first":`, e.First)
	dst = optInt(dst, `,"last":`, e.Last)
	return append(dst, '}')
}

func appendActor(dst []byte, a *Actor) []byte {
	if *a == (Actor{}) {
		return dst
	}
	dst = appendInt(dst, `,"actor":{"id":`, a.ID)
	dst = optString(dst, `,"name":`, a.Name)
	return append(optString(dst, `,"kind":`, a.Kind), '}')
}

func appendObject(dst []byte, o *Object) []byte {
	if *o == (Object{}) {
		return dst
	}
	dst = appendString(append(dst, `,"object":{"kind":`...), o.Kind)
	dst = optString(dst, `,"id":`, o.ID)
	dst = optString(dst, `,"name":`, o.Name)
	return append(optString(dst, `,"path":`, o.Path), '}')
}

func appendDecision(dst []byte, d *Decision) []byte {
	if !d.Allowed && d.Ability == "" && len(d.Path) == 0 {
		return dst
	}
	dst = strconv.AppendBool(append(dst, `,"decision":{"allowed":`...), d.Allowed)
	dst = optString(dst, `,"ability":`, d.Ability)
	return append(optRaw(dst, `,"path":`, d.Path), '}')
}

func appendParams(dst []byte, p Params) []byte {
	dst = append(dst, '{')
	for i, kv := range p {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, kv.Key), ':')
		dst = appendString(dst, kv.Value)
	}
	return append(dst, '}')
}

func appendInt(dst []byte, key string, n int64) []byte {
	return strconv.AppendInt(append(dst, key...), n, 10)
}

func optInt(dst []byte, key string, n int64) []byte {
	if n == 0 {
		return dst
	}
	return appendInt(dst, key, n)
}

func optString(dst []byte, key, s string) []byte {
	if s == "" {
		return dst
	}
	return appendString(append(dst, key...), s)
}

func optRaw(dst []byte, key string, raw json.RawMessage) []byte {
	if len(raw) == 0 {
		return dst
	}
	dst = append(dst, key...)
	if isCompact(raw) {
		return append(dst, raw...)
	}
	return appendLoose(dst, raw)
}

// appendLoose brings a raw message that is not compact, or not JSON at all, into a form that is.
func appendLoose(dst []byte, raw []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) == nil {
		if c := bytes.ToValidUTF8(b.Bytes(), []byte("\uFFFD")); isCompact(c) {
			return append(dst, c...)
		}
	}
	return appendString(dst, string(raw))
}

// plain are the ASCII bytes that stand for themselves in a JSON string.
var plain = func() (t [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// plainRun gives the length of the run of plain bytes at the start of s; nearly all strings are one run.
func plainRun[T string | []byte](s T) int {
	for i := range len(s) {
		if !plain[s[i]] {
			return i
		}
	}
	return len(s)
}

// appendString appends s as a JSON string with the fewest escapes JSON allows.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for {
		n := plainRun(s)
		dst = append(dst, s[:n]...)
		if s = s[n:]; s == "" {
			return append(dst, '"')
		}
		if c := s[0]; c < utf8.RuneSelf {
			dst, s = appendEscape(dst, c), s[1:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s) // RuneError, which is U+FFFD, for what is no UTF-8
		dst, s = utf8.AppendRune(dst, r), s[size:]
	}
}

// shortEscapes are the control characters that have an escape of two characters.
var shortEscapes = [' ']byte{'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch {
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case shortEscapes[c] != 0:
		return append(dst, '\\', shortEscapes[c])
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
