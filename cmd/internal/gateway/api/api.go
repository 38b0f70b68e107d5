package api

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"golang.org/x/sync/semaphore"

	"satisflow/cmd/internal/gateway/guard"
	"satisflow/cmd/internal/gateway/problem"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// Producer writes ratings. It returns nil when Kafka has acknowledged all messages, and otherwise source.ProduceErrors or
// the error of the context.
type Producer interface {
	Produce(ctx context.Context, messages ...source.Message) error
}

// Reader gives the sums that figures are made of.
type Reader interface {
	Epoch(ctx context.Context) (clickhouse.Epoch, bool, error)
	Freshness(ctx context.Context, e *clickhouse.Epoch) (clickhouse.Freshness, error)
	Range(ctx context.Context, e *clickhouse.Epoch, span clickhouse.Span, selection clickhouse.Selection) (clickhouse.Span, []clickhouse.Group, error)
	Detail(ctx context.Context, e *clickhouse.Epoch, key window.Key, span clickhouse.Span, step time.Duration) ([]clickhouse.DetailGroup, error)
}

// Options are what an API is made of. Config, Events, Admit and Bands must be valid.
type Options struct {
	Config     Config
	Events     event.Config
	Admit      admit.Config
	Bands      window.Bands // shown with what a rating was stored as; figures show those of their epoch
	Target     float64      // share of satisfied ratings that is aimed at, such as 0.95
	Producer   Producer
	Reader     Reader
	Eraser     Eraser
	Alerts     Alerts
	Checks     []Check // of /readyz
	Registerer prometheus.Registerer
	Logger     zerolog.Logger
	Now        func() time.Time // time.Now when nil
	Version    string           // of satisflow, for the OpenAPI document
	BasePath   string           // under which a proxy shows the API, such as /satisflow, for the OpenAPI document; empty for none
}

// API serves the contract. It is safe for concurrent use.
type API struct {
	Options
	guard    *guard.Guard
	metrics  *metrics
	intakes  *intakes
	inFlight *semaphore.Weighted
	parts    *parts
	burst    zerolog.Logger // for what would else be logged for each request
	mux      *http.ServeMux
	openAPI  []byte
	schema   []byte
}

// New returns an API. The error names an option that is wrong.
func New(o Options) (*API, error) {
	if !(o.Target > 0 && o.Target < 1) {
		return nil, fmt.Errorf("target: %v: want a share between 0 and 1, such as 0.95", o.Target)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	intakes, err := newIntakes(o)
	if err != nil {
		return nil, err
	}
	a := &API{
		Options: o, intakes: intakes, inFlight: semaphore.NewWeighted(o.Config.MaxInFlight), mux: http.NewServeMux(),
		guard: guard.New(o.Config.Config, o.Registerer, o.Logger, o.Now), metrics: newMetrics(o.Registerer), parts: newParts(o.Checks),
		schema: event.Schema(o.Events), burst: o.Logger.Sample(&zerolog.BurstSampler{Burst: 5, Period: time.Second}),
	}
	a.routes()
	return a, nil
}

// Guarded returns the handler of the whole process, Handler's or a mux that Mount was called with, behind the guard. Serve
// it by the Server of the configuration's timeouts.
func (a *API) Guarded(handler http.Handler) http.Handler { return a.guard.Wrap(handler) }

// Mount adds the API's routes to a mux: /api/, /healthz, /readyz, /openapi.json and /schema/.
func (a *API) Mount(mux *http.ServeMux) {
	for _, path := range []string{"/api/", "/healthz", "/readyz", "/openapi.json", "/schema/"} {
		mux.Handle(path, a)
	}
}

// ServeHTTP serves the API's routes, unguarded.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if wrong := repeated(r.URL.RawQuery); wrong != nil {
		wrong.ServeHTTP(w, r)
		return
	}
	a.mux.ServeHTTP(w, r)
}

// repeated returns the problem with a query that names a parameter twice, of which one would count without a word, or that
// can't be read.
func repeated(query string) *problem.Problem {
	values, err := url.ParseQuery(query)
	if err != nil {
		return problem.New(http.StatusBadRequest, "the query can't be read: want name=value, with & between and other characters as %%XX")
	}
	var entries []problem.Entry
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if n := len(values[name]); n > 1 {
			want := "once; several values of a list go with commas between, such as state=open,verified"
			entries = append(entries, problem.Entry{Parameter: shown(name), Want: want, Detail: fmt.Sprintf("%s: given %d times: want it %s", shown(name), n, want)})
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return problem.New(http.StatusBadRequest, "%s", entries[0].Detail).With(entries[:min(len(entries), maxEntries)]...)
}

// OpenAPI returns the document of the contract, OpenAPI 3.1 as JSON.
func (a *API) OpenAPI() []byte { return a.openAPI }

const base = "/api/v1/enterprise-satisfaction/satisfaction"

func (a *API) routes() {
	h := humago.New(a.mux, a.humaConfig())
	huma.Register(h, recordOperation(h.OpenAPI().Components.Schemas), a.record)
	a.recordBody(h.OpenAPI())
	huma.Register(h, a.analyticsOperation(), a.analytics)
	huma.Register(h, a.trendOperation(), a.trend)
	huma.Register(h, eraseOperation(), a.erase)
	huma.Register(h, erasureOperation(), a.erasure)
	huma.Register(h, a.alertsOperation(), a.alerts)
	huma.Register(h, a.alertOperation(), a.alert)
	for i := range alertActions {
		huma.Register(h, actOperation(i), a.act(alertActions[i].action))
	}
	huma.Register(h, a.watchlistOperation(), a.watchlist)
	huma.Register(h, healthOperation(), health)
	huma.Register(h, readyOperation(), a.ready)
	readyFailing(h.OpenAPI())
	a.document(h.OpenAPI())
	a.mux.HandleFunc("GET /openapi.json", serveJSON("application/openapi+json", a.openAPI))
	a.mux.HandleFunc("GET /schema/rating-event.json", serveJSON("application/schema+json", a.schema))
	for path, item := range h.OpenAPI().Paths {
		a.mux.Handle(path, notAllowed(item))
	}
	a.mux.Handle("/", problem.New(http.StatusNotFound, "there is nothing here: /openapi.json lists what there is"))
}

// notAllowed answers the methods that a path does not have.
func notAllowed(item *huma.PathItem) http.Handler {
	allow := "GET, HEAD"
	if item.Get == nil {
		allow = "POST"
	}
	return problem.New(http.StatusMethodNotAllowed, "this path takes %s only", allow).Header("Allow", allow)
}

func serveJSON(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(body) // whoever hung up needs no answer
	}
}
