package erasure

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"satisflow/sinks/clickhouse"
)

// Service finishes the erasures that a process was asked for, one after the other, and looks at times for text of erased
// ratings that is still on disk, however they were erased.
type Service struct {
	*Eraser
	jobs    chan *Job
	again   []*Job // could not be finished; Run alone uses them
	metrics *metrics
	log     zerolog.Logger
}

// maxJobs bounds the erasures that wait for their end.
const maxJobs = 100

// ErrBusy says that too many erasures are under way.
var ErrBusy = errors.New("too many erasures are under way")

// NewService returns a service; Run makes it work.
func NewService(e *Eraser, reg prometheus.Registerer, log zerolog.Logger) *Service {
	return &Service{Eraser: e, jobs: make(chan *Job, maxJobs), metrics: newMetrics(reg), log: log}
}

// Erase begins an erasure, which Run finishes, and returns its entry in the audit.
func (s *Service) Erase(ctx context.Context, r Request) (clickhouse.Erasure, error) {
	if len(s.jobs) == cap(s.jobs) {
		return clickhouse.Erasure{}, ErrBusy
	}
	j, err := s.Begin(ctx, r)
	if err != nil {
		return clickhouse.Erasure{}, err
	}
	entry := j.Erasure
	s.metrics.ratings.Add(float64(j.Ratings))
	select {
	case s.jobs <- j:
		return entry, nil
	default:
		return clickhouse.Erasure{}, ErrBusy
	}
}

// Erasure returns the entry of the audit; see clickhouse.ErrUnknownErasure.
func (s *Service) Erasure(ctx context.Context, id string) (clickhouse.Erasure, error) {
	return s.parts.Store.Get(ctx, id)
}

// Run works until the context ends. What fails is logged and shown by the metrics, and the next look tries it again.
func (s *Service) Run(ctx context.Context) error {
	ticker := time.NewTicker(s.cfg.ScrubInterval)
	defer ticker.Stop()
	retry := time.NewTicker(s.cfg.RetryInterval)
	defer retry.Stop()
	s.scrubAll(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			s.scrubAll(ctx)
		case <-retry.C:
			jobs := s.again
			s.again = nil
			for _, j := range jobs {
				s.finish(ctx, j)
			}
		case j := <-s.jobs:
			s.finish(ctx, j)
		}
	}
}

func (s *Service) finish(ctx context.Context, j *Job) {
	log := s.log.With().Str("erasure", j.ID).Logger()
	err := s.Finish(ctx, j, func(text string) { log.Debug().Msg(text) })
	switch {
	case err == nil:
		log.Info().Uint64("ratings", j.Ratings).Uint64("dead_letters", j.DeadLetters).Msg("erased")
	case ctx.Err() == nil:
		log.Error().Err(err).Dur("retry", s.cfg.RetryInterval).Msg("cannot finish an erasure: it is tried again; after a restart ask for it again")
		if len(s.again) < maxJobs {
			s.again = append(s.again, j)
		}
	}
	s.count(ctx)
}

// scrubAll removes text of erased ratings from disk.
func (s *Service) scrubAll(ctx context.Context) {
	tell := func(text string) { s.log.Info().Msg(text) }
	err := s.blank(ctx, tell)
	if err == nil {
		err = s.scrub(ctx, s.parts.Now().Add(-s.cfg.ScrubBack), tell)
	}
	switch {
	case err == nil:
		s.metrics.scrubbed.Set(float64(s.parts.Now().Unix()))
		s.count(ctx)
	case ctx.Err() == nil:
		s.log.Error().Err(err).Msg("cannot remove text of erased ratings from disk")
	}
}

// count closes what can be closed in the audit and shows how much is open.
func (s *Service) count(ctx context.Context) {
	open, err := s.tidy(ctx)
	switch {
	case err == nil:
		s.metrics.open.Set(float64(open))
	case ctx.Err() == nil:
		s.log.Error().Err(err).Msg("cannot tidy the audit of erasures")
	}
}
