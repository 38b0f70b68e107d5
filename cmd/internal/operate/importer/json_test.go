package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
)

// stream imports the text from the standard input.
func stream(t *testing.T, cfg Config, text string) outcome {
	t.Helper()
	out := &sent{}
	im := &Importer{Config: cfg, Event: anyService(), Admission: admit.DefaultConfig(), Sender: out,
		Report: filepath.Join(t.TempDir(), "report"), Clock: func() time.Time { return now }}
	in, err := Open("-", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	s, err := im.Run(t.Context(), in)
	return outcome{s, err, out.messages, readReport(t, im.Report)}
}

func one(id string) string { return strings.Replace(objectOne, `"r1"`, `"`+id+`"`, 1) }

func TestAllOfAJSONTextIsRead(t *testing.T) {
	for name, tc := range map[string]struct {
		text     string
		sent     int64
		rejected []int // lines
		complete bool
	}{
		"two arrays":                      {"[" + one("a") + "]\n[" + one("b") + "," + one("c") + "]\n", 3, nil, true},
		"an array, then objects":          {"[" + one("a") + "]" + one("b") + "\n" + one("c"), 3, nil, true},
		"objects, then an array":          {one("a") + "\n,[" + one("b") + "]", 2, nil, true},
		"files with byte order marks":     {byteOrderMark + "[" + one("a") + "]\n" + byteOrderMark + "[" + one("b") + "]", 2, nil, true},
		"an empty array":                  {"[]", 0, nil, true},
		"text after the end":              {"[" + one("a") + "] }garbage", 1, []int{1}, true},
		"a word after the end":            {"[" + one("a") + "]\nok\n", 1, []int{2}, true},
		"a bracket too many":              {"[" + one("a") + "]]\n[" + one("b") + "]", 2, []int{1}, true},
		"NaN":                             {"[\n" + one("a") + ",\n" + strings.Replace(one("b"), ":4", ":NaN", 1) + ",\n" + one("c") + "]", 2, []int{3}, true},
		"-Infinity, None, undefined":      {"[" + strings.Replace(one("b"), ":4", ":-Infinity", 1) + ",\n{\"x\":None},\n{\"x\":undefined},\n" + one("c") + "]", 1, []int{1, 2, 3}, true},
		"a comma too many":                {"[" + one("a") + ",\n" + one("b") + ",]", 2, nil, true},
		"a comma too many in an object":   {"[\n{\"a\":1,},\n" + one("b") + "]", 1, []int{2}, true},
		"no colon":                        {"[{\"a\" 1},\n" + one("b") + "]", 1, []int{1}, true},
		"no brace at the end of one":      {"[{\"a\": 1,\n" + one("b") + ",\n" + one("c") + "]", 2, []int{1}, true},
		"a quote that is not closed":      {"[{\"a\": \"x, \"b\": {\"c\":1}},\n" + one("b") + "]", 1, []int{1}, true},
		"a string over two lines":         {"[{\"a\": \"x\ny\", \"b\": 1},\n" + one("b") + "]", 1, []int{1}, true},
		"single quotes":                   {"[{'a': 1, 'b': {'c': 2}},\n" + one("b") + "]", 1, []int{1}, true},
		"the last one is broken":          {"[" + one("a") + ",\n{\"a\": }]\n[" + one("b") + "]", 2, []int{2}, true},
		"values among the objects":        {"[1, \"a\", [" + one("x") + "],\n" + one("a") + ", null]", 1, []int{1, 1, 1, 2}, true},
		"an object that does not end":     {"[" + one("a") + ",\n{\"a\": 1", 1, []int{2, 2}, false},
		"an array that does not end":      {"[" + one("a") + ",\n", 1, []int{2}, false},
		"an object around that ends not":  {"{\"rows\":[" + one("a") + "]", 1, []int{1}, false},
		"a page":                          {"{\"rows\":[" + one("a") + ",\n" + one("b") + "],\"n\":{\"rows\":[3]}}", 2, nil, true},
		"pages, a broken row in one":      {"{\"next\":1,\"rows\":[" + one("a") + ",\n{\"a\":}]}\n{\"rows\":[" + one("b") + "]}", 2, []int{2}, true},
		"a page with rubbish after rows":  {"{\"rows\":[" + one("a") + "], oops}\n{\"rows\":[" + one("b") + "]}", 2, []int{1}, true},
		"rows with an array of that name": {"{\"rows\":[" + strings.Replace(one("a"), "{", `{"rows":[{"x":1}],`, 1) + "," + one("b") + "]}", 2, nil, true},
		"a page without rows beside one":  {"{\"rows\":[" + one("a") + "]}\n{\"rows\":[]}", 1, nil, true},
		"half a character":                {one("a") + "\n" + strings.Replace(one("b"), "很满意", `x\ud83d`, 1) + "\n" + strings.Replace(one("c"), "很满意", `\ud83d\ude00`, 1), 2, []int{2}, true},
		"half a character and an escape":  {one("a") + "\n" + strings.Replace(one("b"), "很满意", `\ud83d\u0041`, 1) + "\n" + strings.Replace(one("c"), "很满意", `\\ud83d`, 1), 2, []int{2}, true},
	} {
		for _, again := range []func() outcome{
			func() outcome { return run(t, Config{Format: JSON}, "a.json", []byte(tc.text)) },
			func() outcome { return stream(t, Config{Format: JSON}, tc.text) },
		} {
			got := again()
			var lines []int
			for _, r := range got.report {
				lines = append(lines, r.Line)
				if !strings.Contains(tc.text, r.Row) || r.Number == 0 || len(r.Problems) != 1 || r.Problems[0].Found == "" {
					t.Errorf("%s: %+v", name, r)
				}
			}
			if got.err != nil || got.Sent != tc.sent || fmt.Sprint(lines) != fmt.Sprint(tc.rejected) || got.Complete != tc.complete || got.Rejected != int64(len(lines)) {
				t.Errorf("%s: %v, lines %v, want %v; %+v", name, got.err, lines, tc.rejected, got.Summary)
			}
			if got.Wanting() != (len(lines) > 0) || len(got.Rejections) != min(5, len(lines)) {
				t.Errorf("%s: %+v", name, got.Rejections)
			}
		}
	}
}

func TestNothingOfAJSONTextIsPassedOver(t *testing.T) {
	// what is neither an object nor the white space, commas and brackets between is in the report
	text := "[" + one("a") + ", x1 ,\n{\"a\": x2 x3},\n{\"b\": \"x4\n x5},\n" + one("b") + "] x6\n x7 [" + one("c") + "}x8"
	got := run(t, Config{Format: JSON}, "a.json", []byte(text))
	all := ""
	for _, r := range got.report {
		all += r.Row
	}
	for i := range 8 {
		if !strings.Contains(all, fmt.Sprint("x", i+1)) {
			t.Errorf("x%d is not in the report: %q", i+1, all)
		}
	}
	if got.Sent != 3 || got.Complete {
		t.Errorf("%+v", got.Summary)
	}
}

func TestABrokenTextIsReadInATimeThatGrowsWithIt(t *testing.T) {
	for _, piece := range []string{`{"a":"`, `{"a":{`, `[`, `{`, `"`, "{\"a\":1 {\n", `{"a":[`, "}"} {
		start := time.Now()
		got := run(t, Config{Format: JSON}, "a.json", []byte(strings.Repeat(piece, (128<<10)/len(piece))), func(im *Importer) { im.Sender, im.Report = nil, os.DevNull })
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%q: %s", piece, took)
		}
		if got.Sent != 0 || got.Rejected == 0 {
			t.Errorf("%q: %v %+v", piece, got.err, got.Rejected)
		}
	}
}

