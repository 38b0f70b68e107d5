// Package guard owns what stands before every handler of the HTTP server: request ids, recovery, the access log, metrics
// per route, security headers, the checks of host and origin, CORS, the limits on requests and the deadlines of connections. What a request means is
// left to the handlers; who is asking (sign-in), and the address that is listened on, to the application.
//
// # Non-obvious
//
//   - The route of a request is the pattern of the mux, which net/http leaves in the request that it is given: from the
//     outermost handler to the mux the request is the same pointer.
//   - Paths are never logged: they hold customer ids. The pattern is.
//   - The host is checked as a page of another site can otherwise talk to a server on loopback by having its own name
//     resolve to 127.0.0.1 (DNS rebinding): the browser takes both for one origin then.
//   - Deadlines are those of the connection: they are set around every handler, and a handler never sets one itself.
package guard

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// Guard wraps handlers.
type Guard struct {
	cfg     Config
	log     zerolog.Logger
	metrics *metrics
	limits  *limits
	clients clients
	origins *http.CrossOriginProtection
	now     func() time.Time
}

// New returns a Guard for a configuration that is valid, and registers its metrics.
func New(cfg Config, reg prometheus.Registerer, log zerolog.Logger, now func() time.Time) *Guard {
	g := &Guard{cfg: cfg, log: log, metrics: newMetrics(reg), limits: newLimits(cfg), clients: newClients(cfg.TrustedProxies), now: now}
	g.origins = newOrigins(cfg.CORSOrigins)
	return g
}

// Wrap returns the handler behind all that Guard does.
func (g *Guard) Wrap(next http.Handler) http.Handler {
	return g.observe(recovered(g.log, headers(g.hosts(g.cors(g.limited(next))))))
}
