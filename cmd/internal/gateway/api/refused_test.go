package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"satisflow/cmd/internal/gateway/problem"
)

func put(fields string) string {
	return `{"rating_id":"r","occurred_at":"2026-11-20T12:30:00Z","customer_id":"c","service":"data_analysis",` + fields + `}`
}

// refusals422 are bodies and every sentence of the answer.
var refusals422 = []struct {
	name, contentType, body string
	want                    []string
}{
	{"a rating off the scale", "application/json", put(`"rating":6`),
		[]string{"#/rating | rating: 6: want a number from 1 to 5 with at most two decimals, such as 4.5"}},
	{"a rating as text", "application/json", put(`"rating":"5"`),
		[]string{`#/rating | rating: "5": want a number from 1 to 5 with at most two decimals, such as 4.5`}},
	{"three decimals", "application/json", put(`"rating":4.255`),
		[]string{"#/rating | rating: 4.255: want a number from 1 to 5 with at most two decimals, such as 4.5"}},
	{"nothing said", "application/json", `{"customer_id":"c","service":"data_analysis"}`,
		[]string{"#/rating | rating: missing, as are comment and answers: want a number from 1 to 5 with at most two decimals, such as 4.5"}},
	{"no customer and no service", "application/json", `{"rating":5}`,
		[]string{
			"#/customer_id | customer_id: missing: want a string of 1 to 128 characters, none of them a control character, or an integer",
			"#/service | service: missing: want a string of at most 128 characters, none of them a control character"}},
	{"its own identity but no time", "application/json", `{"rating_id":"r","customer_id":"c","service":"data_analysis","rating":5}`,
		[]string{"#/occurred_at | occurred_at: missing: want an RFC 3339 time with its zone from 2000 to 2099, such as 2026-03-01T09:30:00+08:00"}},
	{"a time without a zone", "application/json", `{"customer_id":"c","occurred_at":"2026-11-20 12:00","service":"data_analysis","rating":5}`,
		[]string{`#/occurred_at | occurred_at: "2026-11-20 12:00": want an RFC 3339 time with its zone from 2000 to 2099, such as 2026-03-01T09:30:00+08:00`}},
	{"a misspelt field", "application/json", put(`"rating":5,"sevice":"x"`),
		[]string{`#/sevice | sevice: unknown: want a field of the event; did you mean "service"?`}},
	{"an undeclared attribute", "application/json", put(`"rating":5,"attributes":{"regoin":"north"}`),
		[]string{`#/attributes/regoin | attributes.regoin: unknown: want a name that is declared in the configuration; did you mean "region"?`}},
	{"an unknown service", "application/json", `{"customer_id":"c","service":"date_analysis","rating":5}`,
		[]string{`#/service | service: "date_analysis": want one of data_analysis, legal_consulting, document_review`}},
	{"too old", "application/json", `{"customer_id":"c","service":"data_analysis","rating":5,"occurred_at":"2026-10-16T12:34:55.999Z"}`,
		[]string{"#/occurred_at | occurred_at: 2026-10-16T12:34:55.999Z: want a time not more than 35 days before now; satisflow import --history takes older ratings"}},
	{"in the future", "application/json", `{"customer_id":"c","service":"data_analysis","rating":5,"occurred_at":"2026-11-20T12:39:57Z"}`,
		[]string{"#/occurred_at | occurred_at: 2026-11-20T12:39:57Z: want a time not more than 5m0s after now"}},
	{"all at one time", "application/json", `{"customer_id":"c","service":"x","rating":0,"occurred_at":"2020-01-01T00:00:00Z","quality":{"accuracy":2}}`,
		[]string{
			"#/rating | rating: 0: want a number from 1 to 5 with at most two decimals, such as 4.5",
			"#/quality/accuracy | quality.accuracy: 2: want a number from 0 to 1",
			`#/service | service: "x": want one of data_analysis, legal_consulting, document_review`,
			"#/occurred_at | occurred_at: 2020-01-01T00:00:00Z: want a time not more than 35 days before now; satisflow import --history takes older ratings"}},
	{"two rows of four", "application/json", "[" + rating + "," + put(`"rating":9`) + "," + rating + `,{"x/y~z":1}]`,
		[]string{
			"row 2 #/1/rating | rating: 9: want a number from 1 to 5 with at most two decimals, such as 4.5",
			"row 4 #/3/x~1y~0z | x/y~z: unknown: want a field of the event",
			"row 4 #/3/customer_id | customer_id: missing: want a string of 1 to 128 characters, none of them a control character, or an integer",
			"row 4 #/3/service | service: missing: want a string of at most 128 characters, none of them a control character",
			"row 4 #/3/rating | rating: missing, as are comment and answers: want a number from 1 to 5 with at most two decimals, such as 4.5"}},
	{"a row that is no object", "application/json", `[5]`,
		[]string{"row 1  | not JSON at byte 1: found '5': want one JSON object in a record"}},
	{"nothing at all", "application/json", ``,
		[]string{" | not JSON at byte 0: the record is empty: want one JSON object in a record"}},
	{"a broken object", "application/json", `{"customer_id":"c",}`,
		[]string{" | not JSON at byte 19: found '}': want a key in double quotes"}},
	{"an array without an end", "application/json", `[` + rating,
		[]string{fmt.Sprintf(" | not JSON at byte %d: the array has no end: want a JSON array of ratings", len(rating)+1)}},
	{"more after the array", "application/json", `[` + rating + `] x`,
		[]string{fmt.Sprintf(" | not JSON at byte %d: more after the array: want a JSON array of ratings", len(rating)+2)}},
	{"GBK", "application/json", put("\"rating\":5,\"comment\":\"\xba\xc3\""),
		[]string{" | not JSON at byte 120: byte 0xba is not UTF-8: want UTF-8; GBK and other encodings must be converted"}},
	{"an envelope without data", "application/cloudevents+json", `{"specversion":"1.0","id":"e","source":"s","type":"t"}`,
		[]string{" | data: missing: want the rating as an object in data, or its JSON in data_base64"}},
	{"an envelope of a later version", "application/cloudevents+json", `{"specversion":"2.0","id":"e","source":"s","type":"t","data":` + rating + `}`,
		[]string{` | specversion: "2.0": want "1.0"`}},
	{"a batch that is none", "application/cloudevents-batch+json", `{}`,
		[]string{" | body: not an array: want an array of CloudEvents"}},
	{"an envelope in a batch", "application/cloudevents-batch+json", `[{"specversion":"1.0","id":"e","source":"s","type":"t","time":"2026-11-20T12:30:00Z","data":{"customer_id":"c","service":"data_analysis","rating":6}}]`,
		[]string{"row 1  | rating: 6: want a number from 1 to 5 with at most two decimals, such as 4.5"}},
}

