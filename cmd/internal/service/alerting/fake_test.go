package alerting

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"satisflow/pipeline/alert"
	"satisflow/sinks/alertmanager"
	"satisflow/sinks/clickhouse"
	"satisflow/sinks/mail"
)

var errDown = errors.New("connection refused")

// world is a database, an Alertmanager and a mail server in memory, each of which may be down.
type world struct {
	mu       sync.Mutex
	epoch    uint32 // 0: none
	facts    []inserted
	groups   []alert.Group
	fresh    map[alert.Subject]alert.Group
	end      time.Time
	alerts   map[string]alert.Alert
	record   map[string][]alert.Entry
	down     bool
	putLies  bool            // changes are stored, and an error says that they are not
	lag      int             // of the facts, the last ones that are not stored yet
	stuck    int             // offset at which storing has stopped; 0 where it has not
	others   map[string]bool // ratings that became another customer's
	asked    int             // for ratings
	read     int             // ratings that were read
	rows     int             // versions that were taken up
	added    int             // asked for sums
	summed   int             // asked for groups
	pushDown bool
	pushed   [][]alertmanager.Alert
	mails    []mail.Message
	mailing  func(m mail.Message) error
}

type inserted struct {
	alert.Rating
	version uint64
}

func newWorld() *world {
	return &world{epoch: 1, alerts: map[string]alert.Alert{}, record: map[string][]alert.Entry{}, fresh: map[alert.Subject]alert.Group{}}
}

