package falsepages

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"satisflow/dashboards/rules"
)

var (
	full   = flag.Bool("full", false, "run the whole study, which takes minutes")
	update = flag.Bool("update", false, "write the page, and with -full the stored result")
)

const (
	stored   = "testdata/study.json"
	page     = "../../deploy/docs/watching/false-pages.md"
	fullRuns = 1000
)

func TestTheStoredStudyIsThatOfTheRules(t *testing.T) {
	cfg, want := rules.DefaultConfig(), load(t)
	if *full {
		got, err := Run(cfg, fullRuns)
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			save(t, got)
			want = got
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is not what %d runs give", stored, fullRuns)
		}
	}
	if want.Rules != fingerprint(cfg) || want.Runs < fullRuns {
		t.Fatalf("%s is of other rules or too few runs: run go test ./dashboards/falsepages -full -update", stored)
	}
	got, err := Run(cfg, first)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range got.Calm {
		if w := want.Calm[i]; c.Cell != w.Cell || !reflect.DeepEqual(c.First, w.First) {
			t.Errorf("truth %s at %v a day: the first runs had %v onsets, %s has %v", c.Cell.Name, c.Cell.Traffic.PerDay, c.First, stored, w.First)
		}
	}
	for i, c := range got.Drops {
		if w := want.Drops[i]; c.Cell != w.Cell || !reflect.DeepEqual(c.First, w.First) {
			t.Errorf("drop to %s at %v a day: the first runs took %v panes, %s has %v", c.Cell.Name, c.Cell.Traffic.PerDay, c.First, stored, w.First)
		}
	}
}

func TestThePageIsThatOfTheStoredStudy(t *testing.T) {
	want := Page(rules.DefaultConfig(), load(t))
	if *update {
		if err := os.MkdirAll(filepath.Dir(page), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is stale: run go test ./dashboards/falsepages -update", page)
	}
}

// What the rules are for, held so that a change of a threshold can't give it up unnoticed.
func TestTheRulesKeepTheirPromise(t *testing.T) {
	r := load(t)
	for _, c := range r.Calm {
		if high := c.Rate[ourPages].High; c.Cell.Traffic.Spread == 0 && high > 0.02 {
			t.Errorf("truth %s at %v a day: up to %.3f false pages in 28 days, want at most 0.02", c.Cell.Name, c.Cell.Traffic.PerDay, high)
		}
		if high := c.Rate[ourTickets].High; c.Cell.Name == "96 %" && high > 0.5 {
			t.Errorf("truth %s at %v a day: up to %.2f false tickets in 28 days, want at most 0.5", c.Cell.Name, c.Cell.Traffic.PerDay, high)
		}
	}
	for _, c := range r.Drops {
		if high := c.Delay[ourPages].Median.High; c.Cell.Name == "50 %" && (high == beyond || high > 6) {
			t.Errorf("drop to %s at %v a day: a page takes %v hours, want at most 6", c.Cell.Name, c.Cell.Traffic.PerDay, high)
		}
		if d := c.Delay[ourTickets]; d.Found < 0.9 {
			t.Errorf("drop to %s at %v a day: found by %.0f %% of the runs, want at least 90 %%", c.Cell.Name, c.Cell.Traffic.PerDay, 100*d.Found)
		}
	}
}

func load(t *testing.T) (r Result) {
	t.Helper()
	content, err := os.ReadFile(stored)
	if err == nil {
		err = json.Unmarshal(content, &r)
	}
	if err != nil && !(*full && *update) {
		t.Fatal(err)
	}
	return r
}

func save(t *testing.T, r Result) {
	t.Helper()
	content, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(stored), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stored, append(content, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
