package event

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

const typical = `{"rating_id":"7d9f2c1e-4b7a-4c0e-9a51-2f1f0c9f3b11","occurred_at":"2026-03-01T09:30:00.250Z","customer_id":"c-004211","service":"legal_consulting","product_id":"contract-review","channel":"web","segment":"enterprise","rating":4.5,"quality":{"response_time_ms":1250,"accuracy":0.97}}`

func testConfig() Config {
	cfg := DefaultConfig()
	cfg.Attributes = []string{"region", "industry"}
	cfg.Quality = []Metric{{Name: "temperature", Unit: "°C", Min: -20, Max: 40.5, Decimals: 1, Better: "higher"}}
	return cfg
}

// with returns the least event with the members added; a member of the same name replaces.
func with(members ...string) string {
	base := []string{`"rating_id":"r-1"`, `"occurred_at":"2026-03-01T09:30:00Z"`, `"customer_id":"c-1"`, `"service":"legal_consulting"`, `"rating":4`}
	for _, m := range members {
		key, _, _ := strings.Cut(m, ":")
		replaced := false
		for i := range base {
			if strings.HasPrefix(base[i], key+":") {
				base[i], replaced = m, true
			}
		}
		if !replaced {
			base = append(base, m)
		}
	}
	return "{" + strings.Join(base, ",") + "}"
}

func TestATypicalRecordIsReadWhole(t *testing.T) {
	var ev Event
	if err := NewDecoder(DefaultConfig()).Decode([]byte(typical), nil, &ev); err != nil {
		t.Fatal(err)
	}
	want := Event{RatingID: "7d9f2c1e-4b7a-4c0e-9a51-2f1f0c9f3b11", OccurredAt: 1772357400250, CustomerID: "c-004211", Service: "legal_consulting",
		ProductID: "contract-review", Channel: "web", Segment: "enterprise", Rating: 450, Quality: NoQuality()}
	want.Quality[QualityResponseMS], want.Quality[QualityAccuracy] = 1250, 970000
	same(t, &ev, &want)
}

