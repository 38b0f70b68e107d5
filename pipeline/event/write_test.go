package event

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// events draws events as a Decoder returns them.
func events(cfg Config) *rapid.Generator[Event] {
	name := rapid.StringMatching(`[a-z0-9_ 中文😀"\\/-]{0,20}`)
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?`)
	return rapid.Custom(func(t *rapid.T) Event {
		e := Event{
			RatingID:   rapid.StringMatching(`[A-Za-z0-9._:-]{1,64}`).Draw(t, "rating_id"),
			Revision:   rapid.Uint32Range(0, MaxRevision).Draw(t, "revision"),
			OccurredAt: rapid.Int64Range(946684800000, 4102444799999).Draw(t, "occurred_at"),
			CustomerID: rapid.StringMatching(`[a-zA-Z0-9@.中文]([a-zA-Z0-9@.中文 -]{0,126}[a-zA-Z0-9@.中文])?`).Draw(t, "customer_id"),
			Service:    rapid.SampledFrom(cfg.Services).Draw(t, "service"),
			Quality:    NoQuality(),
		}
		if rapid.Bool().Draw(t, "erase") {
			e.Op = Erase
			return e
		}
		e.ProductID, e.Channel, e.Segment = name.Draw(t, "product_id"), name.Draw(t, "channel"), name.Draw(t, "segment")
		e.Source, e.SurveyID, e.InvitationID = name.Draw(t, "source"), name.Draw(t, "survey_id"), name.Draw(t, "invitation_id")
		e.Comment = rapid.StringN(0, 50, -1).Draw(t, "comment")
		e.Language = rapid.SampledFrom([]string{"", "zh-CN", "en", "zh_Hans"}).Draw(t, "language")
		e.Staff, e.Quarantined = rapid.Bool().Draw(t, "staff"), rapid.Bool().Draw(t, "quarantined")
		e.CommentTruncated, e.AnswersTruncated = rapid.Bool().Draw(t, "comment_truncated"), rapid.Bool().Draw(t, "answers_truncated")
		for _, key := range NewDecoder(cfg).attributes {
			if v := name.Draw(t, key); v != "" {
				e.Attributes = append(e.Attributes, Pair{key, v})
			}
		}
		for i, m := range NewDecoder(cfg).metrics {
			if rapid.Bool().Draw(t, m.Name) {
				e.Quality[i] = rapid.Int64Range(m.least, m.greatest).Draw(t, m.Name)
			}
		}
		for _, q := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z0-9 中"]{1,8}`), 0, 4, rapid.ID).Draw(t, "questions") {
			a := Answer{Question: q, Number: rapid.Bool().Draw(t, "number")}
			if a.Value = number.Draw(t, "answer"); !a.Number {
				a.Value = rapid.StringN(1, 20, -1).Draw(t, "answer")
			}
			e.Answers = append(e.Answers, a)
		}
		if e.Comment == "" && e.Answers == nil || rapid.Bool().Draw(t, "scored") {
			e.Rating = rapid.Int32Range(MinRating, MaxRating).Draw(t, "rating")
		}
		return e
	})
}

func TestAnEventIsReadAsItWasWritten(t *testing.T) {
	cfg := testConfig()
	drawn, d := events(cfg), NewDecoder(cfg)
	rapid.Check(t, func(t *rapid.T) {
		want := drawn.Draw(t, "event")
		text := AppendJSON(nil, &want, cfg)
		if !json.Valid(text) {
			t.Fatalf("not JSON: %s", text)
		}
		var got Event
		if err := d.Decode(text, nil, &got); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		same(t, &got, &want)
	})
}

func TestTheCanonicalFormIsShort(t *testing.T) {
	cfg := testConfig()
	e := Event{RatingID: "r-1", Revision: 2, OccurredAt: 1772357400250, CustomerID: "c-1", Service: "legal_consulting", Rating: 450,
		Attributes: []Pair{{"region", "north"}}, Quality: NoQuality(), Comment: "a\t\"b\"\n", Answers: []Answer{{"q1", "4.50", true}, {"q2", "yes", false}}}
	e.Quality[QualityResponseMS], e.Quality[QualityAccuracy], e.Quality[3] = 1250, 970000, -5
	want := `{"rating_id":"r-1","revision":2,"occurred_at":"2026-03-01T09:30:00.25Z","customer_id":"c-1","service":"legal_consulting",` +
		`"attributes":{"region":"north"},"rating":4.5,"quality":{"response_time_ms":1250,"accuracy":0.97,"temperature":-0.5},` +
		`"answers":{"q1":4.50,"q2":"yes"},"comment":"a\t\"b\"\n"}`
	if got := string(AppendJSON(nil, &e, cfg)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	e.Op = Erase
	want = `{"rating_id":"r-1","revision":2,"op":"erase","occurred_at":"2026-03-01T09:30:00.25Z","customer_id":"c-1","service":"legal_consulting"}`
	if got := string(AppendJSON(nil, &e, cfg)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
