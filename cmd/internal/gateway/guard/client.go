package guard

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clients tells where requests come from.
type clients struct{ proxies []netip.Prefix }

func newClients(trusted []string) clients {
	var c clients
	for _, p := range trusted {
		c.proxies = append(c.proxies, netip.MustParsePrefix(p)) // Validate lets no other through
	}
	return c
}

// of returns the network that counts as one client: an IPv4 address, or the /64 of an IPv6 one, of which a single customer
// has all addresses.
func (c clients) of(r *http.Request) netip.Prefix {
	addr := c.address(r)
	if addr.Is4() {
		return netip.PrefixFrom(addr, 32)
	}
	network, _ := addr.Prefix(64) // the zero prefix for an address that is none
	return network
}

// address is the last one on the way here that is no trusted proxy.
func (c clients) address(r *http.Request) netip.Addr {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	addr := peer.Addr().Unmap().WithZone("")
	if !c.trusted(addr) {
		return addr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		if addr = next.Unmap().WithZone(""); !c.trusted(addr) {
			break
		}
	}
	return addr
}

func (c clients) trusted(addr netip.Addr) bool {
	return slices.ContainsFunc(c.proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}
