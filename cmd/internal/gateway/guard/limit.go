package guard

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"satisflow/cmd/internal/gateway/problem"
)

// limited refuses requests to the API beyond the rates, with the time after which there is room again.
func (g *Guard) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			if wait := g.limits.take(g.clients.of(r), g.now()); wait > 0 {
				problem.New(http.StatusTooManyRequests,
					"too many requests: try again after the time in Retry-After; many ratings fit in one request").RetryAfter(wait).ServeHTTP(w, r)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// maxClients bounds the buckets of a generation; those of clients that were last seen two generations ago are dropped.
const maxClients = 10_000

// limits are token buckets, one for each client and one for all.
type limits struct {
	rate  rate.Limit
	burst int
	total *rate.Limiter

	mu         sync.Mutex
	young, old map[netip.Prefix]*rate.Limiter
}

func newLimits(cfg Config) *limits {
	return &limits{rate: rate.Limit(cfg.ClientRate), burst: cfg.ClientBurst,
		total: rate.NewLimiter(rate.Limit(cfg.TotalRate), cfg.TotalBurst), young: map[netip.Prefix]*rate.Limiter{}}
}

// take takes a token of the client and one of all, or neither; it returns how long to wait if there is none.
func (l *limits) take(client netip.Prefix, now time.Time) time.Duration {
	own := l.bucket(client).ReserveN(now, 1)
	if wait := own.DelayFrom(now); wait > 0 {
		own.CancelAt(now)
		return wait
	}
	shared := l.total.ReserveN(now, 1)
	if wait := shared.DelayFrom(now); wait > 0 {
		shared.CancelAt(now)
		own.CancelAt(now)
		return wait
	}
	return 0
}

func (l *limits) bucket(client netip.Prefix) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.young[client]
	if b != nil {
		return b
	}
	if b = l.old[client]; b == nil {
		b = rate.NewLimiter(l.rate, l.burst)
	}
	if len(l.young) >= maxClients {
		l.old, l.young = l.young, map[netip.Prefix]*rate.Limiter{}
	}
	l.young[client] = b
	return b
}
