package api

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"satisflow/cmd/internal/gateway/problem"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// known is a reader of an epoch with sums that were counted by hand: 200 ratings, 190 of them satisfied.
func known(w *world) {
	w.sums.epoch = &clickhouse.Epoch{Number: 1, State: clickhouse.Current, Definition: definition()}
	w.sums.fresh = clickhouse.Freshness{Partitions: 4, CompleteTo: now.Add(-2 * time.Minute), FreshAt: now.Add(-1500 * time.Millisecond)}
	some := window.Sums{Ratings: 200, Unscored: 5, Satisfied: 190, Highly: 100, Dissatisfied: 6, Sum: 88_010, Stars: [5]int64{1, 2, 3, 94, 100}}
	some.Quality[0] = window.QualitySum{Sum: 3001, N: 2}
	some.Quality[1] = window.QualitySum{Sum: 1_234_567, N: 2}
	w.sums.groups = []clickhouse.Group{
		{Key: window.Key{Dimension: window.Overall}, Sums: some},
		{Key: window.Key{Dimension: window.Service, Value: "data_analysis"}, Sums: some},
		{Key: window.Key{Dimension: window.Service, Value: "legal_consulting"}},
	}
}

func TestFiguresAreThoseCountedByHand(t *testing.T) {
	w := newWorld(t)
	known(w)
	var got Analytics
	w.get(base+"/analytics?window=28d&dimension=service").into(http.StatusOK, &got)
	f := got.Overall
	for name, c := range map[string]struct{ got, want float64 }{
		"average":      {*f.AverageRating, 4.4005},
		"satisfied":    {*f.SatisfactionRate, 0.95},
		"highly":       {*f.HighRate, 0.5},
		"dissatisfied": {*f.DissatisfactionRate, 0.03},
		"low":          {f.Interval[0], 0.910421851861224},
		"high":         {f.Interval[1], 0.972617354399236},
		"burn":         {*f.Budget.Burn, 1},
		"allowed":      {f.Budget.Allowed, 10},
		"response":     {*f.Quality["response_time_ms"].Mean, 1500.5},
		"accuracy":     {*f.Quality["accuracy"].Mean, 0.6172835},
		"lag":          {*got.LagSeconds, 1.5},
		"target":       {got.Target, 0.95},
		"band":         {got.Bands.Highly, 4.5},
	} {
		if math.Abs(c.got-c.want) > 5e-15*c.want+1e-13 {
			t.Errorf("%s is %v, want %v", name, c.got, c.want)
		}
	}
	if f.Responses != 205 || f.Ratings != 200 || f.Unscored != 5 || *f.Verdict != "undetermined" || *f.VerdictDetail.AllSatisfied != 131 ||
		f.VerdictDetail.AtPresentShare != nil || f.Budget.Spent != 10 || f.Stars["4"] != 94 || f.Quality["completeness"].N != 0 || f.Quality["completeness"].Mean != nil {
		t.Errorf("overall %+v", f)
	}
	if *got.Window != "28d" || !got.To.Equal(time.Date(2026, 11, 20, 12, 35, 0, 0, time.UTC)) || got.To.Sub(got.From) != 28*24*time.Hour ||
		!got.AsOf.AsOf.Equal(now.Add(-1500*time.Millisecond)) || got.Complete {
		t.Errorf("answer %+v", got)
	}
	if len(got.Groups) != 2 || got.Groups[0].Value != "data_analysis" || *got.Groups[0].AverageRating != 4.4005 || got.Groups[1].Value != "legal_consulting" {
		t.Errorf("groups %+v", got.Groups)
	}
	if want := (clickhouse.Selection{Keys: []window.Key{{Dimension: window.Overall}}, Dimensions: []string{"service"}}); !reflect.DeepEqual(w.sums.selected, want) {
		t.Errorf("selected %+v", w.sums.selected)
	}
}

func TestNothingIsNoDataAndNeverZero(t *testing.T) {
	w := newWorld(t)
	known(w)
	w.sums.groups, w.sums.fresh = nil, clickhouse.Freshness{Partitions: 4}
	a := w.get(base + "/analytics?dimension=service&value=data_analysis")
	var got struct {
		Overall, Group map[string]any
		Groups         []map[string]any
		AsOf           any `json:"as_of"`
		Lag            any `json:"lag_seconds"`
		Complete       bool
	}
	a.into(http.StatusOK, &got)
	if got.AsOf != nil || got.Lag != nil || got.Complete || len(got.Groups) != 1 {
		t.Fatalf("%s", a.body)
	}
	for _, f := range []map[string]any{got.Overall, got.Groups[0]} {
		for _, name := range []string{"average_rating", "satisfaction_rate", "high_satisfaction_rate", "dissatisfaction_rate", "satisfaction_interval"} {
			if v, there := f[name]; !there || v != nil {
				t.Errorf("%s is %v, %v", name, v, there)
			}
		}
		if f["verdict"] != "no_data" || f["responses"] != 0.0 {
			t.Errorf("%v", f)
		}
	}
}

