package webhook

import (
	"cmp"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"bailiwick/fail"
)

// Allow is what an administrator allowed beside the public internet: hosts by name, networks by address. The zero value allows nothing.
type Allow struct {
	hosts map[string]bool
	nets  []netip.Prefix
	// setting is where an administrator allows, for messages; empty = webhooks.allow.
	setting string
}

// As gives the same for another purpose: setting is the one that refusals name.
func (a *Allow) As(setting string) *Allow { return &Allow{a.hosts, a.nets, setting} }

// ParseAllow reads a list of host names, addresses and networks (10.0.0.0/8).
func ParseAllow(items []string) (*Allow, error) {
	a := &Allow{hosts: map[string]bool{}}
	for _, item := range items {
		if ip, err := netip.ParseAddr(item); err == nil {
			a.nets = append(a.nets, netip.PrefixFrom(plain(ip), plain(ip).BitLen()))
			continue
		}
		if p, err := netip.ParsePrefix(item); err == nil {
			a.nets = append(a.nets, p.Masked())
			continue
		}
		if item == "" || strings.ContainsAny(item, "/:@*?# %") {
			return nil, fail.Invalidf("%q is neither a host name nor an address nor a network such as 10.0.0.0/8", item)
		}
		a.hosts[hostKey(item)] = true
	}
	return a, nil
}

