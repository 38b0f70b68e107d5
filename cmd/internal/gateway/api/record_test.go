package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
)

const rating = `{"rating_id":"r-1","occurred_at":"2026-11-20T20:30:00+08:00","customer_id":"c-1","service":"data_analysis","rating":4.5}`

// counter returns the value of a counter with one label.
func (w *world) counter(name, label string) float64 {
	w.t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && m.GetLabel()[0].GetValue() == label {
				return m.GetCounter().GetValue()
			}
		}
	}
	w.t.Errorf("no counter %s of %s", name, label)
	return 0
}

func TestARatingIsAnsweredWithWhatIsStored(t *testing.T) {
	for name, c := range map[string]struct{ body, id, at, band, stored string }{
		"with its own identity": {rating, "r-1", "2026-11-20T12:30:00Z", "highly_satisfied",
			`{"rating_id":"r-1","occurred_at":"2026-11-20T12:30:00Z","customer_id":"c-1","service":"data_analysis","rating":4.5}`},
		"with an identity of the gateway's": {`{"customer_id":7,"service":"data_analysis","rating":3}`, "", "2026-11-20T12:34:56Z", "dissatisfied",
			`"occurred_at":"2026-11-20T12:34:56Z","customer_id":"7","service":"data_analysis","rating":3}`},
		"with its own time": {`{"customer_id":"c","occurred_at":"2026-11-19T00:00:00Z","service":"data_analysis","rating":3.99}`, "", "2026-11-19T00:00:00Z", "neutral",
			`"occurred_at":"2026-11-19T00:00:00Z","customer_id":"c","service":"data_analysis","rating":3.99}`},
		"as an envelope in plain JSON": {`{"specversion":"1.0","id":"e-9","source":"/s","type":"t","time":"2026-11-20T12:00:00Z","data":{"customer_id":"c","service":"data_analysis","rating":4}}`,
			"e-9", "2026-11-20T12:00:00Z", "satisfied",
			`{"rating_id":"e-9","occurred_at":"2026-11-20T12:00:00Z","customer_id":"c","service":"data_analysis","rating":4}`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			var got Recorded
			w.post("application/json", c.body).into(http.StatusOK, &got)
			if got.Accepted != 1 || len(got.Ratings) != 1 || len(w.log.messages) != 1 {
				t.Fatalf("answer %+v, %d messages", got, len(w.log.messages))
			}
			r, m := got.Ratings[0], w.log.messages[0]
			if c.id != "" && r.RatingID != c.id || len(r.RatingID) == 0 || r.OccurredAt != c.at || *r.Band != c.band || r.Op != "put" {
				t.Errorf("stored %+v", r)
			}
			if !strings.HasSuffix(string(m.Value), c.stored) || !strings.Contains(string(m.Value), r.RatingID) || !m.Time.Equal(now) {
				t.Errorf("message %s at %v, want %s", m.Value, m.Time, c.stored)
			}
			if w.counter("satisflow_ratings_accepted_total", "json") != 1 {
				t.Error("not counted")
			}
		})
	}
}

func TestTheGatewaysIdentitiesAreOfTheirOwnAndInOrder(t *testing.T) {
	w := newWorld(t)
	var got Recorded
	w.post("application/json", "["+strings.Repeat(`{"customer_id":"c","service":"data_analysis","rating":3},`, 99)+`{"customer_id":"c","service":"data_analysis","rating":3}]`).into(200, &got)
	seen := map[string]bool{}
	for i, r := range got.Ratings {
		if seen[r.RatingID] || r.RatingID[14] != '7' || i > 0 && r.RatingID < got.Ratings[i-1].RatingID {
			t.Errorf("rating %d: id %s", i, r.RatingID)
		}
		seen[r.RatingID] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d ids", len(seen))
	}
}

func TestTheKeyOfTheRecordIsTheCustomer(t *testing.T) {
	w := newWorld(t)
	w.post("application/json", `{"customer_id":"客户 1","service":"data_analysis","rating":3}`)
	if got := string(w.log.messages[0].Key); got != "客户 1" {
		t.Errorf("key %q", got)
	}
}

