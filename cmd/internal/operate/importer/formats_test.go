package importer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

const (
	csvFile    = "rating_id,customer_id,service,occurred_at,rating,comment\nr1,c1,s," + at + ",4,很满意\nr2,17,s," + at + ",4.5,\n"
	objectOne  = `{"rating_id":"r1","customer_id":"c1","service":"s","occurred_at":"` + at + `","rating":4,"comment":"很满意"}`
	objectTwo  = `{"rating_id":"r2","customer_id":"17","service":"s","occurred_at":"` + at + `","rating":4.5,"comment":null}`
	indented   = "{\n \"rating_id\": \"r2\",\n \"customer_id\": \"17\", \"service\": \"s\", \"occurred_at\": \"" + at + "\",\n \"rating\": 4.5 }"
	cloudEvent = `{"specversion":"1.0","id":"r1","time":"` + at + `","type":"t","source":"/x","data":{"customer_id":"c1","service":"s","rating":4,"comment":"很满意"}}`
)

func gz(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.Bytes()
}

func zst(s string) []byte {
	w, _ := zstd.NewWriter(nil)
	return w.EncodeAll([]byte(s), nil)
}

func inUTF16(s string) []byte {
	out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(s))
	if err != nil {
		panic(err)
	}
	return out
}

func gb18030(s string) []byte {
	out, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
	if err != nil {
		panic(err)
	}
	return out
}

func TestEveryFormatCompressionAndEncodingSaysTheSame(t *testing.T) {
	want := run(t, Config{}, "a.csv", []byte(csvFile)).values()
	if len(want) != 2 {
		t.Fatal(want)
	}
	lines := objectOne + "\n\n" + objectTwo
	for name, tc := range map[string]struct {
		cfg     Config
		file    string
		content []byte
		format  string
	}{
		"CSV with a byte order mark":           {Config{}, "a.csv", []byte(byteOrderMark + csvFile), CSV},
		"CSV of Windows":                       {Config{}, "a.csv", []byte(strings.ReplaceAll(csvFile, "\n", "\r\n")), CSV},
		"CSV without an ending":                {Config{}, "a", []byte("\n" + strings.TrimSpace(csvFile)), CSV},
		"CSV with semicolons":                  {Config{}, "a.csv", []byte(strings.ReplaceAll(csvFile, ",", ";")), CSV},
		"CSV with tabs":                        {Config{}, "a.tsv", []byte(strings.ReplaceAll(csvFile, ",", "\t")), CSV},
		"CSV, gzip":                            {Config{}, "a.csv.gz", gz(csvFile), CSV},
		"CSV, gzip twice over":                 {Config{}, "a.csv.gz", append(gz(csvFile[:70]), gz(csvFile[70:])...), CSV},
		"CSV, zstd, under another name":        {Config{}, "a.gz", zst(csvFile), CSV},
		"CSV of a Chinese Excel":               {Config{Encoding: "gb18030"}, "a.csv", gb18030(csvFile), CSV},
		"CSV of a Chinese Excel, gzip":         {Config{Encoding: "gbk"}, "a.csv.gz", gz(string(gb18030(csvFile))), CSV},
		"Unicode text of Excel":                {Config{}, "a.txt", inUTF16(strings.ReplaceAll(csvFile, ",", "\t")), CSV},
		"UTF-8 with its mark, called GB 18030": {Config{Encoding: "gb18030"}, "a.csv", []byte(byteOrderMark + csvFile), CSV},
		"NDJSON":                               {Config{}, "a.ndjson", []byte(lines), NDJSON},
		"NDJSON without an ending, zstd":       {Config{}, "a", zst(lines), NDJSON},
		"NDJSON called JSON":                   {Config{}, "a.json", []byte(lines), NDJSON},
		"an array":                             {Config{}, "a.json", []byte(" [\n" + objectOne + ",\n" + indented + "\n]\n"), JSON},
		"an array in one line":                 {Config{}, "a", []byte("[" + objectOne + "," + objectTwo + "]"), JSON},
		"objects one after the other":          {Config{}, "a.json", []byte(strings.ReplaceAll(objectOne, ",", ",\n") + indented), JSON},
		"objects in a line, forced":            {Config{Format: JSON}, "a", []byte(objectOne + objectTwo), JSON},
		"CloudEvents":                          {Config{}, "a.ndjson", []byte(cloudEvent + "\n" + objectTwo), NDJSON},
	} {
		got := run(t, tc.cfg, tc.file, tc.content)
		if got.err != nil || got.Format != tc.format || !slices.Equal(got.values(), want) {
			t.Errorf("%s: %s, %v %+v\n%s", name, got.Format, got.err, got.report, strings.Join(got.values(), "\n"))
		}
	}
}

