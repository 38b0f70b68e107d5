package chaos

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Brokers that a run may use.
const (
	BrokerAuto     = "auto"     // Apache Kafka where Java and its jars are there, else the embedded one
	BrokerKafka    = "kafka"    // Apache Kafka
	BrokerEmbedded = "embedded" // the broker of satisflow dev, in a process of its own
)

// Config says what is run and how hard it is hit.
type Config struct {
	// For is how long faults are made at least; they go on until each kind has been hit.
	For time.Duration
	// Seed draws the faults and the ratings.
	Seed uint64
	// Rate is the live ratings a second.
	Rate float64
	// Stored is how many ratings of the past are sent before the live ones, and Days how many days they are of.
	Stored, Days int
	// Broker is auto, kafka or embedded.
	Broker string
	// Dir is the folder of the run, empty for a temporary one. It is kept when the run fails.
	Dir string
	// Keep keeps the folder in any case.
	Keep bool

	// Processors is how many share the partitions, 2 or more; one more joins and goes.
	Processors int
	// Partitions of the topic.
	Partitions int
	// Session is the session timeout of the group: 1 s or more (the broker is our own, others demand 6 s).
	Session time.Duration
	// Calm is the longest time between the end of a fault and the next one of its loop; there are two.
	Calm time.Duration
	// Faults are what is drawn from; nil is all.
	Faults []Fault
	// Recovery says whether to measure the time back at work, Retention whether to let retention overtake a consumer.
	Recovery, Retention bool

	// Program is this program and Env what is added to its environment, for the child processes.
	Program, Env []string
	// Progress receives a line per fault and phase.
	Progress io.Writer
}

// DefaultConfig runs for 30 minutes; it lacks Program.
func DefaultConfig() Config {
	return Config{
		For: 30 * time.Minute, Seed: 1, Rate: 150, Stored: 20_000, Days: 28, Broker: BrokerAuto, Processors: 2, Partitions: 4,
		Session: 6 * time.Second, Calm: 2 * time.Second, Recovery: true, Retention: true, Progress: io.Discard,
	}
}

// Validate returns an error per field that is wrong, with its value and what would be right.
func (c Config) Validate() error {
	var errs []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	wrong(c.For <= 0, "for: %s: want a time above 0, such as 30m", c.For)
	wrong(!(c.Rate >= 10 && c.Rate <= 5000), "rate: %v: want 10 to 5000 ratings a second", c.Rate)
	wrong(c.Stored < 100 || c.Stored > 5_000_000, "stored: %d: want 100 to 5000000 ratings", c.Stored)
	wrong(c.Days < 1 || c.Days > 366, "days: %d: want 1 to 366", c.Days)
	wrong(!slices.Contains([]string{BrokerAuto, BrokerKafka, BrokerEmbedded}, c.Broker), "broker: %q: want auto, kafka or embedded", c.Broker)
	wrong(c.Processors < 2 || c.Processors > 8, "processors: %d: want 2 to 8", c.Processors)
	wrong(c.Partitions < 1 || c.Partitions > 64, "partitions: %d: want 1 to 64", c.Partitions)
	wrong(c.Session < time.Second, "session: %s: want 1s or more", c.Session)
	wrong(c.Calm < 0, "calm: %s: want 0s or more", c.Calm)
	wrong(len(c.Program) == 0, "program is empty: want this program, for the processors")
	return errors.Join(errs...)
}
