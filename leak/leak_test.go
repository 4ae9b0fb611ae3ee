package leak

import (
	"context"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var rulesOnce = sync.OnceValues(ReadRules)

func readRules(t testing.TB) *Rules {
	t.Helper()
	r, err := rulesOnce()
	if err != nil {
		t.Fatal(err)
	}
	if r.Len() < 150 {
		t.Fatalf("only %d rules", r.Len())
	}
	return r
}

// Values of the form that products give, made up here. They are put together, so that scanners of this code do not find them.
var (
	aws    = "AKIA" + "Q3EGRJZLT5VXW2UH"
	github = "ghp_" + "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY1zA2"
	slack  = "xoxb-" + "263594206564-2343594206574-FGqddMF8t08v8N7Oq4i57vs1"
)

func TestSearch(t *testing.T) {
	r := readRules(t)
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"none":                      {"import os\ntoken = os.environ['TOKEN']\n", nil},
		"of a cloud":                {"a = 1\n\nkey = '" + aws + "'\n", []string{"aws-access-token:3"}},
		"of a forge, in a comment":  {"# " + github, []string{"github-pat:1"}},
		"two in a line":             {"x = ['" + aws + "', '" + github + "']", []string{"aws-access-token:1", "github-pat:1"}},
		"of a chat, far below":      {strings.Repeat("x = 1\n", 60_000) + "s = '" + slack + "'", []string{"slack-bot-token:60001"}},
		"across two pieces":         {strings.Repeat("y", piece-30) + "\nkey = '" + aws + "' ", []string{"aws-access-token:2"}},
		"an example":                {"key = 'AKIAIOSFODNN7EXAMPLE'", nil},
		"what says nothing of it":   {"sha = '" + strings.Repeat("0123456789abcdef", 4) + "'", nil},
		"behind what is searched":   {strings.Repeat("x", MaxText) + "\nkey = '" + aws + "'", nil},
		"binary":                    {"\x00\x01key = '" + aws + "'", nil},
		"no UTF-8":                  {"\xff\xfe key = '" + aws + "'", []string{"aws-access-token:1"}},
		"a comment cannot allow it": {"key = '" + aws + "' # gitleaks:allow", []string{"aws-access-token:1"}},
	} {
		var got []string
		for _, f := range r.Search(context.Background(), "/a.py", tt.text) {
			if f.Secret == "" || !strings.Contains(tt.text, f.Secret) {
				t.Errorf("%s: a secret that is not in the text", name)
			}
			got = append(got, fmt.Sprint(f.Rule, ":", f.Line))
		}
		slices.Sort(got)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Nothing that somebody imports makes the search go on for ever: it takes time in proportion to the text, and ends when it is told to.
func TestSearchHostile(t *testing.T) {
	r := readRules(t)
	random := make([]byte, MaxText)
	rand.New(rand.NewSource(1)).Read(random)
	for i := range random {
		random[i] = "abcdefghijklmnopqrstuvwxyz0123456789='\" "[int(random[i])%40]
	}
	for name, text := range map[string]string{
		"one letter":           strings.Repeat("a", MaxText),
		"a keyword everywhere": strings.Repeat("key=secret token=api password=", MaxText/30),
		"quotes":               strings.Repeat(`'"`, MaxText/2),
		"random":               string(random),
		"many of them":         strings.Repeat("key = '"+aws+"'\n", 50_000),
		"beyond all limits":    strings.Repeat("key = '"+aws+"'\n", 5_000_000/28*4),
	} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		began := time.Now()
		if n := len(r.Search(ctx, "/a", text)); n > MaxFound {
			t.Errorf("%s: %d found", name, n)
		}
		cancel()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s takes %s, and was told to end after one second", name, took)
		}
	}
}

func TestWords(t *testing.T) {
	own := "dapi" + strings.Repeat("0f", 32)
	for text, want := range map[string]string{
		"": "", "short words only": "", "a = '" + own + "'": "1:" + own, "\n\nTOKEN=" + own + "\n": "3:" + own, `{"t":"` + own + `"}`: "1:" + own,
		"https://x@h/?t=" + own + "&u=1": "1:" + own, strings.Repeat("a", maxWord+1): "", "\x00" + own: "", own + "\n" + own: "1:" + own + " 2:" + own,
		"日本 " + own: "1:" + own,
	} {
		var got []string
		for line, w := range Words(text) {
			got = append(got, fmt.Sprint(line, ":", w))
		}
		if all := strings.Join(got, " "); all != want {
			t.Errorf("%.80q: %q, want %q", text, all, want)
		}
	}
	n := 0
	for range Words(strings.Repeat(strings.Repeat("a", 32)+"\n", 100_000)) {
		n++
	}
	if n != maxWords {
		t.Errorf("%d words of a text that is full of them", n)
	}
}

func FuzzSearch(f *testing.F) {
	for _, s := range []string{"", "key = '" + aws + "'", "\xff\n\n" + github, strings.Repeat("secret=", 100)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, x := range readRules(t).Search(context.Background(), "/a", text) {
			if x.Line < 1 || x.Line > 1+strings.Count(text, "\n") || !strings.Contains(text, x.Secret) {
				t.Errorf("found %q in line %d", x.Secret, x.Line)
			}
		}
		for line, w := range Words(text) {
			if line < 1 || line > 1+strings.Count(text, "\n") || !strings.Contains(text, w) {
				t.Errorf("the word %q in line %d", w, line)
			}
		}
	})
}
