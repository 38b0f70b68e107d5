package alerting

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"satisflow/pipeline/alert"
	"satisflow/sinks/alertmanager"
	"satisflow/sinks/clickhouse"
	"satisflow/sinks/mail"
)

// Store keeps the alerts; clickhouse.Alerts does.
type Store interface {
	Put(ctx context.Context, changes []alert.Change) error
	AtWork(ctx context.Context) ([]alert.Alert, error)
	RecentlyResolved(ctx context.Context, since time.Time) ([]alert.Alert, error)
	OfSubjects(ctx context.Context, subjects []alert.Subject, since time.Time) ([]alert.Alert, error)
	Get(ctx context.Context, id string) (alert.Alert, []alert.Entry, bool, error)
	List(ctx context.Context, f clickhouse.AlertFilter) ([]alert.Alert, string, error)
	Counts(ctx context.Context, at time.Time) (clickhouse.AlertCounts, error)
	EraseText(ctx context.Context, of clickhouse.Subjects) (uint64, error)
}

// Facts are what alerts are decided by; clickhouse.Alerts has them.
type Facts interface {
	Inserted(ctx context.Context, e *clickhouse.Epoch, look clickhouse.Look) ([]clickhouse.InsertedFact, time.Time, error)
	InsertedCustomers(ctx context.Context, e *clickhouse.Epoch, look clickhouse.Look) ([]string, time.Time, error)
	Ratings(ctx context.Context, e *clickhouse.Epoch, customers []string, from, to time.Time) (map[string][]alert.Rating, error)
	LatestComplete(ctx context.Context, e *clickhouse.Epoch, name string) (time.Time, bool, error)
	Groups(ctx context.Context, e *clickhouse.Epoch, dimension, name string, end time.Time) ([]alert.Group, error)
	FreshGroup(ctx context.Context, e *clickhouse.Epoch, of alert.Subject, end time.Time, length, freshAge time.Duration) (alert.Group, error)
}

// Pusher sends alerts to Alertmanager; alertmanager.Client does.
type Pusher interface {
	Push(ctx context.Context, alerts []alertmanager.Alert) error
}

// Mailer sends mails; mail.Sender does.
type Mailer interface {
	Send(ctx context.Context, m mail.Message) error
}

// Parts are what a Service works with.
type Parts struct {
	Store      Store
	Facts      Facts
	Epoch      func(ctx context.Context) (clickhouse.Epoch, bool, error) // the current one; false before there is any
	Pusher     Pusher                                                    // nil for no Alertmanager
	Mailer     Mailer                                                    // nil for no mails
	Threshold  int32                                                     // hundredths; a rating or mean below it is low
	Satisfied  int32                                                     // hundredths; a rating from it on is satisfied
	Target     float64                                                   // share of satisfied ratings that is aimed at
	Registerer prometheus.Registerer
	Log        zerolog.Logger
	Now        func() time.Time
}

// Service raises alerts, keeps them and tells people of them. It is safe for concurrent use.
type Service struct {
	*Reader
	ready   atomic.Bool
	rules   *alert.Rules
	owners  owners
	metrics *metrics
	board   *board
	writing lock
	push    signal
	mail    signal
}

// New returns a Service; Run makes it work. The error is about the configuration.
func New(cfg Config, parts Parts) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
	}
	rules, err := alert.NewRules(cfg.Config, parts.Threshold, parts.Satisfied)
	if err != nil {
		return nil, err
	}
	owners, err := parseOwners(cfg.Owners)
	if err != nil {
		return nil, err
	}
	s := &Service{Reader: NewReader(cfg, parts), rules: rules, owners: owners, metrics: newMetrics(parts.Registerer), board: newBoard(),
		writing: make(lock, 1), push: make(signal, 1), mail: make(signal, 1)}
	if parts.Pusher != nil {
		s.metrics.pushEnabled.Set(1)
	}
	return s, nil
}

// Run works until the context ends. It waits out the outages of everything that it works with, each by itself.
func (s *Service) Run(ctx context.Context) error {
	if err := s.load(ctx); err != nil {
		return nil // the context has ended
	}
	var all errgroup.Group
	all.Go(func() error { s.watch(ctx); return nil })
	if s.parts.Pusher != nil {
		all.Go(func() error { s.pushing(ctx); return nil })
	}
	if s.parts.Mailer != nil {
		all.Go(func() error { s.mailing(ctx); return nil })
	}
	return all.Wait()
}

// load reads what Alertmanager is to know, before anything is decided or sent.
func (s *Service) load(ctx context.Context) error {
	w := s.waiter("cannot read the alerts that are at work")
	for {
		atWork, err := s.parts.Store.AtWork(ctx)
		var resolved []alert.Alert
		if err == nil {
			resolved, err = s.parts.Store.RecentlyResolved(ctx, s.parts.Now().Add(-toldFor))
		}
		if err == nil {
			s.learn(append(atWork, resolved...))
			s.ready.Store(true)
			w.done()
			return nil
		}
		if err := w.wait(ctx, err); err != nil {
			return err
		}
	}
}

// put stores changes of alerts and tells who has to know. The lock is held.
func (s *Service) put(ctx context.Context, changes []alert.Change) error {
	if len(changes) == 0 {
		return nil
	}
	if err := s.parts.Store.Put(ctx, changes); err != nil {
		return err
	}
	for i := range changes {
		s.tell(&changes[i])
		s.learn([]alert.Alert{changes[i].Alert})
	}
	s.metrics.changed(changes)
	return nil
}

// learn puts alerts that were read or stored on the board.
func (s *Service) learn(alerts []alert.Alert) {
	if s.board.learn(alerts, s.parts.Now()) {
		s.show()
	}
}

// tell logs a change that the system made. Alerts are named by their ids: a customer's may be personal.
func (s *Service) tell(c *alert.Change) {
	switch c.Entry.Action {
	case alert.Opened, alert.Escalated, alert.Recovered:
		s.parts.Log.Info().Str("alert", c.Alert.ID).Str("rule", string(c.Alert.Rule)).Stringer("severity", c.Alert.Severity).Msg("alert " + string(c.Entry.Action))
	default:
		s.parts.Log.Debug().Str("alert", c.Alert.ID).Str("action", string(c.Entry.Action)).Msg("alert changed")
	}
}

// show has the metrics show what is on the board, and those who tell people look at it.
func (s *Service) show() {
	atWork := s.board.atWork()
	s.metrics.show(atWork, s.parts.Now())
	s.push.raise()
	s.mail.raise()
}
