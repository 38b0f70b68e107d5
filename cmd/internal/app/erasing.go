package app

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/service/erasure"
	"satisflow/pipeline/source"
	"satisflow/sinks/clickhouse"
)

// eraser is an eraser and the clients that it uses.
type eraser struct {
	*erasure.Eraser
	down teardown
}

// newEraser composes an eraser over an open connection. Close it after its last use.
func newEraser(cfg *config.Config, conn driver.Conn, text erasure.AlertText, bounds erasure.Config) (*eraser, error) {
	admission, err := withCustomerKey(cfg)
	if err != nil {
		return nil, usageError(err)
	}
	client, err := source.NewClient(cfg.Kafka.Config)
	if err != nil {
		return nil, usageError(fmt.Errorf("kafka: %w", err))
	}
	producer, err := source.NewProducer(cfg.Kafka.Config, cfg.Kafka.ProducerConfig())
	if err != nil {
		client.Close()
		return nil, usageError(fmt.Errorf("kafka: %w", err))
	}
	e := &eraser{Eraser: erasure.New(bounds, erasure.Parts{
		Store: clickhouse.NewErasures(conn, cfg.ClickHouse.Cluster), Producer: producer, Events: cfg.Event, Admission: admission, Alerts: text, CustomerKey: admission.CustomerKey, Now: time.Now,
		Ends: func(ctx context.Context) (map[int32]int64, error) {
			_, ends, err := client.Offsets(ctx, cfg.Kafka.Topic)
			return ends, err
		},
	})}
	e.down.add(func(context.Context) error { client.Close(); return nil })
	e.down.add(func(context.Context) error { return producer.Close() })
	return e, nil
}

// Close ends the clients.
func (e *eraser) Close(context.Context) error { return e.down.end(stopTime) }

// newErasing is the service that finishes the erasures of the gateway.
func newErasing(cfg *config.Config, conn driver.Conn, text erasure.AlertText, reg prometheus.Registerer, log zerolog.Logger) (*erasure.Service, func(context.Context) error, error) {
	e, err := newEraser(cfg, conn, text, erasure.DefaultConfig())
	if err != nil {
		return nil, nil, err
	}
	return erasure.NewService(e.Eraser, reg, log), e.Close, nil
}
