package prometheus

import (
	"fmt"
	"math"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	prom "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"satisflow/pipeline"
	"satisflow/pipeline/event"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// clock is a moment of the tests.
var clock = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// key is a current window of a key, as a partition yields it.
type key struct {
	dimension, value, window string
	sums                     window.Sums
}

func partition(number int32, keys ...key) pipeline.PartitionView {
	return pipeline.PartitionView{Partition: number, Current: func(yield func(window.Key, string, *window.Sums)) {
		for _, k := range keys {
			yield(window.Key{Dimension: k.dimension, Value: k.value}, k.window, &k.sums)
		}
	}}
}

func exporting(cfg ExporterConfig, view pipeline.View) *prom.Registry {
	reg := prom.NewRegistry()
	reg.MustRegister(NewExporter(cfg, func() pipeline.View { return view }, func() time.Time { return clock }))
	return reg
}

// Every family and value of a state that differs in every figure: no gauge can be another one, always 0, or in another unit.
func TestTheExporterShowsAKnownState(t *testing.T) {
	sums := window.Sums{Ratings: 10, Unscored: 3, Satisfied: 8, Highly: 5, Dissatisfied: 1, Sum: 4125}
	sums.Quality[0] = window.QualitySum{Sum: 1700, N: 4}
	sums.Quality[1] = window.QualitySum{Sum: 2_500_000, N: 3}
	live := partition(1, key{"overall", "", "1h", sums}, key{"service", `a "b"`, "1h", window.Sums{Ratings: 2}}, key{"product", "p", "1h", sums}, key{"product", "q", "1h", window.Sums{}})
	live.Lag = 7
	live.Progress = owner.Progress{Cut: 41, Watermark: clock.Add(-2 * time.Minute).UnixMilli(), FreshAt: clock.Add(-59 * time.Second).UnixMilli(), Facts: 6, Bytes: 1000}
	behind := partition(2)
	behind.Progress = owner.Progress{Cut: -1, FreshAt: clock.Add(-61 * time.Second).UnixMilli(), Facts: 5, Bytes: 500}
	starting := partition(0)
	starting.Progress = owner.Progress{Cut: -1}
	view := pipeline.View{Topic: 4, Memory: 4096, Partitions: []pipeline.PartitionView{behind, live, starting}, Stats: map[int32]owner.Stats{
		0: {Consumed: 100, Admitted: 90, Duplicates: 1, Replayed: 2, Corrections: 3, Erasures: 4, Late: 5, Frozen: 6, PagedIn: 7, Evicted: 8},
		1: {Consumed: 10, Admitted: 9, Duplicates: 10, Replayed: 20, Corrections: 30, Erasures: 40, Late: 50, Frozen: 60, PagedIn: 70, Evicted: 80},
	}}
	reg := exporting(ExporterConfig{
		Epoch: 3, Dimensions: []string{"overall", "service"}, Quality: event.BuiltinMetrics(), Partitions: 2, Target: 0.95,
		Standards: []Standard{{"a", "response_time_ms", 2000}, {"a", "accuracy", 0.9}, {"a", "response_time_ms", 3000}},
	}, view)
	want := `
satisflow_catching_up{epoch="3",partition="0"} 1
satisflow_catching_up{epoch="3",partition="1"} 0
satisflow_catching_up{epoch="3",partition="2"} 1
satisflow_checkpoint_offset{epoch="3",partition="0"} -1
satisflow_checkpoint_offset{epoch="3",partition="1"} 41
satisflow_checkpoint_offset{epoch="3",partition="2"} -1
satisflow_corrections_total{epoch="3"} 33
satisflow_dimension_folded_values{dimension="overall",epoch="3"} 0
satisflow_dimension_folded_values{dimension="service",epoch="3"} 0
satisflow_dimension_values{dimension="overall",epoch="3"} 1
satisflow_dimension_values{dimension="product",epoch="3"} 1
satisflow_dimension_values{dimension="service",epoch="3"} 1
satisflow_duplicates_total{epoch="3"} 11
satisflow_erasures_total{epoch="3"} 44
satisflow_fresh_timestamp_seconds{epoch="3",partition="0"} 0
satisflow_fresh_timestamp_seconds{epoch="3",partition="1"} 1.772366341e+09
satisflow_fresh_timestamp_seconds{epoch="3",partition="2"} 1.772366339e+09
satisflow_frozen_total{epoch="3"} 66
satisflow_lag_records{epoch="3",partition="0"} 0
satisflow_lag_records{epoch="3",partition="1"} 7
satisflow_lag_records{epoch="3",partition="2"} 0
satisflow_lag_seconds{epoch="3",partition="0"} 0
satisflow_lag_seconds{epoch="3",partition="1"} 59
satisflow_lag_seconds{epoch="3",partition="2"} 61
satisflow_late_total{epoch="3"} 55
satisflow_memory_bytes{epoch="3"} 1500
satisflow_memory_limit_bytes{epoch="3"} 4096
satisflow_panes_evicted_total{epoch="3"} 88
satisflow_panes_paged_in_total{epoch="3"} 77
satisflow_partitions_owned{epoch="3"} 3
satisflow_pending_rows{epoch="3"} 11
satisflow_records_admitted_total{epoch="3",partition="0"} 90
satisflow_records_admitted_total{epoch="3",partition="1"} 9
satisflow_records_consumed_total{epoch="3",partition="0"} 100
satisflow_records_consumed_total{epoch="3",partition="1"} 10
satisflow_replayed_total{epoch="3"} 22
satisflow_service_standard{epoch="3",metric="accuracy",service="a"} 0.9
satisflow_service_standard{epoch="3",metric="response_time_ms",service="a"} 3000
satisflow_target_ratio{epoch="3"} 0.95
satisflow_topic_partitions{epoch="3"} 4
satisflow_watermark_timestamp_seconds{epoch="3",partition="0"} 0
satisflow_watermark_timestamp_seconds{epoch="3",partition="1"} 1.77236628e+09
satisflow_watermark_timestamp_seconds{epoch="3",partition="2"} 0
satisflow_window_dissatisfied{dimension="overall",epoch="3",partition="1",value="",window="1h"} 1
satisflow_window_dissatisfied{dimension="service",epoch="3",partition="1",value="a \"b\"",window="1h"} 0
satisflow_window_highly_satisfied{dimension="overall",epoch="3",partition="1",value="",window="1h"} 5
satisflow_window_highly_satisfied{dimension="service",epoch="3",partition="1",value="a \"b\"",window="1h"} 0
satisflow_window_quality_points{dimension="overall",epoch="3",metric="accuracy",partition="1",value="",window="1h"} 2.5
satisflow_window_quality_points{dimension="overall",epoch="3",metric="response_time_ms",partition="1",value="",window="1h"} 1700
satisflow_window_quality_ratings{dimension="overall",epoch="3",metric="accuracy",partition="1",value="",window="1h"} 3
satisflow_window_quality_ratings{dimension="overall",epoch="3",metric="response_time_ms",partition="1",value="",window="1h"} 4
satisflow_window_rating_points{dimension="overall",epoch="3",partition="1",value="",window="1h"} 41.25
satisflow_window_rating_points{dimension="service",epoch="3",partition="1",value="a \"b\"",window="1h"} 0
satisflow_window_ratings{dimension="overall",epoch="3",partition="1",value="",window="1h"} 10
satisflow_window_ratings{dimension="service",epoch="3",partition="1",value="a \"b\"",window="1h"} 2
satisflow_window_satisfied{dimension="overall",epoch="3",partition="1",value="",window="1h"} 8
satisflow_window_satisfied{dimension="service",epoch="3",partition="1",value="a \"b\"",window="1h"} 0
satisflow_window_unscored{dimension="overall",epoch="3",partition="1",value="",window="1h"} 3
satisflow_window_unscored{dimension="service",epoch="3",partition="1",value="a \"b\"",window="1h"} 0
`
	if got := samples(t, scrape(t, reg, zerolog.Nop())); got != strings.TrimSpace(want) {
		t.Errorf("shown:\n%s", diff(got, strings.TrimSpace(want)))
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

// scrape returns /metrics, which must answer 200.
func scrape(t testing.TB, reg *prom.Registry, log zerolog.Logger) string {
	t.Helper()
	w := httptest.NewRecorder()
	Handler(reg, log).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("status %d: %.300s", w.Code, w.Body)
	}
	return w.Body.String()
}

// samples are the lines of the exporter's own series.
func samples(t testing.TB, text string) string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "satisflow_") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return strings.Join(lines, "\n")
}

