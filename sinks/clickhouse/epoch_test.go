package clickhouse

import (
	"strings"
	"testing"
	"time"

	"satisflow/pipeline/event"
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
