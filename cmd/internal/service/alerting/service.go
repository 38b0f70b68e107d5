package alerting

import (
	"context"
	"fmt"
	"sync"
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
	Durable(ctx context.Context, e *clickhouse.Epoch) (alert.Seen, error)
	ArrivedFrom(ctx context.Context, e *clickhouse.Epoch, end alert.Seen, arrived, rated time.Time) (alert.Seen, error)
	Stored(ctx context.Context, e *clickhouse.Epoch, look clickhouse.Look) ([]clickhouse.RatingVersion, error)
	Ratings(ctx context.Context, e *clickhouse.Epoch, customers []string, from, to time.Time) (map[string][]alert.Rating, error)
	RatingsOf(ctx context.Context, e *clickhouse.Epoch, customers, ids []string, from, to time.Time) (map[string][]alert.Rating, error)
	OfOthers(ctx context.Context, e *clickhouse.Epoch, ratings []alert.Rating) (map[string]bool, error)
	CustomerSums(ctx context.Context, e *clickhouse.Epoch, customers []string, rules *alert.Rules, since time.Time) (map[string]alert.Sums, error)
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
	Held       func() error                                              // why this process may not decide and tell any more; nil where no other could
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
	rules   *alert.Rules
	owners  owners
	metrics *metrics
	board   *board
	watcher *watcher // nil before there is an epoch; guarded by writing
	mails   mailQueue
	writing lock
	push    signal
	mail    signal

	mu      sync.Mutex
	running context.Context // of Run, once it is ready; nil before and after
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
	s.mails = mailQueue{service: s, results: map[string]*mailResult{}}
	if parts.Pusher != nil {
		s.metrics.pushEnabled.Set(1)
	}
	return s, nil
}

// Run works until the context ends, which it does when the lease is lost. It waits out the outages of everything that it works
// with, each by itself. It may be called again: it begins with what is stored then.
func (s *Service) Run(ctx context.Context) error {
	if err := s.locked(ctx, func() error { return s.load(ctx) }); err != nil {
		return nil // the context has ended
	}
	defer s.pause()
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

func (s *Service) setRunning(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = ctx
}

// pause has people wait until Run is called again.
func (s *Service) pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = nil
}

// held returns why this process may not decide, store and tell any more.
func (s *Service) held() error {
	if s.parts.Held == nil {
		return nil
	}
	return s.parts.Held()
}

// atWork returns the context for what people ask for, which ends with Run too; ErrNotReady while it does not run.
func (s *Service) atWork(ctx context.Context) (context.Context, context.CancelFunc, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil || s.running.Err() != nil || s.held() != nil {
		return nil, nil, ErrNotReady
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.running, cancel)
	return ctx, func() { stop(); cancel() }, nil
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
			s.board.reset()
			s.watcher = nil
			s.learn(append(atWork, resolved...))
			s.setRunning(ctx)
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
	if err := s.held(); err != nil {
		return err
	}
	if err := s.parts.Store.Put(ctx, changes); err != nil {
		s.board.doubt(changes) // they may be stored all the same
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
	s.metrics.show(s.board.count())
	s.push.raise()
	s.mail.raise()
}
