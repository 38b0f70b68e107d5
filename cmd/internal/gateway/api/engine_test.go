package api

import (
	"math"
	"net/http"
	"testing"
	"time"

	"satisflow/deploy/testkit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// onEngine returns an API that reads from a database of the test's own, and the sink that fills it.
func onEngine(t *testing.T) (*world, *clickhouse.Sink, window.Definition) {
	t.Helper()
	conn, def := testkit.ClickHouse(t).Open(), definition()
	if _, err := clickhouse.Migrate(t.Context(), conn, clickhouse.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := clickhouse.EnsureEpoch(t.Context(), conn, &def, now); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(o *Options) { o.Reader = clickhouse.NewReader(conn) })
	return w, clickhouse.NewSink(conn, 1, &def), def
}

func TestEmptyData(t *testing.T) {
	w, _, _ := onEngine(t)
	for _, query := range []string{"", "?window=1h", "?dimension=service", "?dimension=channel&value=web", "?dimension=customer&value=c", "?from=2026-11-01T00:00:00Z"} {
		var got Analytics
		w.get(base+"/analytics"+query).into(http.StatusOK, &got)
		for _, f := range append([]Group{{Figures: got.Overall}}, got.Groups...) {
			if f.Responses != 0 || f.AverageRating != nil || f.SatisfactionRate != nil || f.Interval != nil || *f.Verdict != "no_data" {
				t.Errorf("%s: %+v", query, f)
			}
		}
		if got.AsOf.AsOf != nil || got.Complete {
			t.Errorf("%s: as of %v, complete %v", query, got.AsOf.AsOf, got.Complete)
		}
	}
	var trend Trend
	w.get(base+"/trends/c").into(http.StatusOK, &trend)
	if len(trend.Periods) != 90 || trend.Overall.Responses != 0 {
		t.Errorf("trend %+v", trend)
	}
}

// fill stores ratings in two partitions: of data_analysis 4.5 nine times, 3.99 and a comment without a score, by the
// web; of legal_consulting 3 eight times by phone; one of staff, one in quarantine. The customer c-1 gave 4.5 three days ago and 3.99 today.
func fill(t *testing.T, sink *clickhouse.Sink, def *window.Definition) {
	t.Helper()
	grid, keys := def.Grid(), window.NewKeys([]string{"region"})
	var facts []fact.Fact
	add := func(customer string, ago time.Duration, service, channel string, rating int32, change func(*event.Event)) {
		ev := event.Event{RatingID: "r-" + string(rune('a'+len(facts))), OccurredAt: now.Add(-ago).UnixMilli(), CustomerID: customer,
			Service: service, Channel: channel, Rating: rating, Quality: event.NoQuality()}
		if change != nil {
			change(&ev)
		}
		facts = append(facts, fact.New(&ev, int32(len(facts)%2), int64(len(facts)), now.UnixMilli(), grid.PaneOf(ev.OccurredAt)))
	}
	add("c-1", 72*time.Hour, "data_analysis", "web", 450, func(e *event.Event) { e.Quality[event.QualityAccuracy] = 900_000 })
	for range 8 {
		add("c-2", 48*time.Hour, "data_analysis", "web", 450, nil)
		add("c-3", 30*time.Minute, "legal_consulting", "phone", 300, nil)
	}
	add("c-1", time.Minute, "data_analysis", "web", 399, func(e *event.Event) { e.Quality[event.QualityAccuracy] = 500_000 })
	add("c-2", time.Minute, "data_analysis", "web", 0, func(e *event.Event) { e.Comment = "ok" })
	add("c-2", time.Minute, "data_analysis", "web", 100, func(e *event.Event) { e.Staff = true })
	add("c-1", time.Minute, "data_analysis", "web", 100, func(e *event.Event) { e.Quarantined = true })

	type at struct {
		partition int32
		pane      window.Pane
		key       window.Key
	}
	sums := map[at]*window.Sums{}
	for i := range facts {
		f := &facts[i]
		if f.Event.Quarantined {
			continue
		}
		for _, id := range keys.Group(keys.GroupOf(&f.Event)) {
			k := at{f.Partition, f.Pane, keys.Key(id)}
			if sums[k] == nil {
				sums[k] = &window.Sums{}
			}
			sums[k].Count(&def.Bands, f.Event.Rating, &f.Event.Quality, 1)
		}
	}
	var panes []owner.PaneRow
	for k, s := range sums {
		panes = append(panes, owner.PaneRow{Partition: k.partition, Pane: k.pane, Key: k.key, Version: 100, Sums: *s})
	}
	var checkpoints []owner.Checkpoint
	for p := range def.Partitions {
		checkpoints = append(checkpoints, owner.Checkpoint{Partition: int32(p), Cut: 100, Watermark: now.Add(-2 * time.Minute).UnixMilli(),
			FreshAt: now.Add(-time.Second).UnixMilli(), Definition: def.Hash()})
	}
	for _, err := range []error{sink.InsertFacts(t.Context(), facts), sink.InsertPanes(t.Context(), panes), sink.InsertCheckpoints(t.Context(), checkpoints)} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestFiguresOfTheEngineAreThoseCountedByHand(t *testing.T) {
	w, sink, def := onEngine(t)
	fill(t, sink, &def)
	close := func(what string, got *float64, want float64) {
		t.Helper()
		if got == nil || math.Abs(*got-want) > 1e-12 {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	var all Analytics
	w.get(base+"/analytics?window=28d&dimension=service").into(http.StatusOK, &all)
	if o := all.Overall; o.Ratings != 18 || o.Unscored != 1 || o.Responses != 19 || *o.Verdict != "below" || o.Budget.Spent != 9 || o.Stars["5"] != 9 || o.Stars["4"] != 1 || o.Stars["3"] != 8 {
		t.Errorf("overall %+v", o)
	}
	close("average", all.Overall.AverageRating, (9*4.5+3.99+8*3)/18)
	close("satisfied", all.Overall.SatisfactionRate, 0.5)
	close("dissatisfied", all.Overall.DissatisfactionRate, 8.0/18)
	close("accuracy", all.Overall.Quality["accuracy"].Mean, 0.7)
	close("lag", all.LagSeconds, 1)
	if len(all.Groups) != 2 || all.Groups[0].Ratings != 10 || all.Groups[1].Ratings != 8 || all.Groups[1].Value != "legal_consulting" || all.Complete {
		t.Errorf("groups %+v", all.Groups)
	}
	var hour Analytics
	w.get(base+"/analytics?window=1h&dimension=service_channel&value=legal_consulting/phone").into(http.StatusOK, &hour)
	if hour.Overall.Ratings != 9 || len(hour.Groups) != 1 || hour.Groups[0].Ratings != 8 || *hour.Groups[0].SatisfactionRate != 0 {
		t.Errorf("an hour: %+v", hour)
	}
	var past Analytics
	w.get(base+"/analytics?from=2026-11-17T00:00:00Z&to=2026-11-19T00:00:00Z&dimension=staff").into(http.StatusOK, &past)
	if past.Overall.Ratings != 9 || len(past.Groups) != 0 || !past.Complete {
		t.Errorf("two days: %+v", past)
	}
	var customer Analytics
	w.get(base+"/analytics?dimension=customer&value=c-1").into(http.StatusOK, &customer)
	if len(customer.Groups) != 1 || customer.Groups[0].Ratings != 2 || *customer.Groups[0].SatisfactionRate != 0.5 || customer.Overall.Ratings != 18 {
		t.Errorf("a customer: %+v", customer.Groups)
	}
}

func TestTheTrendOfACustomerIsMadeOfTheFacts(t *testing.T) {
	w, sink, def := onEngine(t)
	fill(t, sink, &def)
	var got Trend
	w.get(base+"/trends/c-1?days=5").into(http.StatusOK, &got)
	if len(got.Periods) != 5 || got.Periods[1].Ratings != 1 || got.Periods[4].Ratings != 1 || got.Overall.Ratings != 2 || *got.Periods[4].AverageRating != 3.99 {
		t.Errorf("%+v", got.Periods)
	}
	if got.Change.AverageRating == nil || math.Abs(*got.Change.AverageRating+0.51) > 1e-12 || *got.Change.SatisfactionRate != -1 {
		t.Errorf("%+v", got.Change)
	}
	w.get(base+"/trends/c-2?days=5").into(http.StatusOK, &got)
	if got.Overall.Ratings != 8 || got.Overall.Unscored != 1 {
		t.Errorf("of the one whose staff rated: %+v", got.Overall)
	}
}
