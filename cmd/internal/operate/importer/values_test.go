package importer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"satisflow/pipeline/event"
)

// csvOf writes rows of customer, rating, response time and time under their header.
func csvOf(rows ...string) []byte {
	return []byte("customer_id;service;rating;quality.response_time_ms;occurred_at\n" + strings.Join(rows, "\n"))
}

func TestNumbersThatCanMeanTwoThingsAreNotGuessed(t *testing.T) {
	row := func(rating, ms string) []byte { return csvOf("c;s;" + rating + ";" + ms + ";" + at) }
	for _, tc := range []struct {
		decimal, rating, ms string
		want                string // in the event, or in the reason
	}{
		{"", "4.5", "1250", `"rating":4.5,"quality":{"response_time_ms":1250}`},
		{"", "4,5", "900", "bad_field:rating rating --decimal-comma"},
		{"", "4.5", "1.250", "bad_field:quality quality.response_time_ms --decimal-comma"},
		{"", "4.5", "1,250", "bad_field:quality quality.response_time_ms --decimal-comma"},
		{"", "4.5", "0.250", `"response_time_ms":0.250`},
		{"", "4.250", "900", `"rating":4.250`}, // no rating is a thousand
		{decimalComma, "4,5", "1.250", `"rating":4.5,"quality":{"response_time_ms":1250}`},
		{decimalComma, "3,0", "980,5", `"rating":3.0,"quality":{"response_time_ms":980.5}`},
		{decimalComma, "5", "1.234.567,5", `"rating":5,"quality":{"response_time_ms":1234567.5}`},
		{decimalComma, "4.5", "1", `"rating":4.5`}, // can't be thousands
		{decimalComma, "1.234,5", "1", "bad_field:rating rating"},
		{decimalPoint, "4.5", "1.250", `"rating":4.5,"quality":{"response_time_ms":1.250}`},
	} {
		got := run(t, Config{Decimal: tc.decimal}, "a.csv", row(tc.rating, tc.ms))
		said := strings.Join(got.values(), "")
		for _, r := range got.report {
			said += r.Reason
			for _, p := range r.Problems {
				said += " " + p.Field + " " + p.Want
			}
		}
		for _, want := range strings.Split(tc.want, " ") {
			if got.err != nil || !strings.Contains(said, want) {
				t.Errorf("%+v: %v %s", tc, got.err, said)
			}
		}
	}
}

func TestAPointBetweenThousandsIsAskedForWhereAThousandCouldBe(t *testing.T) {
	declared := func(im *Importer) {
		im.Event.Quality = []event.Metric{{Name: "temperature", Unit: "°C", Min: -20, Max: 40.5, Decimals: 3, Better: "higher"}}
	}
	file := []byte("customer_id,service,rating,occurred_at,quality.temperature,answers.q1\nc,s,4," + at + ",1.250,\n")
	if got := run(t, Config{}, "a.csv", file, declared); got.Sent != 1 || !strings.Contains(got.values()[0], `"temperature":1.250`) {
		t.Errorf("%v %+v %+v", got.err, got.Summary, got.report)
	}
	if got := run(t, Config{}, "a.csv", []byte(strings.Replace(string(file), "1.250,", ",1.250", 1)), declared); got.Rejected != 1 || got.report[0].Reason != "bad_field:answers" {
		t.Errorf("an answer: %v %+v", got.err, got.report)
	}
}

func TestAScaleIsConvertedByItsEnds(t *testing.T) {
	for _, tc := range []struct{ scale, scores, want string }{
		{"0..10", "0 1 5 7.5 9 10", "1 1.4 3 4 4.6 5"},
		{"1..10", "1 4 10", "1 2.33 5"},
		{"1..7", "1 4 6 7", "1 3 4.33 5"},
		{"0..100", "0 50 87 100", "1 3 4.48 5"},
		{"-2..2", "-2 0 2", "1 3 5"},
		{"1..5", "1 4.25 5", "1 4.25 5"},
	} {
		s, err := parseScale(tc.scale)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, score := range strings.Fields(tc.scores) {
			r, wrong := s.rating(score)
			if wrong != nil {
				t.Errorf("%s of %s: %+v", score, tc.scale, wrong)
			}
			got = append(got, r)
		}
		if fmt.Sprint(got) != "["+tc.want+"]" {
			t.Errorf("%s: %s, want %s", tc.scale, got, tc.want)
		}
	}
	for _, wrong := range []string{"10", "10..0", "1..1", "a..b", "1..Inf", "NaN..5"} {
		if (Config{Scale: wrong}).Validate() == nil {
			t.Errorf("%s is accepted", wrong)
		}
	}
	got := run(t, Config{Scale: "0..10"}, "a.csv", csvOf("c;s;11;1;"+at, "c;s;x;1;"+at, "c;s;8;1;"+at))
	if got.Sent != 1 || got.Reasons["bad_field:rating"] != 2 || !strings.Contains(got.report[0].Problems[0].Want, "0..10") {
		t.Errorf("%+v %+v", got.Summary, got.report)
	}
}

