package rebuild

import (
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/rs/zerolog"

	"satisflow/pipeline"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
)

// Parts are what an epoch is filled with.
type Parts struct {
	Conn      driver.Conn
	Pipeline  pipeline.Config
	Events    event.Config
	Admission admit.Config
	Kafka     source.Config
	Reader    source.ReaderConfig
	Topic     string // only from the topic
	Cluster   string // of ClickHouse; empty for a single server
	Now       func() time.Time
	ID        string // name of this process
	Log       zerolog.Logger
}

// Progress says how far it is: records of the topic, or facts, about.
type Progress struct{ Done, Total int64 }

// silent is a pipeline's observer that counts nothing: the command has no metrics.
type silent struct{}

func (silent) Rejected(string)                            {}
func (silent) Misrouted()                                 {}
func (silent) ProducerAhead()                             {}
func (silent) Inserted(string, int, time.Duration, error) {}
func (silent) Flushed(time.Duration, time.Time)           {}
