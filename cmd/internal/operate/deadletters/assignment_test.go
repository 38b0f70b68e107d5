package deadletters

import (
	"testing"

	"satisflow/sinks/clickhouse"
)

func TestFieldsAreSet(t *testing.T) {
	for name, c := range map[string]struct{ assignment, record, want string }{
		"a text":                    {"service=data_analysis", `{"service":"x","rating":4}`, `{"rating":4,"service":"data_analysis"}`},
		"a number":                  {"rating=4.50", `{}`, `{"rating":4.50}`},
		"no value":                  {"rating=null", `{"rating":9}`, `{"rating":null}`},
		"a text with signs":         {`comment=a=b "<c>"`, `{}`, `{"comment":"a=b \"<c>\""}`},
		"a member":                  {"quality.accuracy=0.9", `{"quality":{"completeness":1}}`, `{"quality":{"accuracy":0.9,"completeness":1}}`},
		"a member of nothing":       {"quality.accuracy=0.9", `{"quality":null}`, `{"quality":{"accuracy":0.9}}`},
		"in an envelope":            {"service=a", `{"specversion":"1.0","data":{"rating":1}}`, `{"data":{"rating":1,"service":"a"},"specversion":"1.0"}`},
		"the letter's place":        {"rating_id=fixed-{partition}-{offset}", `{}`, `{"rating_id":"fixed-3-120"}`},
		"a large number is kept":    {"service=a", `{"x":12345678901234567890.10}`, `{"service":"a","x":12345678901234567890.10}`},
		"no object":                 {"service=a", `[1]`, ""},
		"null":                      {"service=a", `null`, ""},
		"no JSON":                   {"service=a", `{"service":`, ""},
		"a member of what has none": {"quality.accuracy=0.9", `{"quality":4}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := ParseAssignment(c.assignment)
			if err != nil {
				t.Fatal(err)
			}
			got, err := apply([]Assignment{a}, clickhouse.Position{Partition: 3, Offset: 120}, []byte(c.record))
			if string(got) != c.want || (err != nil) != (c.want == "") {
				t.Errorf("%s, %v; want %s", got, err, c.want)
			}
		})
	}
}

func TestAssignmentsThatAreNoneAreRefused(t *testing.T) {
	for _, text := range []string{"", "service", "=x", "a.b.c=1"} {
		if a, err := ParseAssignment(text); err == nil {
			t.Errorf("%q became %+v", text, a)
		}
	}
}
