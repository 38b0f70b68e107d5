package importer

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// export returns an export of the test data with its dates, which stand there as layouts in braces, on the day.
func export(t *testing.T, name string, day time.Time) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "exports", name))
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`\{[0-9/-]+\}`).ReplaceAllFunc(text, func(layout []byte) []byte {
		return []byte(day.Format(strings.Trim(string(layout), "{}")))
	})
}

func TestEveryPresetReadsTheExportOfItsProduct(t *testing.T) {
	service := "service==data_analysis"
	for preset, tc := range map[string]struct {
		file    string
		cfg     Config
		ignored int64
		want    []string
	}{
		"chatwoot": {"chatwoot.csv", Config{Map: []string{service}}, 1, []string{
			`"2026-02-20T09:30:12Z","customer_id":"one@customers.example","service":"data_analysis","channel":"chat","source":"chatwoot","rating":5,"comment":"Solved at once, thanks"}`,
			`"2026-02-20T10:15:40Z","customer_id":"+4930000000","service":"data_analysis","channel":"chat","source":"chatwoot","rating":2}`}},
		"google-forms": {"google-forms.csv", Config{Map: []string{"customer_id=Your customer number", "rating=How satisfied are you? (1-5)", "comment=Anything to add?", service}}, 0, []string{
			`"2026-02-20T01:30:12Z","customer_id":"C-201","service":"data_analysis","source":"google-forms","rating":5}`,
			`"2026-02-20T14:15:40Z","customer_id":"C-202","service":"data_analysis","source":"google-forms","rating":2,"comment":"The answer came\nafter a week"}`}},
		"qualtrics": {"qualtrics.csv", Config{TimeZone: "Asia/Shanghai", Map: []string{"rating=Q1", "comment=Q2_TEXT", service}}, 1, []string{
			`{"rating_id":"R_3xY0000000000A1","occurred_at":"2026-02-20T01:33:41Z","customer_id":"C-301","service":"data_analysis","channel":"email","source":"qualtrics","rating":5,"language":"EN"}`,
			`{"rating_id":"R_3xY0000000000A2","occurred_at":"2026-02-20T02:20:41Z","customer_id":"C-302","service":"data_analysis","channel":"email","source":"qualtrics","rating":2,"comment":"Too slow, \"as ever\"","language":"ZH-S"}`}},
		"surveymonkey": {"surveymonkey.csv", Config{TimeZone: "America/New_York", Map: []string{"rating=How satisfied are you with our service?", "comment=What could be better?", "answers.phone=Which of these did you use? / Phone", service}}, 0, []string{
			`{"rating_id":"118000000401","occurred_at":"2026-02-20T14:31:40Z","customer_id":"C-401","service":"data_analysis","source":"surveymonkey","rating":5}`,
			`{"rating_id":"118000000402","occurred_at":"2026-02-21T03:16:40Z","customer_id":"two@customers.example","service":"data_analysis","source":"surveymonkey","rating":2,"answers":{"phone":"Phone"},"comment":"Nobody called back"}`}},
		"typeform": {"typeform.csv", Config{Map: []string{"rating=How satisfied were you?", "comment=What was good?", service}}, 0, []string{
			`{"rating_id":"tf-5c01aa77b2d4","occurred_at":"2026-02-20T09:31:40Z","customer_id":"C-501","service":"data_analysis","source":"typeform","rating":5,"comment":"Quick answer"}`,
			`{"rating_id":"tf-5c02ee18f9a3","occurred_at":"2026-02-20T10:15:59Z","customer_id":"C-502","service":"data_analysis","source":"typeform","rating":2}`}},
		"wjx": {"wjx.csv", Config{Map: []string{"customer_id=1、您的客户编号", "rating=2、您对本次法律咨询是否满意？", "comment=3、您的建议", service}}, 0, []string{
			`"2026-02-20T01:30:12Z","customer_id":"C-601","service":"data_analysis","source":"wjx","rating":5}`,
			`"2026-02-20T14:15:40Z","customer_id":"C-602","service":"data_analysis","source":"wjx","rating":2,"comment":"回复太慢"}`}},
		"zendesk": {"zendesk.json", Config{Map: []string{service}}, 1, []string{
			`{"rating_id":"zd-70001","occurred_at":"2026-02-20T09:30:12Z","customer_id":9001,"service":"data_analysis","channel":"after_sales","source":"zendesk","rating":5,"comment":"Fixed within the hour"}`,
			`{"rating_id":"zd-70002","occurred_at":"2026-02-20T10:15:40Z","customer_id":9002,"service":"data_analysis","channel":"after_sales","source":"zendesk","rating":1}`}},
		"limesurvey": {"limesurvey.csv", Config{TimeZone: "Europe/Berlin", Map: []string{"rating=G01Q01", "comment=G01Q02", service},
			Values: []string{"rating:A1=1", "rating:A2=2", "rating:A3=3", "rating:A4=4", "rating:A5=5"}}, 1, []string{
			`"2026-02-20T08:31:40Z","customer_id":"C-801","service":"data_analysis","source":"limesurvey","rating":5,"language":"en"}`,
			`"2026-02-20T09:16:40Z","customer_id":"C-802","service":"data_analysis","source":"limesurvey","rating":2,"comment":"等了一个星期","language":"zh-Hans"}`}},
	} {
		var err error
		if tc.cfg.Preset, err = LoadPreset(preset); err != nil {
			t.Fatal(err)
		}
		got := run(t, tc.cfg, tc.file, export(t, tc.file, now.AddDate(0, 0, -9)))
		if got.err != nil || got.Wanting() || got.Ignored != tc.ignored || len(got.values()) != len(tc.want) || len(got.Warnings) > 0 {
			t.Errorf("%s: %v %+v %+v", preset, got.err, got.Summary, got.report)
			continue
		}
		for i, want := range tc.want {
			if value := got.values()[i]; !strings.HasSuffix(value, want) {
				t.Errorf("%s:\n%s, want\n%s", preset, value, want)
			}
		}
		if !strings.HasSuffix(tc.file, ".csv") {
			continue
		}
		sheet := run(t, tc.cfg, "a.xlsx", asWorkbook(t, export(t, tc.file, now.AddDate(0, 0, -9))))
		if sheet.err != nil || !slices.Equal(sheet.values(), got.values()) {
			t.Errorf("%s as a workbook: %v %+v\n%s", preset, sheet.err, sheet.report, strings.Join(sheet.values(), "\n"))
		}
	}
	if names := PresetNames(); len(names) != 8 {
		t.Errorf("presets %q: each is to be tested here", names)
	}
}

