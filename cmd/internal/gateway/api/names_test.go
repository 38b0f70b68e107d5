package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"satisflow/pipeline/source"
)

// unnamed is a rating whose identity the gateway makes.
func unnamed(score int) string {
	return fmt.Sprintf(`{"customer_id":"c-1","service":"data_analysis","rating":%d}`, score)
}

// stored counts the ratings in the log by their comment, each once by its identity.
func (w *world) stored() map[string]int {
	ids, counts := map[string]bool{}, map[string]int{}
	for _, m := range w.log.messages {
		var r struct {
			RatingID string `json:"rating_id"`
			Comment  string
		}
		if err := json.Unmarshal(m.Value, &r); err != nil {
			w.t.Fatal(err)
		}
		if !ids[r.RatingID] {
			ids[r.RatingID] = true
			counts[r.Comment]++
		}
	}
	return counts
}

// A client that resends as the answer says must not double anything, whatever part of a chunk Kafka has, and however often
// it fails.
func TestResendingLinesAsTheAnswerSaysDoublesNothing(t *testing.T) {
	w := newWorld(t)
	const n = 2300
	lines := make([]string, n)
	for i := range lines {
		if lines[i] = fmt.Sprintf(`{"customer_id":"c-1","service":"data_analysis","rating":4,"comment":"%d"}`, i); i%3 == 0 {
			lines[i] = fmt.Sprintf(`{"rating_id":"own-%d","occurred_at":"2026-11-20T12:30:00Z",%s`, i, lines[i][1:])
		}
	}
	attempts := 0
	w.log.refuse = func(_ context.Context, messages []source.Message) error {
		if attempts++; attempts%2 == 1 {
			return nil
		}
		errs := make(source.ProduceErrors, len(messages))
		for i, m := range messages {
			if i%2 == 0 { // half of the chunk is in the log, some of it without an acknowledgement
				errs[i] = errKafka
			}
			if i%4 != 0 {
				w.log.messages = append(w.log.messages, m)
			}
		}
		return errs
	}
	for tries := 0; ; tries++ {
		var got RecordProblem
		a := w.post(ndjson, strings.Join(lines, "\n"))
		if a.status == http.StatusOK {
			break
		}
		if tries > 20 {
			t.Fatal("it does not end")
		}
		a.into(http.StatusServiceUnavailable, &got)
		for _, r := range append(got.Ratings, got.AcceptedRatings...) {
			text := lines[r.Line-1]
			if !strings.Contains(text, `"rating_id"`) {
				text = fmt.Sprintf(`{"rating_id":%q,"occurred_at":%q,%s`, r.RatingID, r.OccurredAt, text[1:])
			}
			lines[r.Line-1] = text
		}
		lines = lines[got.ResumeLine-1:]
	}
	counts := w.stored()
	for i := range n {
		if counts[fmt.Sprint(i)] != 1 {
			t.Errorf("line %d is stored %d times", i, counts[fmt.Sprint(i)])
		}
	}
}

func TestTheAnswerNamesWhatTheGatewayNamed(t *testing.T) {
	bad := "\n" + `{"rating":7}` + "\n"
	for name, c := range map[string]struct {
		contentType, body string
		refuse            source.ProduceErrors
		status            int
		rows, lines       string // of accepted ratings with an identity of the gateway's
		again             string // of ratings that are to be sent again
	}{
		"lines":                        {ndjson, unnamed(4) + "\n" + line(1) + "\n" + unnamed(5), nil, 200, "", "1 3", ""},
		"lines, one of them wrong":     {ndjson, unnamed(4) + bad + unnamed(5), nil, 422, "", "1 3", ""},
		"lines, Kafka has the second":  {ndjson, unnamed(4) + "\n" + unnamed(5) + "\n" + line(1), source.ProduceErrors{errKafka, nil, errKafka}, 503, "", "2", "1 3"},
		"an array, Kafka has the last": {"application/json", "[" + unnamed(4) + "," + line(1) + "," + unnamed(5) + "]", source.ProduceErrors{errKafka, errKafka, nil}, 503, "3", "", "1 2"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if c.refuse != nil {
				w.log.refuse = func(context.Context, []source.Message) error { return c.refuse }
			}
			var got struct {
				Ratings         []Rating `json:"ratings"`
				AcceptedRatings []Rating `json:"accepted_ratings"`
			}
			w.post(c.contentType, c.body).into(c.status, &got)
			accepted, again := got.AcceptedRatings, got.Ratings
			if c.status == 200 {
				accepted, again = again, nil
			}
			var rows, lines, resend []string
			for _, r := range accepted {
				if r.Row > 0 {
					rows = append(rows, fmt.Sprint(r.Row))
				}
				if r.Line > 0 {
					lines = append(lines, fmt.Sprint(r.Line))
				}
				if len(r.RatingID) != 36 || r.OccurredAt == "" {
					t.Errorf("%+v", r)
				}
			}
			for _, r := range again {
				resend = append(resend, fmt.Sprint(r.Row+r.Line))
			}
			if strings.Join(rows, " ") != c.rows || strings.Join(lines, " ") != c.lines || strings.Join(resend, " ") != c.again {
				t.Errorf("rows %v, lines %v, again %v", rows, lines, resend)
			}
		})
	}
}

