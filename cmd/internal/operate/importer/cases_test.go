package importer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestFilesThatPeopleReallyHave has an input of each kind that users of this and of other tools reported, with the ratings that they
// mean. A case that needs no option to be right has none.
func TestFilesThatPeopleReallyHave(t *testing.T) {
	shanghai := Config{TimeZone: "Asia/Shanghai"}
	header := "customer_id,service,rating,occurred_at\n"
	for name, tc := range map[string]struct {
		cfg      Config
		file     string
		text     string
		want     []string // customer, rating and time of what is sent
		rejected []string // line and reason
		words    string   // of the error, the report or the warnings
	}{
		"a sep= line of Excel": {shanghai, "a.csv", "sep=;\r\ncustomer_id;service;rating;occurred_at;comment\r\nD-01;s;5;2026-02-20 09:30:00;gut\r\nD-02;s;3;2026-02-20 10:15:00;naja\r\n",
			[]string{"D-01 5 2026-02-20T01:30:00Z", "D-02 3 2026-02-20T02:15:00Z"}, nil, ""},
		"a header with a line end": {Config{TimeZone: "UTC", Map: []string{"rating=How was it?\n(5 = best)"}}, "a.csv", "customer_id,service,\"How was it?\n(5 = best)\",occurred_at\nD-03,s,5,2026-02-20 09:30:00\nD-04,s,2,2026-02-20 10:15:00\n",
			[]string{"D-03 5 2026-02-20T09:30:00Z", "D-04 2 2026-02-20T10:15:00Z"}, nil, ""},
		"carriage returns alone": {shanghai, "a.csv", strings.ReplaceAll(header+"D-05,s,5,2026-02-20 09:30:00\nD-06,s,4,2026-02-20 10:15:00\n", "\n", "\r"),
			[]string{"D-05 5 2026-02-20T01:30:00Z", "D-06 4 2026-02-20T02:15:00Z"}, nil, ""},
		"ids as formulas of text": {shanghai, "a.csv", header + "=\"00071\",s,5,2026-02-20 09:30:00\n\"=\"\"00072\"\"\",s,4,2026-02-20 10:15:00\n00071,s,2,2026-02-21 10:15:00\n",
			[]string{"00071 5 2026-02-20T01:30:00Z", "00072 4 2026-02-20T02:15:00Z", "00071 2 2026-02-21T02:15:00Z"}, nil, ""},
		"ids that a spreadsheet rounded": {shanghai, "a.csv", header + "3.70211E+17,s,5,2026-02-20 09:30:00\n3.70211E+17,s,1,2026-02-20 10:15:00\n",
			nil, []string{"2 bad_field:customer_id", "3 bad_field:customer_id"}, "--ids text"},
		"an export of Chatwoot, mapped by hand": {Config{TimeZone: "UTC", Map: []string{"rating=Rating", "customer_id=Contact Email Address", "occurred_at=Recorded date", "service==s"}}, "a.csv",
			"Agent Name,Rating,Contact Email Address,Recorded date\n\n\nAgent,5,x@customers.example,2026-02-20 09:30:12 UTC\n\n\nAgent,2,y@customers.example,2026-02-20 10:15:40 UTC\n\nReporting period 2026-02-01 to 2026-02-21\n",
			[]string{"x@customers.example 5 2026-02-20T09:30:12Z", "y@customers.example 2 2026-02-20T10:15:40Z"}, []string{"9 bad_field:occurred_at"}, ""},
		"an export of Google Forms, mapped by hand": {Config{TimeZone: "Asia/Shanghai", Map: []string{"occurred_at=Timestamp", "customer_id=Number", "rating=Score (1-5)", "service==s"}}, "a.csv",
			"\"Timestamp\",\"Number\",\"Score (1-5)\"\n\"2026/02/20 9:30:12 AM GMT+8\",\"D-07\",\"5\"\n\"2026/02/20 10:15:40 PM GMT+8\",\"D-08\",\"3\"\n",
			[]string{"D-07 5 2026-02-20T01:30:12Z", "D-08 3 2026-02-20T14:15:40Z"}, nil, ""},
		"three rows of header of Qualtrics, read as one": {Config{TimeZone: "Asia/Shanghai", Map: []string{"rating_id=ResponseId", "customer_id=Ref", "occurred_at=RecordedDate", "rating=Q1", "service==s"}}, "a.csv",
			"RecordedDate,ResponseId,Ref,Q1\nRecorded Date,Response ID,External,\"How\nwas it\"\n\"{\"\"ImportId\"\":\"\"recordedDate\"\"}\",\"{\"\"ImportId\"\":\"\"_recordId\"\"}\",\"{\"\"ImportId\"\":\"\"ref\"\"}\",\"{\"\"ImportId\"\":\"\"QID1\"\"}\"\n2026-02-20 09:33:41,R_1,D-09,5\n2026-02-20 10:20:41,R_2,D-10,2\n",
			[]string{"D-09 5 2026-02-20T01:33:41Z", "D-10 2 2026-02-20T02:20:41Z"}, []string{"2 bad_field:rating_id", "4 bad_field:rating_id"}, ""},
		"an export of Typeform, mapped by hand": {Config{TimeZone: "UTC", Map: []string{"rating_id=tf-{#}", "customer_id=customer", "occurred_at=Submit Date (UTC)", "rating=How?", "service==s"}}, "a.csv",
			"#,How?,customer,Submit Date (UTC)\n0a1b,5,D-11,2026-02-20 09:31:40\n0a1c,3,D-12,2026-02-20 10:15:59\n",
			[]string{"D-11 5 2026-02-20T09:31:40Z", "D-12 3 2026-02-20T10:15:59Z"}, nil, ""},
		"halves of the day": {shanghai, "a.csv", header + "D-13,s,5,2026/2/20 上午 9:30\nD-14,s,4,2026/2/20 上午9:30\nD-15,s,4,2026/2/20 下午 3:05:10\nD-16,s,4,2/20/2026 3:05 PM\nD-17,s,4,20.2.2026 15:05\n",
			[]string{"D-13 5 2026-02-20T01:30:00Z", "D-14 4 2026-02-20T01:30:00Z", "D-15 4 2026-02-20T07:05:10Z", "D-17 4 2026-02-20T07:05:00Z"}, []string{"5 bad_field:occurred_at"}, "%m/%d/%Y"},
		"American times": {Config{TimeZone: "Asia/Shanghai", TimeLayouts: []string{"%d.%m.%Y", "%m/%d/%Y %I:%M %p"}}, "a.csv", header + "D-16,s,4,2/20/2026 3:05 PM\n",
			[]string{"D-16 4 2026-02-20T07:05:00Z"}, nil, ""},
		"day numbers of a spreadsheet": {shanghai, "a.csv", header + "D-18,s,5,46073.3958333333\nD-19,s,4,46073\n",
			nil, []string{"2 bad_field:occurred_at", "3 bad_field:occurred_at"}, "--time-layout excel"},
		"day numbers, said to be": {Config{TimeZone: "Asia/Shanghai", TimeLayouts: []string{"excel"}}, "a.csv", header + "D-18,s,5,46073.3958333333\nD-19,s,4,46073\n",
			[]string{"D-18 5 2026-02-20T01:30:00Z", "D-19 4 2026-02-19T16:00:00Z"}, nil, ""},
		"decimal commas": {Config{TimeZone: "Europe/Berlin"}, "a.csv", "customer_id;service;rating;occurred_at\nD-20;s;4,5;2026-02-20 09:30:00\nD-21;s;5;2026-02-20 10:20:00\n",
			[]string{"D-21 5 2026-02-20T09:20:00Z"}, []string{"2 bad_field:rating"}, "--decimal-comma"},
		"decimal commas, said to be": {Config{TimeZone: "Europe/Berlin", Decimal: "comma"}, "a.csv", "customer_id;service;rating;occurred_at\nD-20;s;4,5;2026-02-20 09:30:00\nD-22;s;3,0;2026-02-20 10:15:00\nD-21;s;5;2026-02-20 10:20:00\n",
			[]string{"D-20 4.5 2026-02-20T08:30:00Z", "D-22 3 2026-02-20T09:15:00Z", "D-21 5 2026-02-20T09:20:00Z"}, nil, ""},
		"offsets in many forms": {Config{}, "a.csv", header + "D-23,s,5,2026-02-20T09:30:00+0800\nD-24,s,5,2026-02-20T09:30:00.123+0000\nD-25,s,5,2026-02-20 09:30:00+00\nD-26,s,5,2026-02-20 09:30:00+08:00\nD-27,s,5,2026-02-20 09:30:00 UTC\nD-28,s,5,2026-02-20T09:30+08:00\nD-29,s,5,2026-02-20T09:30:00+08:00\n",
			[]string{"D-23 5 2026-02-20T01:30:00Z", "D-24 5 2026-02-20T09:30:00.123Z", "D-25 5 2026-02-20T09:30:00Z", "D-26 5 2026-02-20T01:30:00Z", "D-27 5 2026-02-20T09:30:00Z", "D-28 5 2026-02-20T01:30:00Z", "D-29 5 2026-02-20T09:30:00+08:00"}, nil, ""},
		"two columns of one name": {Config{}, "a.csv", "customer_id,service,rating,comment,occurred_at,comment\nD-30,s,5,a," + at + ",b\n",
			nil, nil, `column "comment" is there twice`},
		"scores of 0 to 10": {Config{Map: []string{"rating=score"}}, "a.csv", "customer_id,service,score,occurred_at\n" + nps(at),
			nil, nil, "--scale 0..10"},
		"scores of 0 to 10, said to be": {Config{Map: []string{"rating=score"}, Scale: "0..10"}, "a.csv", "customer_id,service,score,occurred_at\n" + nps(at),
			[]string{"D-0 1 " + at, "D-1 1.4 " + at, "D-2 1.8 " + at, "D-3 2.2 " + at, "D-4 2.6 " + at, "D-5 3 " + at, "D-6 3.4 " + at, "D-7 3.8 " + at, "D-8 4.2 " + at, "D-9 4.6 " + at, "D-10 5 " + at}, nil, ""},
		"NaN in an array": {Config{}, "a.json", "[\n" + plainJSON("D-31", "5") + ",\n" + plainJSON("D-32", "NaN") + ",\n" + plainJSON("D-33", "4") + ",\n" + plainJSON("D-34", "2") + "\n]\n",
			[]string{"D-31 5 " + at, "D-33 4 " + at, "D-34 2 " + at}, []string{"3 bad_json"}, "rating: NaN is no JSON"},
		"NaN in NDJSON": {Config{}, "a.ndjson", plainJSON("D-31", "5") + "\n" + plainJSON("D-32", "NaN") + "\n" + plainJSON("D-33", "4") + "\n",
			[]string{"D-31 5 " + at, "D-33 4 " + at}, []string{"2 bad_json"}, "rating: NaN is no JSON"},
		"ids that look alike": {Config{}, "a.csv", header + "D-35,s,5," + at + "\nD-35\u200b,s,4," + at + "\n\u00a0D-35\u3000,s,4," + at + "\n\ufeffD-35,s,4," + at + "\nＤ－３５,s,4," + at + "\nZoë,s,4," + at + "\nZoe\u0308,s,4," + at + "\n",
			[]string{"D-35 5 " + at, "D-35 4 " + at, "Zoë 4 " + at}, []string{"3 bad_field:customer_id", "5 bad_field:customer_id", "6 bad_field:customer_id", "8 bad_field:customer_id"}, "--ids clean"},
		"ids that look alike, cleaned": {Config{IDs: "clean"}, "a.csv", header + "D-35\u200b,s,4," + at + "\n\ufeffD-35,s,3," + at + "\nＤ－３５,s,2," + at + "\nZoe\u0308,s,4," + at + "\n",
			[]string{"D-35 4 " + at, "D-35 3 " + at, "D-35 2 " + at, "Zoë 4 " + at}, nil, ""},
		"an hour that is there twice": {Config{TimeZone: "America/New_York", History: true}, "a.csv", header + "D-36,s,5,2025-11-02 00:30:00\nD-37,s,5,2025-11-02 01:30:00\nD-38,s,5,2025-11-02 02:30:00\n",
			[]string{"D-36 5 2025-11-02T04:30:00Z", "D-37 5 2025-11-02T05:30:00Z", "D-38 5 2025-11-02T07:30:00Z"}, nil, timeOverlap},
		"an hour that is not there": {Config{TimeZone: "America/New_York", History: true}, "a.csv", header + "D-39,s,5,2025-03-09 01:59:00\nD-40,s,5,2025-03-09 02:30:00\nD-41,s,5,2025-03-09 03:01:00\n",
			[]string{"D-39 5 2025-03-09T06:59:00Z", "D-40 5 2025-03-09T07:30:00Z", "D-41 5 2025-03-09T07:01:00Z"}, nil, timeGap},
		"numbers as text, as by POST": {Config{}, "a.ndjson", plainJSON("D-42", `"5"`) + "\n" + plainJSON("D-43", `5,"quality":{"accuracy":"0.9"}`) + "\n" + plainJSON("D-44", `5,"rating_id":47`) + "\n",
			nil, []string{"1 bad_field:rating", "2 bad_field:quality", "3 bad_field:rating_id"}, "--map rating=rating"},
		"numbers as text, mapped": {Config{Map: []string{"rating=rating"}}, "a.ndjson", plainJSON("D-42", `"5"`) + "\n",
			[]string{"D-42 5 " + at}, nil, ""},
		"a page of Zendesk, mapped by hand": {Config{Map: []string{"rating_id=zd-{id}", "customer_id=who", "occurred_at=created_at", "rating=score", "service==s"}, Values: []string{"rating:good=5", "rating:bad=1", "rating:offered="}}, "a.json",
			`{"satisfaction_ratings":[{"id":1,"who":71,"score":"good","created_at":"` + at + `"},` + "\n" + `{"id":2,"who":72,"score":"bad","created_at":"` + at + `"},{"id":3,"who":73,"score":"offered","created_at":"` + at + `"}],"next_page":null,"count":3}`,
			[]string{"71 5 " + at, "72 1 " + at}, []string{"2 bad_field:rating"}, ""},
		"a second answer under one id": {Config{}, "a.ndjson", plainJSON("D-45", `5,"rating_id":"conv-1"`) + "\n" + strings.Replace(plainJSON("D-45", `2,"rating_id":"conv-1"`), "T08", "T10", 1) + "\n",
			[]string{"D-45 5 " + at}, []string{"2 identity_conflict"}, "all of its versions have the same occurred_at"},
		"a comment that is too long": {Config{}, "a.ndjson", plainJSON("D-49", `1,"comment":"`+strings.Repeat("slow ", 900)+`"`) + "\n" + plainJSON("D-50", "5") + "\n",
			[]string{"D-49 1 " + at, "D-50 5 " + at}, nil, noteCut},
		"means of other scores": {Config{}, "a.ndjson", plainJSON("D-46", "4.333333333333333") + "\n" + plainJSON("D-47", "4.1000") + "\n" + plainJSON("D-48", "41e-1") + "\n",
			[]string{"D-47 4.1 " + at, "D-48 4.1 " + at}, []string{"1 bad_field:rating"}, "at most two decimals"},
	} {
		got := run(t, tc.cfg, tc.file, []byte(tc.text))
		var sent, rejected []string
		said := fmt.Sprint(got.err, got.Warnings)
		for _, m := range got.messages {
			sent = append(sent, meaning(t, m.Value))
		}
		for _, r := range got.report {
			rejected = append(rejected, fmt.Sprint(r.Line, " ", r.Reason))
			said += fmt.Sprint(r.Problems)
		}
		if !slices.Equal(sent, tc.want) || !slices.Equal(rejected, tc.rejected) || !strings.Contains(said, tc.words) {
			t.Errorf("%s: sent %q, rejected %q, want %q, %q and %q\n%s", name, sent, rejected, tc.want, tc.rejected, tc.words, said)
		}
		if refused := got.err != nil; refused != (tc.want == nil && tc.rejected == nil) || !refused && !got.Complete {
			t.Errorf("%s: %v %+v", name, got.err, got.Summary)
		}
	}
}

// nps returns a rating of each score of a Net Promoter question.
func nps(at string) (rows string) {
	for i := range 11 {
		rows += fmt.Sprintf("D-%d,s,%d,%s\n", i, i, at)
	}
	return rows
}

func plainJSON(customer, rating string) string {
	return fmt.Sprintf(`{"customer_id":%q,"service":"s","occurred_at":%q,"rating":%s}`, customer, at, rating)
}

// meaning returns customer, rating and time of an event.
func meaning(t *testing.T, value []byte) string {
	t.Helper()
	var e struct {
		Customer any     `json:"customer_id"`
		Rating   float64 `json:"rating"`
		At       string  `json:"occurred_at"`
	}
	if err := json.Unmarshal(value, &e); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(e.Customer, " ", e.Rating, " ", e.At)
}