// sentence is an entry as the table writes it.
func sentence(e problem.Entry) string {
	where := ""
	switch {
	case e.Row > 0:
		where = fmt.Sprintf("row %d ", e.Row)
	case e.Line > 0:
		where = fmt.Sprintf("line %d ", e.Line)
	}
	return where + e.Pointer + " | " + e.Detail
}

func sentences(entries []problem.Entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, sentence(e))
	}
	return all
}

func TestWrongRatingsAreRefusedWithEveryError(t *testing.T) {
	w := newWorld(t)
	for _, c := range refusals422 {
		t.Run(c.name, func(t *testing.T) {
			var got RecordProblem
			w.post(c.contentType, c.body).into(http.StatusUnprocessableEntity, &got)
			if all := sentences(got.Errors); !slices.Equal(all, c.want) {
				t.Errorf("errors\n%s\nwant\n%s", strings.Join(all, "\n"), strings.Join(c.want, "\n"))
			}
			if got.Status != http.StatusUnprocessableEntity || got.Title != "Unprocessable Entity" || got.Accepted != 0 || w.log.n != 0 {
				t.Errorf("got %+v, %d produced", got.Problem, w.log.n)
			}
		})
	}
}

func TestBodiesOfOtherKindsAreRefused(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		contentType, body string
		headers           []string
		status            int
		detail            string
	}{
		"no content type": {"", rating, nil, http.StatusUnsupportedMediaType,
			`Content-Type: "": want application/json, application/x-ndjson, application/cloudevents+json, application/cloudevents-batch+json`},
		"a form, as curl -d sends it": {"application/x-www-form-urlencoded", rating, nil, http.StatusUnsupportedMediaType,
			`Content-Type: "application/x-www-form-urlencoded": want application/json, application/x-ndjson, application/cloudevents+json, application/cloudevents-batch+json`},
		"another charset":  {"application/json; charset=gbk", rating, nil, http.StatusUnsupportedMediaType, `Content-Type: charset "gbk": want UTF-8`},
		"a compressed one": {"application/json", rating, []string{"Content-Encoding", "gzip"}, http.StatusUnsupportedMediaType, `Content-Encoding: "gzip": want a body that is not compressed`},
		"a large one": {"application/json", `{"comment":"` + strings.Repeat("x", 1<<20) + `"}`, nil, http.StatusRequestEntityTooLarge,
			"a body of more than 1048576 bytes: want several requests, or application/x-ndjson, which has no limit"},
	} {
		t.Run(name, func(t *testing.T) {
			var got problem.Problem
			w.post(c.contentType, c.body, c.headers...).into(c.status, &got)
			if got.Detail != c.detail || w.log.n != 0 {
				t.Errorf("%q, want %q; %d produced", got.Detail, c.detail, w.log.n)
			}
		})
	}
	if w.counter("satisflow_ratings_refused_total", "media_type") != 4 || w.counter("satisflow_ratings_refused_total", "body_too_large") != 1 {
		t.Error("counted wrong")
	}
}

