package alerting

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/sinks/clickhouse"
)

// crowd is a world with so many customers of whom an alert is active, some of them with equal scores and times.
func crowd(t *testing.T, n int) (*world, *Service) {
	t.Helper()
	w := newWorld()
	at := time.Now().Add(-3 * time.Hour).Truncate(time.Millisecond)
	for i := range n {
		a := alert.Alert{ID: fmt.Sprint(i), Version: 1, Rule: alert.LowRating, Subject: alert.Subject{Dimension: alert.Customer, Value: fmt.Sprintf("c.%02d/客", i*7%n)},
			Severity: alert.AllSeverities()[i%3], State: alert.Open, Weight: 1 + float64(i%4)/3, OpenedAt: at.Add(time.Duration(i/5) * time.Minute),
			ContactDue: time.Now().Add(time.Hour), ResolveDue: time.Now().Add(time.Hour)}
		w.alerts[a.ID] = a
	}
	return w, w.service(t)
}

// pages reads the watch list page by page; between is called after each page.
func pages(t *testing.T, s *Service, limit int, between func()) (customers []string) {
	t.Helper()
	cursor := ""
	for range 100 {
		list, err := s.Watchlist(t.Context(), limit, cursor)
		if err != nil || len(list.Customers) == 0 || len(list.Customers) > limit {
			t.Fatalf("a page of %d, %v", len(list.Customers), err)
		}
		for _, c := range list.Customers {
			customers = append(customers, c.Subject.Value)
		}
		if cursor = list.Next; cursor == "" {
			return customers
		}
		between()
	}
	t.Fatal("the pages have no end")
	return nil
}

func TestThePagesOfTheWatchListHoldEveryCustomerOnceInTheOrderOfTheWhole(t *testing.T) {
	const n = 47
	_, s := crowd(t, n)
	whole := pages(t, s, n, func() {})
	if len(whole) != n {
		t.Fatalf("%d customers, want %d", len(whole), n)
	}
	for _, limit := range []int{1, 5, 10, 46} {
		if got := pages(t, s, limit, func() {}); !slices.Equal(got, whole) {
			t.Errorf("by %d: %v\nwant %v", limit, got, whole)
		}
	}
}

func TestADueTimeThatPassesMeanwhileMovesNobodyToAnotherPage(t *testing.T) {
	w, s := crowd(t, 20)
	now := time.Now()
	s.parts.Now = func() time.Time { return now }
	s.Reader.parts.Now = s.parts.Now
	whole := pages(t, s, 20, func() {})
	w.set(func(w *world) {
		for id, a := range w.alerts {
			if a.Subject.Value == whole[19] || a.Subject.Value == whole[0] {
				a.ContactDue = now.Add(time.Minute)
				w.alerts[id] = a
			}
		}
	})
	got := pages(t, s, 6, func() { now = now.Add(2 * time.Minute) })
	if !slices.Equal(got, whole) {
		t.Errorf("%v\nwant %v", got, whole)
	}
}

func TestACursorThatNoAnswerNamedIsRefused(t *testing.T) {
	_, s := crowd(t, 3)
	for _, cursor := range []string{"x", "!", "MS4yLjM", "MQ", "MS56LjEuYQ", "YS4xLjEuYQ"} {
		if _, err := s.Watchlist(t.Context(), 10, cursor); !errors.Is(err, clickhouse.ErrUnknownPage) {
			t.Errorf("%q: %v", cursor, err)
		}
	}
}

func TestMeansOfTheWatchListAreDividedOnce(t *testing.T) {
	for n := int32(1); n <= 400; n++ {
		var m Mean
		for i := range n {
			m.add(100 + i*13%401)
		}
		sum := int64(0)
		for i := range n {
			sum += int64(100 + i*13%401)
		}
		if want := float64(sum) / float64(100*int64(n)); m.Points() != want {
			t.Fatalf("of %d ratings %v, want %v", n, m.Points(), want)
		}
	}
	var m Mean
	for range 3 {
		m.add(200)
	}
	if m.Points() != 2 || (Mean{}).Points() != 0 {
		t.Errorf("%v, %v", m.Points(), Mean{}.Points())
	}
}
