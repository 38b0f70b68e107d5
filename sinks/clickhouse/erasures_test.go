package clickhouse

import (
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/sinks/sinktest"
)

func TestDeadLettersOfACustomerAreDeletedAndNoOthers(t *testing.T) {
	conn, def := migrated(t), sinktest.Definition()
	if _, err := EnsureEpoch(t.Context(), conn, &def, now); err != nil {
		t.Fatal(err)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(`{"customer_id":"ann@example.com"}`))
	hers := []owner.DeadLetter{
		{Value: []byte(`{"customer_id":"ann@example.com","comment":"x"}`)},
		{Value: []byte(`{"customer_id":"ann\u0040example.com"}`)},
		{Value: []byte(`{"specversion":"1.0","data":{"customer_id":"ann@example.com"}}`)},
		{Value: []byte(`{"specversion":"1.0","data_base64":"` + encoded + `"}`)},
		{Value: []byte(`{"customer_id":"ann@example.com","comment":"cut o`)},
		{Value: []byte("no JSON"), Key: []byte("ann@example.com")},
		{Value: []byte("no JSON"), Headers: []event.Header{{Key: "ce_subject", Value: []byte("ann@example.com")}}},
		{Value: []byte(`{"customer_id":4711}`)},
	}
	others := []owner.DeadLetter{
		{Value: []byte(`{"customer_id":"joann@example.com"}`), Key: []byte("joann@example.com")},
		{Value: []byte(`{"customer_id":"bob","comment":"ann@example.com told me"}`)},
		{Value: []byte(`{"customer_id":"bob","channel":"4711"}`)}, // a word of another field is no id
		{Value: []byte(`{"customer_id":"bob","comment":"47110`)},
	}
	all := append(slices.Clone(hers), others...)
	for i := range all {
		all[i].Offset, all[i].Timestamp, all[i].Reason = int64(i), now.UnixMilli(), "bad_json"
	}
	if err := NewSink(conn, 1, &def).InsertDeadLetters(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	s, of := NewErasures(conn, ""), Subjects{Customers: []string{"ann@example.com", "4711"}}
	if n, err := s.DeadLetters(t.Context(), of); err != nil || n != uint64(len(hers)) {
		t.Errorf("found %d, %v; want %d", n, err, len(hers))
	}
	if err := s.DeleteDeadLetters(t.Context(), of); err != nil {
		t.Fatal(err)
	}
	left, err := NewDeadLetters(conn, 1).List(t.Context(), DeadLetterFilter{})
	if err != nil || len(left) != len(others) {
		t.Fatalf("%d letters are left, %v; want %d", len(left), err, len(others))
	}
	for _, l := range left {
		if l.Offset < int64(len(hers)) {
			t.Errorf("%s is left", all[l.Offset].Value)
		}
	}
}

func TestDeadLettersOfARatingAreFoundByItsID(t *testing.T) {
	conn, def := migrated(t), sinktest.Definition()
	rows := []owner.DeadLetter{
		{Value: []byte(`{"rating_id":"r1"}`)}, {Offset: 1, Value: []byte(`{"id":"r1","data":{}}`)}, {Offset: 2, Value: []byte(`{"rating_id":"r11"}`)},
		{Offset: 3, Value: []byte(`{"customer_id":"r1"}`)},
	}
	if err := NewSink(conn, 1, &def).InsertDeadLetters(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	if n, err := NewErasures(conn, "").DeadLetters(t.Context(), Subjects{Ratings: []string{"r1"}}); err != nil || n != 2 {
		t.Errorf("found %d, %v; want 2", n, err)
	}
}

// erasable stores two ratings in each of two months, erases one of the first month, and returns what was stored.
func erasable(t *testing.T) (*Erasures, []fact.Fact) {
	t.Helper()
	conn, def := migrated(t), sinktest.Definition()
	if _, err := EnsureEpoch(t.Context(), conn, &def, now); err != nil {
		t.Fatal(err)
	}
	grid := def.Grid()
	var facts []fact.Fact
	for i := range 4 {
		at := now.AddDate(0, -i/2, -1).UnixMilli()
		e := event.Event{RatingID: fmt.Sprint("r", i), CustomerID: "c", Service: "s", OccurredAt: at, Revision: 3, Rating: 400, Comment: "marker-4e1f", Quality: event.NoQuality()}
		facts = append(facts, fact.New(&e, 1, int64(i), at, grid.PaneOf(at)))
	}
	gone := facts[0].Event
	gone.Op = event.Erase
	facts = append(facts, fact.New(&gone, 1, 9, gone.OccurredAt, facts[0].Pane))
	for _, f := range facts {
		if err := NewSink(conn, 1, &def).InsertFacts(t.Context(), []fact.Fact{f}); err != nil {
			t.Fatal(err)
		}
	}
	return NewErasures(conn, ""), facts
}

func TestRatingsToEraseAreFoundByCustomerAndByID(t *testing.T) {
	s, facts := erasable(t)
	for name, of := range map[string]Subjects{"customer": {Customers: []string{"c", "nobody"}}, "rating": {Ratings: []string{"r0", "r1", "r2", "r3", "r4"}}} {
		got, err := s.Ratings(t.Context(), 1, of)
		if err != nil || len(got) != 4 {
			t.Fatalf("by %s: %d ratings, %v; want 4", name, len(got), err)
		}
		for _, r := range got {
			i := slices.IndexFunc(facts, func(f fact.Fact) bool { return f.Event.RatingID == r.RatingID })
			want := StoredRating{1, facts[i].Event.RatingID, "c", "s", facts[i].Event.OccurredAt, 3, i == 0}
			if r != want {
				t.Errorf("by %s: %+v, want %+v", name, r, want)
			}
		}
	}
}

func TestAMergeOfTheMonthsConcernedLeavesNoTextOfErasedRatingsInAnyPart(t *testing.T) {
	s, facts := erasable(t)
	since := time.Now().Add(-time.Hour)
	residue, err := s.Residue(t.Context(), since)
	if err != nil || !slices.Equal(residue, []Residue{{1, 202611, 1}}) {
		t.Fatalf("residue %v, %v; want one version in 202611", residue, err)
	}
	if err := s.Merge(t.Context(), residue[0]); err != nil {
		t.Fatal(err)
	}
	if residue, err = s.Residue(t.Context(), since); err != nil || len(residue) != 0 {
		t.Errorf("after the merge %v, %v; want none", residue, err)
	}
	var texts, erased uint64
	row := s.conn.QueryRow(t.Context(), "SELECT countIf(comment != ''), countIf(erased) FROM enterprise_customer_satisfaction") // without FINAL
	if err := row.Scan(&texts, &erased); err != nil || texts != 3 || erased != 1 {
		t.Errorf("%d texts and %d erased rows in all parts, %v; want 3 and 1 of %d", texts, erased, err, len(facts))
	}
}

func TestRatingsOfRetiredEpochsAreDeleted(t *testing.T) {
	s, _ := erasable(t)
	def := sinktest.Definition()
	if err := PutEpoch(t.Context(), s.conn, Epoch{Number: 1, State: Retired, Definition: def}, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteRetired(t.Context(), Subjects{Ratings: []string{"r1", "r2"}}); err != nil {
		t.Fatal(err)
	}
	if left, err := s.Ratings(t.Context(), 1, Subjects{Customers: []string{"c"}}); err != nil || len(left) != 2 {
		t.Errorf("%v are left, %v; want r0 and r3", left, err)
	}
}

func TestTheAuditKeepsTheLastWordOnAnErasure(t *testing.T) {
	s := NewErasures(migrated(t), "")
	e := Erasure{ID: "1", RequestedAt: now, RequestedBy: "o'hara", Kind: "customer", Subjects: []string{"sha256:ab"}, Ratings: 2, State: ErasureAsked}
	if err := s.Put(t.Context(), e, now); err != nil {
		t.Fatal(err)
	}
	e.State, e.DeadLetters, e.FinishedAt = ErasureFinished, 3, now.Add(time.Minute)
	if err := s.Put(t.Context(), e, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(t.Context(), "1"); err != nil || !reflect.DeepEqual(got, e) {
		t.Errorf("%+v, %v; want %+v", got, err, e)
	}
	if all, err := s.List(t.Context()); err != nil || !reflect.DeepEqual(all, []Erasure{e}) {
		t.Errorf("%+v, %v; want one entry", all, err)
	}
	if _, err := s.Get(t.Context(), "2"); !errors.Is(err, ErrUnknownErasure) {
		t.Errorf("an unknown one: %v", err)
	}
}

func TestErasuresNameAsManyAsTheyMay(t *testing.T) {
	conn, def := migrated(t), sinktest.Definition()
	if err := PutEpoch(t.Context(), conn, Epoch{Number: 7, State: Retired, Definition: def}, now); err != nil {
		t.Fatal(err)
	}
	s, of := NewErasures(conn, ""), Subjects{}
	e := Erasure{ID: "1", RequestedAt: now, State: ErasureAsked}
	for i := range 1000 {
		of.Customers = append(of.Customers, strings.Repeat("评", 124)+fmt.Sprintf("%04d", i))
	}
	for i := range 10_000 {
		e.Subjects = append(e.Subjects, fmt.Sprintf("hmac-sha256:%064d", i))
	}
	if err := s.Put(t.Context(), e, now); err != nil {
		t.Error(err)
	}
	if got, err := s.Get(t.Context(), "1"); err != nil || !slices.Equal(got.Subjects, e.Subjects) {
		t.Errorf("%d subjects, %v", len(got.Subjects), err)
	}
	letter := owner.DeadLetter{Key: []byte(of.Customers[999]), Timestamp: now.UnixMilli()}
	if err := NewSink(conn, 7, &def).InsertDeadLetters(t.Context(), []owner.DeadLetter{letter}); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{s.DeleteDeadLetters(t.Context(), of), s.DeleteRetired(t.Context(), of)} {
		if err != nil {
			t.Error(err)
		}
	}
	if n, err := s.DeadLetters(t.Context(), of); err != nil || n != 0 {
		t.Errorf("%d dead letters are left, %v", n, err)
	}
	var positions []Position
	for i := range 25_000 {
		positions = append(positions, Position{Partition: 1, Offset: int64(i)})
	}
	if err := NewDeadLetters(conn, 7).MarkReplayed(t.Context(), positions, now, "me"); err != nil {
		t.Error(err)
	}
}
