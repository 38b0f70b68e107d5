package app

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/gateway/api"
	"satisflow/cmd/internal/gateway/guard"
	"satisflow/cmd/internal/gateway/problem"
	metrics "satisflow/sinks/prometheus"
)

// front is a handler that another one takes the place of, between two requests.
type front struct{ handler atomic.Pointer[http.Handler] }

func (f *front) set(h http.Handler) { f.handler.Store(&h) }

// ServeHTTP serves by the handler that was set last.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*f.handler.Load()).ServeHTTP(w, r)
}

// starting answers for a role while it waits for what it needs: it is alive, not ready, and says what it waits for.
type starting struct {
	front
	role   string
	server *http.Server
	health *metrics.Health

	mu    sync.Mutex
	needs []need
	parts []api.Part // of the needs, then of the role itself
}

// newStarting returns what answers for the role until set gives its server another handler.
func newStarting(r role, cfg *config.Config, on *ground, log zerolog.Logger) *starting {
	s := &starting{role: r.name, health: on.health, needs: []need{kafkaNeed(cfg.Kafka), clickhouseNeed}}
	now := time.Now().UTC()
	for _, n := range s.needs {
		s.parts = append(s.parts, api.Part{Name: n.part, Since: now, Error: "not reached yet"})
		on.health.Set(n.part, false)
	}
	s.parts = append(s.parts, api.Part{Name: r.name, Since: now})
	near := operators
	if r.gateway {
		near = api.Near
	}
	mux := probes(on.reg, func(context.Context) []api.Part { return s.state() }, near, log)
	s.set(mux)
	s.server = guard.DefaultTimeouts().Server(s)
	if r.gateway {
		mux.HandleFunc("/", s.unavailable)
		// Its metrics are not shown: those of the API's own guard take their names. Each of its answers is a 503, which
		// it would log each time.
		g := guard.New(cfg.Gateway.Config.Config, prometheus.NewRegistry(), log.Level(max(log.GetLevel(), zerolog.ErrorLevel)), time.Now)
		s.set(g.Wrap(mux))
		s.server = cfg.Gateway.Server(s)
	}
	return s
}

// told notes how an attempt to reach a part went.
func (s *starting) told(n need, err error) {
	s.health.Set(n.part, err == nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &s.parts[slices.IndexFunc(s.parts, func(p api.Part) bool { return p.Name == n.part })]
	if p.OK != (err == nil) {
		p.OK, p.Since = err == nil, time.Now().UTC()
	}
	p.Error = ""
	switch {
	case err != nil && n.shown != nil:
		p.Error = n.shown.Error()
	case err != nil:
		p.Error = err.Error()
	}
}

// state is how the parts are: the role itself is never ready here.
func (s *starting) state() []api.Part {
	s.mu.Lock()
	defer s.mu.Unlock()
	parts := slices.Clone(s.parts)
	parts[len(parts)-1].Error = s.text()
	return parts
}

// text says what the role waits for. The caller holds the lock.
func (s *starting) text() string {
	var missing []string
	for i, n := range s.needs {
		if !s.parts[i].OK {
			missing = append(missing, n.what)
		}
	}
	if len(missing) == 0 {
		return fmt.Sprintf("the %s is starting", s.role)
	}
	return fmt.Sprintf("the %s is starting and waits for %s", s.role, strings.Join(missing, " and "))
}

func (s *starting) unavailable(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	text := s.text()
	s.mu.Unlock()
	problem.New(http.StatusServiceUnavailable, "%s", text).RetryAfter(waitMost).ServeHTTP(w, r)
}