func TestWhatIsRightIsAccepted(t *testing.T) {
	long := strings.Repeat("长", MaxComment)
	for name, tc := range map[string]struct {
		json string
		get  func(*Event) any
		want any
	}{
		"an integer rating":                       {with(`"rating":4`), rating, int32(400)},
		"a rating with a zero decimal":            {with(`"rating":4.0`), rating, int32(400)},
		"a rating with zero decimals":             {with(`"rating":4.00`), rating, int32(400)},
		"a rating with decimals that say nothing": {with(`"rating":3.990000`), rating, int32(399)},
		"a rating with an exponent":               {with(`"rating":4e0`), rating, int32(400)},
		"a rating with a negative exponent":       {with(`"rating":349e-2`), rating, int32(349)},
		"a rating with a positive exponent":       {with(`"rating":0.45E+1`), rating, int32(450)},
		"2.99":                                    {with(`"rating":2.99`), rating, int32(299)},
		"3.01":                                    {with(`"rating":3.01`), rating, int32(301)},
		"3.49":                                    {with(`"rating":3.49`), rating, int32(349)},
		"4.49":                                    {with(`"rating":4.49`), rating, int32(449)},
		"the least rating":                        {with(`"rating":1`), rating, int32(100)},
		"the greatest rating":                     {with(`"rating":5.00`), rating, int32(500)},
		"feedback with a comment alone":           {with(`"rating":null`, `"comment":"fine"`), rating, int32(0)},
		"feedback with an answer alone":           {with(`"rating":null`, `"answers":{"q1":3}`), rating, int32(0)},
		"a customer id that is a number":          {with(`"customer_id":12345678901234567890`), func(e *Event) any { return e.CustomerID }, "12345678901234567890"},
		"a revision with a zero decimal":          {with(`"revision":2.0`), func(e *Event) any { return e.Revision }, uint32(2)},
		"the greatest revision":                   {with(`"revision":8388607`), func(e *Event) any { return e.Revision }, uint32(8388607)},
		"an op":                                   {with(`"op":"put"`), func(e *Event) any { return e.Op }, Put},
		"a zone east of UTC":                      {with(`"occurred_at":"2026-03-01T17:30:00.123456789+08:00"`), at, int64(1772357400123)},
		"a zone west of UTC":                      {with(`"occurred_at":"2026-03-01T04:00:00-05:30"`), at, int64(1772357400000)},
		"a short fraction":                        {with(`"occurred_at":"2026-03-01T09:30:00.5Z"`), at, int64(1772357400500)},
		"lower-case letters in a time":            {with(`"occurred_at":"2026-03-01t09:30:00z"`), at, int64(1772357400000)},
		"a leap day":                              {with(`"occurred_at":"2028-02-29T00:00:00Z"`), at, int64(1835395200000)},
		"staff":                                   {with(`"respondent":"staff"`), func(e *Event) any { return e.Staff }, true},
		"quarantined":                             {with(`"quarantined":true`), func(e *Event) any { return e.Quarantined }, true},
		"a rounded share":                         {with(`"quality":{"accuracy":0.1234565}`), func(e *Event) any { return e.Quality[QualityAccuracy] }, int64(123457)},
		"a metric rounded half away from zero":    {with(`"quality":{"temperature":-0.25}`), func(e *Event) any { return e.Quality[3] }, int64(-3)},
		"a declared metric":                       {with(`"quality":{"temperature":40.5}`), func(e *Event) any { return e.Quality[3] }, int64(405)},
		"a metric of null":                        {with(`"quality":{"accuracy":null}`), func(e *Event) any { return e.Quality[QualityAccuracy] }, int64(MissingQuality)},
		"attributes sorted by key":                {with(`"attributes":{"region":"north","industry":"law"}`), func(e *Event) any { return e.Attributes[0].Value + e.Attributes[1].Value }, "lawnorth"},
		"an empty attribute is none":              {with(`"attributes":{"region":""}`), func(e *Event) any { return len(e.Attributes) }, 0},
		"a comment of the greatest length":        {with(`"comment":"` + long + `"`), func(e *Event) any { return e.Comment }, long},
		"escapes":                                 {with(`"comment":"a\"\\\/\b\f\n\r\t\u4e2d\ud83d\ude00"`), func(e *Event) any { return e.Comment }, "a\"\\/\b\f\n\r\t中😀"},
		"an escaped key":                          {with(`"ch\u0061nnel":"web"`), func(e *Event) any { return e.Channel }, "web"},
		"an answer as it was written":             {with(`"answers":{"q1":4.50}`), func(e *Event) any { return e.Answers[0] }, Answer{"q1", "4.50", true}},
		"white space":                             {" \n" + strings.ReplaceAll(with(), ",", "\t,\r\n") + " ", rating, int32(400)},
	} {
		var ev Event
		if err := NewDecoder(testConfig()).Decode([]byte(tc.json), nil, &ev); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := tc.get(&ev); got != tc.want {
			t.Errorf("%s: got %v, want %v", name, got, tc.want)
		}
	}
}

func rating(e *Event) any { return e.Rating }
func at(e *Event) any     { return e.OccurredAt }

