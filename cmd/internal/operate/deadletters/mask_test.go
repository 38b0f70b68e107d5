package deadletters

import (
	"encoding/json"
	"strings"
	"testing"

	"satisflow/pipeline/event"
	"satisflow/sinks/clickhouse"
)

func letter(value string) *clickhouse.DeadLetter {
	return &clickhouse.DeadLetter{Key: []byte("ann@example.com"), Value: []byte(value), Headers: []event.Header{
		{Key: "satisflow-history", Value: []byte("1")}, {Key: "x-user", Value: []byte("ann@example.com")}, {Key: "ce_id", Value: []byte("e-1")}}}
}

func TestNothingPersonalIsShownUnlessAskedFor(t *testing.T) {
	for name, value := range map[string]string{
		"customer, comment and answers":    `{"customer_id":"ann@example.com","comment":"ann@example.com","answers":{"q1":"ann@example.com","ann@example.com":3}}`,
		"in an envelope":                   `{"specversion":"1.0","subject":"ann@example.com","data":{"comment":"ann@example.com"}}`,
		"in a field that should be a name": `{"service":"ann@example.com"}`,
		"an unknown field":                 `{"mail":["ann@example.com"]}`,
		"an attribute":                     `{"attributes":{"region":"ann@example.com"}}`,
		"no JSON":                          `{"customer_id":"ann@example.com`,
	} {
		t.Run(name, func(t *testing.T) {
			all, err := json.Marshal(Mask(letter(value)))
			if err != nil || strings.Contains(string(all), "ann") || !strings.Contains(string(all), `"masked":true`) {
				t.Errorf("shown: %s, %v", all, err)
			}
			if got := Reveal(letter(value)); !strings.Contains(got.Value, "ann@") || got.Key != "ann@example.com" || got.Headers[1].Value != "ann@example.com" || got.Masked {
				t.Errorf("revealed: %+v", got)
			}
		})
	}
}

func TestWhatIsWrongWithARecordIsSeenWithoutWhoItIsAbout(t *testing.T) {
	got := Mask(letter(`{"rating_id":"r-1","rating":7.25,"customer_id":4711,"quality":{"accuracy":1.5},"staff":null,"occurred_at":"2026-11-20T12:00:00+08:00","list":[]}`))
	want := `{
  "rating_id": "r-1",
  "rating": 7.25,
  "customer_id": "(masked: 4 characters)",
  "quality": {
    "accuracy": 1.5
  },
  "staff": null,
  "occurred_at": "2026-11-20T12:00:00+08:00",
  "list": [
  ]
}`
	if got.Value != want || !got.JSON {
		t.Errorf("shown\n%s\nwant\n%s", got.Value, want)
	}
	if !json.Valid([]byte(got.Value)) || got.Headers[0].Value != "1" || got.Headers[2].Value != "e-1" {
		t.Errorf("%+v", got)
	}
}

func TestWhatATerminalWouldActOnIsEscaped(t *testing.T) {
	got := Reveal(letter("a\x1b[2J\xff\u009b\u202e界\uFFFD\n"))
	if want := "a\\x1b[2J\\xff\\u009b\\u202e界\uFFFD\n"; got.Value != want || got.JSON {
		t.Errorf("%q, want %q", got.Value, want)
	}
}
