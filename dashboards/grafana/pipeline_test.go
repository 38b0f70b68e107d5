package grafana

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	prom "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"

	"satisflow/pipeline"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/logid"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
	metrics "satisflow/sinks/prometheus"
	"satisflow/sinks/sinktest"
)

// processor is a real pipeline over records in memory, with the metrics of a processor.
type processor struct {
	*pipeline.Pipeline
	registry *prom.Registry
}

// records are those of each partition.
type records [][]source.Record

// Run gives all partitions to the owner.
func (r records) Run(ctx context.Context, own source.Owner) error {
	a := source.Assignment{TopicPartitions: len(r)}
	for p := range r {
		a.Partitions = append(a.Partitions, source.PartitionOffset{Partition: int32(p), Committed: -1})
	}
	return own(ctx, a, func(context.Context, map[int32]int64) error { return nil })
}

type memoryReader struct {
	records   []source.Record
	partition int32
}

// Continue hands over what there is from the position on, then the news that there is no more.
func (r memoryReader) Continue(ctx context.Context, at logid.Position, handle source.Handler) error {
	end := int64(len(r.records))
	for next := max(at.Next, 0); ctx.Err() == nil; next = end {
		b := source.Batch{Partition: r.partition, Records: r.records[next:], Next: end, HighWatermark: end, AtEnd: true}
		if err := handle(ctx, b); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

func (r records) add(partition int, id, body string) {
	r[partition] = append(r[partition], source.Record{Partition: int32(partition), Offset: int64(len(r[partition])), Timestamp: time.Now(),
		Key: []byte("c"), Value: []byte(fmt.Sprintf(`{"rating_id":%q,"customer_id":"c",%s}`, id, body))})
}

func startProcessor(t *testing.T, all records) *processor {
	t.Helper()
	def := sinktest.Definition()
	def.Windows, def.Pane, def.Partitions, def.Bands = window.DefaultWindows(), 5*time.Minute, len(all), window.DefaultBands()
	def.Dimensions, def.Quality = window.BuiltinDimensions(), []string{"response_time_ms", "accuracy", "completeness"}
	events := event.DefaultConfig()
	events.Services = []string{"any"}
	memory := sinktest.NewMemory(&def)
	p := &processor{registry: prom.NewRegistry()}
	p.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	p.Pipeline = pipeline.New(pipeline.DefaultConfig(), pipeline.Parts{
		Definition: &def, Events: events, Admission: admit.DefaultConfig(), Source: all,
		Reader: func(partition int32) pipeline.Reader { return memoryReader{all[partition], partition} },
		Store:  memory, Sink: memory, Permanent: func(error) bool { return false },
		Observer: metrics.NewMetrics(metrics.InEpoch(p.registry, 1), admit.Reasons(), len(all)), Now: time.Now, ID: "test", Log: zerolog.Nop(),
	})
	p.registry.MustRegister(metrics.NewExporter(metrics.ExporterConfig{
		Epoch: 1, Dimensions: []string{window.Overall, window.Service}, Quality: event.BuiltinMetrics(), Partitions: len(all), Target: 0.95,
		Standards: []metrics.Standard{{Service: "legal_consulting", Metric: "response_time_ms", Value: 2000}, {Service: "met", Metric: "accuracy", Value: 0.9}},
	}, p.View, time.Now))
	metrics.NewCurrentEpoch(p.registry).Set(1, time.Now())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("processor: %v", err)
		}
	})
	return p
}

func (p *processor) handler() http.Handler {
	return promhttp.HandlerFor(p.registry, promhttp.HandlerOpts{})
}

// names are the metrics that the registry shows, histograms by their buckets.
func (p *processor) names(t *testing.T) map[string]bool {
	t.Helper()
	families, err := p.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range families {
		names[f.GetName()], names[f.GetName()+"_bucket"], names[f.GetName()+"_sum"] = true, true, true
	}
	return names
}
