package event

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzDecode compares the Decoder with encoding/json: it must refuse as bad_json exactly what that package refuses, apart
// from what is stricter here (UTF-8, surrogate halves, depth), and read the same strings and ratings.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(typical))
	for _, tc := range wrong {
		if len(tc.json) < 2000 {
			f.Add([]byte(tc.json))
		}
	}
	f.Add([]byte(with(`"comment":"a\"\\\/\b\f\n\r\t\u4e2d\ud83d\ude00"`, `"attributes":{"region":"x"}`, `"answers":{"q1":4.50,"q2":"满意"}`)))
	f.Add([]byte(envelopeAround(`"data":` + with())))
	cfg := testConfig()
	d := NewDecoder(cfg)
	f.Fuzz(func(t *testing.T, record []byte) {
		kept := bytes.Clone(record)
		var ev Event
		err := d.Decode(record, nil, &ev)
		if !bytes.Equal(record, kept) {
			t.Fatal("the record was changed")
		}
		var oracle map[string]any
		dec := json.NewDecoder(bytes.NewReader(record))
		dec.UseNumber()
		valid := json.Valid(record) && dec.Decode(&oracle) == nil && oracle != nil && utf8.Valid(record)
		if fe, _ := err.(*FieldError); fe != nil && fe.Reason == BadJSON {
			if strictly := fe.Found == "too deep" || strings.HasPrefix(fe.Found, "half of a surrogate"); valid && !strictly && oracle["specversion"] == nil {
				t.Fatalf("refused: %v", err)
			}
			return
		}
		if !valid {
			t.Fatalf("accepted what is no JSON object: %v", err)
		}
		if err == nil && d.mode == plainMode {
			compare(t, &ev, oracle)
			again(t, cfg, &ev)
		}
	})
}

func compare(t *testing.T, ev *Event, oracle map[string]any) {
	text := map[string]string{"rating_id": ev.RatingID, "comment": ev.Comment, "channel": ev.Channel, "service": ev.Service, "segment": ev.Segment}
	if ev.Op == Erase {
		text = map[string]string{"rating_id": ev.RatingID}
	}
	for name, got := range text {
		if want, _ := oracle[name].(string); got != want && !(name == "comment" && ev.CommentTruncated && strings.HasPrefix(want, got)) {
			t.Fatalf("%s: got %q, want %q", name, got, want)
		}
	}
	if n, ok := oracle["rating"].(json.Number); ok && ev.Op == Put {
		want, _ := new(big.Rat).SetString(n.String())
		if want == nil || want.Cmp(big.NewRat(int64(ev.Rating), 100)) != 0 {
			t.Fatalf("rating: got %d hundredths, want %s", ev.Rating, n)
		}
	}
}

// again writes the event and reads it once more.
func again(t *testing.T, cfg Config, ev *Event) {
	var got Event
	if err := NewDecoder(cfg).Decode(AppendJSON(nil, ev, cfg), nil, &got); err != nil {
		t.Fatalf("written as %s: %v", AppendJSON(nil, ev, cfg), err)
	}
	same(t, &got, ev)
}
