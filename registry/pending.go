package registry

import "bytes"

// Stale says what of the version is not as it was when a request for the move was made, so that it cannot be approved any more; empty where
// all is as it was.
func (m *Move) Stale(r *Request) string {
	if m.asAsked(r) {
		return ""
	}
	return changed(m.Version, m.To, []*Request{r}, m.Checks)
}

// asAsked says that the version is what a request was made for: its bytes, and what checks said of them.
func (m *Move) asAsked(r *Request) bool {
	return r.Digest == m.Version.Digest && bytes.Equal(r.Checks, ChecksText(m.Checks))
}

// Unmet gives what keeps the version out of the stage.
func (m *Move) Unmet() []string { return Unmet(m.Version, m.To, m.Checks, m.Required) }
