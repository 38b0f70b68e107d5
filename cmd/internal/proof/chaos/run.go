package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"satisflow/cmd/internal/proof/oracle"
)

// Run runs the parts, strikes at them and compares what is stored with what must be. What it finds is in the report; the
// error is about the run itself. The folder of the run is kept when either is bad.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	dir, err := openDir(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("make the folder of the run: %w", err)
	}
	if cfg.Faults == nil {
		cfg.Faults = AllFaults()
	}
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	s := &stack{cfg: &cfg, dir: dir, begin: time.Now(), abort: abort}
	r := &Report{Seed: cfg.Seed, Started: s.begin, Machine: fmt.Sprintf("%s/%s, %d CPUs", runtime.GOOS, runtime.GOARCH, runtime.NumCPU()), Dir: dir}
	if err = s.run(ctx, r); ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	r.Took, r.Restarted = time.Since(s.begin), s.faults.restarted()
	r.Failures = append(s.failed(), r.judge(&cfg)...)
	err = errors.Join(err, s.close())
	if err == nil && r.OK() && !cfg.Keep {
		r.Dir = ""
		err = os.RemoveAll(dir)
	}
	return r, err
}

// run takes the phases in their order.
func (s *stack) run(ctx context.Context, r *Report) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	r.Broker = s.broker.name
	s.say("%s and ClickHouse are there, in %s", s.broker.name, s.dir)
	l, err := newLoad(s.cfg, s.cluster(), topic)
	if err != nil {
		return err
	}
	defer l.close()
	if err := s.underFire(ctx, l, r); err != nil {
		return err
	}
	r.Sent = l.counts()
	if err := s.quiet(ctx); err != nil {
		return err
	}
	if err := s.compare(ctx, r); err != nil {
		return err
	}
	if !s.cfg.Retention {
		return nil
	}
	s.say("retention overtakes a processor")
	if r.Retention, err = s.retention(ctx); err != nil {
		return fmt.Errorf("%s: %w", RetentionAhead, err)
	}
	r.hit(RetentionAhead, BetweenFlushes, 2)
	return nil
}

// underFire sends ratings and makes faults until the time is over.
func (s *stack) underFire(ctx context.Context, l *load, r *Report) error {
	if err := l.sendPast(ctx, time.Now()); err != nil {
		return err
	}
	s.say("%d ratings of %d days are sent", s.cfg.Stored, s.cfg.Days)
	if err := s.processPast(ctx); err != nil {
		return err
	}
	s.say("and processed; live ones follow")
	loading, stop := context.WithCancel(ctx)
	var sending errgroup.Group
	sending.Go(func() error { return l.run(loading, time.Now()) })
	err := s.strikes(ctx, r)
	stop()
	return errors.Join(err, sending.Wait(), ctx.Err())
}

// usualBlocks is a setting for phases without strikes, which are quicker with it.
const usualBlocks = "SATISFLOW_PROCESSOR_BLOCK_ROWS=100000"

// processPast processes the ratings of the past.
func (s *stack) processPast(ctx context.Context) error {
	p := s.processors[0]
	if err := p.start(usualBlocks); err != nil {
		return err
	}
	if err := s.settle(ctx, s.conn, topic, 10*time.Minute); err != nil {
		return err
	}
	return p.end()
}

// strikes measures, then makes faults of both loops.
func (s *stack) strikes(ctx context.Context, r *Report) (err error) {
	if s.cfg.Recovery {
		if r.Recovery, err = s.measure(ctx); err != nil {
			return fmt.Errorf("measure the time back at work: %w", err)
		}
	}
	if err := s.startProcessors(ctx); err != nil {
		return err
	}
	k := &striker{stack: s, hits: tally{}}
	var ofProcessors, ofParts []Fault
	for _, f := range s.cfg.Faults {
		if f.ofProcessors() {
			ofProcessors = append(ofProcessors, f)
		} else {
			ofParts = append(ofParts, f)
		}
	}
	until := time.Now().Add(s.cfg.For)
	loops, striking := errgroup.WithContext(ctx)
	loops.Go(func() error { return k.loop(striking, until, ofProcessors, 1) })
	loops.Go(func() error { return k.loop(striking, until, ofParts, 2) })
	err = loops.Wait()
	for f, n := range k.hits {
		r.hit(f.Kind, f.Aim, n)
	}
	return err
}

// startProcessors starts those that share the partitions, and returns when each has written something, and so owns some.
func (s *stack) startProcessors(ctx context.Context, settings ...string) error {
	for _, p := range s.processors[:s.cfg.Processors] {
		if err := p.start(settings...); err != nil {
			return err
		}
	}
	deadline := time.Now().Add(time.Minute)
	for _, p := range s.processors[:s.cfg.Processors] {
		for p.step() == Starting || p.step() == Absent {
			if time.Now().After(deadline) {
				return fmt.Errorf("processor %d does not begin to work within a minute", p.number)
			}
			sleep(ctx, 100*time.Millisecond)
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}

// quiet lifts whatever faults put on, ends all processors in order, and lets one that met no fault read what is left.
func (s *stack) quiet(ctx context.Context) error {
	s.say("no more faults")
	if err := s.lift(); err != nil {
		return err
	}
	var ending sync.WaitGroup
	for _, p := range s.processors {
		ending.Go(func() {
			if err := p.end(); err != nil {
				s.fail("a processor did not end in order: %v", err)
			}
		})
	}
	ending.Wait()
	p := s.processors[0]
	if err := p.start(); err != nil {
		return err
	}
	if err := s.settle(ctx, s.conn, topic, 5*time.Minute); err != nil {
		return err
	}
	return p.end()
}

// compare compares everything that is stored.
func (s *stack) compare(ctx context.Context, r *Report) (err error) {
	s.say("comparing")
	o := oracle.New(oracle.DefaultRules())
	if err := o.ReadTopic(ctx, s.broker.address, topic, s.cfg.Partitions); err != nil {
		return err
	}
	if r.Stored, err = compareStored(ctx, s.conn, o); err != nil {
		return err
	}
	r.Letters, err = s.compareLetters(ctx)
	return err
}