func TestARangeIsAskedForAsItIsGiven(t *testing.T) {
	w := newWorld(t)
	known(w)
	var got Analytics
	w.get(base+"/analytics?from=2026-11-01T00:00:00%2B08:00&to=2026-11-02T00:00:00Z").into(http.StatusOK, &got)
	want := clickhouse.Span{From: time.Date(2026, 10, 31, 16, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)}
	if got.Window != nil || !got.Complete || !w.sums.span.From.Equal(want.From) || !w.sums.span.To.Equal(want.To) || len(got.Groups) != 0 {
		t.Errorf("span %v, answer %+v", w.sums.span, got)
	}
}

func TestStaffIsHeldAgainstNoTarget(t *testing.T) {
	w := newWorld(t)
	known(w)
	w.sums.groups = append(w.sums.groups, clickhouse.Group{Key: window.Key{Dimension: window.Staff, Value: "data_analysis"}, Sums: w.sums.groups[0].Sums})
	var got Analytics
	w.get(base+"/analytics?dimension=staff").into(http.StatusOK, &got)
	if len(got.Groups) != 1 || got.Groups[0].Verdict != nil || got.Groups[0].Budget.Burn != nil || got.Groups[0].SatisfactionRate == nil || got.Overall.Verdict == nil {
		t.Errorf("%+v", got.Groups)
	}
}

func TestADetailIsSummedFromTheFacts(t *testing.T) {
	w := newWorld(t)
	known(w)
	part := func(dimension, service string, ratings, satisfied int64) clickhouse.DetailGroup {
		return clickhouse.DetailGroup{Group: clickhouse.Group{Key: window.Key{Dimension: dimension, Value: service},
			Sums: window.Sums{Ratings: ratings, Satisfied: satisfied, Sum: 400 * ratings}}}
	}
	w.sums.detail = []clickhouse.DetailGroup{part(window.Service, "a", 3, 2), part(window.Service, "b", 1, 1), part(window.Staff, "a", 7, 0)}
	var got Analytics
	w.get(base+"/analytics?window=7d&dimension=customer&value=c%201").into(http.StatusOK, &got)
	if len(got.Groups) != 1 || got.Groups[0].Value != "c 1" || got.Groups[0].Ratings != 4 || *got.Groups[0].SatisfactionRate != 0.75 || got.Overall.Ratings != 200 {
		t.Errorf("%+v", got)
	}
	if w.sums.key != (window.Key{Dimension: "customer", Value: "c 1"}) {
		t.Errorf("asked for %v", w.sums.key)
	}
}

func TestACustomerIsFoundUnderThePseudonym(t *testing.T) {
	w := newWorld(t, func(o *Options) {
		o.Events.CustomerIDs, o.Admit.CustomerKey = "hmac", []byte(strings.Repeat("k", 32))
	})
	known(w)
	var got Analytics
	w.get(base+"/analytics?dimension=customer&value=ann@example.com").into(http.StatusOK, &got)
	// printf ann@example.com | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk | cut -c1-32 of the digest
	if w.sums.key.Value != "52ecd7806231652c1f13fc2162dcb807" || got.Groups[0].Value != "ann@example.com" {
		t.Errorf("asked for %v", w.sums.key)
	}
}

