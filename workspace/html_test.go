package workspace

import (
	"regexp"
	"strings"
	"testing"
)

var (
	tag     = regexp.MustCompile(`<[^>]*>?`)
	allowed = regexp.MustCompile(`^</?(h[1-6]|p|pre|ul|ol|li|strong|code|section)>$|` +
		`^<(p class="(language|note)"|pre class="(source|error)"|img src="data:image/(png|jpeg);base64,[A-Za-z0-9+/=]*" alt="output of the cell")>$`)
)

// checkPage looks at every tag behind the head: only those we write may be there, and without any attribute but ours.
func checkPage(t testing.TB, page []byte) {
	t.Helper()
	_, body, ok := strings.Cut(string(page), "</head>\n<body>\n")
	body, end := strings.CutSuffix(body, "</body>\n</html>\n")
	if !ok || !end {
		t.Fatalf("the page lost its frame: %q", page)
	}
	for _, found := range tag.FindAllString(body, -1) {
		if !allowed.MatchString(strings.ReplaceAll(found, "&#43;", "+")) {
			t.Fatalf("the page has the tag %q:\n%s", found, body)
		}
	}
}

func TestWriteHTML(t *testing.T) {
	page, err := WriteHTML(mustJupyter(t, sample(t, "explore.ipynb")), `<x> & "y"`)
	if err != nil {
		t.Fatal(err)
	}
	checkPage(t, page)
	for _, want := range []string{
		"<title>&lt;x&gt; &amp; &#34;y&#34;</title>",
		"default-src 'none'",
		"<h1>Explore</h1>\n<p>Some *notes* with &lt;b&gt;markup&lt;/b&gt; &amp; more.\n</p>",
		`<h2>Head</h2>`,
		`<pre class="source"><code>df.head()</code></pre>`,
		"<pre>   a  b\n0  1  &lt;2&gt;</pre>",
		"<pre>done\n</pre>",
		`<p class="language">SQL</p>`,
		`<pre class="error">ValueError: bad &lt;input&gt;</pre>`,
		`<img src="data:image/png;base64,iVBORw0KGgo=" alt="output of the cell">`,
		`<code>%matplotlib inline`,
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

func TestHTMLOutputs(t *testing.T) {
	for raw, want := range map[string]htmlOutput{
		`{"output_type": "display_data", "data": {"text/html": "<b>"}}`:                                 {Note: "an output of a type that is not shown here"},
		`{"output_type": "display_data", "data": {"image/png": "\" onerror=x", "text/plain": "a pic"}}`: {Text: "a pic"},
		`{"output_type": "display_data", "data": {"image/jpeg": ["aGVs", "bG8="]}}`:                     {Image: "data:image/jpeg;base64,aGVsbG8="},
		`{"output_type": "error", "ename": "E", "evalue": "v"}`:                                         {Error: true, Text: "E: v"},
		`{"output_type": 7}`: {Note: "an output that cannot be read"},
	} {
		got := htmlOutputs([]byte("[" + raw + "]"))
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s: %+v; want %+v", raw, got, want)
		}
	}
	if got := htmlOutputs([]byte(`{}`)); got != nil {
		t.Errorf("outputs that are no array: %+v", got)
	}
}

func TestMarkdown(t *testing.T) {
	for text, want := range map[string]string{
		"# A\ntext **b** `c<d`\nmore\n\nnext":       "<h1>A</h1>\n<p>text <strong>b</strong> <code>c&lt;d</code>\nmore\n</p>\n<p>next\n</p>\n",
		"- a\n- b\n1. c\n":                          "<ul><li>a</li>\n<li>b</li>\n</ul>\n<ol><li>c</li>\n</ol>\n",
		"```python\n# no heading\n<b>\n```\nend":    "<pre># no heading\n&lt;b&gt;\n</pre>\n<p>end\n</p>\n",
		"```\nopen":                                 "<pre>open\n</pre>\n",
		"<script>alert(1)</script>":                 "<p>&lt;script&gt;alert(1)&lt;/script&gt;\n</p>\n",
		"[link](javascript:alert(1)) ####### seven": "<p>[link](javascript:alert(1)) ####### seven\n</p>\n",
		"`<img src=x onerror=alert(1)>` **<i>**":    "<p><code>&lt;img src=x onerror=alert(1)&gt;</code> <strong>&lt;i&gt;</strong>\n</p>\n",
		"":                                          "",
	} {
		if got := string(markdown(text)); got != want {
			t.Errorf("markdown(%q) = %q; want %q", text, got, want)
		}
	}
}