func TestWhatBandsSayOfTheBoundaries(t *testing.T) {
	bands := testOptions().Bands
	for rating, want := range map[int32]string{
		100: "dissatisfied", 299: "dissatisfied", 300: "dissatisfied", 301: "neutral", 349: "neutral", 350: "neutral", 399: "neutral",
		400: "satisfied", 449: "satisfied", 450: "highly_satisfied", 500: "highly_satisfied",
	} {
		if got := bandOf(rating, &bands); got != want {
			t.Errorf("%d is %s, want %s", rating, got, want)
		}
	}
}

func TestFeedbackWithoutAScoreAndErasuresHaveNoBand(t *testing.T) {
	w := newWorld(t)
	var got Recorded
	w.post("application/json", `[{"customer_id":"c","service":"data_analysis","comment":"说得好"},
		{"rating_id":"old","occurred_at":"2020-01-01T00:00:00Z","customer_id":"c","op":"erase","rating":"whatever"}]`).into(http.StatusOK, &got)
	if len(got.Ratings) != 2 || got.Ratings[0].Band != nil || got.Ratings[0].Rating != nil || got.Ratings[1].Op != "erase" || got.Ratings[1].Band != nil {
		t.Errorf("got %+v", got)
	}
}

func TestCloudEventsAreTakenInEveryMode(t *testing.T) {
	const data = `{"customer_id":"c","service":"data_analysis","rating":5}`
	const envelope = `{"specversion":"1.0","id":"e-1","source":"/s","type":"t","time":"2026-11-20T12:00:00Z","data":` + data + `}`
	const want = `{"rating_id":"e-1","occurred_at":"2026-11-20T12:00:00Z","customer_id":"c","service":"data_analysis","rating":5}`
	for label, c := range map[string]struct {
		contentType, body string
		headers           []string
	}{
		"cloudevents":       {"application/cloudevents+json; charset=utf-8", envelope, nil},
		"cloudevents_batch": {"application/cloudevents-batch+json", " [" + envelope + "] ", nil},
		"cloudevents_binary": {"application/json", data, []string{"ce-specversion", "1.0", "ce-id", "e-1", "ce-source", "/s", "ce-type", "t",
			"ce-time", "2026-11-20T12%3A00:00Z"}},
	} {
		t.Run(label, func(t *testing.T) {
			w := newWorld(t)
			if a := w.post(c.contentType, c.body, c.headers...); a.status != http.StatusOK {
				t.Fatalf("%d: %s", a.status, a.body)
			}
			if len(w.log.messages) != 1 || string(w.log.messages[0].Value) != want {
				t.Errorf("messages %v", w.log.messages)
			}
			if w.counter("satisflow_ratings_accepted_total", label) != 1 {
				t.Error("not counted")
			}
		})
	}
}

func TestWhatIsAcceptedIsAdmitted(t *testing.T) {
	o := testOptions()
	decide, err := admit.NewAdmitter(o.Events, o.Admit)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.post("application/json", `[`+rating+`,{"customer_id":"c","service":"document_review","comment":"x","attributes":{"region":"north"},"quality":{"accuracy":0.9}},
		{"rating_id":"edge","customer_id":"c","service":"data_analysis","rating":1,"occurred_at":"2026-10-16T12:34:56Z"},
		{"rating_id":"ahead","customer_id":"c","service":"data_analysis","rating":1,"occurred_at":"2026-11-20T12:39:56Z"}]`)
	if len(w.log.messages) != 4 {
		t.Fatalf("%d messages", len(w.log.messages))
	}
	for _, m := range w.log.messages {
		var ev event.Event
		if r := decide.Admit(&admit.Record{Timestamp: event.RecordTime(m.Time.UnixMilli()), Value: m.Value}, &ev); r != nil {
			t.Errorf("%s: %+v", m.Value, r)
		}
	}
}