func TestAnEventIsJudgedAsByTheOtherDoors(t *testing.T) {
	for _, wrong := range []string{`"rating":"4.5"`, `"rating":4,"quality":1`, `"rating":4,"quality":{"accuracy":"0.9"}`, `"rating":4,"answers":[1]`,
		`"rating":4,"revision":"1"`, `"rating":4,"quarantined":"true"`, `"rating":4,"channel":7`, `"rating":4,"attributes":"x"`, `"rating":4,"language":1`,
		`"rating":4,"comment":7`, `"rating":4,"op":"delete"`, `"rating":4,"customer_id":" c"`} {
		row := `{"rating_id":"x","service":"s","occurred_at":"` + at + `",` + wrong
		if !strings.Contains(wrong, "customer_id") {
			row += `,"customer_id":"c"`
		}
		if got := run(t, Config{}, "a.ndjson", []byte(row+"}\n"+one("fine"))); got.err != nil || got.Sent != 1 || got.Rejected != 1 {
			t.Errorf("%s: %v %+v", wrong, got.err, got.Summary)
		}
	}
	// half a character in another product's file too
	half := `{"n":1,"service":"s","occurred_at":"` + at + `","rating":4,"customer_id":"c\ud83d"}`
	if got := run(t, Config{Map: []string{"rating_id=r-{n}"}}, "a.ndjson", []byte(half)); got.Sent != 0 || got.Reasons["bad_json"] != 1 || !strings.Contains(got.report[0].Problems[0].Found, "surrogate") {
		t.Errorf("%+v %+v", got.Summary, got.report)
	}
	// of another product's file, text is read as a number
	text := `{"n":1,"service":"s","occurred_at":"` + at + `","rating":"4.5","customer_id":"c"}`
	if got := run(t, Config{Map: []string{"rating_id=r-{n}"}}, "a.ndjson", []byte(text)); got.Sent != 1 || !strings.Contains(got.values()[0], `"rating":4.5`) {
		t.Errorf("%+v %+v", got.Summary, got.report)
	}
}

