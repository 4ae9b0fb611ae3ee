package identity

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
)

// owned is a user of a source.
func owned(source Source, name string, active, held bool) Resource {
	return Resource{ID: 100, Kind: authz.User, UserName: "ann", DisplayName: name, Active: active, Source: source, Held: held}
}

func TestWritingJudge(t *testing.T) {
	const okta, entra, kc = Source("scim:okta"), Source("scim:entra"), Source("oidc:kc")
	conflict := func(attribute string, writer, owner Source, wish string) []Conflict {
		return []Conflict{{Principal: 100, Attribute: attribute, Writer: writer, Owner: owner, Wish: wish}}
	}
	tests := map[string]struct {
		writer     Source
		adopts     bool
		old, next  Resource
		refused    bool
		adopted    bool
		active     bool
		held       bool
		conflicts  []Conflict
		notChanged bool
	}{
		"the owner":                  {writer: okta, old: owned(okta, "A", true, false), next: owned(okta, "B", true, false), active: true},
		"nothing":                    {writer: entra, old: owned(okta, "A", true, false), next: owned(okta, "A", true, false), active: true, notChanged: true},
		"nobody wrote it down":       {writer: Manual, old: owned("", "A", true, false), next: owned("", "B", true, false), active: true},
		"another directory":          {writer: entra, old: owned(okta, "A", true, false), next: owned(okta, "B", true, false), refused: true, active: true, conflicts: conflict("displayName", entra, okta, `"B"`)},
		"another that adopts":        {writer: entra, adopts: true, old: owned(okta, "A", true, false), next: owned(okta, "B", true, false), refused: true, active: true, conflicts: conflict("displayName", entra, okta, `"B"`)},
		"a directory that adopts":    {writer: okta, adopts: true, old: owned(Manual, "A", true, false), next: owned(Manual, "B", true, false), adopted: true, active: true},
		"after a sign-in":            {writer: okta, adopts: true, old: owned(kc, "A", true, false), next: owned(kc, "B", true, false), adopted: true, active: true},
		"an administrator":           {writer: Manual, old: owned(okta, "A", true, false), next: owned(okta, "B", true, false), refused: true, active: true, conflicts: conflict("displayName", Manual, okta, `"B"`)},
		"an administrator stops":     {writer: Manual, old: owned(okta, "A", true, false), next: owned(okta, "A", false, false), held: true},
		"and lets go":                {writer: Manual, old: owned(okta, "A", false, true), next: owned(okta, "A", true, true), active: true},
		"but wakes nobody":           {writer: Manual, old: owned(okta, "A", false, false), next: owned(okta, "A", true, false), refused: true, active: true, conflicts: conflict("active", Manual, okta, "true")},
		"the directory wakes nobody": {writer: okta, old: owned(okta, "A", false, true), next: owned(okta, "A", true, true), held: true, conflicts: conflict("active", okta, Manual, "true"), notChanged: true},
		"and writes the rest":        {writer: okta, old: owned(okta, "A", false, true), next: owned(okta, "B", true, true), held: true, conflicts: conflict("active", okta, Manual, "true")},
		"stops whom it would anyway": {writer: okta, old: owned(okta, "A", true, false), next: owned(okta, "A", false, false)},
		"an administrator does more": {writer: Manual, old: owned(okta, "A", true, false), next: owned(okta, "B", false, false), refused: true, conflicts: append(conflict("active", Manual, okta, "false"), conflict("displayName", Manual, okta, `"B"`)...)},
		"a directory what is manual": {writer: okta, old: owned(Manual, "A", true, false), next: owned(Manual, "A", false, false), refused: true, conflicts: conflict("active", okta, Manual, "false")},
	}
	for name, tt := range tests {
		v := Writing{Writer: tt.writer, Adopts: tt.adopts, Old: tt.old, Next: tt.next}.Judge()
		if v.Refused != tt.refused || v.Adopted != tt.adopted || v.Next.Active != tt.active || v.Changed == tt.notChanged || !v.Refused && v.Next.Held != tt.held {
			t.Errorf("%s: %+v", name, v)
		}
		if diff := cmp.Diff(tt.conflicts, v.Conflicts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if v.Adopted && v.Next.Source != tt.writer {
			t.Errorf("%s: adopted by %s", name, v.Next.Source)
		}
	}
}

func TestJoiningJudge(t *testing.T) {
	const okta = Source("scim:okta")
	j := Joining{Writer: okta, Owner: okta, Group: 200, Added: []int64{1}, Removed: map[int64]Source{2: okta, 3: "oidc:kc", 4: ""}}
	want := []Conflict{
		{Principal: 3, Group: 200, Attribute: AboutMembership, Writer: okta, Owner: "oidc:kc", Wish: "remove"},
		{Principal: 4, Group: 200, Attribute: AboutMembership, Writer: okta, Owner: Manual, Wish: "remove"},
	}
	if diff := cmp.Diff(want, j.Judge()); diff != "" {
		t.Error(diff)
	}
	j = Joining{Writer: Manual, Owner: okta, Group: 200, Added: []int64{1}}
	if got := j.Judge(); len(got) != 1 || got[0].Wish != "add" || got[0].Owner != okta {
		t.Errorf("%+v", got)
	}
}

func TestParseSource(t *testing.T) {
	for text, ok := range map[string]bool{
		"manual": true, "scim:okta": true, "oidc:entra-id2": true, "": false, "scim:": false, "scim:Okta": false, "oidc:a b": false,
		"okta": false, "manual:x": false, "scim:a/b": false, "scim:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": false,
	} {
		if _, err := ParseSource(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestMatches(t *testing.T) {
	etag := Resource{Revision: 7}.ETag()
	for header, want := range map[string]bool{
		"": false, "*": true, `W/"7"`: true, `"7"`: true, `W/"6"`: false, `"6", W/"7"`: true, "7": false, `W/"6","8"`: false,
	} {
		if got := Matches(header, etag); got != want {
			t.Errorf("%s: %v", header, got)
		}
	}
	if CheckMatch("", etag) != nil || CheckMatch(`W/"8"`, etag) == nil {
		t.Error("no header is no condition, and another state refuses")
	}
}