func TestNothingIsProducedWhenARowIsWrong(t *testing.T) {
	w := newWorld(t)
	a := w.post("application/json", `[`+rating+`,{"customer_id":"c","service":"data_analysis","rating":6}]`)
	if a.status != http.StatusUnprocessableEntity || w.log.n != 0 {
		t.Errorf("%d, %d produced", a.status, w.log.n)
	}
	if w.counter("satisflow_ratings_refused_total", "bad_field:rating") != 1 || w.counter("satisflow_ratings_accepted_total", "json") != 0 {
		t.Error("counted wrong")
	}
}

func TestAPersonalValueIsInNoError(t *testing.T) {
	w := newWorld(t)
	a := w.post("application/json", `{"customer_id":"`+strings.Repeat("Zhang Wei", 20)+`","service":"data_analysis","rating":5,"comment":["Zhang Wei"]}`)
	if a.status != http.StatusUnprocessableEntity || strings.Contains(string(a.body), "Zhang") {
		t.Errorf("%d: %s", a.status, a.body)
	}
}

func TestKafkaThatDoesNotAnswerIsSaidInTime(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Config.ProduceTimeout = 50 * time.Millisecond })
	w.log.refuse = func(ctx context.Context, _ []source.Message) error {
		<-ctx.Done()
		return ctx.Err()
	}
	begin := time.Now()
	var got RecordProblem
	a := w.post("application/json", `{"customer_id":"c","service":"data_analysis","rating":5}`)
	a.into(http.StatusServiceUnavailable, &got)
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("answered after %v", took)
	}
	if a.header.Get("Retry-After") != "5" || got.Accepted != 0 || len(got.Ratings) != 1 || got.Ratings[0].RatingID == "" {
		t.Errorf("%v, %s", a.header, a.body)
	}
	if w.counter("satisflow_ratings_refused_total", "unavailable") != 1 {
		t.Error("not counted")
	}
}

func TestRatingsThatKafkaHasAreToldFromThoseThatItHasNot(t *testing.T) {
	w := newWorld(t)
	w.log.refuse = func(context.Context, []source.Message) error { return source.ProduceErrors{nil, errKafka, nil} }
	var got RecordProblem
	row := `{"rating_id":"r-%d","occurred_at":"2026-11-20T12:30:00Z","customer_id":"c-1","service":"data_analysis","rating":4.5}`
	w.post("application/json", "["+fmt.Sprintf(row, 1)+","+fmt.Sprintf(row, 2)+","+fmt.Sprintf(row, 3)+"]").into(http.StatusServiceUnavailable, &got)
	if got.Accepted != 2 || len(got.Ratings) != 1 || got.Ratings[0].RatingID != "r-2" {
		t.Errorf("got %+v", got)
	}
}

func TestTooMuchAtOneTimeIsRefused(t *testing.T) {
	w := newWorld(t)
	inside, leave := make(chan struct{}), make(chan struct{})
	w.log.refuse = func(context.Context, []source.Message) error { close(inside); <-leave; return nil }
	if !w.api.inFlight.TryAcquire(w.api.Config.MaxInFlight - heldFactor*4<<10) {
		t.Fatal("the bodies are not empty")
	}
	done := make(chan *answer)
	go func() { done <- w.post("application/json", rating) }()
	<-inside
	if a := w.post("application/json", rating); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Errorf("%d: %s", a.status, a.body)
	}
	close(leave)
	if a := <-done; a.status != http.StatusOK {
		t.Errorf("the first: %d", a.status)
	}
	if w.counter("satisflow_ratings_refused_total", "busy") != 1 {
		t.Error("not counted")
	}
}

func TestAllLabelsExistBeforeTheFirstRating(t *testing.T) {
	reg := prometheus.NewRegistry()
	m := newMetrics(reg)
	if got := testutil.CollectAndCount(m.accepted); got != len(forms) {
		t.Errorf("%d forms", got)
	}
	if got, want := testutil.CollectAndCount(m.refused), len(admit.Reasons())+6; got != want {
		t.Errorf("%d reasons, want %d", got, want)
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}
