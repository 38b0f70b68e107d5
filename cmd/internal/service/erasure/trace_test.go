package erasure

import (
	"encoding/base64"
	"testing"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/sinks/clickhouse"
)

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func TestRejectedRecordsAreFoundInWhateverFormTheyNameACustomer(t *testing.T) {
	ids := []string{"c-1", "müller", "ann@example.com", "4711", "o'hara", "张三", "a:b c"}
	for record, want := range map[string]Trace{
		`{"customer_id":"c-1","comment":"x"}`:                         Named,
		`{"customer_id":4711}`:                                        Named,
		`{"customerId":"c-1","comment":"x"}`:                          Named,
		`{"Customer-ID":"c-1"}`:                                       Named,
		`{"customer":{"id":"c-1","name":"x"}}`:                        Named,
		`{"customer_id":" c-1 ","comment":"x"}`:                       Named,
		"{\n  \"customer_id\":\n  \"c-1\"\n}":                         Named,
		`[{"customer_id":"c-1","comment":"x"}]`:                       Named,
		`[{"customer_id":"c-2"},{"customer_id":"c-1"}]`:               Named,
		`{"customer_id":"m\u00fcller","comment":"cut`:                 Named,
		`{"comment":"x","customer_id":"m\u00fcller`:                   Named,
		`{"customer_id":"ann\u0040example.com"}`:                      Named,
		`{"data":{"data":{"customer_id":"c-1"}}}`:                     Named,
		`{"specversion":"1.0","data":{"customer_id":"c-1"}}`:          Named,
		`{"customer_id":"c-1","customer_id":"c-2"}`:                   Named,
		`{"customer_id":"c-2","customer_id":"c-1"}`:                   Named,
		`{"customer_id":["c-2","c-1"]}`:                               Named,
		`{'customer_id':'c-1'}`:                                       Named,
		`{'customer_id':'o\'hara'}`:                                   Named,
		"customer_id=c-1&comment=x":                                   Named,
		"comment=x&customer_id=ann%40example.com":                     Named,
		"customer_id=a%3Ab+c&comment=x":                               Named,
		"{\"customer_id\":\"c-1\",\"x\":\"\xff\"}":                    Named,
		`{"payload":"{\"customer_id\":\"c-1\"}"}`:                     Named,
		`{"payload":"{\"a\":\"{\\\"customer_id\\\":\\\"c-1\\\"}\"}"}`: Named,
		`{"data_base64":"` + encoded(`{"customer_id":"c-1"}`) + `"}`:  Named,
		encoded(`{"customer_id":"c-1","comment":"x"}`):                Named,
		`{"customer_id":"` + encoded("ann@example.com") + `"}`:        Named,
		`{"customer_id":"张三"`:                                         Named,
		"no JSON, but c-1 is in it":                                   Resembles,
		"来自张三的投诉":                                                     Resembles,
		`<rating><customer_id>c-1</customer_id></rating>`:             Resembles,
		`{"user":"c-1","comment":"x"}`:                                Resembles,
		"cut\":\"c-1\",\"comment\":\"x\"}":                            Resembles,
		"customer_id: a:b c":                                          Resembles,
		`{"customer_id":"bob","comment":"ann@example.com told me"}`:   Mentioned,
		`{"customer_id":"bob","comment":"c-1"}`:                       Mentioned,
		`{"comment":"c-1 told me"}`:                                   Mentioned,
		`{"customer_id":"bob","channel":"4711"}`:                      Mentioned,
		`{"customer_id":"bob","comment":"47110`:                       NoTrace,
		`{"customer_id":"joann@example.com"}`:                         NoTrace,
		`{"customer_id":"c-11"}`:                                      NoTrace,
		`{"customer_id":"c-1x"`:                                       NoTrace,
		`{"customer_id":"bob"}`:                                       NoTrace,
		"":                                                            NoTrace,
		`\`:                                                           NoTrace,
		`{"a":"\u`:                                                    NoTrace,
		"]]}}:=":                                                      NoTrace,
	} {
		if got := newTracer(clickhouse.Subjects{Customers: ids}, nil).of(&clickhouse.Letter{Value: []byte(record)}); got != want {
			t.Errorf("%s: trace %d, want %d", record, got, want)
		}
	}
}

func TestKeyAndHeadersOfARejectedRecordNameACustomer(t *testing.T) {
	tr := newTracer(clickhouse.Subjects{Customers: []string{"c-1"}}, nil)
	for _, l := range []clickhouse.Letter{
		{Key: []byte("c-1"), Value: []byte("x")}, {Key: []byte(" c-1\n")},
		{Headers: []event.Header{{Key: "ce_subject", Value: []byte("c-1")}}},
	} {
		if tr.of(&l) != Named {
			t.Errorf("%q %v is not found", l.Key, l.Headers)
		}
	}
	if tr.of(&clickhouse.Letter{Key: []byte("c-11")}) != NoTrace {
		t.Error("a longer key is found")
	}
}

func TestRejectedRecordsOfAPseudonymAreFoundByTheKey(t *testing.T) {
	hash := func(id string) string { return admit.Pseudonym(secret, id) }
	tr := newTracer(clickhouse.Subjects{Customers: []string{hash("c-1")}}, hash)
	for record, want := range map[string]Trace{`{"customer_id":"c-1"}`: Named, `{"customerId":" c-1"`: Named, `{"customer_id":"c-2"}`: NoTrace} {
		if got := tr.of(&clickhouse.Letter{Value: []byte(record)}); got != want {
			t.Errorf("%s: trace %d, want %d", record, got, want)
		}
	}
}

func TestRejectedRecordsOfARatingAreFoundByItsID(t *testing.T) {
	tr := newTracer(clickhouse.Subjects{Ratings: []string{"r1"}}, nil)
	for record, want := range map[string]Trace{
		`{"rating_id":"r1"}`: Named, `{"id":"r1","data":{}}`: Named, `{"ratingId":"r1"`: Named, `{"rating_id":"r11"}`: NoTrace,
		`{"customer_id":"r1"}`: Mentioned, `{"rating_id":"r2","customer_id":"r1"}`: Mentioned,
	} {
		if got := tr.of(&clickhouse.Letter{Value: []byte(record)}); got != want {
			t.Errorf("%s: trace %d, want %d", record, got, want)
		}
	}
}

func TestARecordThatIsAllBracketsOrQuotesIsReadInNoTime(t *testing.T) {
	for _, c := range []string{"[", "{", `"`, `\`, `{"a":`, "%", "A", "=", `\u0041`} {
		record := ""
		for len(record) < 1<<20 {
			if record == "" {
				record = c
			}
			record += record
		}
		newTracer(clickhouse.Subjects{Customers: []string{"c-1"}}, nil).of(&clickhouse.Letter{Value: []byte(record)})
	}
}
