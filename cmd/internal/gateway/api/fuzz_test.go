package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
)

// FuzzRecord demands of any body: the answer is one of the contract; what is said to be accepted was produced, will be
// admitted and is what the answer says; of a JSON body that is refused nothing was produced.
func FuzzRecord(f *testing.F) {
	for _, c := range refusals422 {
		f.Add(c.contentType, c.body)
	}
	f.Add("application/json", rating)
	f.Add("application/json", "["+rating+","+rating+"]")
	f.Add("application/json", `{"customer_id":1,"service":"data_analysis","answers":{"q":1},"rating":4.50}`)
	f.Add("application/x-ndjson", rating+"\r\n\n"+rating)
	f.Add("application/x-ndjson", rating+"\n{\n")
	f.Add("application/cloudevents+json", `{"specversion":"1.0","id":"e","source":"s","type":"t","time":"2026-11-20T12:30:00Z","data_base64":"e30="}`)
	o := testOptions()
	decide, err := admit.NewAdmitter(o.Events, o.Admit)
	if err != nil {
		f.Fatal(err)
	}
	kafka := &log{keep: true}
	o.Producer, o.Reader, o.Registerer = kafka, &sums{}, prometheus.NewRegistry()
	api, err := New(o)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, contentType, body string) {
		kafka.messages = nil
		r := httptest.NewRequest(http.MethodPost, base+"/record", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		var got struct {
			Accepted int
			Ratings  []Rating
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("answer %d is not JSON: %s", w.Code, w.Body)
		}
		switch w.Code {
		case http.StatusOK:
		case http.StatusUnprocessableEntity:
			if got.Accepted > 0 && !strings.HasPrefix(strings.ToLower(strings.TrimSpace(contentType)), "application/x-ndjson") {
				t.Errorf("%d accepted of a body that is refused", got.Accepted)
			}
		case http.StatusUnsupportedMediaType, http.StatusRequestEntityTooLarge:
		default:
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
		if got.Accepted != len(kafka.messages) {
			t.Errorf("%d accepted, %d produced", got.Accepted, len(kafka.messages))
		}
		for i, m := range kafka.messages {
			var ev event.Event
			if rejection := decide.Admit(&admit.Record{Timestamp: event.RecordTime(m.Time.UnixMilli()), Value: m.Value}, &ev); rejection != nil {
				t.Fatalf("the processor rejects %s: %+v", m.Value, rejection)
			}
			if ev.CustomerID != string(m.Key) {
				t.Errorf("key %q of customer %q", m.Key, ev.CustomerID)
			}
			if len(got.Ratings) > 0 && got.Ratings[i].RatingID != ev.RatingID {
				t.Errorf("said to be %q, stored as %q", got.Ratings[i].RatingID, ev.RatingID)
			}
		}
	})
}