func TestAFileThatCannotBeReadSaysWhatItIs(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg     Config
		file    string
		content []byte
		want    string
	}{
		"a zip file":               {Config{}, "a.zip", []byte("PK\x03\x04rest"), "unpack a zip file"},
		"a workbook by force":      {Config{Format: JSON}, "a.xlsx", []byte("PK\x03\x04rest"), "no json"},
		"text called a workbook":   {Config{Format: XLSX}, "a.xlsx", []byte(csvFile), "it is no workbook"},
		"an old workbook":          {Config{}, "a.xls", []byte("\xd0\xcf\x11\xe0rest"), "as CSV UTF-8"},
		"an empty file":            {Config{}, "a.csv", nil, "the file is empty"},
		"GBK without a word":       {Config{}, "a.csv", gb18030(csvFile), "line 2: byte 0xba"},
		"GBK without a word, hint": {Config{}, "a.csv", gb18030(csvFile), "gb18030 for CSV of a Chinese Excel"},
		"GBK in the header":        {Config{}, "a.csv", gb18030("评分\n1\n"), "header: byte"},
		"UTF-8 called GB 18030":    {Config{Encoding: "gb18030"}, "a.csv", []byte("rating_id,评分满\n1,2"), "bytes that are not gb18030"},
		"a gzip file cut off":      {Config{}, "a.csv.gz", gz(csvFile)[:60], "unexpected EOF"},
		"a gzip file of one byte":  {Config{}, "a.csv.gz", []byte{0x1f, 0x8b}, "EOF"},
	} {
		got := run(t, tc.cfg, tc.file, tc.content)
		if !errors.Is(got.err, ErrUsage) || !strings.Contains(got.err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, got.err, tc.want)
		}
	}
	if _, err := Open("/nonexistent/a.csv", nil); !errors.Is(err, ErrUsage) {
		t.Error(err)
	}
	if _, err := Open(t.TempDir(), nil); !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), "is a folder") {
		t.Error(err)
	}
}

func TestBrokenJSONIsReportedWhereItStands(t *testing.T) {
	for name, tc := range map[string]struct {
		file, content string
		sent          int64
		line          int
		reason        string
	}{
		"a line":                       {"a.ndjson", objectOne + "\n{\n" + objectTwo, 2, 2, "bad_json"},
		"a line that is no object":     {"a.ndjson", objectOne + "\n[1]\n" + objectTwo, 2, 2, "bad_json"},
		"a line with two":              {"a.ndjson", objectOne + "\n{} {}\n" + objectTwo, 2, 2, "bad_json"},
		"a name given twice":           {"a.ndjson", objectOne + "\n{\"rating\":1,\"rating\":2}\n" + objectTwo, 2, 2, "bad_json"},
		"an array as a rating":         {"a.ndjson", objectOne + "\n" + strings.Replace(objectTwo, "4.5", "[4]", 1), 1, 2, "bad_field:rating"},
		"a rating as a string":         {"a.ndjson", objectOne + "\n" + strings.Replace(objectTwo, "4.5", `"four"`, 1), 1, 2, "bad_field:rating"},
		"a customer that is no number": {"a.ndjson", objectOne + "\n" + strings.Replace(objectTwo, `"17"`, `1.5`, 1), 1, 2, "bad_field:customer_id"},
		"an array that does not end":   {"a.json", "[\n" + objectOne + ",\n" + objectTwo + "\n", 2, 4, "bad_json"},
		"an array with rubbish":        {"a.json", "[\n" + objectOne + ",\n" + indented + ",\noops]", 2, 0, "bad_json"},
		"an envelope":                  {"a.ndjson", objectTwo + "\n" + strings.Replace(cloudEvent, `"rating":4`, `"rating":7`, 1), 1, 2, "bad_field:rating"},
	} {
		got := run(t, Config{}, tc.file, []byte(tc.content))
		if got.err != nil || got.Sent != tc.sent || got.Rejected != 1 || got.Reasons[tc.reason] != 1 || tc.line > 0 && got.report[0].Line != tc.line {
			t.Errorf("%s: %v %+v %+v", name, got.err, got.Summary, got.report)
		}
	}
}

