package webhook

import (
	"net/netip"
	"testing"

	"bailiwick/fail"
)

func allowing(t testing.TB, items ...string) *Allow {
	t.Helper()
	a, err := ParseAllow(items)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAddresses(t *testing.T) {
	refusedOnes := []string{
		"127.0.0.1", "127.255.255.254", "::1", "0.0.0.0", "0.1.2.3", "::", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
		"169.254.169.254", "169.254.0.1", "100.64.0.1", "100.127.255.255", "100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1",
		"239.255.255.255", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1",
		"fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fdff::1", "fec0::1", "ff02::1", "2001::1", "2001:db8::1", "100::1", "3fff::1",
		"5f00::1", "4000::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
		"64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::1", "2002:a9fe:a9fe::", "2002:c0a8:101::1",
	}
	none := allowing(t)
	for _, text := range refusedOnes {
		if err := none.Check("example.org", netip.MustParseAddr(text)); !fail.Is(err, fail.Denied) {
			t.Errorf("%s may be called: %v", text, err)
		}
	}
	for _, text := range []string{"8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"} {
		if err := none.Check("example.org", netip.MustParseAddr(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := none.Check("example.org", netip.Addr{}); err == nil {
		t.Error("no address may be called")
	}
}

func TestAllowed(t *testing.T) {
	a := allowing(t, "Hooks.Internal.", "127.0.0.1", "10.1.0.0/16", "169.254.169.254", "fd12::/16")
	tests := []struct {
		host, ip string
		ok       bool
	}{
		{"x", "127.0.0.1", true}, {"x", "::ffff:127.0.0.1", true}, {"x", "127.0.0.2", false}, {"x", "10.1.255.1", true}, {"x", "10.2.0.1", false},
		{"x", "169.254.169.254", true}, {"x", "169.254.169.253", false}, {"x", "fd12::7", true}, {"x", "fd13::7", false},
		{"hooks.internal", "192.168.0.9", true}, {"HOOKS.INTERNAL.", "127.0.0.9", true}, {"hooks.internal.evil.org", "192.168.0.9", false},
		// A name opens no network in which clouds keep what nobody else may have, and nothing that is no host's.
		{"hooks.internal", "169.254.169.253", false}, {"hooks.internal", "fd00:ec2::254", false}, {"hooks.internal", "0.0.0.0", false},
		{"hooks.internal", "224.0.0.1", false},
	}
	for _, tt := range tests {
		if err := a.Check(tt.host, netip.MustParseAddr(tt.ip)); (err == nil) != tt.ok {
			t.Errorf("%s at %s: %v", tt.host, tt.ip, err)
		}
	}
	for _, bad := range []string{"", "http://x", "x:80", "10.0.0.0/33", "*.example.org", "a b", "u@h"} {
		if _, err := ParseAllow([]string{bad}); !fail.Is(err, fail.Invalid) {
			t.Errorf("%q is allowed: %v", bad, err)
		}
	}
}

func TestURLs(t *testing.T) {
	a := allowing(t, "127.0.0.1", "hooks.internal")
	for _, good := range []string{
		"https://example.org/a?b=c", "https://example.org:8443/", "https://8.8.8.8/", "https://[2606:4700::1111]/", "http://127.0.0.1:9/x",
		"http://hooks.internal/", "https://127.0.0.1/", "https://xn--bcher-kva.example/",
	} {
		if err := CheckURL(good, a); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "  ", "example.org", "http://example.org/", "ftp://example.org/", "file:///etc/passwd", "https://", "https:///x", "https:opaque",
		"https://user:pw@example.org/", "https://user@example.org/", "https://10.0.0.1/", "https://[::1]/", "https://[fe80::1%25eth0]/",
		"https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://169.254.169.254/latest/meta-data",
		"https://[::ffff:10.0.0.1]/", "https://example.org:0/", "https://example.org:99999/", "https://example.org\n/", "gopher://127.0.0.1/",
		"HTTPS://" + string(make([]byte, 2100)),
	} {
		if err := CheckURL(bad, a); !fail.Is(err, fail.Invalid) {
			t.Errorf("%.60q: %v", bad, err)
		}
	}
}

// FuzzURL: whatever passes names a host that is reached by https or that was allowed, and no address that may not be called.
func FuzzURL(f *testing.F) {
	for _, seed := range []string{"https://example.org/", "http://127.0.0.1/", "https://[::1]:1/", "https://0x7f.1/", "https://a@b"} {
		f.Add(seed)
	}
	a, _ := ParseAllow(nil)
	f.Fuzz(func(t *testing.T, text string) {
		if CheckURL(text, a) != nil {
			return
		}
		h := Hook{URL: text}
		if len(h.Endpoint()) < len("https://a") || h.Endpoint()[:8] != "https://" && !hasPrefixFold(text, "https://") {
			t.Errorf("%q passes", text)
		}
	})
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && hostKey(text[:len(prefix)]) == prefix
}
