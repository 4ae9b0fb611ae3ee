package ledger

import (
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"bailiwick/fail"
)

func TestCheckpointText(t *testing.T) {
	c := Checkpoint{Origin: Origin(workspace), Size: 42, Root: root("x"), Time: 1_767_323_045_678}
	want := "bailiwick/1234567890123456\n42\n" + root("x").String() + "\ntime 2026-01-02T03:04:05.678Z\n"
	if c.Text() != want {
		t.Errorf("got %q, want %q", c.Text(), want)
	}
	if got, err := ParseCheckpointText(want); err != nil || got != c {
		t.Errorf("parsed %+v, %v", got, err)
	}
	for _, old := range []string{"bailiwick/", "42", "=\n", "time ", ".678", "Z\n"} {
		if _, err := ParseCheckpointText(strings.Replace(want, old, "", 1)); !fail.Is(err, fail.Invalid) {
			t.Errorf("without %q: %v", old, err)
		}
	}
	resized := func(size string) string { return strings.Replace(want, "42", size, 1) }
	for _, bad := range []string{"", "\n\n\n\n", want + "more\n", resized("-1"), resized("042"), resized("9223372036854775807")} {
		if _, err := ParseCheckpointText(bad); !fail.Is(err, fail.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestOpenCheckpoint(t *testing.T) {
	ours, other := testSigner(t, 1), testSigner(t, 2)
	c := Checkpoint{Origin: Origin(workspace), Size: 1, Root: root("x")}
	msg, err := c.Sign(ours)
	if err != nil {
		t.Fatal(err)
	}
	both, _ := note.Sign(&note.Note{Text: c.Text()}, ours, other)
	notOurs, _ := note.Sign(&note.Note{Text: "bailiwick-export/1\n"}, ours)
	for name, x := range map[string]struct {
		msg  []byte
		keys []string
		want string // of the error; empty = none
	}{
		"good":         {msg, []string{ours.Public()}, ""},
		"one of two":   {msg, []string{other.Public(), ours.Public() + "\n", ours.Public()}, ""},
		"witnessed":    {both, []string{ours.Public()}, ""},
		"other key":    {msg, []string{other.Public()}, "none of the given keys"},
		"no note":      {[]byte(c.Text()), []string{ours.Public()}, "not a signed note"},
		"another text": {notOurs, []string{ours.Public()}, "not a checkpoint"},
		"edited":       {[]byte(strings.Replace(string(msg), "\n1\n", "\n2\n", 1)), []string{ours.Public()}, "does not fit"},
	} {
		keys, err := ParseKeys(x.keys...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := OpenCheckpoint(x.msg, keys)
		if x.want == "" && (err != nil || got != c) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if x.want != "" && (err == nil || !strings.Contains(err.Error(), x.want)) {
			t.Errorf("%s: %v, want %q", name, err, x.want)
		}
	}
}

func TestEveryFlippedBitOfACheckpoint(t *testing.T) {
	s := testSigner(t, 1)
	keys, _ := ParseKeys(s.Public())
	msg, _ := Checkpoint{Origin: Origin(workspace), Size: 9, Root: root("x")}.Sign(s)
	for i := range msg {
		for bit := range 8 {
			bad := append([]byte{}, msg...)
			bad[i] ^= 1 << bit
			if c, err := OpenCheckpoint(bad, keys); err == nil {
				t.Errorf("bit %d of byte %d flipped still opens as %+v", bit, i, c)
			}
		}
	}
}

func TestKeysAreChecked(t *testing.T) {
	s := testSigner(t, 1)
	skey, _, _ := GenerateKey(seed32(1), Origin(workspace))
	for _, bad := range []string{"", "PRIVATE+KEY", s.Public(), skey[:len(skey)-4], strings.Replace(skey, "+bailiwick", "+baliwick", 1)} {
		if _, err := NewSigner(bad); !fail.Is(err, fail.Invalid) || strings.Contains(err.Error(), skey[60:]) {
			t.Errorf("NewSigner(%q): %v", bad, err)
		}
	}
	if again, err := NewSigner(skey + "\n"); err != nil || again.Public() != s.Public() {
		t.Errorf("a key with a newline behind it: %v", err)
	}
	for _, bad := range [][]string{nil, {""}, {skey}, {s.Public(), "x"}} {
		if _, err := ParseKeys(bad...); !fail.Is(err, fail.Invalid) {
			t.Errorf("ParseKeys(%q): %v", bad, err)
		}
	}
}
