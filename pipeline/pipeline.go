package pipeline

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/logid"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
)

// Source gives partitions to an owner, one assignment after the other; source.Group and source.Static do.
type Source interface {
	Run(ctx context.Context, own source.Owner) error
}

// Reader reads one partition from a position on; source.Reader does.
type Reader interface {
	Continue(ctx context.Context, at logid.Position, handle source.Handler) error
}

// Observer is told what happens, for metrics. Its methods are called from several goroutines and must return at once.
type Observer interface {
	Rejected(reason string)
	// Misrouted is called for a rating that is not in the partition of its customer.
	Misrouted()
	// ProducerAhead is called for a record whose timestamp is ahead of the processor's clock.
	ProducerAhead()
	Inserted(table string, rows int, took time.Duration, err error)
	Flushed(took time.Duration, at time.Time)
}

// Parts are what a Pipeline is made of beside its configuration.
type Parts struct {
	Definition *window.Definition
	Topic      logid.ID // the log that the epoch is made from
	Events     event.Config
	Admission  admit.Config
	Source     Source
	Reader     func(partition int32) Reader
	Ends       func(ctx context.Context, partitions []int32) (map[int32]int64, error) // where the log ends, asked of the broker; nil is what comes with fetches
	Store      owner.Store
	Sink       owner.Sink
	Permanent  func(error) bool // whether no retry can mend an error of Store or Sink
	Observer   Observer
	Now        func() time.Time
	ID         string // name of this processor
	Log        zerolog.Logger
}

// Pipeline reads, folds and flushes the partitions that it is assigned.
type Pipeline struct {
	cfg   Config
	parts Parts
	grid  window.Grid
	store owner.Store // retrying
	sink  owner.Sink  // retrying

	mu       sync.Mutex
	live     map[int32]*partition
	finished map[int32]owner.Stats // of assignments that ended
	topic    int                   // partitions of the topic
}

// New returns a pipeline; its configuration and definition must be valid.
func New(cfg Config, parts Parts) *Pipeline {
	r := NewRetrier(cfg, parts.Permanent, parts.Log)
	return &Pipeline{cfg: cfg, parts: parts, grid: parts.Definition.Grid(), live: map[int32]*partition{}, finished: map[int32]owner.Stats{},
		store: r.Store(parts.Store), sink: r.Sink(parts.Sink, parts.Observer)}
}

// Run works until ctx ends, then drains and returns nil; it returns an error when no retry can mend what is wrong.
func (p *Pipeline) Run(ctx context.Context) error {
	if err := p.parts.Source.Run(ctx, p.own); err != nil {
		return fmt.Errorf("pipeline: %w", err)
	}
	return nil
}

// own works on one assignment until ctx ends.
func (p *Pipeline) own(ctx context.Context, a source.Assignment, commit source.Commit) error {
	if a.TopicPartitions != p.parts.Definition.Partitions {
		return source.Permanent(fmt.Errorf("the topic has %d partitions, the epoch was made for %d: a customer's ratings would be divided; "+
			"make a new epoch for the new number (satisflow rebuild)", a.TopicPartitions, p.parts.Definition.Partitions))
	}
	if !a.Topic.Same(p.parts.Topic) {
		return source.Permanent(logid.Another(p.parts.Topic, a.Topic))
	}
	log := p.parts.Log.With().Int32("generation", a.Generation).Logger()
	begin := p.parts.Now()
	run, err := p.assign(ctx, a)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return p.permanent(err)
	}
	p.publish(run, a.TopicPartitions)
	defer p.withdraw(run)
	log.Info().Int("partitions", len(run.partitions)).Dur("took", p.parts.Now().Sub(begin)).Msg("assigned")
	err = run.work(ctx, commit)
	log.Info().Int("partitions", len(run.partitions)).Err(err).Msg("assignment ended")
	if err != nil && ctx.Err() == nil {
		return p.permanent(err)
	}
	return nil
}

// permanent marks an error that ends the process: the retrier has given up on it.
func (p *Pipeline) permanent(err error) error { return source.Permanent(err) }

func (p *Pipeline) assign(ctx context.Context, a source.Assignment) (*run, error) {
	r := &run{p: p, kick: make(chan struct{}, 1)}
	cfg := &owner.Config{
		Grid: p.grid, Bands: p.parts.Definition.Bands, Attributes: p.parts.Events.Attributes, Metrics: len(p.parts.Definition.Quality), Definition: p.parts.Definition.Hash(),
		Topic: p.parts.Topic, ID: p.parts.ID, Lateness: p.cfg.Lateness, Retention: p.parts.Admission.Retention,
		MaxBytes: p.cfg.MemoryBytes / max(len(a.Partitions), 1),
	}
	r.partitions = make([]*partition, len(a.Partitions))
	reading, ctx := errgroup.WithContext(ctx)
	reading.SetLimit(assignAtOnce)
	for i, po := range a.Partitions {
		reading.Go(func() (err error) {
			r.partitions[i], err = p.assignPartition(ctx, r, cfg, po.Partition)
			return err
		})
	}
	return r, reading.Wait()
}

// assignAtOnce bounds how many partitions read their state at a time.
const assignAtOnce = 4

func (p *Pipeline) assignPartition(ctx context.Context, r *run, cfg *owner.Config, number int32) (*partition, error) {
	o, err := owner.Assign(ctx, cfg, p.store, number, p.parts.Now().UnixMilli())
	if err != nil {
		return nil, err
	}
	ad, err := admit.NewAdmitter(p.parts.Events, p.parts.Admission)
	if err != nil {
		return nil, err
	}
	pt := &partition{run: r, owner: o, admitter: ad, number: number, flushed: make(chan struct{}, 1), arrivals: map[int64]owner.Arrival{}}
	err = p.store.Arrivals(ctx, number, max(o.Position().Next, 0), func(offset int64, a owner.Arrival) { pt.arrivals[offset] = a })
	return pt, err
}

func (p *Pipeline) publish(r *run, topicPartitions int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.topic = topicPartitions
	for _, pt := range r.partitions {
		p.live[pt.number] = pt
	}
}

func (p *Pipeline) withdraw(r *run) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pt := range r.partitions {
		pt.owner.Revoke()
		s := p.finished[pt.number]
		s.Add(pt.owner.Progress().Stats)
		p.finished[pt.number] = s
		delete(p.live, pt.number)
	}
}
