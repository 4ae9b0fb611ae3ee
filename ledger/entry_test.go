package ledger

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"bailiwick/fail"
)

const sampleText = `{"id":4711,"time":1767323045678,"version":815,"class":"A","service":"workspace","action":"changeWorkspaceAcl",` +
	`"request":"0b8f1c9e-5c1d-4d0a-9a53-0d5f5f0b2a11","actor":{"id":101,"name":"ann@example.org","kind":"user"},"credential":"tok-77",` +
	`"source":"192.0.2.7","agent":"databricks-sdk-py/0.70.0 python/3.12",` +
	`"object":{"kind":"directory","id":"1001","name":"churn","path":"/Users/ann@example.org/churn"},` +
	`"params":{"aclChangeResourceName":"directories/1001","shardName":"1234567890123456"},"status":200,` +
	`"decision":{"allowed":true,"ability":"manage","path":["ann is the creator of /churn"]},"reason":"ticket \"42\"",` +
	`"before":[],"after":[{"principal":105,"level":"CAN_READ"}],` +
	`"events":[{"op":"object.put","object":{"id":1001,"kind":"directory","parent":1,"name":"churn"}}]}`

func TestAppendIsFixed(t *testing.T) {
	if d := cmp.Diff(sampleText, string(Append(nil, sample()))); d != "" {
		t.Errorf("a stored form has changed (old ledgers would no longer parse): -want +got\n%s", d)
	}
	if got, want := string(Append([]byte("x"), &Entry{})), `x{"id":0,"time":0,"version":0,"class":""}`; got != want {
		t.Errorf("empty entry: %s, want %s", got, want)
	}
}

