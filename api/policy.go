package api

import (
	"net/http"
	"strings"
)

// Policy says what bytes that people have uploaded may do in a browser that shows them. Whatever it says, they are never rendered with this
// server's origin behind them: markup is sandboxed, and what is not sandboxed has no scripts.
type Policy uint8

// The policies.
const (
	// Sealed is for what is saved, or read as text: it shows as itself and loads nothing.
	Sealed Policy = iota
	// Page is for markup that is to look right: its own styles and embedded images count; nothing runs and nothing is loaded.
	Page
	// Media is for images, sound, video and PDF, whose viewers in browsers do not work in a sandbox. Never for what can hold scripts of ours.
	Media
)

var policies = [...]string{
	Sealed: "sandbox; default-src 'none'",
	Page:   "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'self'",
	Media:  "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; object-src 'self'; frame-ancestors 'self'",
}

// set writes the policy's headers. What has a policy of its own may stand in a frame of this server's pages.
func (p Policy) set(h http.Header) {
	h.Set("Content-Security-Policy", policies[p])
	if p != Sealed {
		h.Set("X-Frame-Options", "SAMEORIGIN")
	}
}

// typeOf gives the type under which bytes are answered. Scripts and styles that people have uploaded are plain text when they are sealed: policies
// that trust this server's own files ('self') would trust them as well.
func (p Policy) typeOf(contentType string) string {
	if kind := strings.ToLower(contentType); p == Sealed && (strings.Contains(kind, "script") || strings.Contains(kind, "/css")) {
		return "text/plain; charset=utf-8"
	}
	return contentType
}
