package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// LatencyOptions say which running satisflow is measured, and with what.
type LatencyOptions struct {
	URL  string        // of the gateway, whose /metrics shows the processor's gauges too
	Conn driver.Conn   // to its ClickHouse
	Rate int           // ratings a second, each in a request of its own
	For  time.Duration // how long they are sent
}

// Latency is how long ratings took from the gateway's answer until they were seen, from outside.
type Latency struct {
	Sent       int       `json:"sent"`
	PerSecond  float64   `json:"ratings_per_second"`
	Answer     Quantiles `json:"answer"`     // from the request to the gateway's answer
	ClickHouse Quantiles `json:"clickhouse"` // from the answer to the fact in ClickHouse
	Gauges     Quantiles `json:"gauges"`     // from the answer to the gauge of the 1 h window
}

// Quantiles are in seconds.
type Quantiles struct {
	Median float64 `json:"median"`
	P99    float64 `json:"p99"`
	Max    float64 `json:"max"`
}

func quantiles(d []time.Duration) Quantiles {
	if len(d) == 0 {
		return Quantiles{}
	}
	slices.Sort(d)
	at := func(q float64) float64 { return d[min(len(d)-1, int(q*float64(len(d))))].Seconds() }
	return Quantiles{at(0.5), at(0.99), d[len(d)-1].Seconds()}
}

// watchEvery is how often a watcher looks: the error of each latency.
const watchEvery = 50 * time.Millisecond

// sample is how many ratings were seen at a time.
type sample struct {
	at    time.Time
	count int64
}

// MeasureLatency sends ratings, one a request, watches them appear, and returns when the last one did.
func MeasureLatency(ctx context.Context, o LatencyOptions) (*Latency, error) {
	m := &meter{o: o, client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	facts, gauges := &watcher{count: m.facts}, &watcher{count: m.gauge}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var watchers sync.WaitGroup
	for _, w := range []*watcher{facts, gauges} {
		if err := w.begin(ctx); err != nil {
			return nil, err
		}
		watchers.Go(func() { w.watch(watching) })
	}
	begin := time.Now()
	if err := m.send(ctx); err != nil {
		return nil, err
	}
	took := time.Since(begin)
	accepted := m.accepted()
	for _, w := range []*watcher{facts, gauges} {
		if err := w.until(ctx, int64(len(accepted))); err != nil {
			return nil, err
		}
	}
	stop()
	watchers.Wait()
	return &Latency{Sent: len(accepted), PerSecond: float64(len(accepted)) / took.Seconds(), Answer: quantiles(m.answers),
		ClickHouse: quantiles(facts.latencies(accepted)), Gauges: quantiles(gauges.latencies(accepted))}, nil
}

// meter sends the ratings.
type meter struct {
	o       LatencyOptions
	client  *http.Client
	mu      sync.Mutex
	times   []time.Time // of the answers
	answers []time.Duration
	failed  error
}

// send sends rating after rating by the clock, each in a goroutine of its own, never more than senders at a time.
func (m *meter) send(ctx context.Context) error {
	const senders = 64
	var wg sync.WaitGroup
	slots := make(chan struct{}, senders)
	begin, every := time.Now(), time.Second/time.Duration(m.o.Rate)
	for i := range int(m.o.For / every) {
		if wait := time.Until(begin.Add(time.Duration(i) * every)); wait > 0 {
			time.Sleep(wait)
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		wg.Go(func() {
			defer func() { <-slots }()
			m.post(ctx, i)
		})
	}
	wg.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failed
}

func (m *meter) post(ctx context.Context, i int) {
	body := fmt.Sprintf(`{"customer_id":"latency-%d","service":"data_analysis","rating":%d,"channel":"web"}`, i%5000, 1+i%5)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.o.URL+"/api/v1/enterprise-satisfaction/satisfaction/record", strings.NewReader(body))
	if err != nil {
		m.done(0, err)
		return
	}
	req.Header.Set("Content-Type", "application/json")
	begin := time.Now()
	resp, err := m.client.Do(req)
	if err != nil {
		m.done(0, err)
		return
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the gateway answered %s: %s", resp.Status, answer)
	}
	m.done(time.Since(begin), err)
}

func (m *meter) done(took time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.failed = errors.Join(m.failed, err)
		return
	}
	m.times, m.answers = append(m.times, time.Now()), append(m.answers, took)
}

func (m *meter) accepted() []time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.times
}

// facts counts the facts of recent panes.
func (m *meter) facts(ctx context.Context) (int64, error) {
	var n uint64
	err := m.o.Conn.QueryRow(ctx, "SELECT count() FROM enterprise_customer_satisfaction WHERE pane >= now() - INTERVAL 1 HOUR").Scan(&n)
	return int64(n), err
}

// gauge adds up the ratings of the 1 h window over the partitions.
func (m *meter) gauge(ctx context.Context) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.o.URL+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	resp, err := m.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	total := int64(0)
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		line := lines.Bytes()
		if !bytes.HasPrefix(line, []byte(`satisflow_window_ratings{dimension="overall"`)) || !bytes.Contains(line, []byte(`window="1h"`)) {
			continue
		}
		v, err := strconv.ParseFloat(string(line[bytes.LastIndexByte(line, ' ')+1:]), 64)
		if err != nil {
			return 0, fmt.Errorf("read the gauge: %w", err)
		}
		total += int64(v)
	}
	return total, lines.Err()
}

// watcher looks how many ratings there are, again and again.
type watcher struct {
	count   func(context.Context) (int64, error)
	before  int64
	mu      sync.Mutex
	samples []sample
}

func (w *watcher) begin(ctx context.Context) (err error) {
	w.before, err = w.count(ctx)
	return err
}

func (w *watcher) watch(ctx context.Context) {
	for ctx.Err() == nil {
		if n, err := w.count(ctx); err == nil {
			w.mu.Lock()
			w.samples = append(w.samples, sample{time.Now(), n - w.before})
			w.mu.Unlock()
		}
		select {
		case <-ctx.Done():
		case <-time.After(watchEvery):
		}
	}
}

// until waits until so many were seen.
func (w *watcher) until(ctx context.Context, n int64) error {
	const patience = 30 * time.Second
	for end := time.Now().Add(patience); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(watchEvery) {
		w.mu.Lock()
		seen := len(w.samples) > 0 && w.samples[len(w.samples)-1].count >= n
		w.mu.Unlock()
		if seen {
			return nil
		}
	}
	return errors.Join(ctx.Err(), fmt.Errorf("%d ratings were accepted, and not all of them seen within %s", n, patience))
}

// latencies returns how long after its answer the n-th rating was seen: when the first sample counted n or more.
func (w *watcher) latencies(accepted []time.Time) []time.Duration {
	var out []time.Duration
	i := 0
	for n, at := range accepted {
		for i < len(w.samples) && w.samples[i].count < int64(n)+1 {
			i++
		}
		if i < len(w.samples) {
			out = append(out, max(0, w.samples[i].at.Sub(at)))
		}
	}
	return out
}