// diff lists the lines that only one of them has.
func diff(got, want string) string {
	var b strings.Builder
	for line := range strings.Lines(got + "\n") {
		if !strings.Contains(want+"\n", line) {
			b.WriteString("+ " + line)
		}
	}
	for line := range strings.Lines(want + "\n") {
		if !strings.Contains(got+"\n", line) {
			b.WriteString("- " + line)
		}
	}
	return b.String()
}

// flooded has four segments with many responses among thousands with one, in each of the partitions, and a few services.
func flooded(partitions, values int) pipeline.View {
	var v pipeline.View
	for p := range partitions {
		var keys []key
		add := func(dimension, value string, ratings int64) {
			for i, name := range []string{"1h", "6h", "24h", "7d", "28d"} {
				keys = append(keys, key{dimension, value, name, window.Sums{Ratings: ratings * int64(i+1), Satisfied: ratings}})
			}
		}
		add("overall", "", int64(400+values))
		add("service", "legal_consulting", 100)
		for _, dimension := range []string{"segment", "channel"} {
			for i := range values {
				add(dimension, fmt.Sprintf(`"written by a program" %08d`, i), 1)
				if dimension == "segment" && i%(values/4) == 0 {
					add(dimension, fmt.Sprintf("real %d", i/(values/4)), 100)
				}
			}
		}
		v.Partitions = append(v.Partitions, partition(int32(p), keys...))
	}
	return v
}

