package mlflowui

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
)

var (
	inlineScript = regexp.MustCompile(`(?is)<script([^>]*)>(.*?)</script>`)
	hasSource    = regexp.MustCompile(`(?i)\ssrc\s*=`)
)

// policyOf gives the tightest Content-Security-Policy under which a build's page works: nothing from elsewhere, no script but the build's own
// files and those that the page itself carries. What the page shows in frames (HTML that was logged) has the same policy, so its own scripts
// do not run.
func policyOf(page []byte) string {
	scripts := "'self' 'unsafe-eval'" // the charts that compare runs write functions for their shaders
	for _, m := range inlineScript.FindAllSubmatch(page, -1) {
		if hasSource.Match(m[1]) {
			continue
		}
		sum := sha256.Sum256(m[2])
		scripts += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return strings.ReplaceAll(policy, "SCRIPTS", scripts)
}

// policy is what the pages need.
const policy = "default-src 'none'; script-src SCRIPTS; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; " +
	"connect-src 'self'; worker-src 'self'; frame-src 'self' blob:; manifest-src 'self'; media-src 'self' blob:; object-src 'none'; base-uri 'none'; " +
	"form-action 'self'; frame-ancestors 'self'"