func TestScoresOfAnotherScaleAreNotStoredAsStars(t *testing.T) {
	rows := func(scores ...float64) (out []string) {
		for i, s := range scores {
			out = append(out, fmt.Sprintf("c%d;s;%g;1;%s", i, s, at))
		}
		return out
	}
	for want, scores := range map[string][]float64{
		"--scale 0..10":  {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
		"--scale 1..10":  {1, 4, 9, 10, 8},
		"--scale 1..7":   {1, 4, 6, 7, 6},
		"--scale 0..100": {20, 50, 80, 100},
	} {
		got := run(t, Config{}, "a.csv", csvOf(rows(scores...)...))
		if got.err == nil || got.Sent != 0 || !strings.Contains(got.err.Error(), want) || !strings.Contains(got.err.Error(), "--scale 1..5") {
			t.Errorf("%v: %v, want %s", scores, got.err, want)
		}
		if got := run(t, Config{Scale: "1..5"}, "a.csv", csvOf(rows(scores...)...)); got.err != nil || got.Rejected == 0 {
			t.Errorf("%v, said to be 1..5: %v %+v", scores, got.err, got.Summary)
		}
	}
	// single ones are mistakes, and zeros are no scores
	few := slices.Repeat([]float64{4}, 100)
	copy(few, []float64{9, 8, 9, 7, 9})
	for _, scores := range [][]float64{{1, 2, 3, 9}, {0, 0, 0, 4, 5}, {1, 2, 3, 4, 5}, few} {
		if got := run(t, Config{}, "a.csv", csvOf(rows(scores...)...)); got.err != nil || got.Sent == 0 {
			t.Errorf("%v: %v %+v", scores, got.err, got.Summary)
		}
	}
	// behind what is read ahead they are said of in the end
	late := csvOf(append(strings.Split(strings.Repeat("c;s;4;1;"+at+"\n", sampleRows), "\n")[:sampleRows], strings.Split(strings.Repeat("c;s;9;1;"+at+"\n", sampleRows), "\n")...)...)
	got := run(t, Config{}, "a.csv", late)
	if got.err != nil || got.Rejected != sampleRows || len(got.Warnings) != 1 || got.Warnings[0].Name != noteScale || !strings.Contains(got.Warnings[0].Text, "--scale 0..10") {
		t.Errorf("%v %+v", got.err, got.Warnings)
	}
}

func TestIdsThatASpreadsheetSpoiledAreNotTaken(t *testing.T) {
	row := func(id string) []byte {
		return []byte("customer_id,service,rating,occurred_at\r\n" + id + ",s,5," + at + "\r\n")
	}
	for _, tc := range []struct{ ids, id, want string }{
		{"", `="00512"`, `"customer_id":"00512"`},
		{"", `"=""00513"""`, `"customer_id":"00513"`},
		{"", `="a"+"b"`, `"customer_id":"=\"a\"+\"b\""`}, // a formula is left as it is
		{"", "00512", `"customer_id":"00512"`},
		{"", "4.60123E+17", "--ids text"},
		{"", "5E+11", "--ids text"},
		{idsText, "4.60123E+17", `"customer_id":"4.60123E+17"`},
		{"", "1E5", `"customer_id":"1E5"`}, // no spreadsheet writes this
		{"", "\u00a0K-261\u3000", `"customer_id":"K-261"`},
		{"", "K-261\u200b", "--ids clean"},
		{idsText, "K-261\u200b", "--ids clean"},
		{idsClean, "K-261\u200b", `"customer_id":"K-261"`},
		{idsClean, "\ufeffＫ－２６１", `"customer_id":"K-261"`},
		{"", "Jose\u0301", "--ids clean"},
		{idsClean, "Jose\u0301", `"customer_id":"José"`},
		{idsClean, "4.60123E+17", "--ids text"},
	} {
		got := run(t, Config{IDs: tc.ids}, "a.csv", row(tc.id))
		said := strings.Join(got.values(), "")
		for _, r := range got.report {
			said += r.Reason + " " + r.Problems[0].Want
		}
		if got.err != nil || !strings.Contains(said, tc.want) || got.Sent == 1 != strings.HasPrefix(tc.want, `"customer_id"`) {
			t.Errorf("%+v: %v %s", tc, got.err, said)
		}
	}
	got := run(t, Config{}, "a.csv", []byte("customer_id,service,rating,occurred_at\n460123000000000000,s,5,"+at+"\n460123456789012345,s,5,"+at+"\n"))
	if got.Sent != 2 || len(got.Warnings) != 1 || got.Warnings[0].Name != noteIDZeros || got.Warnings[0].Rows != 1 {
		t.Errorf("%v %+v", got.err, got.Summary)
	}
}
