package guard

import (
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// noRoute is the route of requests that no pattern matches.
const noRoute = "none"

// observe gives the request its id, and logs and counts it when it is answered.
func (g *Guard) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := g.now()
		r, id := withRequestID(r)
		w.Header().Set(headerRequestID, id)
		response := &response{ResponseWriter: w}
		// Deferred, as a handler may end the request by a panic with http.ErrAbortHandler.
		defer func() { g.answered(r, response, id, g.now().Sub(begin)) }()
		next.ServeHTTP(response, r)
	})
}

func (g *Guard) answered(r *http.Request, w *response, id string, took time.Duration) {
	route, code := r.Pattern, w.code()
	if route == "" {
		route = noRoute
	}
	g.metrics.observe(route, code, took)
	g.log.WithLevel(levelOf(code)).Str("request_id", id).Str("method", methodOf(r)).Str("route", route).Int("status", code).
		Int64("bytes", w.bytes).Dur("took", took).Msg("request")
}

// levelOf keeps what goes well out of the log.
func levelOf(code int) zerolog.Level {
	switch {
	case code >= 500:
		return zerolog.WarnLevel
	case code >= 400:
		return zerolog.InfoLevel
	}
	return zerolog.DebugLevel
}

// methodOf returns the method if it is one: callers may write anything there.
func methodOf(r *http.Request) string {
	if len(r.Method) > len(http.MethodOptions) || strings.Trim(r.Method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "other"
	}
	return r.Method
}

// response remembers what was answered.
type response struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *response) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// WriteHeader implements http.ResponseWriter.
func (w *response) WriteHeader(status int) {
	if w.status == 0 && status >= 200 { // 1xx are followed by another
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach deadlines and flushing.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "satisflow_http_requests_total",
			Help: "HTTP requests that were answered, by route and status."}, []string{"route", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "satisflow_http_request_seconds",
			Help:    "Time from the header of an HTTP request to the end of its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"route"}),
	}
	reg.MustRegister(m.requests, m.seconds)
	return m
}

func (m *metrics) observe(route string, code int, took time.Duration) {
	m.requests.WithLabelValues(route, statusLabel(code)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}