// asWorkbook returns the rows of CSV as a workbook.
func asWorkbook(t *testing.T, text []byte) []byte {
	t.Helper()
	reader := csv.NewReader(bytes.NewReader(text))
	reader.FieldsPerRecord = -1
	table, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]any
	for _, record := range table {
		row := make([]any, len(record))
		for i := range record {
			row[i] = record[i]
		}
		rows = append(rows, row)
	}
	return workbook(t, "Sheet1", rows...)
}

func TestAPresetIsAFileThatCanBeCopiedAndChanged(t *testing.T) {
	text, err := PresetText("zendesk")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, `"1"`, `"2"`)), 0o600); err != nil {
		t.Fatal(err)
	}
	mine, err := LoadPresetFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := run(t, Config{Preset: mine, Map: []string{"service==s"}, Values: []string{"rating:good=4"}}, "a.json", export(t, "zendesk.json", now.AddDate(0, 0, -9)))
	if values := got.values(); len(values) != 2 || !strings.Contains(values[0], `"rating":4,`) || !strings.Contains(values[1], `"rating":2`) {
		t.Errorf("%v %s", got.err, values)
	}
	// a column of the user's own is not replaced by the preset's values
	own := run(t, Config{Preset: mine, Map: []string{"service==s", "rating=stars"}}, "a.ndjson",
		[]byte(`{"id":1,"requester_id":2,"created_at":"`+at+`","score":"good","stars":1,"comment":null}`))
	if own.Sent != 1 || !strings.Contains(own.values()[0], `"rating":1`) {
		t.Errorf("%v %+v %+v", own.err, own.Summary, own.report)
	}
	if own := run(t, Config{Preset: mine, Map: []string{"service==s", "rating=other"}}, "a.ndjson",
		[]byte(`{"id":1,"requester_id":2,"created_at":"`+at+`","score":"good","other":"good","comment":null}`)); own.Rejected != 1 {
		t.Errorf("%v %+v: the preset's values are for the preset's column", own.err, own.Summary)
	}
	for name, text := range map[string]string{"unknown key": "maps: {rating: x}\n", "unknown field": "map: {ratings: x}\n", "no column": "map: {rating: []}\n", "bad layout": "time-layouts: ['%Q']\n", "not YAML": "map: [\n"} {
		if _, err := parsePreset("mine.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), "mine.yaml") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := LoadPreset("zendsk"); err == nil || !strings.Contains(err.Error(), `"zendesk"`) {
		t.Error(err)
	}
}

func TestAPresetSaysWhatItLeavesToTheUser(t *testing.T) {
	p, err := LoadPreset("google-forms")
	if err != nil {
		t.Fatal(err)
	}
	got := run(t, Config{Preset: p}, "a.csv", export(t, "google-forms.csv", now.AddDate(0, 0, -9)))
	if got.err == nil || !strings.Contains(got.err.Error(), "the question that asks who it is") {
		t.Error(got.err)
	}
	for _, name := range PresetNames() {
		p, err := LoadPreset(name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := yaml.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parsePreset(name, text)
		if err != nil || p.Description == "" || !slices.Equal(again.Ignore, p.Ignore) || len(again.Map) != len(p.Map) {
			t.Errorf("%s: %v, written as\n%s", name, err, text)
		}
	}
}