func TestALargeBodyOfUnknownLengthIsRefused(t *testing.T) {
	w := newWorld(t)
	r := struct{ *strings.Reader }{strings.NewReader(`{"comment":"` + strings.Repeat("x", 2<<20) + `"}`)} // hides the length
	if a := w.do(http.MethodPost, base+"/record", "application/json", struct{ readerOnly }{readerOnly{r}}); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("%d: %s", a.status, a.body)
	}
}

type readerOnly struct {
	r interface{ Read([]byte) (int, error) }
}

func (r readerOnly) Read(b []byte) (int, error) { return r.r.Read(b) }

func TestARatingThatKafkaWouldNotTakeIsRefusedBefore(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Admit.MaxBytes = 2 << 10 })
	var got RecordProblem
	w.post("application/json", `[`+rating+`,`+put(`"comment":"`+strings.Repeat("好", 1000)+`"`)+`]`).into(http.StatusUnprocessableEntity, &got)
	if len(got.Errors) != 1 || got.Errors[0].Row != 2 || got.Errors[0].Reason != "too_large" || w.log.n != 0 ||
		!strings.HasPrefix(got.Errors[0].Detail, "a rating of 3") || !strings.HasSuffix(got.Errors[0].Detail, " bytes: want at most 2048 (admission.max_bytes)") {
		t.Errorf("%+v, %d produced", got.Errors, w.log.n)
	}
}

func TestOtherMethodsAndPathsAreSaidToBeWrong(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodGet, base + "/record", http.StatusMethodNotAllowed, "POST"},
		{http.MethodDelete, base + "/analytics", http.StatusMethodNotAllowed, "GET, HEAD"},
		{http.MethodGet, "/api/v2/x", http.StatusNotFound, ""},
	} {
		a := w.do(c.method, c.path, "", nil)
		if a.status != c.status || a.header.Get("Allow") != c.allow || a.header.Get("Content-Type") != problem.ContentType {
			t.Errorf("%s %s: %d, Allow %q: %s", c.method, c.path, a.status, a.header.Get("Allow"), a.body)
		}
	}
}
