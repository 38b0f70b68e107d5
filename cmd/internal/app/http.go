package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/rs/zerolog"

	"satisflow/cmd/internal/api"
	metrics "satisflow/sinks/prometheus"
)

// drainTime is how long requests have to end at a shutdown.
const drainTime = 2 * time.Second

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

// httpPart serves until the context ends, then lets requests end.
func httpPart(name string, listener net.Listener, server *http.Server) part {
	return part{name, func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
			defer cancel()
			if server.Shutdown(ctx) != nil {
				_ = server.Close() // the time is over: nothing more can be done for who still waits
			}
		})
		defer stop()
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve HTTP on %s: %w", listener.Addr(), err)
		}
		return nil
	}}
}

// probes serves metrics and health of a process; parts says how its parts are.
func probes(reg *prometheus.Registry, parts func(context.Context) []api.Part, log zerolog.Logger) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics.Handler(reg, log))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, api.Health{Status: "ok"}) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		status, ready := api.ReadinessOf(parts(r.Context()))
		answer(w, status, ready)
	})
	return mux
}

// newProbesServer returns a server for probes alone: the API brings its own.
func newProbesServer(handler http.Handler) *http.Server {
	return &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
}

// asked asks the checks one after the other.
func asked(checks []api.Check) func(context.Context) []api.Part {
	return func(ctx context.Context) (parts []api.Part) {
		for _, c := range checks {
			p := api.Part{Name: c.Name, OK: true, Optional: c.Optional, Since: time.Now().UTC()}
			if err := c.Check(ctx); err != nil {
				p.OK, p.Error = false, err.Error()
			}
			parts = append(parts, p)
		}
		return parts
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever hung up needs no answer
}
