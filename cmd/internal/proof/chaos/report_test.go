package chaos

import (
	"strings"
	"testing"
	"time"
)

func TestARunFailsUnlessItProvedEverything(t *testing.T) {
	cfg := &Config{Faults: []Fault{{KillProcessor, AmidPanes}, {KillBroker, ""}}}
	for name, c := range map[string]struct {
		spoil func(*Report)
		want  string
	}{
		"all is well":              {func(*Report) {}, ""},
		"a kind was not hit":       {func(r *Report) { r.Faults = r.Faults[:1] }, "never hit: kill -9 of the broker"},
		"another step was hit":     {func(r *Report) { r.Faults[0].Step = AfterPanes }, "never hit: kill -9 of a processor, amid the panes"},
		"nothing was compared":     {func(r *Report) { r.Stored = nil }, "nothing was compared"},
		"the comparison was empty": {func(r *Report) { r.Stored.Windows = 0 }, "the comparison is empty"},
		"a row differs":            {func(r *Report) { r.Stored.Differences = 1 }, "1 rows differ from the oracle"},
		"verify disagrees":         {func(r *Report) { r.Stored.Unverified = 2 }, "verify disagrees at 2 rows"},
		"a record is missing":      {func(r *Report) { r.Sent["fresh"] = 11 }, "11 records were acknowledged by Kafka, the topic has 10"},
		"no letter was compared":   {func(r *Report) { r.Letters.Expected, r.Stored.Rejected = 0, 0 }, "no dead letter was compared"},
		"a letter differs":         {func(r *Report) { r.Letters.Differences = 1 }, "1 dead letters differ"},
		"losses were not said":     {func(r *Report) { r.Retention.Logged = 4 }, "retention removed 5 records that were not read; the log says 4"},
		"slow in the group":        {func(r *Report) { r.Recovery.Group[0] = 11 * time.Second }, "back at work in the group after 11s"},
		"slow by itself":           {func(r *Report) { r.Recovery.Static[0] = 6 * time.Second }, "back at work with static assignment after 6s"},
	} {
		t.Run(name, func(t *testing.T) {
			stored := Stored{Offsets: 10, Admitted: 8, Rejected: 2, Facts: 1, Panes: 1, Windows: 1, VerifiedPanes: 1, VerifiedWindows: 1}
			again := stored
			r := &Report{
				Faults: []Hit{{KillProcessor, AmidPanes, 1}, {KillBroker, BetweenFlushes, 1}}, Sent: map[string]int64{"fresh": 10},
				Stored: &stored, Letters: &Letters{Expected: 2}, Retention: &Retention{Removed: 5, Logged: 5, Metric: 5, Stored: again}, Recovery: &Recovery{Group: []time.Duration{9 * time.Second}, Static: []time.Duration{2 * time.Second}},
			}
			c.spoil(r)
			why := strings.Join(r.judge(cfg), "\n")
			if (why == "") != (c.want == "") || !strings.Contains(why, c.want) {
				t.Errorf("got %q, want %q", why, c.want)
			}
		})
	}
}

func TestTheStepIsThatOfTheLastLine(t *testing.T) {
	for name, c := range map[string]struct {
		lines string
		after time.Duration
		want  Step
	}{
		"nothing inserted yet":    {`{"message":"assigned"}`, 0, Starting},
		"all facts":               {`{"message":"inserted","table":"facts","rows":7}`, time.Second, AfterFacts},
		"some of the facts":       {`{"message":"inserted","table":"facts","rows":100}`, 0, AmidFacts},
		"some of the panes":       {`{"message":"inserted","table":"panes","rows":100}`, 0, AmidPanes},
		"all panes":               {`{"message":"inserted","table":"panes","rows":100}` + "\n" + `{"message":"inserted","table":"panes","rows":9}`, 0, AfterPanes},
		"all windows":             {`{"message":"inserted","table":"windows","rows":9}`, 0, BeforeCheckpoint},
		"the dead letters":        {`{"message":"inserted","table":"dead_letters","rows":1}`, 0, BeforeCheckpoint},
		"the checkpoint":          {`{"message":"inserted","table":"checkpoints","rows":4}`, 0, BeforeCommit},
		"the commit begins":       {`{"message":"committing"}`, 0, BeforeCommit},
		"the commit began before": {`{"message":"committing"}`, time.Second, BetweenFlushes},
		"the partitions are gone": {`{"message":"inserted","table":"windows","rows":100}` + "\n" + `{"message":"assignment ended"}`, 0, Starting},
		"a refused insert":        {`{"message":"inserted","table":"facts","rows":7}` + "\n" + `{"message":"inserted","table":"panes","rows":7,"error":"too many parts"}`, 0, AfterFacts},
	} {
		t.Run(name, func(t *testing.T) {
			trail, at := trail{block: 100}, time.Now()
			for _, text := range strings.Split(c.lines, "\n") {
				l, ok := parseLine([]byte(text))
				if !ok {
					t.Fatal(text)
				}
				trail.note(&l, at)
			}
			if got := trail.step(at.Add(c.after)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
