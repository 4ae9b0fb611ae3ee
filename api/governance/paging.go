package governance

import (
	"encoding/base64"
	"strconv"

	"bailiwick/fail"
)

// formatOffset makes a page token of the number of rows before the page: for lists that are ordered anew for each page and whose rows have no
// place of their own. It opens nothing, as every page is decided anew.
func formatOffset(n int) string {
	return base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, int64(n), 10))
}

func parseOffset(token string) (int, error) {
	if token == "" {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	n, numErr := strconv.Atoi(string(text))
	if err != nil || numErr != nil || n < 0 {
		return 0, fail.Invalidf("page_token is none that this server gave")
	}
	return n, nil
}