func TestQuestionsThatAreWrongAreToldWhatThereIs(t *testing.T) {
	w := newWorld(t)
	known(w)
	const time = "an RFC 3339 time with its zone from 2000 to 2099, in whole milliseconds, such as 2026-03-01T00:00:00Z (a + is %2B in an address)"
	for query, want := range map[string][]string{
		"window=2h":          {`window: "2h": want one of 1h, 6h, 24h, 7d, 28d, or from and to`},
		"dimension=colour":   {`dimension: "colour": want one of channel, customer, language, overall, product, region, segment, service, service_channel, source, staff, survey`},
		"dimension=customer": {"value: missing: want a value: the values of customer are not summed up, so one has to be named"},
		"value=x":            {`value: "x": want a dimension beside it`},
		"window=7d&from=x":   {`window: "7d": want either a window, or from and to`},
		"from=yesterday":     {`from: "yesterday": want ` + time},
		"to=2026-01-01":      {"from: missing: want " + time, `to: "2026-01-01": want ` + time},
		"window=2h&value=x":  {`window: "2h": want one of 1h, 6h, 24h, 7d, 28d, or from and to`, `value: "x": want a dimension beside it`},
		"windw=28d":          {"windw: unknown query parameter"},
		"from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z": {`from: "2026-11-02T00:00:00Z": want a time before to`},
		"from=2020-11-02T00:00:00Z":                         {`from: "2020-11-02T00:00:00Z": want a time at most 800 days before to`},
	} {
		t.Run(query, func(t *testing.T) {
			var got problem.Problem
			w.get(base+"/analytics?"+query).into(http.StatusUnprocessableEntity, &got)
			var all []string
			for _, e := range got.Errors {
				all = append(all, e.Detail)
			}
			if !slices.Equal(all, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(all, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

func TestWithoutClickHouseThereIsAProblem(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/analytics", "/trends/c"} {
		if a := w.get(base + path); a.status != http.StatusServiceUnavailable || !strings.Contains(string(a.body), "no processor has ever been started") {
			t.Errorf("without an epoch: %d %s", a.status, a.body)
		}
	}
	known(w)
	w.sums.err = errors.New("dial tcp 127.0.0.1:8123: refused, password secret")
	for _, path := range []string{"/analytics", "/trends/c"} {
		a := w.get(base + path)
		if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || strings.Contains(string(a.body), "secret") {
			t.Errorf("with an error: %d %s", a.status, a.body)
		}
	}
}

func TestTheTrendOfACustomerHasEveryPeriod(t *testing.T) {
	w := newWorld(t)
	known(w)
	w.sums.epoch.Definition.TimezoneOffset = 8 * time.Hour
	dayAt := func(d int) time.Time { return time.Date(2026, 11, d, 16, 0, 0, 0, time.UTC) } // midnight in Shanghai
	part := func(d int, dimension string, ratings, satisfied, sum int64) clickhouse.DetailGroup {
		return clickhouse.DetailGroup{At: dayAt(d), Group: clickhouse.Group{Key: window.Key{Dimension: dimension, Value: "a"},
			Sums: window.Sums{Ratings: ratings, Satisfied: satisfied, Sum: sum}}}
	}
	w.sums.detail = []clickhouse.DetailGroup{part(12, window.Service, 2, 0, 600), part(12, window.Service, 2, 2, 900), part(17, window.Service, 1, 1, 500), part(18, window.Staff, 9, 0, 900)}
	var got Trend
	w.get(base+"/trends/c%2F1?days=10").into(http.StatusOK, &got)
	if got.CustomerID != "c/1" || len(got.Periods) != 10 || !got.From.Equal(dayAt(10)) || !got.To.Equal(dayAt(20)) || got.Overall.Ratings != 5 {
		t.Fatalf("%+v", got)
	}
	for i, p := range got.Periods {
		switch p.From.Day() {
		case 12:
			if p.Ratings != 4 || *p.AverageRating != 3.75 || *p.SatisfactionRate != 0.5 {
				t.Errorf("period %d: %+v", i, p)
			}
		case 17:
			if p.Ratings != 1 || *p.AverageRating != 5 {
				t.Errorf("period %d: %+v", i, p)
			}
		default:
			if p.Responses != 0 || p.AverageRating != nil || p.SatisfactionRate != nil {
				t.Errorf("period %d: %+v", i, p)
			}
		}
	}
	if c := got.Change; !c.First.Equal(dayAt(12)) || !c.Last.Equal(dayAt(17)) || *c.AverageRating != 1.25 || *c.SatisfactionRate != 0.5 {
		t.Errorf("change %+v", c)
	}
	got = Trend{}
	w.get(base+"/trends/c?period=week&from=2026-11-11T00:00:00Z&to=2026-11-20T00:00:00Z").into(http.StatusOK, &got)
	if len(got.Periods) != 2 || !got.From.Equal(dayAt(8)) || got.From.In(time.FixedZone("", 8*3600)).Weekday() != time.Monday ||
		got.Periods[0].Ratings != 4 || got.Periods[1].Ratings != 1 || got.Period != "week" {
		t.Errorf("by week: %+v", got)
	}
}

func TestACustomerWithoutRatingsHasATrendOfNothing(t *testing.T) {
	w := newWorld(t)
	known(w)
	var got Trend
	w.get(base+"/trends/nobody").into(http.StatusOK, &got)
	if len(got.Periods) != 90 || got.Change != (Change{}) || *got.Overall.Verdict != "no_data" || got.Overall.AverageRating != nil {
		t.Errorf("%d periods, %+v", len(got.Periods), got.Change)
	}
}

func TestTrendsThatAreWrongAreToldWhatIsRight(t *testing.T) {
	w := newWorld(t)
	known(w)
	for query, want := range map[string]string{
		"c?days=0":                           `days: "0": want a whole number from 1 to 800`,
		"c?days=9&from=2026-11-01T00:00:00Z": `days: "9": want either days, or from and to`,
		"c?period=month":                     `period: "month": want day or week`,
		strings.Repeat("x", 129):             "customer_id: 129 characters: want 1 to 128 characters of UTF-8",
		"c?from=2026-11-01":                  `from: "2026-11-01": want an RFC 3339 time with its zone from 2000 to 2099, in whole milliseconds, such as 2026-03-01T00:00:00Z (a + is %2B in an address)`,
	} {
		var got problem.Problem
		w.get(base+"/trends/"+query).into(http.StatusUnprocessableEntity, &got)
		if len(got.Errors) != 1 || got.Errors[0].Detail != want {
			t.Errorf("%s: %+v", query, got.Errors)
		}
	}
}

func TestNoFigureIsEverNaN(t *testing.T) {
	w := newWorld(t)
	for _, s := range []window.Sums{{}, {Ratings: 1}, {Unscored: 3}, {Ratings: 1 << 40, Satisfied: 1 << 40, Sum: 500 << 40}} {
		if _, err := json.Marshal(w.api.figures(&s, []string{"response_time_ms", "gone"})); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
