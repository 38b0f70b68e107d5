package pipeline

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"satisflow/pipeline/owner"
	"satisflow/pipeline/source"
)

// run is the work on one assignment.
type run struct {
	p          *Pipeline
	partitions []*partition
	kick       chan struct{} // a partition's memory is used up: flush now
}

// work reads all partitions and flushes until ctx ends, then writes one last flush. All flushes may go on for the drain
// timeout after the end of ctx; what does not make it by then is read again by the next owner.
func (r *run) work(ctx context.Context, commit source.Commit) error {
	readers, reading := errgroup.WithContext(ctx)
	for _, pt := range r.partitions {
		readers.Go(func() error { return pt.read(reading) })
	}
	writing, cancel := outlive(reading, r.p.cfg.DrainTimeout)
	defer cancel()
	f := &flushing{run: r, commit: commit, flusher: owner.Flusher{Store: r.p.store, Sink: r.p.sink, BlockRows: r.p.cfg.BlockRows}}
	readers.Go(func() error { return f.until(reading, writing) })
	readers.Go(func() error { return r.ask(reading) })
	if err := readers.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	if err := f.flush(writing, false); err != nil {
		r.p.parts.Log.Warn().Err(err).Msg("the last flush did not make it, the next owner reads its records again")
	}
	return nil
}

// outlive returns a context that ends a while after ctx.
func outlive(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(by, cancel) })
	return later, func() { stop(); cancel() }
}

// owners of all partitions.
func (r *run) owners() []*owner.Owner {
	os := make([]*owner.Owner, len(r.partitions))
	for i, pt := range r.partitions {
		os[i] = pt.owner
	}
	return os
}

// flushing paces the flushes of an assignment.
type flushing struct {
	run     *run
	commit  source.Commit
	flusher owner.Flusher
	last    time.Time // start of the last flush
	beat    time.Time // when all checkpoints were last written
	facts   int       // that waited when it was last looked
	came    time.Time // when their number last changed
}

// until flushes until reading ends, and returns nil then.
func (f *flushing) until(reading, writing context.Context) error {
	cfg := &f.run.p.cfg
	tick := time.NewTicker(min(cfg.FlushInterval, 100*time.Millisecond))
	defer tick.Stop()
	for {
		kicked := false
		select {
		case <-reading.Done():
			return nil
		case <-f.run.kick:
			kicked = true
		case <-tick.C:
		}
		now := f.run.p.parts.Now()
		if !kicked && !f.due(now) {
			continue
		}
		beat := now.Sub(f.beat) >= cfg.BeatInterval
		if err := f.flush(writing, beat); err != nil {
			return err
		}
		if beat {
			f.beat = now
		}
	}
}

// quiet is how long nothing must have come before imported ratings are flushed.
const quiet = time.Second

// due says whether the next flush is to start: sooner at the end of the partitions; later and larger with a backlog or
// while old ratings are imported, each of which may rewrite a hundred windows.
func (f *flushing) due(now time.Time) bool {
	cfg := &f.run.p.cfg
	facts, old, behind := 0, 0, false
	for _, pt := range f.run.partitions {
		pr := pt.owner.Progress()
		facts, old, behind = facts+pr.Facts, old+pr.Old, behind || !pr.AtEnd
	}
	if facts != f.facts {
		f.facts, f.came = facts, now
	}
	waited := now.Sub(f.last)
	if waited < cfg.FlushInterval || waited >= cfg.CatchUpInterval || facts >= cfg.CatchUpFacts {
		return waited >= cfg.FlushInterval
	}
	importing := 2*old > facts && now.Sub(f.came) < quiet
	return !behind && !importing
}

// flush writes one flush and commits what it made durable.
func (f *flushing) flush(ctx context.Context, beat bool) error {
	p := f.run.p
	f.last = p.parts.Now()
	done, err := f.flusher.Flush(ctx, f.run.owners(), f.last.UnixMilli(), beat)
	if err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	for _, pt := range f.run.partitions {
		pt.wake()
	}
	if len(done) == 0 {
		return nil
	}
	at := p.parts.Now()
	p.parts.Observer.Flushed(at.Sub(f.last), at)
	next := make(map[int32]int64, len(done))
	for _, c := range done {
		next[c.Partition] = c.Cut
	}
	p.parts.Log.Trace().Msg("committing")
	if err := f.commit(ctx, next); err != nil && ctx.Err() == nil {
		p.parts.Log.Debug().Err(err).Msg("offsets not committed; the checkpoint decides where to start, lag tools see it later")
	}
	return nil
}
