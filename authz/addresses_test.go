package authz

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestParseRange(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.7": "192.0.2.7/32", "192.0.2.7/24": "192.0.2.0/24", "0.0.0.0/0": "0.0.0.0/0", "2001:DB8::1": "2001:db8::1/128",
		"2001:db8::1/32": "2001:db8::/32", "::ffff:192.0.2.7": "192.0.2.7/32", "::ffff:192.0.2.7/120": "192.0.2.0/24", "::/0": "::/0",
		"": "", " 192.0.2.7": "", "192.0.2.7 ": "", "192.0.2": "", "192.0.2.256": "", "192.0.02.7": "", "0xC0.0.2.7": "", "192.0.2.7/33": "",
		"192.0.2.7/-1": "", "192.0.2.7/": "", "192.0.2.7/8/8": "", "192.0.2.7/255.255.255.0": "", "fe80::1%eth0": "", "fe80::1%eth0/64": "",
		"::ffff:192.0.2.7/95": "", "2001:db8::1/129": "", "example.org": "", "192.0.2.1-192.0.2.9": "", "١٩٢.0.2.7": "", "192.0.2.7\n": "",
	} {
		p, err := ParseRange(text)
		if got := p.String(); (err == nil) != (want != "") || want != "" && got != want {
			t.Errorf("%q: %s, %v, want %q", text, got, err, want)
		}
	}
}

