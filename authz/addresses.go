package authz

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"bailiwick/fail"
)

// SettingAddressLists is the workspace-conf key that makes the IP access lists count ("true"); they are kept, and nothing more, until then.
const SettingAddressLists = "enableIpAccessLists"

// ListType says what an IP access list does with the addresses in it.
type ListType string

// The types. What a list blocks is blocked whatever others allow; as soon as one list allows, what none allows is blocked.
const (
	ListAllow ListType = "ALLOW"
	ListBlock ListType = "BLOCK"
)

// AddressList is an IP access list.
type AddressList struct {
	ID    string   `json:"id"`
	Label string   `json:"label"`
	Type  ListType `json:"type"`
	// Addresses are addresses and ranges as they were given; ParseRange reads them.
	Addresses []string `json:"addresses"`
	Enabled   bool     `json:"enabled"`
	Created   int64    `json:"created"` // ms since 1970
	CreatedBy int64    `json:"created_by,omitempty"`
	Updated   int64    `json:"updated"` // ms since 1970
	UpdatedBy int64    `json:"updated_by,omitempty"`
}

// ParseRange reads an address or a range in CIDR notation, of either version. An IPv4 address in IPv6 form is the IPv4 address: the same machine
// must not get past a list by the way it is written. Bits beyond the prefix do not count. Errors: fail.Invalid.
func ParseRange(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if !strings.Contains(text, "/") {
		var a netip.Addr
		if a, err = netip.ParseAddr(text); err == nil {
			p = netip.PrefixFrom(a, a.BitLen())
		}
	}
	if err != nil || strings.Contains(text, "%") { // a zone means something on one machine only
		return p, fail.Invalidf("%.60q is no IP address and no range of them in CIDR notation", text)
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return p, fail.Invalidf("%.60q holds more than the IPv4 addresses that it begins with; write them as IPv4", text)
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

// AddressLists gives the IP access lists, those that do not count too, in the order in which they were made.
func (m *Map) AddressLists() []*AddressList {
	return slices.SortedFunc(maps.Values(m.lists), func(a, b *AddressList) int {
		return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.ID, b.ID))
	})
}

// AddressList finds an IP access list by its id.
func (m *Map) AddressList(id string) (l *AddressList, ok bool) {
	l, ok = m.lists[id]
	return l, ok
}

// Blocked says whether the IP access lists keep an address out. list is the one that blocks it; nil when no list allows it. An address that is not
// known is kept out as soon as any list counts.
func (m *Map) Blocked(a netip.Addr) (list *AddressList, blocked bool) {
	n := m.network
	if n == nil {
		return nil, false
	}
	if a = a.Unmap().WithZone(""); !a.IsValid() {
		return nil, true
	}
	if list := n.block.find(a); list != nil {
		return list, true
	}
	return nil, n.allows && n.allow.find(a) == nil
}

// network is what the lists that count say, made to be asked at every call.
type network struct {
	allow, block spans
	allows       bool // a list of type ALLOW counts
}

// spans are ranges of addresses that neither overlap nor touch, ascending.
type spans []span

type span struct {
	from, to netip.Addr
	list     *AddressList
}

// find gives the list with the address.
func (s spans) find(a netip.Addr) *AddressList {
	i, ok := slices.BinarySearchFunc(s, a, func(x span, a netip.Addr) int { return x.from.Compare(a) })
	if !ok {
		i--
	}
	if i < 0 || s[i].to.Less(a) {
		return nil
	}
	return s[i].list
}

// spansOf makes the spans of all lists of a type. A range that lies in another adds nothing, and of two ranges of CIDR notation that meet one lies
// in the other.
func spansOf(lists []*AddressList, of ListType) (all spans) {
	for _, l := range lists {
		if l.Type != of || !l.Enabled {
			continue
		}
		for _, text := range l.Addresses {
			if p, err := ParseRange(text); err == nil {
				all = append(all, span{p.Addr(), last(p), l})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b span) int { return cmp.Or(a.from.Compare(b.from), b.to.Compare(a.to)) })
	kept := all[:0]
	for _, s := range all {
		if n := len(kept); n > 0 && !kept[n-1].to.Less(s.from) {
			continue
		}
		kept = append(kept, s)
	}
	return kept
}

// last gives the last address of a range.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// readNetwork works out what the lists say now: nothing while they are off, or none counts.
func (m *Map) readNetwork() {
	m.network = nil
	if !m.foldSetting(SettingAddressLists, "false") {
		return
	}
	lists := m.AddressLists()
	n := &network{allow: spansOf(lists, ListAllow), block: spansOf(lists, ListBlock)}
	n.allows = slices.ContainsFunc(lists, func(l *AddressList) bool { return l.Type == ListAllow && l.Enabled })
	if n.allows || len(n.block) > 0 {
		m.network = n
	}
}

func (m *Map) putAddresses(l *AddressList) error {
	if l.ID == "" || l.Type != ListAllow && l.Type != ListBlock {
		return fail.Invalidf("IP access list %q cannot be: it needs an id, and the type %s or %s.", l.ID, ListAllow, ListBlock)
	}
	for _, text := range l.Addresses {
		if _, err := ParseRange(text); err != nil {
			return err
		}
	}
	m.lists = with(m.lists, l.ID, l)
	m.readNetwork()
	return nil
}

// with gives a copy of a map with one more key: maps of the access map are shared by all its versions.
func with[K comparable, V any](m map[K]V, key K, value V) map[K]V {
	next := make(map[K]V, len(m)+1)
	maps.Copy(next, m)
	next[key] = value
	return next
}

func (m *Map) dropAddresses(id string) error {
	if _, ok := m.lists[id]; !ok {
		return fail.NotFoundf("IP access list %q does not exist.", id)
	}
	m.lists = maps.Clone(m.lists)
	delete(m.lists, id)
	m.readNetwork()
	return nil
}
