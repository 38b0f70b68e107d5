package clickhouse

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/entity"
)

// word is a text of a type of its own, as states of entities are.
type word string

// thing is an entity with a field of each kind.
type thing struct {
	entity.Meta
	Name   string            `column:"name"`
	State  word              `column:"state"`
	Places []string          `column:"places"`
	Words  []word            `column:"words"`
	Ready  bool              `column:"ready"`
	Count  int64             `column:"count"`
	Size   uint64            `column:"size"`
	Share  float64           `column:"share"`
	DueAt  time.Time         `column:"due_at"`
	Rest   map[string]string `column:"rest,json"`
}

func things(t *testing.T, held func() error) *Entities[thing, *thing] {
	t.Helper()
	conn := migrated(t)
	const columns = "(id String, version UInt64, changed_at DateTime64(3, 'UTC'), changed_by String, action String, name String, " +
		"state LowCardinality(String), places Array(String), words Array(String), ready Bool, count Int64, size UInt64, share Float64, " +
		"due_at DateTime64(3, 'UTC'), rest String)"
	exec(t, conn, "CREATE TABLE things "+columns+" ENGINE = ReplacingMergeTree(version) ORDER BY id")
	exec(t, conn, "CREATE TABLE things_history "+columns+" ENGINE = ReplacingMergeTree ORDER BY (id, version, changed_at)")
	for _, table := range []string{"things", "things_history"} {
		exec(t, conn, "SYSTEM STOP MERGES "+table) // readers must not count on merges
	}
	return NewEntities[thing, *thing](conn, "things", held)
}

func mayWrite() error { return nil }

var thingAt = time.Date(2026, 11, 26, 12, 0, 0, 123e6, time.UTC)

func by(action string, second int) entity.Stamp {
	return entity.Stamp{At: thingAt.Add(time.Duration(second) * time.Second), By: "o'hara", Action: action}
}