// pool are values that fields are given, right and wrong.
var pool = []string{`null`, `0`, `-1`, `1`, `4.5`, `4.555`, `1e400`, `9007199254740993`, `"x"`, `""`, `" x"`, `"4"`, `"0.9"`, `true`, `"true"`, `[]`, `{}`, `[1]`, `{"a":1}`, `{"accuracy":2}`,
	`{"accuracy":0.5,"response_time_ms":1.5}`, `{"q1":4,"q2":"yes"}`, `"put"`, `"erase"`, `"staff"`, `"zh-CN"`, `"a\u0000b"`, `"a\ud83d"`, `"a\tb"`, `"` + strings.Repeat("y", 200) + `"`, `NaN`, `'x'`}

func TestImportAndKafkaJudgeAlike(t *testing.T) {
	ec := anyService()
	ec.Attributes = []string{"region"}
	admitter, err := admit.NewAdmitter(ec, admit.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	var want []string
	add := func(row string) {
		var ev event.Event
		verdict := ""
		if rej := admitter.Admit(&admit.Record{Timestamp: event.RecordTime(now.UnixMilli()), Value: []byte(row)}, &ev); rej != nil {
			verdict = rej.Reason
		}
		if verdict == event.UnknownField {
			return // import takes what it knows, and names the columns that it does not use
		}
		rows, want = append(rows, row), append(want, verdict)
	}
	for _, field := range append(event.FieldNames(), "quality.accuracy", "attributes.region", "answers.q1", "unknown") {
		for _, value := range pool {
			members := map[string]string{"rating_id": fmt.Sprintf("%q", fmt.Sprint("r-", len(rows))), "occurred_at": `"` + at + `"`, "customer_id": `"c"`, "service": `"s"`, "rating": `4`}
			if group, member, inner := strings.Cut(field, "."); inner {
				members[group] = fmt.Sprintf("{%q:%s}", member, value)
			} else {
				members[field] = value
			}
			if field == "rating_id" && (value == `null` || value == `""`) || field == "occurred_at" && value == "null" {
				continue // import makes one, or has --spread
			}
			var parts []string
			for name, value := range members {
				parts = append(parts, fmt.Sprintf("%q:%s", name, value))
			}
			add("{" + strings.Join(parts, ",") + "}")
		}
	}
	got := run(t, Config{}, "a.ndjson", []byte(strings.Join(rows, "\n")), func(im *Importer) { im.Event = ec })
	if got.err != nil || len(rows) < 500 {
		t.Fatal(got.err, len(rows))
	}
	verdicts := make([]string, len(rows))
	for _, r := range got.report {
		verdicts[r.Line-1] = r.Reason
	}
	rejected := 0
	for i := range rows {
		if (verdicts[i] == "") != (want[i] == "") {
			t.Errorf("%s: import says %q, Kafka %q", rows[i], verdicts[i], want[i])
		}
		if want[i] != "" {
			rejected++
		}
	}
	if rejected < 150 || len(rows)-rejected < 150 {
		t.Errorf("%d rejected of %d", rejected, len(rows))
	}
	// and what is sent means the same
	sent := map[string]string{}
	for _, m := range got.messages {
		var ev event.Event
		if err := event.NewDecoder(ec).Decode(m.Value, nil, &ev); err != nil {
			t.Fatal(err)
		}
		sent[ev.RatingID] = string(event.AppendJSON(nil, &ev, ec))
	}
	for i, row := range rows {
		var ev event.Event
		if want[i] == "" && event.NewDecoder(ec).Decode([]byte(row), nil, &ev) == nil && sent[ev.RatingID] != string(event.AppendJSON(nil, &ev, ec)) {
			t.Errorf("%s is sent as %s", row, sent[ev.RatingID])
		}
	}
}
