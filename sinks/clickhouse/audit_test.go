package clickhouse

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"satisflow/pipeline/audit"
)

func TestTheAuditLogIsStoredAndProved(t *testing.T) {
	conn := migrated(t)
	exec(t, conn, "SYSTEM STOP MERGES satisflow_audit")
	store := NewAudit(conn, mayWrite)
	at := thingAt
	log := audit.New(store, func() time.Time { return at })
	var want []audit.Entry
	for i, action := range []string{"user.created", "user.updated", "customer.seen", "userx"} {
		at = at.Add(time.Hour)
		e, err := log.Append(t.Context(), audit.Entry{Actor: fmt.Sprintf("u_%d", i%2), Name: `李'娜\`, Address: "10.0.0.1", Action: action, Object: "user:u_1",
			Detail: fmt.Sprintf("filter '%d'", i), Changes: []audit.Change{{Field: "role", Before: "viewer", After: `ag"ent`}}})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, e)
	}
	if err := store.Append(t.Context(), want[1]); err != nil { // repeated
		t.Fatal(err)
	}
	if got, err := audit.Verify(t.Context(), store); err != nil || got.Entries != 4 || got.Last != want[3].Hash {
		t.Errorf("got %+v, %v", got, err)
	}
	last, found, err := store.Last(t.Context())
	if err != nil || !found || !reflect.DeepEqual(last, want[3]) {
		t.Errorf("last %+v, %v, %v\nwant %+v", last, found, err, want[3])
	}
	for name, c := range map[string]struct {
		filter audit.Filter
		want   []int
	}{
		"all, the latest first": {audit.Filter{}, []int{3, 2, 1, 0}},
		"of an actor":           {audit.Filter{Actor: "u_1"}, []int{3, 1}},
		"an action":             {audit.Filter{Action: "user.updated"}, []int{1}},
		"actions of a kind":     {audit.Filter{Action: "user."}, []int{1, 0}},
		"an object":             {audit.Filter{Object: "user:u_2"}, nil},
		"a text":                {audit.Filter{Text: "FILTER '2"}, []int{2}},
		"a time":                {audit.Filter{From: want[1].At, To: want[3].At}, []int{2, 1}},
		"a page":                {audit.Filter{Before: 3, Limit: 1}, []int{1}},
		"no SQL":                {audit.Filter{Actor: "' OR 1 = 1 -- "}, nil},
	} {
		got, err := store.Search(t.Context(), c.filter)
		var numbers []int
		for _, e := range got {
			numbers = append(numbers, int(e.Number)-1)
			if !reflect.DeepEqual(e, want[e.Number-1]) {
				t.Errorf("%s: %+v\nwant %+v", name, e, want[e.Number-1])
			}
		}
		if err != nil || !slices.Equal(numbers, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, numbers, err, c.want)
		}
	}
	exec(t, conn, "INSERT INTO satisflow_audit SELECT * REPLACE ('changed' AS detail) FROM satisflow_audit FINAL WHERE number = 2")
	var broken *audit.BrokenError
	if _, err := audit.Verify(t.Context(), store); !errors.As(err, &broken) || broken.Number != 2 {
		t.Errorf("an entry that was changed: %v", err)
	}
}

func TestWhoDoesNotHoldTheLeaseWritesNoAudit(t *testing.T) {
	lost := errors.New("lost")
	conn := migrated(t)
	log := audit.New(NewAudit(conn, func() error { return lost }), time.Now)
	if _, err := log.Append(t.Context(), audit.Entry{Action: "x"}); !errors.Is(err, lost) {
		t.Errorf("got %v", err)
	}
	if n := storedRows(t, conn, "satisflow_audit"); n != 0 {
		t.Errorf("%d rows", n)
	}
}
