package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// now is the clock of the tests that need one.
var now = time.Date(2026, 11, 20, 12, 34, 56, 0, time.UTC)

// log is a producer that keeps what it is given, unless refuse says why not.
type log struct {
	mu       sync.Mutex
	messages []source.Message
	refuse   func(ctx context.Context, messages []source.Message) error
	keep     bool
	n        int
}

func (l *log) Produce(ctx context.Context, messages ...source.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse != nil {
		if err := l.refuse(ctx, messages); err != nil {
			return err
		}
	}
	if l.n += len(messages); l.keep {
		l.messages = append(l.messages, messages...)
	}
	return nil
}

// sums is a reader of fixed sums.
type sums struct {
	epoch  *clickhouse.Epoch
	fresh  clickhouse.Freshness
	groups []clickhouse.Group
	detail []clickhouse.DetailGroup
	err    error

	selected clickhouse.Selection
	key      window.Key
	span     clickhouse.Span
}

func (s *sums) Epoch(context.Context) (clickhouse.Epoch, bool, error) {
	if s.epoch == nil {
		return clickhouse.Epoch{}, false, s.err
	}
	return *s.epoch, true, s.err
}

func (s *sums) Freshness(context.Context, *clickhouse.Epoch) (clickhouse.Freshness, error) {
	return s.fresh, s.err
}

func (s *sums) Range(_ context.Context, _ *clickhouse.Epoch, span clickhouse.Span, sel clickhouse.Selection) (clickhouse.Span, []clickhouse.Group, error) {
	s.selected, s.span = sel, span
	return span, s.groups, s.err
}

func (s *sums) Detail(_ context.Context, _ *clickhouse.Epoch, key window.Key, span clickhouse.Span, _ time.Duration) ([]clickhouse.DetailGroup, error) {
	s.key, s.span = key, span
	return s.detail, s.err
}

// definition is that of the default configuration with two attributes.
func definition() window.Definition {
	windows := window.DefaultWindows()
	return window.Definition{
		Windows: windows, Pane: window.PaneOf(windows), Bands: window.DefaultBands(), Partitions: 4,
		Dimensions: append(window.BuiltinDimensions(), "region"), Quality: []string{"response_time_ms", "accuracy", "completeness"},
	}
}

// world is an API on a server, with what is behind it.
type world struct {
	t        testing.TB
	api      *API
	server   *httptest.Server
	log      *log
	sums     *sums
	registry *prometheus.Registry
}

func testOptions() Options {
	events := event.DefaultConfig()
	events.Attributes = []string{"region"}
	return Options{
		Config: DefaultConfig(), Events: events, Admit: admit.DefaultConfig(), Bands: window.DefaultBands(), Target: 0.95,
		Logger: zerolog.Nop(), Now: func() time.Time { return now },
	}
}

func newWorld(t testing.TB, change ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, log: &log{keep: true}, sums: &sums{}, registry: prometheus.NewRegistry()}
	o := testOptions()
	o.Producer, o.Reader, o.Registerer = w.log, w.sums, w.registry
	for _, c := range change {
		c(&o)
	}
	if err := o.Config.Validate(); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.api, err = New(o); err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewUnstartedServer(nil)
	w.server.Config = o.Config.Server(w.api.Guarded(w.api))
	w.server.Start()
	t.Cleanup(w.server.Close)
	return w
}

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

func (w *world) do(method, path, contentType string, body io.Reader, headers ...string) *answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	response, err := w.server.Client().Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	a := &answer{w.t, response.StatusCode, response.Header, text}
	w.checkContract(method, path, a)
	return a
}

func (w *world) post(contentType, body string, headers ...string) *answer {
	w.t.Helper()
	return w.do(http.MethodPost, base+"/record", contentType, strings.NewReader(body), headers...)
}

func (w *world) get(path string) *answer {
	w.t.Helper()
	return w.do(http.MethodGet, path, "", nil)
}

// into reads the answer's body and demands its status.
func (a *answer) into(status int, to any) {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if err := json.Unmarshal(a.body, to); err != nil {
		a.t.Fatalf("%v: %s", err, a.body)
	}
}

var errKafka = errors.New("produce to ratings: Kafka is not available")