func TestAllErrorsOfAnEventAreFound(t *testing.T) {
	var ev Event
	bad := with(`"rating_id":"r 1"`, `"customer_id":null`, `"rating":9`, `"quality":{"accuracy":2,"completeness":-1}`, `"revision":"1"`)
	errs := NewDecoder(testConfig()).DecodeAll([]byte(bad), nil, &ev)
	var got []string
	for _, e := range errs {
		got = append(got, e.Field)
	}
	if want := "rating_id rating quality.accuracy quality.completeness revision customer_id"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestNoErrorShowsWhatAPersonWrote(t *testing.T) {
	secret := "Wang-Fang"
	for _, m := range []string{`"comment":["Wang-Fang"]`, `"comment":{"Wang-Fang":1}`, `"answers":{"q1":{"a":"Wang-Fang"}}`, `"answers":"Wang-Fang"`,
		`"customer_id":["Wang-Fang"]`, `"customer_id":"Wang-Fang\u0000"`} {
		var ev Event
		err := NewDecoder(testConfig()).Decode([]byte(with(m)), nil, &ev)
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%.40s: %v", m, err)
		}
	}
	for _, m := range []string{`"rating":"Wang-Fang"`, `"answers":{"Wang-Fang":[]}`, `"rating_id":"Wang-Fang@"`, `"occurred_at":"Wang-Fang"`, `"segment":"Wang-Fang\u0000"`} {
		var ev Event
		err := NewDecoder(testConfig()).Decode([]byte(with(m)), nil, &ev)
		if err == nil || strings.Contains(err.(*FieldError).Detail(), secret) {
			t.Errorf("%s: %v", m, err)
		}
	}
}

func TestEveryByteInAStringIsJudgedAsByEncodingJSON(t *testing.T) {
	d := NewDecoder(testConfig())
	for place := range 20 { // within eight bytes that are looked at together, and in the rest
		for c := range 256 {
			text := []byte(with(`"comment":"abcdefghijklmnopqrst"`))
			text[bytes.IndexByte(text, 'q')-16+place] = byte(c)
			var ev Event
			err := d.Decode(text, nil, &ev)
			if got, want := err == nil, json.Valid(text) && utf8.Valid(text); got != want {
				t.Fatalf("byte %#x at %d: %v, want %v (%v)", c, place, got, want, err)
			}
		}
	}
}

func TestAnErasureNeedsItsIdentityOnly(t *testing.T) {
	var ev Event
	err := NewDecoder(testConfig()).Decode([]byte(with(`"rating":"junk"`, `"revision":"x"`, `"comment":7`, `"op":"erase"`, `"channel":"web"`)), nil, &ev)
	if err != nil {
		t.Fatal(err)
	}
	same(t, &ev, &Event{RatingID: "r-1", Op: Erase, OccurredAt: 1772357400000, CustomerID: "c-1", Service: "legal_consulting", Quality: NoQuality()})
}

func TestAnUnknownFieldIsNamedWithTheNearestOne(t *testing.T) {
	d := NewDecoder(testConfig())
	for member, want := range map[string]string{
		`"raiting":4`:                `raiting: unknown: want a field of the event; did you mean "rating"?`,
		`"quality":{"acuracy":1}`:    `quality.acuracy: unknown: want a name that is declared in the configuration; did you mean "accuracy"?`,
		`"attributes":{"Region":""}`: `attributes.Region: unknown: want a name that is declared in the configuration; did you mean "region"?`,
		`"zzz":1`:                    `zzz: unknown: want a field of the event`,
	} {
		var ev Event
		err := d.Decode([]byte(with(member)), nil, &ev)
		if err == nil || err.Error() != want || err.(*FieldError).Reason != UnknownField {
			t.Errorf("%s: %v, want %s", member, err, want)
			continue
		}
		if detail := err.(*FieldError).Detail(); !strings.HasPrefix(detail, "a field: unknown") {
			t.Errorf("%s: the detail shows the name: %s", member, detail)
		}
	}
}

func TestUnknownFieldsAreIgnoredWhereTheConfigurationSaysSo(t *testing.T) {
	cfg := testConfig()
	cfg.UnknownFields = IgnoreUnknown
	for _, member := range []string{`"mood":{"a":[1,2,{"b":null}],"c":true}`, `"Rating":1`, `"quality":{"humor":"much"}`, `"attributes":{"store":7}`} {
		var ev Event
		if err := NewDecoder(cfg).Decode([]byte(with(member)), nil, &ev); err != nil || ev.Rating != 400 || ev.Attributes != nil || ev.Quality != NoQuality() {
			t.Errorf("%s: %v, %+v", member, err, ev)
		}
	}
}

