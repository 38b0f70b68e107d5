package guard

import (
	"net/http"
	"slices"

	"satisflow/cmd/internal/gateway/problem"
)

// newOrigins refuses writes that a browser sends for a page of another origin, told by Sec-Fetch-Site and Origin. Callers
// that are no browsers send neither and are let through.
func newOrigins(trusted []string) *http.CrossOriginProtection {
	p := http.NewCrossOriginProtection()
	for _, origin := range trusted {
		if err := p.AddTrustedOrigin(origin); err != nil {
			panic(err) // Validate lets no other through
		}
	}
	p.SetDenyHandler(problem.New(http.StatusForbidden,
		"a page of another origin may not write here: configure its origin under cors_origins, or call from a server"))
	return p
}

// cors lets pages of the configured origins read, and refuses the writes of all others.
func (g *Guard) cors(next http.Handler) http.Handler {
	next = g.origins.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if len(g.cfg.CORSOrigins) > 0 {
			w.Header().Add("Vary", "Origin")
		}
		if !slices.Contains(g.cfg.CORSOrigins, origin) {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", headerRequestID+", Retry-After, ETag, Location")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			h.Set("Access-Control-Allow-Methods", "GET, POST")
			h.Set("Access-Control-Allow-Headers", "Content-Type, If-Match, "+headerRequestID)
			h.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}