// hostKey is a host name as it is compared: names do not depend on case, and may end in a dot.
func hostKey(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

// plain gives an address without its zone, and the IPv4 one that an IPv6 one only wraps.
func plain(ip netip.Addr) netip.Addr { return ip.WithZone("").Unmap() }

// Plaintext says whether a host may be called by http: only where an administrator named it, or its address.
func (a *Allow) Plaintext(host string) bool {
	ip, err := netip.ParseAddr(host)
	return a.hosts[hostKey(host)] || err == nil && a.contains(plain(ip))
}

func (a *Allow) contains(ip netip.Addr) bool {
	for _, p := range a.nets {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// Check says whether a connection may be made to an address that a host's name led to; fail.Denied otherwise. It is asked of the very
// address that is connected to, so a name that leads elsewhere the second time is of no use. A host that is allowed by name may be
// anywhere but in networks in which clouds keep their metadata: these take an address.
func (a *Allow) Check(host string, ip netip.Addr) error {
	ip = plain(ip)
	why := refused(ip)
	if why == "" || a.contains(ip) || a.hosts[hostKey(host)] && !strings.HasPrefix(why, never) {
		return nil
	}
	return fail.New(fail.Denied, "%s is %s, and is not called: an administrator may allow it (setting %s)", ip, strings.TrimPrefix(why, never),
		cmp.Or(a.setting, "webhooks.allow"))
}

// never marks networks that a host's name does not open.
const never = "!"

// closed are the networks that are not called, the narrow ones first: what IANA's registries of special addresses have as not globally
// reachable, and what clouds use for themselves.
var closed = prefixes(
	"169.254.0.0/16", never+"a link-local address", "168.63.129.16/32", never+"a cloud's own service", "fd00:ec2::/32", never+"a cloud's own service",
	"100.100.100.200/32", never+"a cloud's own service", "192.0.0.192/32", never+"a cloud's own service", "fe80::/10", never+"a link-local address",
	"224.0.0.0/4", never+"a multicast address", "ff00::/8", never+"a multicast address", "0.0.0.0/8", never+"no address of a host",
	"::/128", never+"no address of a host", "240.0.0.0/4", never+"a reserved address",
	"127.0.0.0/8", "this machine itself", "::1/128", "this machine itself",
	"10.0.0.0/8", private, "172.16.0.0/12", private, "192.168.0.0/16", private, "fc00::/7", private, "fec0::/10", private,
	"100.64.0.0/10", "a carrier's inner address", "64:ff9b:1::/48", "a network's inner address",
	"192.0.0.0/24", reserved, "192.0.2.0/24", reserved, "192.88.99.0/24", reserved, "198.18.0.0/15", reserved, "198.51.100.0/24", reserved,
	"203.0.113.0/24", reserved, "::/96", reserved, "100::/64", reserved, "2001::/23", reserved, "2001:db8::/32", reserved,
	"3fff::/20", reserved, "5f00::/16", reserved,
)

const private, reserved = "a private address", "a reserved address"

type network struct {
	prefix netip.Prefix
	why    string
}

func prefixes(pairs ...string) (all []network) {
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, network{netip.MustParsePrefix(pairs[i]), pairs[i+1]})
	}
	return all
}

// refused says why an address is not called, "" when it is public.
func refused(ip netip.Addr) string {
	if !ip.IsValid() {
		return never + "no address"
	}
	if inner, ok := wrapped(ip); ok {
		return refused(inner)
	}
	for _, n := range closed {
		if n.prefix.Contains(ip) {
			return n.why
		}
	}
	if ip.Is6() && !globalUnicast.Contains(ip) {
		return never + reserved
	}
	return ""
}

// globalUnicast is all of IPv6 that is given to networks.
var globalUnicast = netip.MustParsePrefix("2000::/3")

// translated are the prefixes of IPv6 addresses that carry an IPv4 address, each with the byte at which it begins: NAT64 and 6to4.
var translated = map[netip.Prefix]int{netip.MustParsePrefix("64:ff9b::/96"): 12, netip.MustParsePrefix("2002::/16"): 2}

// wrapped gives the IPv4 address inside of an IPv6 one that is translated on its way.
func wrapped(ip netip.Addr) (netip.Addr, bool) {
	for p, at := range translated {
		if p.Contains(ip) {
			b := ip.As16()
			return netip.AddrFrom4([4]byte(b[at : at+4])), true
		}
	}
	return netip.Addr{}, false
}

// maxURL is the most bytes of a webhook's URL.
const maxURL = 2048

// CheckURL checks the address of a webhook as far as that is possible without asking for names: https, or http where that is allowed; no
// credentials in it; a host, which as an address must be one that may be called.
func CheckURL(text string, allow *Allow) error {
	u, err := url.Parse(text)
	switch {
	case strings.TrimSpace(text) == "":
		return fail.Invalidf("The webhook's URL is missing or empty.")
	case len(text) > maxURL:
		return fail.Invalidf("The webhook's URL has %d bytes; at most %d are allowed.", len(text), maxURL)
	case err != nil || u.Opaque != "":
		return fail.Invalidf("The webhook's URL is no valid URL.")
	case u.Scheme != "https" && u.Scheme != "http":
		return fail.Invalidf("Invalid webhook URL scheme %q: https is allowed.", u.Scheme)
	case u.Hostname() == "":
		return fail.Invalidf("The webhook's URL names no host.")
	case u.User != nil:
		return fail.Invalidf("The webhook's URL must not hold a user or password: addresses are shown.")
	case u.Scheme == "http" && !allow.Plaintext(u.Hostname()):
		return fail.Invalidf("Invalid webhook URL scheme \"http\": https is allowed, and http for hosts that an administrator has allowed "+
			"(setting webhooks.allow), which %s is not.", u.Hostname())
	}
	return checkHost(u, allow)
}

func checkHost(u *url.URL, allow *Allow) error {
	host := u.Hostname()
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return fail.Invalidf("The webhook's URL has the port %q; ports are from 1 to 65535.", port)
		}
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		if err := allow.Check(host, ip); err != nil {
			return fail.Invalidf("The webhook's URL is refused: %v.", err)
		}
		return nil
	}
	last := hostKey(host)[strings.LastIndexByte(hostKey(host), '.')+1:]
	if strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		return fail.Invalidf("The webhook's host %q is no host name, and no address in its usual form.", host) // 127.1, 0x7f000001
	}
	return nil
}
