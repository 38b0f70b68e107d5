package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"satisflow/pipeline/event"
	"satisflow/pipeline/eventgen"
	"satisflow/pipeline/source"
)

const (
	// reasonHeader says for which reason a record must be rejected; empty for one that must count.
	reasonHeader = "chaos-reason"
	// maxRecord is more than admission takes, so that records which are too large reach it.
	maxRecord = 4 << 20

	sendEvery = 50 * time.Millisecond
)

// load sends ratings: those of the past at once, then live ones, and changes to those of the past among them.
type load struct {
	cfg      *Config
	producer *source.Producer
	live     *eventgen.Generator
	past     []eventgen.Item // every so many, to be changed later
	revision map[string]uint32
	next     int

	mu   sync.Mutex
	sent map[string]int64 // by kind
}

func newLoad(cfg *Config, cluster source.Config, topic string) (*load, error) {
	p := source.DefaultProducerConfig()
	p.Topic, p.BatchRecords, p.MaxMessageBytes, p.Attempts = topic, 5000, maxRecord, 1
	producer, err := source.NewProducer(cluster, p)
	if err != nil {
		return nil, err
	}
	return &load{cfg: cfg, producer: producer, revision: map[string]uint32{}, sent: map[string]int64{}}, nil
}

func (l *load) close() error { return l.producer.Close() }

// ratings are a little of everything that goes wrong, and more than usual.
func (l *load) ratings(start time.Time, rate float64) eventgen.Config {
	c := eventgen.DefaultConfig()
	c.Seed, c.Start, c.Rate, c.Customers = l.cfg.Seed, start, rate, 500
	c.Duplicates, c.Corrections, c.Erasures, c.Late, c.Bad, c.Lateness = 0.03, 0.03, 0.005, 0.005, 0.02, 24*time.Hour
	c.TooLarge = true
	return c
}

// sendPast sends the ratings of the last days.
func (l *load) sendPast(ctx context.Context, now time.Time) error {
	g := eventgen.New(l.ratings(now.AddDate(0, 0, -l.cfg.Days), float64(l.cfg.Stored)/(float64(l.cfg.Days)*(24*time.Hour).Seconds())))
	var items []eventgen.Item
	for it := range g.Until(now) {
		items = append(items, it)
		if it.Kind == eventgen.Fresh && len(l.past) < 10_000 && len(items)%3 == 0 {
			l.past = append(l.past, it)
		}
		if len(items) == 5000 {
			if err := l.send(ctx, items); err != nil {
				return err
			}
			items = items[:0]
		}
	}
	return l.send(ctx, items)
}

// run sends live ratings until ctx ends.
func (l *load) run(ctx context.Context, begin time.Time) error {
	l.live = eventgen.New(l.ratings(begin, l.cfg.Rate))
	tick := time.NewTicker(sendEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now := time.Now()
		var items []eventgen.Item
		for it := range l.live.Until(now) {
			items = append(items, it)
		}
		items = append(items, l.change(now)...)
		if err := l.send(ctx, items); err != nil {
			return err
		}
	}
}

// change corrects, repeats or erases a rating of the past, about once a second.
func (l *load) change(now time.Time) []eventgen.Item {
	if l.next++; len(l.past) == 0 || l.next%20 != 0 {
		return nil
	}
	n := l.next / 20
	it := l.past[n*7919%len(l.past)]
	it.At = now
	e := it.Event
	switch n % 4 {
	case 0: // again, as it was
		it.Kind = eventgen.Duplicate
		return []eventgen.Item{it}
	case 1:
		it.Kind = eventgen.Erasure
		e = event.Event{RatingID: e.RatingID, Op: event.Erase, OccurredAt: e.OccurredAt, CustomerID: e.CustomerID, Service: e.Service, Quality: event.NoQuality()}
	default:
		it.Kind = eventgen.Correction
		l.revision[e.RatingID]++
		e.Revision = l.revision[e.RatingID]
		e.Rating = int32(100 + n%5*100)
	}
	it.JSON = event.AppendJSON(nil, &e, event.DefaultConfig())
	return []eventgen.Item{it}
}

// send returns when all are acknowledged, however often it takes; nil also when ctx ends before.
func (l *load) send(ctx context.Context, items []eventgen.Item) error {
	messages := make([]source.Message, len(items))
	for i, it := range items {
		messages[i] = source.Message{Key: it.Key, Value: it.JSON, Time: it.At, Headers: []source.Header{{Key: reasonHeader, Value: []byte(it.WantReason)}}}
	}
	for left := messages; len(left) > 0; {
		err := l.producer.Produce(context.WithoutCancel(ctx), left...)
		var each source.ProduceErrors
		switch {
		case err == nil:
			left = nil
			continue
		case errors.Is(err, source.ErrTooLarge), !errors.As(err, &each):
			return fmt.Errorf("send ratings: %w", err)
		case ctx.Err() != nil:
			return nil // some may be in the log all the same
		}
		left = refused(left, each)
		sleep(ctx, 200*time.Millisecond)
	}
	l.count(items)
	return nil
}

// refused returns the messages that have an error.
func refused(messages []source.Message, each source.ProduceErrors) (left []source.Message) {
	for i, err := range each {
		if err != nil {
			left = append(left, messages[i])
		}
	}
	return left
}

func (l *load) count(items []eventgen.Item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, it := range items {
		l.sent[it.Kind.String()]++
	}
}

// counts returns what was sent, by kind.
func (l *load) counts() map[string]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]int64{}
	for k, n := range l.sent {
		out[k] = n
	}
	return out
}