// 20,000 values of two dimensions in four partitions made 183 MB and 20 s.
func TestMetricsStaySmallWhateverValuesThereAre(t *testing.T) {
	var logged strings.Builder
	log := zerolog.New(&logged)
	view := flooded(4, 20_000)
	reg := exporting(ExporterConfig{Dimensions: []string{"overall", "service", "segment", "channel"}, Quality: event.BuiltinMetrics(), Partitions: 4, Log: log}, view)
	begin := time.Now()
	text := scrape(t, reg, log)
	took := time.Since(begin)
	if again := scrape(t, reg, log); again != text {
		t.Error("two scrapes of one state differ")
	}
	t.Logf("%d bytes in %v", len(text), took)
	if len(text) > 5_000_000 || took > 8*time.Second { // 0.5 s on an idle machine; others share it
		t.Errorf("%d bytes in %v, want at most 5 MB and 1 s", len(text), took)
	}
	if len(text) < DefaultMaxBytes*6/10 {
		t.Errorf("%d bytes: less than the room that there is", len(text))
	}
	for _, want := range []string{
		`satisflow_window_ratings{dimension="overall",epoch="0",partition="3",value="",window="1h"} 20400`,
		`satisflow_window_ratings{dimension="service",epoch="0",partition="3",value="legal_consulting",window="28d"} 500`,
		`satisflow_window_ratings{dimension="segment",epoch="0",partition="0",value="real 3",window="28d"} 500`,
		`satisflow_dimension_values{dimension="segment",epoch="0"} 20004`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s", want)
		}
	}
	for _, dimension := range []string{"segment", "channel"} {
		total := map[string]float64{}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, `satisflow_window_ratings{dimension="`+dimension) && strings.Contains(line, `window="1h"`) {
				var n float64
				_, _ = fmt.Sscan(line[strings.LastIndexByte(line, ' ')+1:], &n)
				_, rest, _ := strings.Cut(line, `partition="`)
				total[rest[:1]] += n
			}
		}
		want := map[string]float64{"segment": 20_400, "channel": 20_000}[dimension]
		for p := range 4 {
			if got := total[fmt.Sprint(p)]; got != want {
				t.Errorf("%s of partition %d adds up to %v, want %v: a value is lost or counts twice", dimension, p, got, want)
			}
		}
		if folded := number(t, text, `satisflow_dimension_folded_values{dimension="`+dimension+`",epoch="0"}`); folded < 15_000 || folded > 20_000 {
			t.Errorf("%v values of %s are said to be under other", folded, dimension)
		}
		if n := strings.Count(logged.String(), `"dimension":"`+dimension+`"`); n != 1 {
			t.Errorf("logged %d times about %s, want once:\n%s", n, dimension, &logged)
		}
	}
}

func number(t testing.TB, text, series string) float64 {
	t.Helper()
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			var n float64
			_, _ = fmt.Sscan(rest, &n)
			return n
		}
	}
	t.Errorf("no %s", series)
	return math.NaN()
}

