// Package outward connects to addresses that somebody else has named: receivers of webhooks, providers of identities. It reaches only what may
// be called (webhook.Allow), asked of the very address at the moment of connecting.
package outward

import (
	"context"
	"net"
	"net/netip"
	"syscall"
	"time"

	"bailiwick/fail"
	"bailiwick/registry/webhook"
)

// ConnectTime is how long a connection may take to be made.
const ConnectTime = 5 * time.Second

// Dial gives what connects to one of a host's addresses that may be called; resolver finds addresses, nil = the system's.
func Dial(allow *webhook.Allow, resolver *net.Resolver) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		d := net.Dialer{Timeout: ConnectTime, Resolver: resolver, Control: func(_, actual string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(actual)
			if err != nil {
				return fail.New(fail.Denied, "%s is no address", actual)
			}
			return allow.Check(host, to.Addr())
		}}
		return d.DialContext(ctx, network, address)
	}
}
