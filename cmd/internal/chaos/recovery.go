package chaos

import (
	"context"
	"fmt"
	"time"
)

// Recovery is how long the work lay idle after kill -9 of a processor: until every partition was checkpointed beyond the
// end that it had when the processor was killed.
type Recovery struct {
	Stored int           `json:"stored"` // ratings that are stored meanwhile
	Group  time.Duration `json:"group_ns"`
	Static time.Duration `json:"static_ns"`
}

// What is promised.
const (
	groupPromise  = 10 * time.Second
	staticPromise = 5 * time.Second
)

// measure kills a member of the group, and an owner by static assignment that is started again at once. Ratings must come
// meanwhile.
func (s *stack) measure(ctx context.Context) (*Recovery, error) {
	r := &Recovery{Stored: s.cfg.Stored}
	p := s.processors[0]
	err := s.startProcessors(ctx, usualBlocks)
	if err != nil {
		return nil, err
	}
	if r.Group, err = s.idle(ctx, p, func() error { return nil }); err != nil {
		return nil, fmt.Errorf("in the group: %w", err)
	}
	s.say("back at work %s after kill -9 in the group", brief(r.Group))
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
	if err := s.settle(ctx, s.conn, topic, time.Minute); err != nil {
		return nil, err
	}
	if r.Static, err = s.idle(ctx, p, start); err != nil {
		return nil, fmt.Errorf("with static assignment: %w", err)
	}
	s.say("back at work %s after kill -9 with static assignment", brief(r.Static))
	return r, p.end()
}

// idle kills the processor, does what follows, and returns how long it took until all partitions were worked on.
func (s *stack) idle(ctx context.Context, p *processor, after func() error) (time.Duration, error) {
	if _, err := p.kill(ctx, ""); err != nil {
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
