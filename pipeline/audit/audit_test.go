package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// memory keeps entries in memory.
type memory struct {
	mu      sync.Mutex
	entries []Entry
	fail    error // of the next Append
	stored  bool  // whether the one that fails is stored all the same
}

func (m *memory) Append(_ context.Context, e Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := m.fail
	if m.fail = nil; err == nil || m.stored {
		m.entries = append(m.entries, e)
	}
	return err
}

func (m *memory) Last(context.Context) (Entry, bool, error) {
	if len(m.entries) == 0 {
		return Entry{}, false, nil
	}
	return m.entries[len(m.entries)-1], true, nil
}

func (m *memory) Each(_ context.Context, yield func(Entry) error) error {
	for _, e := range m.entries {
		if err := yield(e); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Search(context.Context, Filter) ([]Entry, error) { return m.entries, nil }

var at = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

func written(t *testing.T, n int) *memory {
	t.Helper()
	m := &memory{}
	l := New(m, func() time.Time { return at })
	for i := range n {
		if _, err := l.Append(t.Context(), Entry{Actor: "u_1", Name: "李娜", Address: "10.0.0.1", Action: "user.updated", Object: fmt.Sprintf("user:u_%d", i),
			Detail: "x", Changes: []Change{{"role", "viewer", "agent"}, {"email", Hidden, Hidden}}}); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestALogThatNobodyTouchedIsWhole(t *testing.T) {
	for _, n := range []int{0, 1, 7} {
		m := written(t, n)
		got, err := Verify(t.Context(), m)
		if err != nil || got.Entries != uint64(n) || n > 0 && got.Last != m.entries[n-1].Hash {
			t.Errorf("%d entries: %+v, %v", n, got, err)
		}
	}
	m := written(t, 3)
	m.entries = slices.Insert(m.entries, 2, m.entries[1]) // a repeated insert
	if got, err := Verify(t.Context(), m); err != nil || got.Entries != 3 {
		t.Errorf("a row twice: %+v, %v", got, err)
	}
}

func TestEveryChangeOfTheLogIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		change func(m *memory)
		number uint64
		what   string
	}{
		"a time":                 {func(m *memory) { m.entries[2].At = at.Add(time.Millisecond) }, 3, "not what was written"},
		"an actor":               {func(m *memory) { m.entries[2].Actor = "u_2" }, 3, "not what was written"},
		"a name":                 {func(m *memory) { m.entries[2].Name = "" }, 3, "not what was written"},
		"an address":             {func(m *memory) { m.entries[2].Address = "10.0.0.2" }, 3, "not what was written"},
		"an action":              {func(m *memory) { m.entries[2].Action = "user.created" }, 3, "not what was written"},
		"an object":              {func(m *memory) { m.entries[2].Object = "user:u_9" }, 3, "not what was written"},
		"a detail":               {func(m *memory) { m.entries[2].Detail = "y" }, 3, "not what was written"},
		"a field":                {func(m *memory) { m.entries[2].Changes[0].Field = "name" }, 3, "not what was written"},
		"a value":                {func(m *memory) { m.entries[2].Changes[0].After = "admin" }, 3, "not what was written"},
		"fewer changes":          {func(m *memory) { m.entries[2].Changes = m.entries[2].Changes[:1] }, 3, "not what was written"},
		"a boundary of texts":    {func(m *memory) { e := &m.entries[2]; e.Actor, e.Name = "u_1李", "娜" }, 3, "not what was written"},
		"the link":               {func(m *memory) { m.entries[2].Previous = m.entries[0].Hash }, 3, "not what was written"},
		"a number":               {func(m *memory) { m.entries[4].Number = 6 }, 5, "not what was written"},
		"an entry with its hash": {func(m *memory) { e := &m.entries[2]; e.Detail = "y"; e.Hash = e.hash() }, 4, "does not follow"},
		"one taken out":          {func(m *memory) { m.entries = slices.Delete(m.entries, 2, 3) }, 3, "is missing: after 2 comes 4"},
		"the first taken out":    {func(m *memory) { m.entries = m.entries[1:] }, 1, "is missing"},
		"one put in": {func(m *memory) {
			e := m.entries[2]
			e.Detail = "y"
			e.Hash = e.hash()
			m.entries = slices.Insert(m.entries, 3, e)
		}, 3, "twice"},
		"two in another order": {func(m *memory) { m.entries[2], m.entries[3] = m.entries[3], m.entries[2] }, 3, "is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			m := written(t, 5)
			c.change(m)
			_, err := Verify(t.Context(), m)
			var broken *BrokenError
			if !errors.As(err, &broken) {
				t.Fatalf("got %v", err)
			}
			if want := c.number; broken.Number != want && name != "a number" || !strings.Contains(broken.What, c.what) {
				t.Errorf("got %v, want entry %d %s", err, want, c.what)
			}
		})
	}
}

func TestAnAppendThatFailedLeavesTheLogWhole(t *testing.T) {
	for _, stored := range []bool{false, true} {
		m := written(t, 2)
		l := New(m, func() time.Time { return at })
		lost := errors.New("the answer was lost")
		m.fail, m.stored = lost, stored
		if _, err := l.Append(t.Context(), Entry{Action: "a"}); !errors.Is(err, lost) {
			t.Fatal(err)
		}
		e, err := l.Append(t.Context(), Entry{Action: "b"})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Verify(t.Context(), m); err != nil || got.Last != e.Hash || got.Entries != uint64(len(m.entries)) {
			t.Errorf("stored %v: %+v, %v", stored, got, err)
		}
	}
}

func TestManyWhoWriteAtOnceMakeOneChain(t *testing.T) {
	m := &memory{}
	l := New(m, func() time.Time { return at })
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if _, err := l.Append(t.Context(), Entry{Action: "x"}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got, err := Verify(t.Context(), m); err != nil || got.Entries != 50 {
		t.Errorf("%+v, %v", got, err)
	}
}