// listed gives a map with lists, which count where on is set.
func listed(t *testing.T, on bool, lists ...AddressList) *Map {
	t.Helper()
	m, err := NewMap(0, NewBuilder())
	if err != nil {
		t.Fatal(err)
	}
	events := []Event{{Op: PutSetting, Setting: &Setting{SettingAddressLists, fmt.Sprint(on)}}}
	for i, l := range lists {
		l.ID = fmt.Sprint(i)
		events = append(events, Event{Op: PutAddresses, Addresses: &l})
	}
	if m, err = m.Apply(1, events...); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestBlocked(t *testing.T) {
	list := func(kind ListType, on bool, addresses string) AddressList {
		return AddressList{Type: kind, Enabled: on, Addresses: strings.Fields(addresses)}
	}
	allow, block := list(ListAllow, true, "10.0.0.0/8 192.0.2.7 2001:db8::/32"), list(ListBlock, true, "10.1.0.0/16 10.1.2.0/24 2001:db8:1::/48")
	for name, tc := range map[string]struct {
		on        bool
		lists     []AddressList
		out, into string
	}{
		"off":              {false, []AddressList{allow, block}, "", "10.1.0.1 8.8.8.8"},
		"none":             {true, nil, "", "8.8.8.8 ::1"},
		"only switched":    {true, []AddressList{list(ListAllow, false, "10.0.0.0/8")}, "", "8.8.8.8"},
		"allow":            {true, []AddressList{allow}, "8.8.8.8 192.0.2.8 192.0.2.6 9.255.255.255 11.0.0.0 2001:db9:: ::1 ::ffff:8.8.8.8", "10.0.0.0 10.255.255.255 192.0.2.7 2001:db8::9 ::ffff:192.0.2.7"},
		"block":            {true, []AddressList{block}, "10.1.0.0 10.1.2.3 10.1.255.255 ::ffff:10.1.0.1 2001:db8:1::1", "10.0.255.255 10.2.0.0 8.8.8.8 2001:db8:2::"},
		"both":             {true, []AddressList{allow, block}, "10.1.2.3 8.8.8.8", "10.2.0.0 192.0.2.7"},
		"an empty allow":   {true, []AddressList{list(ListAllow, true, "")}, "8.8.8.8 ::1", ""},
		"zones":            {true, []AddressList{list(ListBlock, true, "fe80::/10")}, "fe80::1%eth0 fe80::1%1", "fe00::1%eth0"},
		"all of version 4": {true, []AddressList{list(ListBlock, true, "0.0.0.0/0")}, "8.8.8.8 ::ffff:8.8.8.8", "::8.8.8.8 2001:db8::"},
		"disabled block":   {true, []AddressList{allow, list(ListBlock, false, "10.0.0.0/8")}, "8.8.8.8", "10.1.2.3"},
	} {
		m := listed(t, tc.on, tc.lists...)
		for text, want := range map[string]bool{tc.out: true, tc.into: false} {
			for a := range strings.FieldsSeq(text) {
				if _, got := m.Blocked(netip.MustParseAddr(a)); got != want {
					t.Errorf("%s: %s is blocked: %v", name, a, got)
				}
			}
		}
	}
	m := listed(t, true, allow, block)
	if l, blocked := m.Blocked(netip.MustParseAddr("10.1.2.3")); !blocked || l == nil || l.ID != "1" {
		t.Errorf("blocked by %v", l)
	}
	if l, blocked := m.Blocked(netip.MustParseAddr("8.8.8.8")); !blocked || l != nil {
		t.Errorf("allowed by none: %v %v", l, blocked)
	}
	if _, blocked := m.Blocked(netip.Addr{}); !blocked {
		t.Error("an unknown address is let in")
	}
}

// Dropping a list and switching them off count at once, and the older map stays as it was.
func TestAddressListsFollow(t *testing.T) {
	m := listed(t, true, AddressList{Type: ListAllow, Enabled: true, Addresses: []string{"10.0.0.0/8"}})
	stranger := netip.MustParseAddr("8.8.8.8")
	for _, e := range []Event{
		{Op: DropAddresses, Addresses: &AddressList{ID: "0"}},
		{Op: PutSetting, Setting: &Setting{SettingAddressLists, "false"}},
	} {
		next, err := m.Apply(2, e)
		if err != nil {
			t.Fatal(err)
		}
		if _, blocked := next.Blocked(stranger); blocked {
			t.Errorf("%s: still blocked", e.Op)
		}
	}
	if _, blocked := m.Blocked(stranger); !blocked {
		t.Error("the older map has changed")
	}
	for _, e := range []Event{
		{Op: DropAddresses, Addresses: &AddressList{ID: "9"}},
		{Op: PutAddresses, Addresses: &AddressList{ID: "9", Type: "allow"}},
		{Op: PutAddresses, Addresses: &AddressList{ID: "9", Type: ListAllow, Addresses: []string{"x"}}},
		{Op: PutAddresses, Addresses: &AddressList{Type: ListAllow}},
		{Op: PutAddresses},
	} {
		if _, err := m.Apply(3, e); err == nil {
			t.Errorf("%+v was taken", e)
		}
	}
}

// FuzzBlocked holds the spans against asking each range.
func FuzzBlocked(f *testing.F) {
	f.Add("10.0.0.0/8 10.1.0.0/16 192.0.2.1", "10.1.255.255")
	f.Add("::ffff:1.2.3.0/120 1.2.3.4 ::/0", "1.2.3.4")
	f.Fuzz(func(t *testing.T, ranges, at string) {
		a, err := netip.ParseAddr(at)
		if err != nil {
			return
		}
		l, in := AddressList{ID: "l", Type: ListBlock, Enabled: true}, false
		for text := range strings.FieldsSeq(ranges) {
			if p, err := ParseRange(text); err == nil {
				l.Addresses, in = append(l.Addresses, text), in || p.Contains(a.Unmap().WithZone(""))
			}
		}
		if _, blocked := listed(t, true, l).Blocked(a); blocked != in {
			t.Errorf("%s in %v: %v, want %v", a, l.Addresses, blocked, in)
		}
	})
}

func BenchmarkBlocked(b *testing.B) {
	l := AddressList{ID: "l", Type: ListAllow, Enabled: true}
	for i := range 1000 {
		l.Addresses = append(l.Addresses, fmt.Sprintf("10.%d.%d.0/24", i/250, i%250))
	}
	m, _ := NewMap(0, NewBuilder())
	m, err := m.Apply(1, Event{Op: PutSetting, Setting: &Setting{SettingAddressLists, "true"}}, Event{Op: PutAddresses, Addresses: &l})
	if err != nil {
		b.Fatal(err)
	}
	a := netip.MustParseAddr("10.2.100.7")
	for b.Loop() {
		if _, blocked := m.Blocked(a); blocked {
			b.Fatal("blocked")
		}
	}
}
