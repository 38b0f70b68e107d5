package chaos

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"satisflow/cmd/internal/proof/oracle"
	"satisflow/pipeline/eventgen"
)

// Retention is what was said about records that were removed before they were read, and whether all others count.
type Retention struct {
	Removed int64  `json:"removed"` // records that no processor had read
	Logged  int64  `json:"logged"`  // as the log said
	Metric  int64  `json:"metric"`  // as satisflow_records_lost_total said
	Stored  Stored `json:"stored"`
}

const lossyTopic = "lossy"

// retention removes records that a processor has not read yet: of one that is stopped, and of one that is not running. The
// topic, the group and the database are its own.
func (s *stack) retention(ctx context.Context) (*Retention, error) {
	if err := s.createTopics(ctx, lossyTopic, deadOf(lossyTopic)); err != nil {
		return nil, err
	}
	conn, err := s.database(ctx, lossyTopic)
	if err != nil {
		return nil, err
	}
	l, err := newLoad(s.cfg, s.cluster(), lossyTopic)
	if err != nil {
		return nil, err
	}
	defer l.close()
	p := newLossy(s)
	o := oracle.New(oracle.DefaultRules())
	r := &Retention{}
	if err := s.lose(ctx, p, conn, l, o, r); err != nil {
		return nil, err
	}
	stored, err := compareStored(ctx, conn, o)
	if err != nil {
		return nil, err
	}
	r.Stored = *stored
	return r, nil
}

// newLossy is the place of the processor of this scenario.
func newLossy(s *stack) *processor {
	first := s.processors[0]
	p := &processor{number: len(s.processors), program: first.program, log: first.log + ".lossy", block: first.block,
		kafka: first.kafka, store: first.store, front: first.front, excuse: first.excuse, failed: first.failed}
	p.env = append(s.settings(p, lossyTopic, lossyTopic), s.cfg.Env...)
	return p
}

func (s *stack) lose(ctx context.Context, p *processor, conn driver.Conn, l *load, o *oracle.Oracle, r *Retention) error {
	alone := fmt.Sprintf("SATISFLOW_PROCESSOR_PARTITIONS=0-%d", s.cfg.Partitions-1)
	g := eventgen.New(l.ratings(time.Now().Add(-time.Hour), 1))
	send := func() error {
		var items []eventgen.Item
		for range 100 * s.cfg.Partitions {
			items = append(items, g.Next())
		}
		return l.send(ctx, items)
	}
	read := func() error { return s.readIntoOracle(ctx, conn, o) }
	if err := p.start(alone); err != nil {
		return err
	}
	defer func() { _, _ = p.kill() }() // after an error
	stop := func() (back func() error, err error) {
		_, back, err = p.stop()
		sleep(ctx, 500*time.Millisecond) // a fetch under way comes back empty
		return back, err
	}
	kill := func() (back func() error, err error) {
		r.Metric += metric(ctx, p)
		_, err = p.kill()
		return func() error { return p.start(alone) }, err
	}
	for _, away := range []func() (func() error, error){stop, kill} {
		if err := send(); err != nil {
			return err
		}
		if err := read(); err != nil {
			return err
		}
		back, err := away()
		if err != nil {
			return err
		}
		if err := send(); err != nil {
			return err
		}
		removed, err := s.removeSome(ctx)
		if err != nil {
			return err
		}
		r.Removed += removed
		if err := back(); err != nil {
			return err
		}
		if err := read(); err != nil {
			return err
		}
		if proc := p.running(); proc != nil {
			r.Logged += proc.watcher.saidLost()
		}
	}
	r.Metric += metric(ctx, p)
	return p.end()
}

// readIntoOracle waits until the processor has read everything, lets the oracle read it, and removes it from the topic, so
// that the oracle reads each record once.
func (s *stack) readIntoOracle(ctx context.Context, conn driver.Conn, o *oracle.Oracle) error {
	if err := s.settle(ctx, conn, lossyTopic, time.Minute); err != nil {
		return err
	}
	if err := o.ReadTopic(ctx, s.broker.address, lossyTopic, s.cfg.Partitions); err != nil {
		return err
	}
	_, ends, err := s.client.Offsets(ctx, lossyTopic)
	if err != nil {
		return err
	}
	return s.deleteRecords(ctx, lossyTopic, ends)
}

// removeSome removes half of the records that were not read.
func (s *stack) removeSome(ctx context.Context) (removed int64, err error) {
	first, last, err := s.client.Offsets(ctx, lossyTopic)
	if err != nil {
		return 0, err
	}
	for p := range first {
		half := (last[p] - first[p]) / 2
		first[p] += half
		removed += half
	}
	return removed, s.deleteRecords(ctx, lossyTopic, first)
}

// deleteRecords moves the starts of the partitions, as retention does.
func (s *stack) deleteRecords(ctx context.Context, topic string, before map[int32]int64) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(s.broker.address))
	if err != nil {
		return fmt.Errorf("delete records of %s: %w", topic, err)
	}
	defer client.Close()
	request := kmsg.NewPtrDeleteRecordsRequest()
	t := kmsg.NewDeleteRecordsRequestTopic()
	t.Topic = topic
	for p, offset := range before {
		part := kmsg.NewDeleteRecordsRequestTopicPartition()
		part.Partition, part.Offset = p, offset
		t.Partitions = append(t.Partitions, part)
	}
	request.Topics = append(request.Topics, t)
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return fmt.Errorf("delete records of %s: %w", topic, err)
	}
	for _, t := range response.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return fmt.Errorf("delete records of %s/%d: %w", t.Topic, p.Partition, err)
			}
		}
	}
	return nil
}

var lostMetric = regexp.MustCompile(`(?m)^satisflow_records_lost_total\{[^}]*\} (\d+)$`)

// metric is the sum of satisflow_records_lost_total that the processor shows; 0 when it cannot be asked.
func metric(ctx context.Context, p *processor) (sum int64) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	proc := p.running()
	if proc == nil {
		return 0
	}
	text, err := scrape(ctx, proc.watcher)
	if err != nil {
		return 0
	}
	for _, m := range lostMetric.FindAllSubmatch(text, -1) {
		n, _ := strconv.ParseInt(string(m[1]), 10, 64) // digits
		sum += n
	}
	return sum
}

// scrape reads the metrics of a process, as soon as it has said where they are.
func scrape(ctx context.Context, w *watcher) ([]byte, error) {
	var address string
	select {
	case address = <-w.serving:
		w.serving <- address // for the next time
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}
