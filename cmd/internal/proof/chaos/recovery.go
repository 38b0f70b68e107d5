package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Recovery is how long the work lay idle after kill -9 of a processor: until every partition was checkpointed beyond the
// end that it had when the processor was killed.
type Recovery struct {
	Stored int             `json:"stored"` // ratings that are stored meanwhile
	Group  []time.Duration `json:"group_ns"`
	Static []time.Duration `json:"static_ns"`
}

// What is promised, of a machine that has time for it. Other work on it makes a try slow, so another is made then; a
// processor that is too slow is so each time.
const (
	groupPromise  = 10 * time.Second
	staticPromise = 5 * time.Second
	recoveryTries = 3
)

// measure kills a member of the group, and an owner by static assignment that is started again at once. Ratings must come
// meanwhile.
func (s *stack) measure(ctx context.Context) (*Recovery, error) {
	r := &Recovery{Stored: s.cfg.Stored}
	p := s.processors[0]
	err := s.tries("in the group", groupPromise, &r.Group, func() (time.Duration, error) {
		if err := s.startProcessors(ctx, usualBlocks); err != nil {
			return 0, err
		}
		return s.idle(ctx, p, func() error { return nil })
	})
	if err != nil {
		return nil, err
	}
	for _, p := range s.processors {
		if err := p.end(); err != nil {
			return nil, err
		}
	}
	alone := fmt.Sprintf("SATISFLOW_PROCESSOR_PARTITIONS=0-%d", s.cfg.Partitions-1)
	start := func() error { return p.start(alone, usualBlocks) }
	if err := start(); err != nil {
		return nil, err
	}
	err = s.tries("with static assignment", staticPromise, &r.Static, func() (time.Duration, error) {
		if err := s.settle(ctx, s.conn, topic, time.Minute); err != nil {
			return 0, err
		}
		return s.idle(ctx, p, start)
	})
	return r, errors.Join(err, p.end())
}

// tries measures until a promise is kept, a few times at most.
func (s *stack) tries(how string, promise time.Duration, took *[]time.Duration, try func() (time.Duration, error)) error {
	for range recoveryTries {
		d, err := try()
		if err != nil {
			return fmt.Errorf("%s: %w", how, err)
		}
		*took = append(*took, d)
		s.say("back at work %s after kill -9 %s", brief(d), how)
		if d <= promise {
			return nil
		}
	}
	return nil
}

// idle kills the processor, does what follows, and returns how long it took until all partitions were worked on.
func (s *stack) idle(ctx context.Context, p *processor, after func() error) (time.Duration, error) {
	if _, err := p.kill(); err != nil {
		return 0, err
	}
	begin := time.Now()
	_, ends, err := s.client.Offsets(ctx, topic)
	if err != nil {
		return 0, err
	}
	for n := range ends {
		ends[n]++ // a rating that came later
	}
	if err := after(); err != nil {
		return 0, err
	}
	for time.Since(begin) < time.Minute {
		if behind, err := s.behind(ctx, s.conn, ends); err == nil && behind == "" {
			return time.Since(begin), nil
		}
		sleep(ctx, 50*time.Millisecond)
	}
	return 0, fmt.Errorf("processor %d was killed and nobody is at work after a minute", p.number)
}
