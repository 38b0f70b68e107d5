package clickhouse

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"satisflow/pipeline/event"
	"satisflow/pipeline/logid"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/sinktest"
)

func TestEnsureEpochRegistersTheFirstAndRefusesAnotherDefinition(t *testing.T) {
	conn := migrated(t)
	def := sinktest.Definition()
	for range 2 {
		e, err := EnsureEpoch(t.Context(), conn, &def, now)
		if err != nil || e.Number != 1 || e.State != Current || e.Definition.Hash() != def.Hash() {
			t.Fatalf("epoch %+v, %v: want epoch 1, current", e, err)
		}
	}
	other := sinktest.Definition()
	other.Partitions = 8
	_, err := EnsureEpoch(t.Context(), conn, &other, now)
	want := "the configuration does not fit epoch 1: partitions were 4, now 8: change it back, or fill a new epoch with `satisflow rebuild --epoch 2`"
	if !IsPermanent(err) || err.Error() != want {
		t.Errorf("error %v\nwant %s", err, want)
	}
	if epochs, err := Epochs(t.Context(), conn); err != nil || len(epochs) != 1 {
		t.Errorf("%d epochs after the refusal, %v: want 1", len(epochs), err)
	}
	other.Partitions = 0
	if _, err := EnsureEpoch(t.Context(), conn, &other, now); !IsPermanent(err) {
		t.Errorf("an invalid definition: error %v, want a permanent one", err)
	}
}

func TestDifferencesSaysInWordsWhatChanged(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(d *window.Definition)
	}{
		{"", func(*window.Definition) {}},
		{"", func(d *window.Definition) { d.Bands.Alert = 300 }},
		{"satisfied began at 4.00, now 4.20; highly satisfied began at 4.50, now 4.75", func(d *window.Definition) { d.Bands.Satisfied, d.Bands.Highly = 420, 475 }},
		{"dissatisfied ended at 3.00, now 2.50", func(d *window.Definition) { d.Bands.Dissatisfied = 250 }},
		{"the time zone's offset was 0s, now 5h30m", func(d *window.Definition) { d.TimezoneOffset = 330 * time.Minute }},
		{"dimension store is new; dimension region is gone", func(d *window.Definition) { d.Dimensions[len(d.Dimensions)-1] = "store" }},
		{"quality metric accuracy was stored in units of an unknown scale, now 10^-2 share", func(d *window.Definition) { d.Scales = []string{"", "10^-2 share"} }},
		{"quality metric effort is gone", func(d *window.Definition) { d.Quality = d.Quality[:3] }},
		{"the order of the quality metrics was response_time_ms, accuracy, completeness, effort, now response_time_ms, accuracy, effort, completeness",
			func(d *window.Definition) { d.Quality[2], d.Quality[3] = d.Quality[3], d.Quality[2] }},
		{"windows were 1h (1h every 5m),6h (6h every 30m),24h (24h every 1h),7d (168h every 6h),28d (672h every 24h), now 1h (1h every 10m); the pane was 5m, now 10m",
			func(d *window.Definition) {
				d.Windows, d.Pane = []window.Spec{{Name: "1h", Length: time.Hour, Slide: 10 * time.Minute}}, 10*time.Minute
			}},
	} {
		stored, given := sinktest.Definition(), sinktest.Definition()
		c.change(&given)
		if got := Differences(&stored, &given); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
		if (c.want == "") != (stored.Hash() == given.Hash()) {
			t.Errorf("%q, but the hashes say otherwise", c.want)
		}
	}
}

func TestEveryEventCountsInADimensionThatKnownPanesReads(t *testing.T) {
	keys := window.NewKeys(nil)
	for _, e := range []event.Event{{Service: "a"}, {Service: "a", Staff: true}, {Service: "a", Channel: "c", Staff: true}, {Service: "a", ProductID: "p"}} {
		found := false
		for _, id := range keys.Group(keys.GroupOf(&e)) {
			d := keys.Key(id).Dimension
			found = found || strings.Contains(knownPanesQuery(1, 0), "'"+d+"'")
		}
		if !found {
			t.Errorf("%+v counts in no dimension of the query of known panes", e)
		}
	}
}