func TestAppendStrings(t *testing.T) {
	for in, want := range map[string]string{
		"":                   `""`,
		"a<b>&c":             `"a<b>&c"`,
		"\"\\/":              `"\"\\/"`,
		"\x00\b\f\n\r\t\x1f": `"\u0000\b\f\n\r\t\u001f"`,
		"\x7f\u2028é😀":       "\"\x7f\u2028é😀\"",
		"a\xffb\xc3":         "\"a\uFFFDb\uFFFD\"",
		"\uFFFD":             "\"\uFFFD\"",
	} {
		got := string(appendString(nil, in))
		if got != want || !json.Valid([]byte(got)) {
			t.Errorf("appendString(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestAppendRaw(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1}`:                      `{"a":1}`,
		"{ \"a\" : [ 1 ,\n2 ] }":       `{"a":[1,2]}`,
		`"\u003c"`:                     `"\u003c"`,
		"\"\xff\"":                     "\"\uFFFD\"",
		`{"a":`:                        `"{\"a\":"`,
		` `:                            `" "`,
		`1 2`:                          `"1 2"`,
		strings.Repeat("[", 501) + "1": `"` + strings.Repeat("[", 501) + `1"`,
	} {
		e := Entry{After: json.RawMessage(in)}
		got := string(Append(nil, &e))
		if w := `{"id":0,"time":0,"version":0,"class":"","after":` + want + `}`; got != w {
			t.Errorf("raw %q: %s, want %s", in, got, w)
		}
		if _, err := Parse([]byte(got)); err != nil {
			t.Errorf("raw %q does not parse again: %v", in, err)
		}
	}
}

func TestIsCompactAgreesWithJSON(t *testing.T) {
	for _, s := range []string{`0`, `-0`, `-1.5e+10`, `1E2`, `01`, `1.`, `.5`, `-`, `1e`, `true`, `tru`, `null`, `nul`, `""`,
		`"\u12aF"`, `"\u12g4"`, `"\x"`, `"\`, `"`, `{}`, `[]`, `{"a":1,"b":[{},[]]}`, `{"a":1,}`,
		`{"a"}`, `{1:2}`, `[1,]`, `[,]`, `[`, `{`, `{"a":`,
		`]`, ``, "\"\t\"", `+1`, `"\u12`} {
		if got, want := isCompact([]byte(s)), json.Valid([]byte(s)); got != want {
			t.Errorf("isCompact(%s) = %v, want %v", s, got, want)
		}
	}
	for _, s := range []string{" 1", "1 ", "[1, 2]", "{\"a\": 1}", "\"\xff\"", strings.Repeat("[", 502) + strings.Repeat("]", 502)} {
		if isCompact([]byte(s)) {
			t.Errorf("isCompact(%.20q) is true", s)
		}
	}
}

func TestParseRoundTrip(t *testing.T) {
	got, err := Parse([]byte(sampleText))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(sample(), got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		e := randomEntry(rng)
		got, err := Parse(Append(nil, e))
		if err != nil {
			t.Fatalf("%+v: %v", e, err)
		}
		if d := cmp.Diff(e, got); d != "" {
			t.Fatalf("-want +got\n%s", d)
		}
	}
}

func randomEntry(rng *rand.Rand) *Entry {
	text := func() string {
		var b strings.Builder
		for range rng.IntN(6) {
			r := rune(rng.IntN(0x3000) >> rng.IntN(12))
			if utf8.ValidRune(r) {
				b.WriteRune(r)
			}
		}
		return b.String()
	}
	raw := func() json.RawMessage {
		return []json.RawMessage{nil, json.RawMessage(`null`), json.RawMessage(`{"a":[1,"x"]}`), json.RawMessage(`-0.5`)}[rng.IntN(4)]
	}
	e := &Entry{ID: rng.Int64(), Time: -rng.Int64(), Version: int64(rng.IntN(3)), Class: Class(text()), Service: text(), Action: text(),
		RequestID: text(), Actor: Actor{ID: int64(rng.IntN(2)), Name: text(), Kind: text()}, Credential: text(), Source: text(),
		UserAgent: text(), Object: Object{text(), text(), text(), text()}, Status: rng.IntN(3), ErrorCode: text(), Error: text(),
		Decision: Decision{rng.IntN(2) == 0, text(), raw()}, Reason: text(), Before: raw(), After: raw(), Events: raw(),
		Count: int64(rng.IntN(2)), First: int64(rng.IntN(2)), Last: int64(rng.IntN(2))}
	for range rng.IntN(4) {
		e.Params = append(e.Params, Param{text(), text()})
	}
	return e
}

func TestParseIsStrict(t *testing.T) {
	swap := func(old, new string) string { return strings.Replace(sampleText, old, new, 1) }
	for name, text := range map[string]string{
		"empty": "", "null": "null", "array": "[]", "cut": sampleText[:100], "twice": sampleText + sampleText, "blank": sampleText + " ",
		"inner blank": swap(`"id":4711`, `"id": 4711`), "case": swap(`"id"`, `"ID"`), "unknown key": swap(`"status"`, `"state"`),
		"repeated key":    swap(`"status":200`, `"status":200,"status":200`),
		"order":           swap(`"id":4711,"time":1767323045678`, `"time":1767323045678,"id":4711`),
		"needless escape": swap(`churn`, `\u0063hurn`), "float": swap(`4711`, `4711.0`), "zero written": swap(`"status":200`, `"status":0`),
		"empty object": swap(`{"aclChangeResourceName":"directories/1001","shardName":"1234567890123456"}`, `{}`),
		"param number": swap(`"directories/1001"`, `1001`), "params array": swap(`"params":{`, `"params":[`), "raw blank": swap(`[]`, `[ ]`),
		"params null":   swap(`{"aclChangeResourceName":"directories/1001","shardName":"1234567890123456"}`, `null`),
		"invalid UTF-8": swap(`churn`, "\xff"), "HTML escape": swap(`ticket`, `\u003c`), "too large": swap(`4711`, `9223372036854775808`),
	} {
		if _, err := Parse([]byte(text)); !fail.Is(err, fail.Invalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sampleText))
	f.Add([]byte(`{"id":1,"time":2,"version":0,"class":"C","params":{"a":"b","a":"c"},"before":null,"count":3,"first":1,"last":2}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Parse(b)
		if err != nil {
			return
		}
		if again := string(Append(nil, e)); again != string(b) {
			t.Errorf("%s became %s", b, again)
		}
		id, version, ok := entryHead(b)
		if !ok || id != e.ID || version != e.Version {
			t.Errorf("head of %s: %d, %d, %v", b, id, version, ok)
		}
		if !json.Valid(b) || !json.Valid(mustJSON(AuditRow(e, "1"))) {
			t.Errorf("%s is not JSON", b)
		}
	})
}

func TestAuditRow(t *testing.T) {
	want := `{"version":"2.0","event_time":"2026-01-02T03:04:05.678Z","event_date":"2026-01-02","workspace_id":"77",` +
		`"source_ip_address":"192.0.2.7","user_agent":"databricks-sdk-py/0.70.0 python/3.12",` +
		`"user_identity":{"email":"ann@example.org","subject_name":null},"service_name":"workspace","action_name":"changeWorkspaceAcl",` +
		`"request_id":"0b8f1c9e-5c1d-4d0a-9a53-0d5f5f0b2a11",` +
		`"request_params":{"aclChangeResourceName":"directories/1001","shardName":"1234567890123456"},` +
		`"response":{"status_code":200,"error_message":null,"result":null},"audit_level":"WORKSPACE_LEVEL","event_id":"4711",` +
		`"audit_class":"A","operation":"modify","result":"allowed","actor":{"id":"101","name":"ann@example.org","kind":"user"},"credential_id":"tok-77","governance_version":815,` +
		`"object":{"kind":"directory","id":"1001","name":"churn","path":"/Users/ann@example.org/churn"},` +
		`"decision":{"allowed":true,"ability":"manage","path":["ann is the creator of /churn"]},"reason":"ticket \"42\"",` +
		`"before":[],"after":[{"principal":105,"level":"CAN_READ"}]}`
	if d := cmp.Diff(want, string(mustJSON(AuditRow(sample(), "77")))); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	r := AuditRow(&Entry{Actor: Actor{ID: 9, Name: "system", Kind: "system"}, Error: "no", Status: 403, Count: 2, First: 0, Last: 999}, "1")
	if *r.UserIdentity.SubjectName != "system" || *r.Response.ErrorMessage != "no" ||
		r.Decision != nil || r.LastTime != "1970-01-01T00:00:00.999Z" {
		t.Errorf("got %+v", r)
	}
}

func BenchmarkAppend(b *testing.B) {
	e := sample()
	buf := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = Append(buf[:0], e)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := Parse([]byte(sampleText)); err != nil {
			b.Fatal(err)
		}
	}
}
