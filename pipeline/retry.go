package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/rs/zerolog"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// stuck is how long after its timeout an attempt may take to return; then the process ends, as nothing else can help.
const stuck = 30 * time.Second

var errStuck = errors.New("no progress: the attempt did not return after its timeout")

// Retrier waits out outages: it repeats an attempt until it succeeds, its context ends, or its error is permanent.
type Retrier struct {
	timeout, most time.Duration
	permanent     func(error) bool
	log           zerolog.Logger
}

// NewRetrier returns a retrier with the configuration's InsertTimeout for each attempt (0 is no bound) and RetryMax between
// two; permanent says whether no retry can mend an error.
func NewRetrier(cfg Config, permanent func(error) bool, log zerolog.Logger) *Retrier {
	return &Retrier{timeout: cfg.InsertTimeout, most: cfg.RetryMax, permanent: permanent, log: log}
}

// Store returns a store that waits out outages.
func (r *Retrier) Store(s owner.Store) owner.Store { return retryingStore{s, r} }

// Sink returns a sink that waits out outages and tells the observer of each attempt of an insert.
func (r *Retrier) Sink(s owner.Sink, o Observer) owner.Sink { return retryingSink{s, o, r} }

// Do repeats the attempt; what says in logs and errors what it is about.
func (r *Retrier) Do(ctx context.Context, what string, attempt func(context.Context) error) error {
	wait, failures := 100*time.Millisecond, 0
	for {
		err := r.once(ctx, attempt)
		switch {
		case err == nil:
			if failures > 0 {
				r.log.Info().Str("what", what).Int("failures", failures).Msg("succeeded again")
			}
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errStuck), r.permanent(err):
			return fmt.Errorf("%s: %w", what, err)
		}
		if failures++; failures == 1 || failures%20 == 0 {
			r.log.Warn().Err(err).Str("what", what).Int("failures", failures).Msg("failed, retrying")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait/2 + rand.N(wait/2)):
		}
		wait = min(2*wait, r.most)
	}
}

// once gives the attempt its timeout, and does not wait for ever for it to notice.
func (r *Retrier) once(ctx context.Context, attempt func(context.Context) error) error {
	if r.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.timeout)
		defer cancel()
	}
	done := make(chan error, 1)
	go func() { done <- attempt(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(stuck):
		return errStuck
	}
}

// retryingSink is a Sink that waits out outages.
type retryingSink struct {
	owner.Sink
	observer Observer
	r        *Retrier
}

func insert[T any](ctx context.Context, s retryingSink, table string, rows []T, to func(context.Context, []T) error) error {
	return s.r.Do(ctx, "insert into "+table, func(ctx context.Context) error {
		begin := time.Now()
		err := to(ctx, rows)
		took := time.Since(begin)
		s.observer.Inserted(table, len(rows), took, err)
		s.r.log.Trace().Str("table", table).Int("rows", len(rows)).Dur("took", took).Err(err).Msg("inserted") // satisflow chaos strikes by it
		return err
	})
}

func (s retryingSink) InsertFacts(ctx context.Context, rows []fact.Fact) error {
	return insert(ctx, s, "facts", rows, s.Sink.InsertFacts)
}

func (s retryingSink) InsertPanes(ctx context.Context, rows []owner.PaneRow) error {
	return insert(ctx, s, "panes", rows, s.Sink.InsertPanes)
}

func (s retryingSink) InsertWindows(ctx context.Context, rows []owner.WindowRow) error {
	return insert(ctx, s, "windows", rows, s.Sink.InsertWindows)
}

func (s retryingSink) InsertDeadLetters(ctx context.Context, rows []owner.DeadLetter) error {
	return insert(ctx, s, "dead_letters", rows, s.Sink.InsertDeadLetters)
}

func (s retryingSink) InsertCheckpoints(ctx context.Context, rows []owner.Checkpoint) error {
	return insert(ctx, s, "checkpoints", rows, s.Sink.InsertCheckpoints)
}

// retryingStore is a Store that waits out outages. A query that broke off is repeated from its start, so every answer is
// collected before the first of it is passed on.
type retryingStore struct {
	store owner.Store
	r     *Retrier
}

func (s retryingStore) Checkpoints(ctx context.Context, partitions []int32) (found map[int32]owner.Checkpoint, err error) {
	err = s.r.Do(ctx, "read checkpoints", func(ctx context.Context) (err error) {
		found, err = s.store.Checkpoints(ctx, partitions)
		return err
	})
	return found, err
}

func (s retryingStore) Clock(ctx context.Context) (at int64, err error) {
	err = s.r.Do(ctx, "read the clock", func(ctx context.Context) (err error) {
		at, err = s.store.Clock(ctx)
		return err
	})
	return at, err
}

func (s retryingStore) Arrivals(ctx context.Context, partition int32, from int64, yield func(int64, owner.Arrival)) error {
	return s.r.Do(ctx, "read arrivals", func(ctx context.Context) error {
		return s.store.Arrivals(ctx, partition, from, yield) // a map: repeats do not matter
	})
}

func (s retryingStore) KnownPanes(ctx context.Context, partition int32, yield func(window.Pane)) error {
	return s.r.Do(ctx, "read known panes", func(ctx context.Context) error {
		return s.store.KnownPanes(ctx, partition, yield) // a set: repeats do not matter
	})
}

func (s retryingStore) PaneSums(ctx context.Context, partition int32, from, to window.Pane, keys []window.Key, yield func(window.Pane, window.Key, *window.Sums)) error {
	return s.r.Do(ctx, "read pane sums", func(ctx context.Context) error {
		return s.store.PaneSums(ctx, partition, from, to, keys, yield) // rows replace each other: repeats do not matter
	})
}

func (s retryingStore) PageFacts(ctx context.Context, partition int32, panes []window.Pane, yield func(window.Pane, *event.Event, uint64)) error {
	return s.r.Do(ctx, "page in facts", func(ctx context.Context) error {
		return s.store.PageFacts(ctx, partition, panes, yield) // the higher version wins: repeats do not matter
	})
}

func (s retryingStore) PageKeys(ctx context.Context, partition int32, panes []window.Pane, yield func(window.Pane, window.Key)) error {
	return s.r.Do(ctx, "page in keys", func(ctx context.Context) error {
		return s.store.PageKeys(ctx, partition, panes, yield)
	})
}
