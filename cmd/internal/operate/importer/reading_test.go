package importer

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

func TestCSVIsReadAsSpreadsheetsAndToolsWriteIt(t *testing.T) {
	want := run(t, Config{}, "a.csv", []byte(csvFile)).values()
	plain := strings.TrimSpace(csvFile)
	for name, tc := range map[string]struct {
		cfg     Config
		content []byte
	}{
		"sep= above":                     {Config{}, []byte("sep=;\r\n" + strings.ReplaceAll(plain, ",", ";"))},
		"sep= with a tab":                {Config{}, []byte("sep=\t\n" + strings.ReplaceAll(plain, ",", "\t"))},
		"sep= and another delimiter":     {Config{Delimiter: "semicolon"}, []byte("sep=,\n" + strings.ReplaceAll(plain, ",", ";"))},
		"line ends of a Macintosh":       {Config{}, []byte(strings.ReplaceAll(plain, "\n", "\r"))},
		"line ends of a Macintosh, last": {Config{}, []byte(strings.ReplaceAll(csvFile, "\n", "\r"))},
		"a delimiter by name":            {Config{Delimiter: "pipe"}, []byte(strings.ReplaceAll(plain, ",", "|"))},
		"a delimiter of its own":         {Config{Delimiter: "^"}, []byte(strings.ReplaceAll(plain, ",", "^"))},
		"a delimiter typed as \\t":       {Config{Delimiter: `\t`}, []byte(strings.ReplaceAll(plain, ",", "\t"))},
		"lines above the header":         {Config{SkipLines: 3}, []byte("Report of;March\n\n\"a quote\n" + plain)},
		"a second row of the header":     {Config{HeaderRows: 2}, []byte(strings.Replace(plain, "\n", "\nThe id,Who,What,When,Score,\"Words,\nor none\"\n", 1))},
		"UTF-16 without a mark":          {Config{}, encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().Bytes, plain)},
		"UTF-16, big, without a mark":    {Config{}, encoded(t, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().Bytes, plain)},
		"UTF-16, big, with a mark":       {Config{}, encoded(t, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().Bytes, plain)},
		"UTF-16 with a mark, said":       {Config{Encoding: "utf-16le"}, inUTF16(plain)},
		"Big5":                           {Config{Encoding: "big5"}, encoded(t, traditionalchinese.Big5.NewEncoder().Bytes, strings.Replace(plain, "很满意", "很滿意", 1))},
		"GB 18030":                       {Config{Encoding: "gb18030"}, gb18030(plain)},
	} {
		got := run(t, tc.cfg, "a.csv", tc.content)
		values := got.values()
		for i := range values {
			values[i] = strings.ReplaceAll(values[i], "滿", "满")
		}
		if got.err != nil || !slices.Equal(values, want) || got.Wanting() {
			t.Errorf("%s: %v %+v\n%s", name, got.err, got.report, strings.Join(values, "\n"))
		}
	}
}

func encoded(t *testing.T, encode func([]byte) ([]byte, error), text string) []byte {
	t.Helper()
	out, err := encode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAColumnIsFoundByItsNameOverTwoLines(t *testing.T) {
	file := "customer_id,service,\"How satisfied were you?\r\n(1 = not at all, 5 = fully)\",occurred_at\nc,s,4," + at + "\n"
	for _, name := range []string{"How satisfied were you?\n(1 = not at all, 5 = fully)", "How satisfied were you? (1 = not at all, 5 = fully)", "{How satisfied were you?  (1 = not at all, 5 = fully)}"} {
		if got := run(t, Config{Map: []string{"rating=" + name}}, "a.csv", []byte(file)); got.err != nil || got.Sent != 1 || !strings.Contains(got.values()[0], `"rating":4`) {
			t.Errorf("%q: %v %+v", name, got.err, got.report)
		}
	}
	if got := run(t, Config{}, "a.csv", []byte("\"not closed\nc,s,4\n")); got.err == nil || !strings.Contains(got.err.Error(), "--skip-lines") {
		t.Error(got.err)
	}
}

func TestPartsOfAQuestionAreNamedByBothRowsOfTheHeader(t *testing.T) {
	file := "id,Which?,,Score,\n,Web,Phone,Response,Why\n1,Web,,4,none\n"
	c, err := newCSV(newLines(bufferedReader(file)), Config{HeaderRows: 2})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"id", "Which? / Web", "Which? / Phone", "Score / Response", "Score / Why"}; !slices.Equal(c.columns, want) {
		t.Errorf("%q, want %q", c.columns, want)
	}
}

