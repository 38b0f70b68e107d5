package api

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// BenchmarkOneRatingARequest is a POST over a connection that is kept, with a producer that answers at once.
func BenchmarkOneRatingARequest(b *testing.B) {
	w := newWorld(b, func(o *Options) {
		o.Config.ClientRate, o.Config.TotalRate, o.Config.ClientBurst, o.Config.TotalBurst = 1e9, 1e9, 1e9, 1e9
	})
	w.log.keep = false
	const body = `{"customer_id":"c-1","service":"data_analysis","rating":4.5,"channel":"web","comment":"又快又清楚"}`
	b.ReportAllocs()
	for b.Loop() {
		response, err := w.server.Client().Post(w.server.URL+base+"/record", "application/json", strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		if response.StatusCode != http.StatusOK {
			b.Fatal(response.Status)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
}

// BenchmarkLines is NDJSON with a producer that answers at once; one operation is one rating.
func BenchmarkLines(b *testing.B) {
	w := newWorld(b)
	w.log.keep = false
	var body strings.Builder
	for i := range 1000 {
		body.WriteString(line(i) + "\n")
	}
	text := body.String()
	b.ReportAllocs()
	for n := 0; n < b.N; n += 1000 {
		w.post(ndjson, text)
	}
}
