package clickhouse

import (
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

func TestDeadLettersAreDeletedInEveryCopyAndNoOthers(t *testing.T) {
	conn, def := migrated(t), sinktest.Definition()
	rows := []owner.DeadLetter{{Offset: 1, Key: []byte("k"), Value: []byte("a\xff"), Headers: []event.Header{{Key: "h", Value: []byte("v")}}}, {Offset: 2, Value: []byte("b")}, {Partition: 1, Offset: 1, Value: []byte("c")}}
	for _, epoch := range []uint32{1, 1, 2} { // one epoch has each twice, as a flush that was repeated leaves them
		if err := NewSink(conn, epoch, &def).InsertDeadLetters(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
	}
	s, read := NewErasures(conn, ""), func() (seen []string) {
		if err := NewErasures(conn, "").Letters(t.Context(), func(l *Letter) {
			seen = append(seen, fmt.Sprintf("%d %s %q %q %q", l.Epoch, l.Position, l.Key, l.Value, l.Headers))
		}); err != nil {
			t.Fatal(err)
		}
		slices.Sort(seen)
		return seen
	}
	if seen := read(); len(seen) != 9 || seen[0] != `1 0:1 "k" "a\xff" [{"h" "v"}]` {
		t.Fatalf("%d letters: %v; want 9, replaced ones included", len(seen), seen)
	}
	if err := s.DeleteLetters(t.Context(), []LetterAt{{1, Position{0, 1}}, {2, Position{0, 2}}}); err != nil {
		t.Fatal(err)
	}
	seen := slices.Compact(read())
	if want := []string{`1 0:2 "" "b" []`, `1 1:1 "" "c" []`, `2 0:1 "k" "a\xff" [{"h" "v"}]`, `2 1:1 "" "c" []`}; !slices.Equal(seen, want) {
		t.Errorf("left %v, want %v", seen, want)
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
	var letters []LetterAt
	for i := range 12_000 {
		letters = append(letters, LetterAt{7, Position{Partition: 1, Offset: int64(i) << 40}})
	}
	for _, err := range []error{s.DeleteLetters(t.Context(), letters), s.DeleteRetired(t.Context(), of)} {
		if err != nil {
			t.Error(err)
		}
	}
	if months, err := s.ResidueOf(t.Context(), of); err != nil || len(months) != 0 {
		t.Errorf("residue %v, %v", months, err)
	}
	if alerts, err := s.AlertsWithText(t.Context(), of); err != nil || alerts != 0 {
		t.Errorf("alerts %d, %v", alerts, err)
	}
	var positions []Position
	for i := range 25_000 {
		positions = append(positions, Position{Partition: 1, Offset: int64(i)})
	}
	if err := NewDeadLetters(conn, 7).MarkReplayed(t.Context(), positions, now, "me"); err != nil {
		t.Error(err)
	}
}

func TestNoMutationNamesWhoseRowsItRemoves(t *testing.T) {
	s, _ := erasable(t)
	def := sinktest.Definition()
	for number, state := range map[uint32]EpochState{1: Retired, 2: Current} {
		if err := PutEpoch(t.Context(), s.conn, Epoch{Number: number, State: state, Definition: def}, now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	exec(t, s.conn, "ALTER TABLE enterprise_customer_satisfaction UPDATE customer_id = 'ann@example.com' WHERE 1 SETTINGS mutations_sync = 2")
	for _, epoch := range []uint32{1, 2} {
		if err := NewSink(s.conn, epoch, &def).InsertDeadLetters(t.Context(), []owner.DeadLetter{{Offset: 5, Value: []byte(`{"customer_id":"ann@example.com"}`)}}); err != nil {
			t.Fatal(err)
		}
	}
	of := Subjects{Customers: []string{"ann@example.com"}}
	if n, err := s.Retired(t.Context(), of); err != nil || n != 4 {
		t.Fatalf("%d ratings in the retired epoch, %v", n, err)
	}
	for _, err := range []error{s.DeleteRetired(t.Context(), of), s.DeleteLetters(t.Context(), []LetterAt{{1, Position{0, 5}}, {2, Position{0, 5}}})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Retired(t.Context(), of); err != nil || n != 0 {
		t.Errorf("%d ratings are left in the retired epoch, %v", n, err)
	}
	var commands, naming uint64
	row := s.conn.QueryRow(t.Context(), "SELECT count(), countIf(command LIKE '%ann%' AND command NOT LIKE '%WHERE 1%') FROM system.mutations WHERE database = currentDatabase()")
	if err := row.Scan(&commands, &naming); err != nil || naming != 0 || commands < 3 {
		t.Errorf("%d of %d mutations name the customer, %v", naming, commands, err)
	}
}

func TestReplacedVersionsOfASubjectAreResidueHoweverLongAgoTheyWereErased(t *testing.T) {
	s, facts := erasable(t)
	exec(t, s.conn, "ALTER TABLE enterprise_customer_satisfaction UPDATE inserted_at = '2026-01-01 00:00:00.000' WHERE 1 SETTINGS mutations_sync = 2")
	if lately, err := s.Residue(t.Context(), time.Now().Add(-time.Hour)); err != nil || len(lately) != 0 {
		t.Fatalf("stored lately: %v, %v", lately, err)
	}
	of := Subjects{Ratings: []string{"r0"}}
	for name, of := range map[string]Subjects{"rating": of, "customer": {Customers: []string{"c"}}} {
		if found, err := s.ResidueOf(t.Context(), of); err != nil || !slices.Equal(found, []Residue{{1, 202611, 1}}) {
			t.Errorf("by %s: %v, %v; want one version in 202611", name, found, err)
		}
	}
	// A version of another customer under the same key has replaced hers: she is found, in the replaced one alone.
	def, other := sinktest.Definition(), facts[1].Event
	other.CustomerID, other.Revision = "d", 4
	if err := NewSink(s.conn, 1, &def).InsertFacts(t.Context(), []fact.Fact{fact.New(&other, 1, 20, other.OccurredAt, facts[1].Pane)}); err != nil {
		t.Fatal(err)
	}
	if found, err := s.ResidueOf(t.Context(), Subjects{Customers: []string{"c"}}); err != nil || !slices.Equal(found, []Residue{{1, 202611, 2}}) {
		t.Errorf("replaced by another customer's: %v, %v; want two versions", found, err)
	}
	if got, err := s.Ratings(t.Context(), 1, Subjects{Customers: []string{"c"}}); err != nil || len(got) != 3 {
		t.Errorf("%d ratings of c, %v; want 3, as one is d's", len(got), err)
	}
	for _, r := range []Residue{{1, 202611, 1}} {
		if err := s.Merge(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := s.ResidueOf(t.Context(), Subjects{Customers: []string{"c", "d"}}); err != nil || len(found) != 0 {
		t.Errorf("after the merge %v, %v", found, err)
	}
}

func TestPseudonymsAreToldFromIDs(t *testing.T) {
	s, _ := erasable(t)
	if yes, err := s.Pseudonyms(t.Context(), 1); err != nil || yes {
		t.Errorf("plain ids: %v, %v", yes, err)
	}
	if yes, err := s.Pseudonyms(t.Context(), 9); err != nil || yes {
		t.Errorf("an empty epoch: %v, %v", yes, err)
	}
	exec(t, s.conn, "ALTER TABLE enterprise_customer_satisfaction UPDATE customer_id = '0123456789abcdef0123456789abcdef' WHERE 1 SETTINGS mutations_sync = 2")
	if yes, err := s.Pseudonyms(t.Context(), 1); err != nil || !yes {
		t.Errorf("pseudonyms: %v, %v", yes, err)
	}
}
