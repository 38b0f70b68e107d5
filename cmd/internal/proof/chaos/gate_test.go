package chaos

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"
)

func TestTheGateHoldsUpTheInsertThatFollowsTheStep(t *testing.T) {
	flush := []string{factsTable, factsTable, panesTable, panesTable, windowsTable, lettersTable, checkpointsTable, checkpointsTable}
	for step, want := range map[Step]int{AfterFacts: 2, AmidPanes: 3, BeforeCheckpoint: 6, BeforeCommit: 6} {
		t.Run(string(step), func(t *testing.T) {
			var g gate
			g.answered(checkpointsTable)
			c := g.catch(step)
			for i, table := range flush {
				ctx, cancel := context.WithCancel(t.Context())
				cancel() // so that it breaks off instead of waiting
				if passed := g.enter(ctx, table); passed == (i == want) {
					t.Errorf("insert %d, into %s: passed is %t", i, table, passed)
				}
				g.answered(table)
			}
			if !c.wait(t.Context()) {
				t.Error("it was not told of")
			}
		})
	}
}

func TestTheGatePassesOnOrBreaksOff(t *testing.T) {
	for _, pass := range []bool{true, false} {
		var g gate
		c := g.catch(BeforeCommit)
		entered := make(chan bool)
		go func() { entered <- g.enter(context.Background(), checkpointsTable) }()
		if !c.wait(t.Context()) {
			t.Fatal("no insert came")
		}
		select {
		case <-entered:
			t.Fatal("it was not held up")
		case <-time.After(50 * time.Millisecond):
		}
		c.lift(pass)
		c.lift(!pass) // too late
		if got := <-entered; got != pass {
			t.Errorf("passed: %t, want %t", got, pass)
		}
		if !g.enter(t.Context(), checkpointsTable) {
			t.Error("the gate holds up another one")
		}
	}
}

func TestTheTableOfAnInsertIsInItsQuery(t *testing.T) {
	for query, want := range map[string]string{
		"INSERT INTO satisfaction_panes (`epoch`) FORMAT Native": panesTable,
		"SELECT 1 FROM satisfaction_panes":                       "",
		"":                                                       "",
	} {
		r := &http.Request{Method: http.MethodPost, URL: &url.URL{RawQuery: url.Values{"query": {query}}.Encode()}}
		if got := tableOf(r); got != want {
			t.Errorf("%q: got %q, want %q", query, got, want)
		}
	}
}