// A value that is shown stays for all partitions while others come and go.
func TestShownValuesStay(t *testing.T) {
	var view pipeline.View
	reg := prom.NewRegistry()
	reg.MustRegister(NewExporter(ExporterConfig{Dimensions: []string{"service"}, MaxBytes: 10_000}, func() pipeline.View { return view }, time.Now))
	show := func(values map[string]int64) (shown string) {
		var keys []key
		for _, v := range []string{"a", "b", "c", "d", "other", "x", "y", "z"} {
			if n := values[v]; n > 0 {
				keys = append(keys, key{"service", v, "1h", window.Sums{Ratings: n, Unscored: 1000}})
			}
		}
		view.Partitions = []pipeline.PartitionView{partition(0, keys...), partition(1, keys...)}
		for line := range strings.Lines(scrape(t, reg, zerolog.Nop())) {
			if strings.HasPrefix(line, `satisflow_window_ratings{`) && strings.Contains(line, `partition="0"`) {
				_, rest, _ := strings.Cut(line, `value="`)
				value, rest, _ := strings.Cut(rest, `"`)
				shown += value + "=" + strings.TrimSpace(rest[strings.LastIndexByte(rest, ' '):]) + " "
			}
		}
		return shown
	}
	const room = 6
	few := map[string]int64{"a": 10, "b": 10, "c": 10}
	if got := show(few); got != "a=10 b=10 c=10 " {
		t.Errorf("few values: %s", got)
	}
	many := map[string]int64{"a": 10, "b": 10, "c": 10, "d": 15, "other": 1, "x": 15, "y": 15, "z": 15}
	got := show(many)
	if !strings.HasPrefix(got, "a=10 b=10 c=10 ") || !strings.Contains(got, "other=") || strings.Count(got, "=") > room+1 {
		t.Errorf("many values: %s", got)
	}
	if again := show(many); again != got {
		t.Errorf("the next scrape: %s, want %s", again, got)
	}
	delete(many, "a")
	if got := show(many); strings.Contains(got, "a=") || !strings.Contains(got, "b=10") {
		t.Errorf("one is gone: %s", got)
	}
}

// No configuration and no value makes /metrics fail.
func TestNothingMakesMetricsFail(t *testing.T) {
	broken := "\xff\xfe"
	var logged strings.Builder
	reg := exporting(ExporterConfig{
		Dimensions: []string{"service", "service"}, Quality: []event.Metric{{Name: "q"}, {Name: "q"}}, Partitions: 1,
		Standards: []Standard{{broken, broken, 1}, {broken, "\xff", 2}, {"a", "q", 1}, {"a", "q", 2}},
	}, pipeline.View{Partitions: []pipeline.PartitionView{partition(0, key{"service", broken, "1h", window.Sums{Ratings: 1}}, key{"service", "other", "1h", window.Sums{Ratings: 2}})}})
	text := scrape(t, reg, zerolog.New(&logged))
	for _, want := range []string{`satisflow_service_standard{epoch="0",metric="q",service="a"} 2`, `satisflow_partitions_owned{epoch="0"} 1`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s:\n%s", want, text)
		}
	}
	// Two metrics of one name are refused by the configuration; if they came, all else would still be shown.
	both := window.Sums{Ratings: 1}
	both.Quality[0], both.Quality[1] = window.QualitySum{Sum: 1, N: 1}, window.QualitySum{Sum: 2, N: 1}
	reg = exporting(ExporterConfig{Dimensions: []string{"service"}, Quality: []event.Metric{{Name: "q"}, {Name: "q"}}, Partitions: 1},
		pipeline.View{Partitions: []pipeline.PartitionView{partition(0, key{"service", "a", "1h", both})}})
	if text := scrape(t, reg, zerolog.New(&logged)); !strings.Contains(text, "satisflow_partitions_owned") || logged.Len() == 0 {
		t.Errorf("the others are not shown, or nothing is logged: %s", text)
	}
}

// Scrapes beyond a few at a time are turned away, and a slow one does not make them pile up.
func TestScrapesInFlightAreLimited(t *testing.T) {
	release, entered := make(chan struct{}), make(chan struct{}, 100)
	reg := prom.NewRegistry()
	reg.MustRegister(NewExporter(ExporterConfig{}, func() pipeline.View {
		entered <- struct{}{}
		<-release
		return pipeline.View{}
	}, time.Now))
	handler := Handler(reg, zerolog.Nop())
	codes := make(chan int, 20)
	var scrapes sync.WaitGroup
	for range cap(codes) {
		scrapes.Go(func() {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
			codes <- w.Code
		})
	}
	for range cap(codes) - maxScrapes {
		if code := <-codes; code != 503 {
			t.Errorf("status %d while %d scrapes run, want 503", code, maxScrapes)
		}
	}
	close(release)
	scrapes.Wait()
	for range maxScrapes {
		if code := <-codes; code != 200 {
			t.Errorf("status %d for one of the first, want 200", code)
		}
	}
}