// service is a Service in the world, with the changes to its configuration.
func (w *world) service(t *testing.T, change ...func(*Config)) *Service {
	t.Helper()
	c := testConfig()
	c.Owners = []string{"service:data_analysis=a@example.com", "b@example.com"}
	for _, f := range change {
		f(&c)
	}
	s, err := New(c, Parts{Store: w, Facts: w, Pusher: w, Mailer: w, Epoch: w.currentEpoch, Threshold: 350, Satisfied: 400, Target: 0.95,
		Registerer: prometheus.NewRegistry(), Log: zerolog.Nop(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs the service until the returned function is called.
func run(t *testing.T, s *Service) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// rate stores a rating that a customer gives now, or a further version of it.
func (w *world) rate(customer, id string, hundredths int32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	r := alert.Rating{RatingID: id, CustomerID: customer, OccurredAt: now.Add(-time.Second), ArrivedAt: now, Service: "data_analysis", Rating: hundredths, Counts: true}
	version := uint64(1)
	for _, f := range w.facts {
		if f.RatingID == id {
			r.OccurredAt, version = f.OccurredAt, f.version+1
		}
	}
	r.Offset = int64(len(w.facts))
	w.facts = append(w.facts, inserted{r, version})
}

// fall has a service fall from 95 to 85 % in the window that ends at the time.
func (w *world) fall(service string, end time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := alert.Group{Subject: alert.Subject{Dimension: "service", Value: service}, End: end, Window: 7 * 24 * time.Hour,
		Satisfied: 850, Ratings: 1000, BeforeSatisfied: 950, BeforeRatings: 1000}
	w.end, w.groups, w.fresh[g.Subject] = end, []alert.Group{g}, g
}

func (w *world) set(f func(*world)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w)
}

func (w *world) currentEpoch(context.Context) (clickhouse.Epoch, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return clickhouse.Epoch{Number: w.epoch}, w.epoch > 0, w.failing()
}

func (w *world) failing() error {
	if w.down {
		return errDown
	}
	return nil
}

func (w *world) Put(_ context.Context, changes []alert.Change) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.failing(); err != nil {
		return err
	}
	for _, c := range changes {
		if c.Alert.Version != w.alerts[c.Alert.ID].Version+1 {
			panic("a version was skipped or came twice") // two writers
		}
		w.alerts[c.Alert.ID] = c.Alert
		w.record[c.Alert.ID] = append(w.record[c.Alert.ID], c.Entry)
	}
	if w.putLies {
		return errDown
	}
	return nil
}

func (w *world) where(f func(*alert.Alert) bool) ([]alert.Alert, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []alert.Alert
	for _, id := range slices.Sorted(maps.Keys(w.alerts)) {
		if a := w.alerts[id]; f(&a) {
			all = append(all, a)
		}
	}
	return all, w.failing()
}

func (w *world) AtWork(context.Context) ([]alert.Alert, error) {
	return w.where(func(a *alert.Alert) bool { return a.State.AtWork() })
}

func (w *world) RecentlyResolved(_ context.Context, since time.Time) ([]alert.Alert, error) {
	return w.where(func(a *alert.Alert) bool { return !a.State.AtWork() && !a.ResolvedAt.Before(since) })
}

func (w *world) OfSubjects(_ context.Context, subjects []alert.Subject, _ time.Time) ([]alert.Alert, error) {
	return w.where(func(a *alert.Alert) bool { return slices.Contains(subjects, a.Subject) })
}

func (w *world) List(context.Context, clickhouse.AlertFilter) ([]alert.Alert, string, error) {
	all, err := w.where(func(*alert.Alert) bool { return true })
	return all, "", err
}

func (w *world) Counts(_ context.Context, at time.Time) (c clickhouse.AlertCounts, _ error) {
	all, err := w.where(func(a *alert.Alert) bool { return a.State.AtWork() })
	for i := range all {
		if c.Active++; all[i].Overdue(at) {
			c.Overdue++
		}
	}
	return c, err
}

func (w *world) Get(_ context.Context, id string) (alert.Alert, []alert.Entry, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, found := w.alerts[id]
	return a, w.record[id], found, w.failing()
}

func (w *world) EraseText(context.Context, clickhouse.Subjects) (uint64, error) {
	return 0, w.failing()
}

func (w *world) Durable(context.Context, *clickhouse.Epoch) (alert.Seen, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return alert.Seen{Epoch: w.epoch, Next: []int64{w.durable()}}, w.failing()
}

// durable is the offset of the first record that is not stored yet.
func (w *world) durable() int64 {
	if w.stuck > 0 {
		return int64(w.stuck)
	}
	return int64(len(w.facts) - w.lag)
}

func (w *world) ArrivedFrom(_ context.Context, _ *clickhouse.Epoch, end alert.Seen, arrived, rated time.Time) (alert.Seen, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range slices.Backward(w.facts[:end.Next[0]]) {
		if !f.ArrivedAt.Before(arrived) && !f.OccurredAt.Before(rated) {
			end = alert.Seen{Epoch: end.Epoch, Next: []int64{f.Offset}}
		}
	}
	return end, w.failing()
}

func (w *world) Stored(_ context.Context, _ *clickhouse.Epoch, look clickhouse.Look) (all []clickhouse.RatingVersion, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	from := int64(0)
	if len(look.From.Next) > 0 {
		from = look.From.Next[0]
	}
	if look.To.Next[0] > w.durable() {
		panic("asked for what is not durable")
	}
	for _, f := range w.facts[from:look.To.Next[0]] {
		if (!f.ArrivedAt.Before(look.Arrived) || f.version > 1) && !f.OccurredAt.Before(look.Rated) {
			all = append(all, clickhouse.RatingVersion{Rating: f.Rating, Version: f.version})
		}
	}
	w.rows += len(all)
	return all, w.failing()
}

func (w *world) Ratings(_ context.Context, _ *clickhouse.Epoch, customers []string, from, to time.Time) (map[string][]alert.Rating, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	return w.last(customers, from, to, func(string) bool { return true }), w.failing()
}

func (w *world) RatingsOf(_ context.Context, _ *clickhouse.Epoch, customers, ids []string, from, to time.Time) (map[string][]alert.Rating, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	return w.last(customers, from, to, func(id string) bool { return slices.Contains(ids, id) }), w.failing()
}

// last returns the last versions of ratings that are stored. The lock is held.
func (w *world) last(customers []string, from, to time.Time, of func(id string) bool) map[string][]alert.Rating {
	last := map[string]inserted{}
	for _, f := range w.facts[:w.durable()] {
		if slices.Contains(customers, f.CustomerID) && of(f.RatingID) && !f.OccurredAt.Before(from) && !f.OccurredAt.After(to) && f.version > last[f.RatingID].version {
			last[f.RatingID] = f
		}
	}
	all := map[string][]alert.Rating{}
	for _, f := range last {
		all[f.CustomerID] = append(all[f.CustomerID], f.Rating)
		w.read++
	}
	for _, ratings := range all {
		slices.SortFunc(ratings, func(a, b alert.Rating) int { return a.OccurredAt.Compare(b.OccurredAt) })
	}
	return all
}

func (w *world) OfOthers(context.Context, *clickhouse.Epoch, []alert.Rating) (map[string]bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.others, w.failing()
}

func (w *world) CustomerSums(_ context.Context, _ *clickhouse.Epoch, customers []string, rules *alert.Rules, since time.Time) (map[string]alert.Sums, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.added++
	all := map[string]alert.Sums{}
	threshold, satisfied := rules.Bands()
	for customer, ratings := range w.last(customers, since, time.Now().Add(24*time.Hour), func(string) bool { return true }) {
		all[customer] = alert.Sums{}
		for _, x := range ratings {
			if !x.Counts || x.Rating == 0 {
				continue
			}
			n := x.OccurredAt.UnixMilli() / rules.BucketLength().Milliseconds()
			if all[customer][n] == nil {
				all[customer][n] = &alert.Bucket{}
			}
			b := all[customer][n]
			if x.Rating >= satisfied {
				b.Satisfied++
			} else {
				b.Others++
			}
			b.Above += int64(max(0, x.Rating-threshold))
			b.Below += int64(max(0, threshold-x.Rating))
		}
	}
	return all, w.failing()
}

func (w *world) LatestComplete(context.Context, *clickhouse.Epoch, string) (time.Time, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.end, !w.end.IsZero(), w.failing()
}

func (w *world) Groups(_ context.Context, _ *clickhouse.Epoch, dimension, _ string, end time.Time) ([]alert.Group, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.summed++
	var all []alert.Group
	for _, g := range w.groups {
		if g.Subject.Dimension == dimension && g.End.Equal(end) {
			all = append(all, g)
		}
	}
	return all, w.failing()
}

func (w *world) FreshGroup(_ context.Context, _ *clickhouse.Epoch, of alert.Subject, _ time.Time, _, _ time.Duration) (alert.Group, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fresh[of], w.failing()
}

func (w *world) Push(_ context.Context, alerts []alertmanager.Alert) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pushDown {
		return errDown
	}
	w.pushed = append(w.pushed, alerts)
	return nil
}

func (w *world) Send(_ context.Context, m mail.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mailing != nil {
		if err := w.mailing(m); err != nil {
			return err
		}
	}
	w.mails = append(w.mails, m)
	return nil
}

// manager is what Alertmanager knows: the alerts that fire now, by id and level.
func (w *world) manager(now time.Time) map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	firing := map[string]bool{}
	ends := map[string]time.Time{}
	for _, batch := range w.pushed {
		for _, a := range batch {
			ends[a.Labels["alert_id"]+" "+a.Labels["level"]+" "+a.Labels["service"]] = a.EndsAt
		}
	}
	for key, end := range ends {
		if end.After(now) {
			firing[key] = true
		}
	}
	return firing
}

// questions counts those for ratings.
func (w *world) questions() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked
}

// letters are the mails that were sent.
func (w *world) letters() []mail.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.mails)
}

// all are the alerts that are stored.
func (w *world) all(t *testing.T) []alert.Alert {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.SortedFunc(maps.Values(w.alerts), func(a, b alert.Alert) int { return a.OpenedAt.Compare(b.OpenedAt) })
}