// What the gateway names it must list, so it does not name without end.
func TestLinesWithoutAnIDAreBoundedByTheAnswer(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Config.MaxRatings = 3 })
	var got RecordProblem
	w.post(ndjson, strings.Repeat(unnamed(4)+"\n", 5)+line(1)).into(http.StatusUnprocessableEntity, &got)
	if got.Accepted != 4 || len(got.AcceptedRatings) != 3 || len(got.Errors) != 2 || got.Errors[0].Line != 4 || got.Errors[0].Field != "rating_id" {
		t.Errorf("%+v", got)
	}
}

func TestSeveralRatingsInOneCloudEventAreRefused(t *testing.T) {
	w := newWorld(t)
	ce := []string{"ce-specversion", "1.0", "ce-id", "e-1", "ce-source", "/s", "ce-type", "t"}
	var got RecordProblem
	w.post("application/json", "["+unnamed(4)+","+unnamed(5)+"]", ce...).into(http.StatusUnprocessableEntity, &got)
	if len(got.Errors) != 1 || got.Errors[0].Field != "data" || !strings.Contains(got.Errors[0].Detail, "cloudevents-batch+json") {
		t.Errorf("%+v", got)
	}
	if a := w.post(ndjson, unnamed(4)+"\n"+unnamed(5), ce...); a.status != http.StatusUnsupportedMediaType || !strings.Contains(string(a.body), "ce- headers") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if w.log.n != 0 {
		t.Errorf("%d produced", w.log.n)
	}
}

func TestARatingIDWithTwoTimesOrCustomersIsRefused(t *testing.T) {
	at := func(id, at, customer string) string {
		return fmt.Sprintf(`{"rating_id":%q,"occurred_at":%q,"customer_id":%q,"service":"data_analysis","rating":4}`, id, at, customer)
	}
	first := at("conv-301", "2026-11-20T09:30:00Z", "K-521")
	for name, c := range map[string]struct {
		second, field string
	}{
		"another time":               {at("conv-301", "2026-11-20T11:30:00Z", "K-521"), "occurred_at"},
		"another customer":           {at("conv-301", "2026-11-20T09:30:00Z", "K-522"), "customer_id"},
		"the same in another zone":   {at("conv-301", "2026-11-20T17:30:00+08:00", "K-521"), ""},
		"another id":                 {at("conv-302", "2026-11-20T11:30:00Z", "K-522"), ""},
		"the same with a correction": {strings.Replace(first, `"rating":4`, `"rating":2,"revision":1`, 1), ""},
	} {
		for contentType, body := range map[string]string{"application/json": "[" + first + "," + c.second + "]", ndjson: first + "\n" + c.second} {
			w := newWorld(t)
			a := w.post(contentType, body)
			if c.field == "" {
				if a.status != http.StatusOK || w.log.n != 2 {
					t.Errorf("%s, %s: %d, %d produced", name, contentType, a.status, w.log.n)
				}
				continue
			}
			var got RecordProblem
			a.into(http.StatusUnprocessableEntity, &got)
			e := got.Errors[0]
			if len(got.Errors) != 1 || e.Field != c.field || e.Reason != reasonConflict || e.Row+e.Line != 2 || strings.Contains(e.Detail, "K-52") {
				t.Errorf("%s, %s: %+v", name, contentType, got)
			}
		}
	}
}

func TestALongCommentIsCutAndTheRatingCounts(t *testing.T) {
	w := newWorld(t)
	var got Recorded
	w.post("application/json; charset=utf8", `{"customer_id":"c","service":"data_analysis","rating":1,"comment":"`+strings.Repeat("慢", 4500)+`"}`).into(http.StatusOK, &got)
	text := string(w.log.messages[0].Value)
	if !got.Ratings[0].CommentTruncated || *got.Ratings[0].Band != "dissatisfied" || strings.Count(text, "慢") != 4000 || !strings.Contains(text, `"comment_truncated":true`) {
		t.Errorf("%+v, %d characters", got.Ratings[0], strings.Count(text, "慢"))
	}
}
