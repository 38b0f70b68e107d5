// Package deliver owns getting messages into Kafka for the commands that send a lot of them: it sends a batch until every
// message is acknowledged or can never be, and waits out the times when Kafka is away. What the messages say, and what
// becomes of those that Kafka refuses, is left to its caller.
package deliver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"satisflow/pipeline/source"
)

// ErrGaveUp says that Kafka stayed away for longer than Config.GiveUp. Messages of the batch may be in the log all the same.
var ErrGaveUp = errors.New("gave up waiting for Kafka")

// Producer writes messages and says what became of each, as source.Producer does.
type Producer interface {
	Produce(ctx context.Context, messages ...source.Message) error
}

// Config says how an outage is waited out.
type Config struct {
	// First and Most are the least and the greatest wait between two attempts; it doubles from one to the other.
	First, Most time.Duration
	// GiveUp is how long Kafka may stay away before Send returns; 0 waits for ever.
	GiveUp time.Duration
}

// DefaultConfig tries again after 0.5 s, then ever more rarely, and gives up after ten minutes.
func DefaultConfig() Config {
	return Config{First: 500 * time.Millisecond, Most: 15 * time.Second, GiveUp: 10 * time.Minute}
}

// Validate returns an error that names the field, the value and what would be right.
func (c Config) Validate() error {
	switch {
	case c.First <= 0:
		return fmt.Errorf("first: %s: want more than 0s", c.First)
	case c.Most < c.First:
		return fmt.Errorf("most: %s: want at least first, %s", c.Most, c.First)
	case c.GiveUp < 0:
		return fmt.Errorf("wait: %s: want 0s (for ever) or more", c.GiveUp)
	}
	return nil
}

// Hooks are told about an outage. Either may be nil.
type Hooks struct {
	// Away is called before each wait, with the reason and the time that Kafka has been away.
	Away func(err error, since time.Duration)
	// Back is called when a batch went through after Away.
	Back func(after time.Duration)
}

// Sender sends batches one after the other. It is not safe for concurrent use.
type Sender struct {
	producer Producer
	cfg      Config
	hooks    Hooks
}

// New returns a Sender for a configuration that is valid.
func New(producer Producer, cfg Config, hooks Hooks) *Sender {
	return &Sender{producer: producer, cfg: cfg, hooks: hooks}
}

// Send returns when each of the messages is in the log or refused for good; refused has the reasons by index and is nil when
// all are in the log. The error is the context's, or wraps ErrGaveUp; some of the messages may then be in the log.
func (s *Sender) Send(ctx context.Context, messages []source.Message) (refused map[int]error, err error) {
	pending := make([]int, len(messages))
	for i := range pending {
		pending[i] = i
	}
	var away outage
	for {
		var failure error
		pending, failure = s.attempt(ctx, messages, pending, &refused)
		if failure == nil {
			s.back(&away)
			return refused, nil
		}
		if err := s.wait(ctx, &away, failure); err != nil {
			return refused, err
		}
	}
}

// attempt produces the pending messages once. It returns those to try again and why, and adds to refused.
func (s *Sender) attempt(ctx context.Context, messages []source.Message, pending []int, refused *map[int]error) (again []int, why error) {
	part := messages
	if len(pending) < len(messages) {
		part = make([]source.Message, len(pending))
		for i, at := range pending {
			part[i] = messages[at]
		}
	}
	err := s.producer.Produce(ctx, part...)
	if err == nil {
		return nil, nil
	}
	var each source.ProduceErrors
	if !errors.As(err, &each) || len(each) != len(part) {
		return pending, err
	}
	for i, err := range each {
		switch {
		case err == nil:
		case errors.Is(err, source.ErrUnavailable) || ctx.Err() != nil:
			again, why = append(again, pending[i]), err
		default:
			if *refused == nil {
				*refused = map[int]error{}
			}
			(*refused)[pending[i]] = err
		}
	}
	return again, why
}

// outage is a time without Kafka.
type outage struct {
	began time.Time
	pause time.Duration
}

func (s *Sender) wait(ctx context.Context, o *outage, why error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if o.began.IsZero() {
		o.began = time.Now()
	}
	since := time.Since(o.began)
	if s.cfg.GiveUp > 0 && since >= s.cfg.GiveUp {
		return fmt.Errorf("%w after %s: %w", ErrGaveUp, since.Round(time.Second), why)
	}
	if s.hooks.Away != nil {
		s.hooks.Away(why, since)
	}
	o.pause = min(max(2*o.pause, s.cfg.First), s.cfg.Most)
	timer := time.NewTimer(o.pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (s *Sender) back(o *outage) {
	if !o.began.IsZero() && s.hooks.Back != nil {
		s.hooks.Back(time.Since(o.began))
	}
}
