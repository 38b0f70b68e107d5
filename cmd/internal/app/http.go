package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/rs/zerolog"

	"satisflow/cmd/internal/gateway/api"
	"satisflow/cmd/internal/gateway/guard"
	metrics "satisflow/sinks/prometheus"
)

// How long requests that began have to end at a shutdown: as long as Kafka may take to acknowledge what they hold. Those
// that have not ended by then are canceled, which handlers answer with 503, and have answerTime to say so.
const (
	drainTime  = 6 * time.Second
	answerTime = time.Second
)

// newRegistry is the metrics of this process: those of Go, the process and the build; parts add theirs.
func newRegistry() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	v := buildVersion()
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "satisflow_build_info", Help: "1, with the version as labels.",
		ConstLabels: prometheus.Labels{"version": v.Version, "revision": v.Revision, "go": v.Go}})
	build.Set(1)
	reg.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}

// httpPart serves until the context ends, then until the requests that began are answered. It stops before the parts that
// these work with.
func httpPart(name string, listener net.Listener, server *http.Server) part {
	return part{name: name, first: true, run: func(ctx context.Context) error {
		requests, cancel := context.WithCancel(guard.WithDraining(context.WithoutCancel(ctx), ctx))
		defer cancel()
		server.BaseContext = func(net.Listener) context.Context { return requests }
		unused := watchUnused(server)
		ended := make(chan error, 1)
		go func() { ended <- server.Serve(listener) }()
		select {
		case err := <-ended:
			return fmt.Errorf("serve HTTP on %s: %w", listener.Addr(), err)
		case <-ctx.Done():
		}
		drain(server, unused, cancel)
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve HTTP on %s: %w", listener.Addr(), err)
		}
		return nil
	}}
}

// drain returns when every request that began is answered, or can't be any more.
func drain(server *http.Server, unused *unusedConns, cancel context.CancelFunc) {
	all, done := context.WithTimeout(context.Background(), drainTime+answerTime)
	defer done()
	defer time.AfterFunc(drainTime, cancel).Stop()
	defer time.AfterFunc(answerTime, unused.close).Stop()
	if server.Shutdown(all) != nil {
		_ = server.Close() // the time is over: nothing more can be done for who still waits
	}
}

// unusedConns are the connections on which no request ever came: browsers open them ahead of need. Shutdown would wait for
// them.
type unusedConns struct {
	mu  sync.Mutex
	all map[net.Conn]bool
}

func watchUnused(server *http.Server) *unusedConns {
	u := &unusedConns{all: map[net.Conn]bool{}}
	server.ConnState = func(c net.Conn, state http.ConnState) {
		u.mu.Lock()
		defer u.mu.Unlock()
		if delete(u.all, c); state == http.StateNew {
			u.all[c] = true
		}
	}
	return u
}

func (u *unusedConns) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for c := range u.all {
		_ = c.Close() // whoever is there asked for nothing
	}
}

// probes serves metrics and health of a process; parts says how its parts are, and why they fail to those whom near is true
// of.
func probes(reg *prometheus.Registry, parts func(context.Context) []api.Part, near func(*http.Request) bool, log zerolog.Logger) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics.Handler(reg, log))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, api.Health{Status: "ok"}) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		shown := parts(r.Context())
		if !near(r) {
			shown = api.Hidden(shown)
		}
		status, ready := api.ReadinessOf(shown)
		answer(w, status, ready)
	})
	return mux
}

// operators are all who reach an address that has nothing but metrics and health.
func operators(*http.Request) bool { return true }

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever hung up needs no answer
}