func TestUTF8ReadAsAnotherEncodingIsRefused(t *testing.T) {
	for _, encoding := range []string{"gb18030", "gbk", "big5", "windows-1252"} {
		got := run(t, Config{Encoding: encoding}, "a.csv", []byte(strings.Replace(csvFile, "很满意", "服务很好，很满意", 1)))
		if got.err == nil || got.Sent != 0 || !strings.Contains(got.err.Error(), "--encoding") {
			t.Errorf("%s: %v %s", encoding, got.err, got.values())
		}
	}
	// also where it comes after what is read ahead
	head := "customer_id,service,occurred_at,rating,comment\n" + strings.Repeat("c,s,"+at+",4,\n", sampleRows+5)
	if got := run(t, Config{Encoding: "gb18030"}, "a.csv", []byte(head+"c,s,"+at+",4,服务很好啊\n")); got.Sent != sampleRows+5 || got.Reasons[badEncoding] != 1 {
		t.Errorf("%v %+v", got.err, got.Summary)
	}
	// a word that is text in both ways does no harm in a file that is surely of the encoding
	for _, word := range []string{"很满意", "满", "一般"} {
		got := run(t, Config{Encoding: "gb18030"}, "a.csv", gb18030(head+"c,s,"+at+",4,"+word+"\n"))
		if got.err != nil || got.Rejected != 0 {
			t.Errorf("%s: %v %+v", word, got.err, got.Summary)
		}
	}
	mixed := append(gb18030(head+"c,s,"+at+",4,很满意\n"), []byte("c,s,"+at+",4,服务很好啊好\n")...)
	if got := run(t, Config{Encoding: "gb18030"}, "a.csv", mixed); got.err != nil || got.Rejected != 0 {
		t.Errorf("characters that are UTF-8 by chance: %v %+v %+v", got.err, got.Summary, got.report)
	}
	western := encoded(t, charmap.Windows1252.NewEncoder().Bytes, head+"c,s,"+at+",4,schön – gut\n")
	if got := run(t, Config{Encoding: "windows-1252"}, "a.csv", western); got.err != nil || got.Rejected != 0 || !strings.Contains(got.values()[sampleRows+5], "schön – gut") {
		t.Errorf("%v %+v", got.err, got.Summary)
	}
}

func TestOptionsThatCannotWorkNameWhatWould(t *testing.T) {
	for want, c := range map[string]Config{
		"delimiter: \"ab\"": {Delimiter: "ab"}, "delimiter: \"\\\"\"": {Delimiter: `"`}, "skip-lines: -1": {SkipLines: -1}, "header-rows: 1001": {HeaderRows: 1001},
		"ignore: \"x\"": {Ignore: []string{"x"}}, "decimal: \"dot\"": {Decimal: "dot"}, "ids: \"raw\"": {IDs: "raw"}, "scale: \"5\"": {Scale: "5"}, "time-layout: \"%Q\"": {TimeLayouts: []string{"%Q"}},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "want") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestRowsAreIgnoredByWhatAColumnHas(t *testing.T) {
	file := "state,customer_id,service,occurred_at,rating\ntest,c,s," + at + ",1\n,c,s," + at + ",2\nReport of March,,,,\ndone,c,s," + at + ",3\n"
	got := run(t, Config{Ignore: []string{"state=test", "state=Report*", "state=", "no such column="}}, "a.csv", []byte(file))
	if got.err != nil || got.Sent != 1 || got.Ignored != 3 || got.Rejected != 0 || !strings.Contains(got.values()[0], `"rating":3`) || slices.Contains(got.Unused, "state") {
		t.Errorf("%v %+v", got.err, got.Summary)
	}
}

func TestADryRunShowsWhatWasGuessedAndWhatWillBeStored(t *testing.T) {
	file := "sep=;\nKunde;Dienst;Note;Zeit\n" + strings.Repeat("c 1;s;4,50;20.2.2026 9:00\n", 7)
	cfg := Config{Map: []string{"customer_id=Kunde", "service=Dienst", "rating=Note", "occurred_at=Zeit"}, Decimal: decimalComma, TimeZone: "Asia/Shanghai"}
	got := run(t, cfg, "a.csv", []byte(file), func(im *Importer) { im.Sender = nil })
	if got.err != nil || len(got.Preview) != previews || !strings.HasSuffix(string(got.Preview[0]), `"occurred_at":"2026-02-20T01:00:00Z","customer_id":"c 1","service":"s","rating":4.5}`) {
		t.Fatalf("%v %+v", got.err, got.Summary)
	}
	f := got.Found
	if f.Delimiter != ";" || f.Header != 2 || f.Encoding != encodingUTF8 || f.Columns["rating"] != "Note" || f.Times["2.1.2006 15:4"] != 7 {
		t.Errorf("%+v", f)
	}
	var text strings.Builder
	got.Write(&text)
	for _, want := range []string{`delimiter ";", header on line 2`, "rating             from Note", "7 as 2.1.2006 15:4 (Asia/Shanghai", "scores    of 1..5", `"rating":4.5}`} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%s\nwant %q in it", text.String(), want)
		}
	}
	if real := run(t, cfg, "a.csv", []byte(file)); len(real.Preview) != 0 {
		t.Errorf("a real import shows %s", real.Preview)
	}
}