func TestLinesInArraysAreCounted(t *testing.T) {
	var b strings.Builder
	b.WriteString("[\n")
	for i := range 3000 {
		fmt.Fprintf(&b, "%s{\n\"rating\":\n9, \"customer_id\":\"%d\",\"service\":\"s\",\"occurred_at\":%q}\n", strings.Repeat(",", min(i, 1)), i, at)
	}
	b.WriteString("]")
	got := run(t, Config{}, "a.json", []byte(b.String()))
	if got.err != nil || len(got.report) != 3000 {
		t.Fatal(got.err, len(got.report))
	}
	for i, r := range got.report {
		if r.Line != 2+3*i || r.Problems[0].Value != "9" {
			t.Fatalf("row %d: %+v", i, r)
		}
	}
}

func TestARowIsBounded(t *testing.T) {
	long := strings.Repeat("x", maxRow)
	head := "customer_id,service,occurred_at,rating,comment\n"
	fine := "c1,s," + at + ",4,fine\n"
	open := strings.Repeat("c1,s,"+at+",4,plain\n", maxRow/len(fine))
	for name, tc := range map[string]struct {
		file, content string
		sent          int64
		reason        string
	}{
		"a long line of CSV":           {"a.csv", head + fine + "c2,s," + at + ",4," + long + "\n" + fine, 2, tooLongRow},
		"a quote that is never closed": {"a.csv", head + fine + "\"c2,s," + at + ",4,\n" + open, int64(strings.Count(open, "\n")) + 1, badCSV},
		"a long line of JSON":          {"a.ndjson", objectOne + "\n{\"a\":\"" + long + "\"}\n" + objectTwo, 2, tooLongRow},
		"a long object in an array":    {"a.json", "[" + objectOne + ",{\"a\":\"" + long + "\"}," + objectTwo + "]", 2, tooLongRow},
		"an endless object":            {"a.json", "[" + objectOne + ",{\"a\":\"" + long + long + long + "\"}," + objectTwo + "]", 2, tooLongRow},
	} {
		got := run(t, Config{}, tc.file, []byte(tc.content))
		if got.err != nil || got.Sent != tc.sent || got.Rejected != 1 || got.Reasons[tc.reason] != 1 {
			t.Errorf("%s: %v %+v", name, got.err, got.Summary)
		}
	}
}

func TestTimesWithoutAZoneNeedOne(t *testing.T) {
	for text, want := range map[string]string{
		"2026-02-20 16:00:00": at, "2026-02-20 16:00": at, "2026/2/20 16:00": at, "2026-02-20T16:00:00": at, "2026年2月20日 16:00": at,
		"2026-02-20": "2026-02-19T16:00:00Z", "2026-02-20 16:00:00.25": "2026-02-20T08:00:00.25Z", at: at, "2026-02-20T16:00:00+08:00": "2026-02-20T16:00:00+08:00",
	} {
		got := run(t, Config{TimeZone: "Asia/Shanghai"}, "a.csv", []byte("customer_id,service,occurred_at,rating\nc,s,"+text+",4\n"))
		if got.err != nil || got.Sent != 1 || !strings.Contains(got.values()[0], fmt.Sprintf(`"occurred_at":%q`, want)) {
			t.Errorf("%s: %v %s", text, got.err, got.values())
		}
	}
}

func bufferedReader(text string) *bufio.Reader { return bufio.NewReader(strings.NewReader(text)) }
