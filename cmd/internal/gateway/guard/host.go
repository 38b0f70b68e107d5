package guard

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"satisflow/cmd/internal/gateway/problem"
)

// hosts refuses requests that are meant for another host. Probes may come under any name: they tell nothing.
func (g *Guard) hosts(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host := hostName(r.Host); !g.hostAllowed(host) && r.URL.Path != "/healthz" && r.URL.Path != "/readyz" {
			problem.New(http.StatusMisdirectedRequest,
				"host: %.100q: want localhost, a loopback address or a name that is configured under hosts", host).ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (g *Guard) hostAllowed(host string) bool {
	return isLoopback(host) || slices.ContainsFunc(g.cfg.Hosts, func(h string) bool { return h == "*" || strings.EqualFold(h, host) })
}

// hostName returns the host without its port and without the brackets of an IPv6 address.
func hostName(hostPort string) string {
	if host, _, err := net.SplitHostPort(hostPort); err == nil {
		return host
	}
	return strings.TrimSuffix(strings.TrimPrefix(hostPort, "["), "]")
}

// IsLoopback says whether a Host header, with or without a port, names this machine to itself.
func IsLoopback(host string) bool { return isLoopback(hostName(host)) }

func isLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}