// A record can hold 100,000 errors: few are kept, but one of each field, as an erasure is decided by its identity's.
func TestTheErrorsOfARecordAreFew(t *testing.T) {
	d := NewDecoder(testConfig())
	var ev Event
	for name, text := range map[string]string{
		"a field":      `{` + strings.Repeat(`"op":"x",`, 10_000) + `"op":"x"}`,
		"an attribute": `{"attributes":{` + strings.Repeat(`"region":1,`, 10_000) + `"region":1}}`,
		"a question":   `{"answers":{` + strings.Repeat(`"":1,`, 10_000) + `"":1}}`,
		"an answer":    `{"answers":{` + strings.Repeat(`"a":1,`, 10_000) + `"a":1}}`,
		"unknown":      `{` + strings.Repeat(`"":1,`, 10_000) + `"":1}`,
	} {
		if n := len(d.DecodeAll([]byte(text), nil, &ev)); n > maxErrors+len(fields) {
			t.Errorf("%s: %d errors", name, n)
		}
	}
	erase := `{"op":"erase","rating_id":"r-1","answers":{` + strings.Repeat(`"":1,`, 10_000) + `"":1},"occurred_at":"yesterday","customer_id":"c"}`
	if err := d.Decode([]byte(erase), nil, &ev); err == nil || !strings.HasPrefix(err.Error(), "occurred_at: ") {
		t.Errorf("an erasure without a time, behind many errors: %v", err)
	}
}

func TestADraftMayLackItsIdAndThenItsTime(t *testing.T) {
	d := NewDecoder(testConfig())
	d.Drafts = true
	var ev Event
	if err := d.Decode([]byte(with(`"rating_id":null`, `"occurred_at":null`)), nil, &ev); err != nil || ev.RatingID != "" || ev.OccurredAt != 0 {
		t.Errorf("%v, %+v", err, ev)
	}
	if err := d.Decode([]byte(with(`"occurred_at":null`)), nil, &ev); err == nil {
		t.Error("an id without its time was accepted")
	}
}

func TestTheDecodersEventsShareNoMemory(t *testing.T) {
	d := NewDecoder(testConfig())
	record := []byte(with(`"comment":"a\nb"`, `"attributes":{"region":"x"}`, `"answers":{"q1":1,"q2":"two"}`))
	var first, next Event
	if err := d.Decode(record, nil, &first); err != nil {
		t.Fatal(err)
	}
	other := []byte(with(`"comment":"c\td"`, `"attributes":{"region":"y"}`, `"answers":{"q3":3}`))
	for range 2000 {
		if err := d.Decode(other, nil, &next); err != nil {
			t.Fatal(err)
		}
	}
	if first.Comment != "a\nb" || first.Attributes[0].Value != "x" || first.Answers[1] != (Answer{Question: "q2", Value: "two"}) {
		t.Errorf("the first event changed: %+v", first)
	}
}

func TestDecodingDoesNotAllocate(t *testing.T) {
	d, record := NewDecoder(DefaultConfig()), []byte(typical)
	var ev Event
	if n := testing.AllocsPerRun(1000, func() {
		if err := d.Decode(record, nil, &ev); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}

func BenchmarkDecode(b *testing.B) {
	d, record := NewDecoder(DefaultConfig()), []byte(typical)
	var ev Event
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Decode(record, nil, &ev); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeWithEverything(b *testing.B) {
	d := NewDecoder(testConfig())
	record := []byte(with(`"comment":"合同审查很细致，\n条款风险都标出来了"`, `"language":"zh"`, `"attributes":{"region":"north","industry":"law"}`, `"answers":{"q1":4,"q2":"yes"}`))
	var ev Event
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Decode(record, nil, &ev); err != nil {
			b.Fatal(err)
		}
	}
}

// failer is a test or a rapid test.
type failer interface {
	Helper()
	Errorf(string, ...any)
}

// same fails the test when the events differ.
func same(t failer, got, want *Event) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", *got, *want)
	}
}
