package registry

import (
	"strings"
	"testing"

	"bailiwick/fail"
)

func TestApprover(t *testing.T) {
	for name, tt := range map[string]struct {
		required string
		roles    []string
		by, want string
	}{
		"nothing is required": {"", nil, "", ""}, "it is claimed": {"stage-approver", []string{"a", "stage-approver"}, "https://idp", ""},
		"it is gone":   {"stage-approver", []string{"a", "b"}, "https://idp", `the claim "stage-approver" here, which https://idp did not make`},
		"no provider":  {"stage-approver", nil, "", `the claim "stage-approver" here, and this credential comes without claims`},
		"a part of it": {"stage-approver", []string{"stage-approver-2"}, "https://idp", "(roles: stage-approver-2)"},
	} {
		err := Approver(tt.required, tt.roles, tt.by)
		if (err == nil) != (tt.want == "") || err != nil && (!fail.Is(err, fail.Denied) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