func wholeThing(id string) thing {
	return thing{Meta: entity.Meta{ID: id}, Name: `a 'name' \ 名` + "\n", State: "it's", Places: []string{"", "b'", `\`}, Words: []word{"x'"},
		Ready: true, Count: -1 << 60, Size: 1 << 63, Share: 0.1, DueAt: thingAt, Rest: map[string]string{"k'": "{}\""}}
}

func TestEveryFieldOfAnEntityComesBackAsItWas(t *testing.T) {
	s := things(t, mayWrite)
	for _, want := range []thing{wholeThing("whole 'thing'"), {Meta: entity.Meta{ID: "empty"}}} {
		stored, err := s.Create(t.Context(), want, by("created", 0))
		if err != nil {
			t.Fatal(err)
		}
		want.Meta = entity.Meta{ID: want.ID, Version: 1, ChangedAt: thingAt, ChangedBy: "o'hara", Action: "created"}
		if !reflect.DeepEqual(stored, want) {
			t.Errorf("stored %+v\nwant %+v", stored, want)
		}
		got, found, err := s.Get(t.Context(), want.ID)
		if err != nil || !found || !reflect.DeepEqual(got, want) {
			t.Errorf("read %+v, %v, %v\nwant %+v", got, found, err, want)
		}
	}
	if _, found, err := s.Get(t.Context(), "none"); found || err != nil {
		t.Errorf("an id without entity: %v, %v", found, err)
	}
}

func TestAChangeIsTheNextVersionAndTheHistoryHasAll(t *testing.T) {
	s := things(t, mayWrite)
	first, err := s.Create(t.Context(), wholeThing("a"), by("created", 0))
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Change(t.Context(), "a", 1, by("renamed", 1), func(x *thing) error {
		x.Name, x.ID, x.Version = "new", "another", 77 // an entity keeps its identity
		return nil
	})
	if err != nil || second.Version != 2 || second.Name != "new" || second.ID != "a" || second.Action != "renamed" {
		t.Fatalf("got %+v, %v", second, err)
	}
	third, err := s.Change(t.Context(), "a", 0, by("counted", 2), func(x *thing) error { x.Count++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := s.Get(t.Context(), "a")
	if err != nil || !reflect.DeepEqual(got, third) {
		t.Errorf("read %+v, %v\nwant %+v", got, err, third)
	}
	history, err := s.History(t.Context(), "a")
	if err != nil || !reflect.DeepEqual(history, []thing{first, second, third}) {
		t.Errorf("history %+v, %v", history, err)
	}
}

func TestWhatMustNotBeStoredIsNot(t *testing.T) {
	s := things(t, mayWrite)
	if _, err := s.Create(t.Context(), wholeThing("a"), by("created", 0)); err != nil {
		t.Fatal(err)
	}
	unfit := errors.New("unfit")
	untouched := func(*thing) error { t.Error("the change was asked"); return nil }
	for name, c := range map[string]struct {
		do   func() error
		want func(error) bool
	}{
		"an id that is taken": {func() error { _, err := s.Create(t.Context(), wholeThing("a"), by("created", 1)); return err },
			func(err error) bool { return errors.Is(err, entity.ErrExists) }},
		"a change of none": {func() error { _, err := s.Change(t.Context(), "b", 0, by("renamed", 1), untouched); return err },
			func(err error) bool { return errors.Is(err, entity.ErrNotFound) }},
		"a change of another version": {func() error { _, err := s.Change(t.Context(), "a", 2, by("renamed", 1), untouched); return err },
			func(err error) bool {
				var c *entity.Conflict
				return errors.As(err, &c) && *c == entity.Conflict{ID: "a", Saw: 2, Has: 1}
			}},
		"a change that does not fit": {func() error {
			_, err := s.Change(t.Context(), "a", 1, by("renamed", 1), func(x *thing) error { x.Name = "no"; return unfit })
			return err
		}, func(err error) bool { return errors.Is(err, unfit) }},
	} {
		if err := c.do(); err == nil || !c.want(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if history, err := s.History(t.Context(), "a"); err != nil || len(history) != 1 || history[0].Name != wholeThing("a").Name {
		t.Errorf("history %+v, %v", history, err)
	}
}

func TestOfTwoWhoChangeOneVersionOneWins(t *testing.T) {
	s := things(t, mayWrite)
	if _, err := s.Create(t.Context(), wholeThing("a"), by("created", 0)); err != nil {
		t.Fatal(err)
	}
	const people = 8
	var group sync.WaitGroup
	won := make([]bool, people)
	for i := range people {
		group.Go(func() {
			_, err := s.Change(t.Context(), "a", 1, by("renamed", i), func(x *thing) error { x.Count = int64(i); return nil })
			var c *entity.Conflict
			if won[i] = err == nil; !won[i] && !errors.As(err, &c) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	winner := slices.Index(won, true)
	if winner < 0 || slices.Contains(won[winner+1:], true) {
		t.Fatalf("winners: %v", won)
	}
	if got, _, err := s.Get(t.Context(), "a"); err != nil || got.Count != int64(winner) || got.Version != 2 {
		t.Errorf("got %+v, %v, want the change of %d", got, err, winner)
	}
	if n := len(s.locks.locks); n != 0 {
		t.Errorf("%d locks are left", n)
	}
}

func TestChangesWithoutAVersionAreAllKept(t *testing.T) {
	s := things(t, mayWrite)
	if _, err := s.Create(t.Context(), thing{Meta: entity.Meta{ID: "a"}}, by("created", 0)); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 12 {
		group.Go(func() {
			if _, err := s.Change(t.Context(), "a", 0, by("counted", 1), func(x *thing) error { x.Count++; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got, _, err := s.Get(t.Context(), "a"); err != nil || got.Count != 12 || got.Version != 13 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAVersionThatWasCutOffIsWrittenAgain(t *testing.T) {
	s := things(t, mayWrite)
	if _, err := s.Create(t.Context(), thing{Meta: entity.Meta{ID: "a"}}, by("created", 0)); err != nil {
		t.Fatal(err)
	}
	cut := errors.New("the process ended")
	writes := 0
	s.held = func() error {
		if writes++; writes == 2 { // the history is written, the entity is not
			return cut
		}
		return nil
	}
	if _, err := s.Change(t.Context(), "a", 1, by("renamed", 1), func(x *thing) error { x.Name = "lost"; return nil }); !errors.Is(err, cut) {
		t.Fatal(err)
	}
	if history, err := s.History(t.Context(), "a"); err != nil || len(history) != 1 {
		t.Errorf("a version that does not stand is in the history: %+v, %v", history, err)
	}
	s.held = mayWrite
	second, err := s.Change(t.Context(), "a", 1, by("renamed", 2), func(x *thing) error { x.Name = "kept"; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if history, err := s.History(t.Context(), "a"); err != nil || len(history) != 2 || !reflect.DeepEqual(history[1], second) {
		t.Errorf("history %+v, %v", history, err)
	}
}

func TestWhoDoesNotHoldTheLeaseWritesNothing(t *testing.T) {
	lost := errors.New("lost")
	s := things(t, func() error { return lost })
	if _, err := s.Create(t.Context(), wholeThing("a"), by("created", 0)); !errors.Is(err, lost) {
		t.Errorf("got %v", err)
	}
	if n := storedRows(t, s.conn, "things_history"); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func storedRows(t *testing.T, conn driver.Conn, table string) (n uint64) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), "SELECT count() FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestListsSelectOrderAndPage(t *testing.T) {
	s := things(t, mayWrite)
	for i, name := range []string{"Zhang", "Li", "Wang", "Li"} {
		x := thing{Meta: entity.Meta{ID: fmt.Sprintf("t%d", i)}, Name: "old", Count: int64(i), Places: []string{name}, DueAt: thingAt.Add(time.Duration(i) * time.Hour)}
		if _, err := s.Create(t.Context(), x, by("created", 0)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Change(t.Context(), x.ID, 1, by("renamed", 1), func(x *thing) error { x.Name, x.Ready = name, i > 0; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		query entity.Query
		want  []string
	}{
		"all":                   {entity.Query{}, []string{"t0", "t1", "t2", "t3"}},
		"down":                  {entity.Query{Descending: true, Limit: 2}, []string{"t3", "t2"}},
		"by id, behind":         {entity.Query{After: &entity.Cursor{ID: "t1"}}, []string{"t2", "t3"}},
		"by name":               {entity.Query{OrderBy: "name"}, []string{"t1", "t3", "t2", "t0"}},
		"by name, behind":       {entity.Query{OrderBy: "name", After: &entity.Cursor{Value: "Li", ID: "t1"}}, []string{"t3", "t2", "t0"}},
		"by name, down, behind": {entity.Query{OrderBy: "name", Descending: true, After: &entity.Cursor{Value: "Li", ID: "t3"}}, []string{"t1"}},
		"no replaced version":   {entity.Query{Where: []entity.Condition{entity.Where("name", "old")}}, nil},
		"one of":                {entity.Query{Where: []entity.Condition{entity.Where("name", "Li", "Wang"), entity.Where("ready", true)}}, []string{"t1", "t2", "t3"}},
		"none of":               {entity.Query{Where: []entity.Condition{{Column: "name", Operator: entity.NotIn, Values: []any{"Li"}}}}, []string{"t0", "t2"}},
		"in nothing":            {entity.Query{Where: []entity.Condition{entity.Where("name")}}, nil},
		"not in nothing":        {entity.Query{Where: []entity.Condition{{Column: "name", Operator: entity.NotIn}}}, []string{"t0", "t1", "t2", "t3"}},
		"less":                  {entity.Query{Where: []entity.Condition{{Column: "count", Operator: entity.Less, Values: []any{2}}}}, []string{"t0", "t1"}},
		"from a time":           {entity.Query{Where: []entity.Condition{{Column: "due_at", Operator: entity.AtLeast, Values: []any{thingAt.Add(2 * time.Hour)}}}}, []string{"t2", "t3"}},
		"text within":           {entity.Query{Where: []entity.Condition{{Column: "name", Operator: entity.Contains, Values: []any{"ANG"}}}}, []string{"t0", "t2"}},
		"a text that is no SQL": {entity.Query{Where: []entity.Condition{entity.Where("name", "') OR 1 = 1 -- ")}}, nil},
		"an array that has one": {entity.Query{Where: []entity.Condition{{Column: "places", Operator: entity.Has, Values: []any{"Wang", "Zhang"}}}}, []string{"t0", "t2"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.List(t.Context(), c.query)
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, x := range got {
				ids = append(ids, x.ID)
			}
			if !slices.Equal(ids, c.want) {
				t.Errorf("got %v, want %v", ids, c.want)
			}
			if c.query.Limit == 0 && c.query.After == nil {
				if n, err := s.Count(t.Context(), c.query.Where...); err != nil || int(n) != len(c.want) {
					t.Errorf("counted %d, %v, want %d", n, err, len(c.want))
				}
			}
		})
	}
	for _, bad := range []entity.Query{
		{OrderBy: "name; DROP TABLE things"}, {Where: []entity.Condition{entity.Where("1 = 1 OR name", "x")}}, {Where: []entity.Condition{entity.Where("name", nil)}},
	} {
		if _, err := s.List(t.Context(), bad); !IsPermanent(err) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestATypeThatCannotBeStoredIsFoundAtOnce(t *testing.T) {
	for name, make := range map[string]func(){
		"no tag": func() { entityColumns[struct{ Name string }]() },
		"a float": func() {
			entityColumns[struct {
				Name float32 `column:"name"`
			}]()
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: stored", name)
				}
			}()
			make()
		}()
	}
}