func TestOfTwoFirstEpochsRegisteredAtOnceOneStands(t *testing.T) {
	for i := range 4 {
		conn := migrated(t)
		one, other := fewWindows(), fewWindows()
		other.Bands.Satisfied = 420
		log := logid.ID{Cluster: "k", Topic: "ratings", TopicID: "1"}
		otherLog := logid.ID{Cluster: "k", Topic: "ratings", TopicID: "2"}
		if i%2 == 1 {
			other = one // the same definition, another log
		} else {
			otherLog = log
		}
		now := time.Now()
		errs := make([]error, 2)
		epochs := make([]Epoch, 2)
		var both sync.WaitGroup
		both.Go(func() { epochs[0], errs[0] = EnsureEpochOf(t.Context(), conn, &one, log, now) })
		both.Go(func() {
			time.Sleep(time.Duration(i) * 60 * time.Millisecond)
			epochs[1], errs[1] = EnsureEpochOf(t.Context(), conn, &other, otherLog, now.Add(-time.Hour)) // its clock is behind
		})
		both.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("%d: %v and %v: want one that stands and one that is told so", i, errs[0], errs[1])
		}
		stands, loser := epochs[0], errs[1]
		if errs[0] != nil {
			stands, loser = epochs[1], errs[0]
		}
		if !IsPermanent(loser) {
			t.Errorf("%d: %v: want a permanent error", i, loser)
		}
		if got, found, err := CurrentEpoch(t.Context(), conn); err != nil || !found || got.Definition.Hash() != stands.Definition.Hash() || got.Log != stands.Log {
			t.Errorf("%d: %+v, %v, %v stands, want %+v", i, got, found, err, stands)
		}
	}
}

func TestAnEpochBelongsToItsLog(t *testing.T) {
	conn, def, now, ctx := migrated(t), fewWindows(), time.Now(), t.Context()
	first := logid.ID{Cluster: "k", Topic: "ratings", TopicID: "1"}
	if _, err := EnsureEpochOf(ctx, conn, &def, first, now); err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]logid.ID{
		"made again":      {Cluster: "k", Topic: "ratings", TopicID: "2"},
		"another topic":   {Cluster: "k", Topic: "ratings2", TopicID: "3"},
		"another cluster": {Cluster: "l", Topic: "ratings"},
	} {
		_, err := EnsureEpochOf(ctx, conn, &def, other, now)
		if !errors.Is(err, logid.ErrAnother) || !IsPermanent(err) || !strings.Contains(err.Error(), first.String()) || !strings.Contains(err.Error(), other.String()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, same := range map[string]logid.ID{"itself": first, "brokers without ids": {Topic: "ratings"}, "unknown": {}} {
		if e, err := EnsureEpochOf(ctx, conn, &def, same, now); err != nil || e.Number != 1 || e.Log != first {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	again := logid.ID{Cluster: "k", Topic: "ratings", TopicID: "2"}
	e, err := BeginEpoch(ctx, conn, Epoch{Number: 2, Definition: def, Log: again}, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := BeginEpoch(ctx, conn, Epoch{Number: 2, Definition: def, Log: first}, now); err == nil {
		t.Error("an epoch is built from two logs")
	}
	var rows []owner.Checkpoint
	for p := range def.Partitions {
		rows = append(rows, owner.Checkpoint{Partition: int32(p), Cut: 1, Watermark: now.UnixMilli(), Definition: e.Definition.Hash()})
	}
	if err := NewSink(conn, 2, &def).InsertCheckpoints(ctx, rows); err != nil {
		t.Fatal(err)
	}
	if got, err := EnsureEpochOf(ctx, conn, &def, again, now); err != nil || got.Number != 2 {
		t.Errorf("the processor of the topic made again works on %+v, %v: want epoch 2", got, err)
	}
	if got, err := EnsureEpochOf(ctx, conn, &def, first, now); err != nil || got.Number != 1 {
		t.Errorf("the processor of the first topic works on %+v, %v: want epoch 1", got, err)
	}
}
