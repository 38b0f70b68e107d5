package sinktest

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// Facts returns the facts that stand, by partition, pane and rating id.
func (m *Memory) Facts() []fact.Fact {
	return m.selectFacts(func(*fact.Fact) bool { return true })
}

func (m *Memory) selectFacts(keep func(*fact.Fact) bool) []fact.Fact {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rows []fact.Fact
	for _, f := range m.facts {
		if keep(&f) {
			rows = append(rows, f)
		}
	}
	slices.SortFunc(rows, func(a, b fact.Fact) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Pane, b.Pane), cmp.Compare(a.Event.RatingID, b.Event.RatingID))
	})
	return rows
}

// Panes returns the pane rows that stand, by partition, pane and key.
func (m *Memory) Panes() []owner.PaneRow {
	return m.paneRows(func(*owner.PaneRow) bool { return true })
}

// Windows returns the window rows that stand, by partition, window, end and key.
func (m *Memory) Windows() []owner.WindowRow {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(maps.Values(m.windows), func(a, b owner.WindowRow) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Window, b.Window), cmp.Compare(a.End, b.End), compareKeys(a.Key, b.Key))
	})
}

// DeadLetters returns the dead letters by partition and offset.
func (m *Memory) DeadLetters() []owner.DeadLetter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(maps.Values(m.deadLetters), func(a, b owner.DeadLetter) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
}

func (m *Memory) paneRows(keep func(*owner.PaneRow) bool) []owner.PaneRow {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rows []owner.PaneRow
	for _, r := range m.panes {
		if keep(&r) {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b owner.PaneRow) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Pane, b.Pane), compareKeys(a.Key, b.Key))
	})
	return rows
}

func compareKeys(a, b window.Key) int {
	return cmp.Or(cmp.Compare(a.Dimension, b.Dimension), cmp.Compare(a.Value, b.Value))
}

// Paged returns the event as a page-in gives it back: what it counts for and the rating id, nothing else.
func Paged(e *event.Event) event.Event {
	return event.Event{
		RatingID: e.RatingID, Op: e.Op, Rating: e.Rating, Staff: e.Staff, Quarantined: e.Quarantined, Quality: e.Quality,
		Service: e.Service, ProductID: e.ProductID, Channel: e.Channel, Segment: e.Segment, Attributes: slices.Clone(e.Attributes),
	}
}

func cloneKey(k window.Key) window.Key {
	return window.Key{Dimension: strings.Clone(k.Dimension), Value: strings.Clone(k.Value)}
}

// cloneEvent copies every string: they point into a record whose buffer the caller uses again.
func cloneEvent(e *event.Event) event.Event {
	c := *e
	for _, s := range []*string{&c.RatingID, &c.CustomerID, &c.Service, &c.ProductID, &c.Channel, &c.Segment, &c.Source,
		&c.Comment, &c.Language, &c.SurveyID, &c.InvitationID} {
		*s = strings.Clone(*s)
	}
	c.Attributes = slices.Clone(e.Attributes)
	for i, a := range c.Attributes {
		c.Attributes[i] = event.Pair{Key: strings.Clone(a.Key), Value: strings.Clone(a.Value)}
	}
	c.Answers = slices.Clone(e.Answers)
	for i, a := range c.Answers {
		c.Answers[i].Question, c.Answers[i].Value = strings.Clone(a.Question), strings.Clone(a.Value)
	}
	return c
}

func cloneDeadLetter(d owner.DeadLetter) owner.DeadLetter {
	d.Key, d.Value, d.Headers = bytes.Clone(d.Key), bytes.Clone(d.Value), slices.Clone(d.Headers)
	d.Reason, d.Detail = strings.Clone(d.Reason), strings.Clone(d.Detail)
	for i, h := range d.Headers {
		d.Headers[i] = owner.Header{Key: strings.Clone(h.Key), Value: bytes.Clone(h.Value)}
	}
	return d
}
