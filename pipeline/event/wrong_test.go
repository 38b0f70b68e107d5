package event

import (
	"strings"
	"testing"
)

// wrong are records that no Decoder accepts; a schema rejects them too unless it cannot say the rule.
var wrong = map[string]struct {
	json, reason string
	says         string // part of the error
	noSchema     bool
}{
	"a rating of three decimals":           {json: with(`"rating":3.999`), reason: "bad_field:rating", says: "rating: 3.999: want a number from 1 to 5 with at most two decimals", noSchema: true},
	"a rating that is a string":            {json: with(`"rating":"4"`), reason: "bad_field:rating", says: `rating: "4": want a number`},
	"a rating out of five":                 {json: with(`"rating":"5/5"`), reason: "bad_field:rating", says: `"5/5"`},
	"a rating below 1":                     {json: with(`"rating":0.99`), reason: "bad_field:rating", says: "0.99"},
	"a rating above 5":                     {json: with(`"rating":5.01`), reason: "bad_field:rating", says: "5.01"},
	"a rating of 0":                        {json: with(`"rating":0`), reason: "bad_field:rating", says: "rating: 0"},
	"a negative rating":                    {json: with(`"rating":-4`), reason: "bad_field:rating", says: "-4"},
	"a rating with a huge exponent":        {json: with(`"rating":1e999999999999`), reason: "bad_field:rating", says: "1e999999999999", noSchema: true},
	"a rating with a tiny exponent":        {json: with(`"rating":4e-999999999999`), reason: "bad_field:rating", says: "rating", noSchema: true},
	"neither rating nor comment":           {json: with(`"rating":null`, `"comment":""`), reason: "bad_field:rating", says: "missing, as are comment and answers"},
	"only answers that are none":           {json: with(`"rating":null`, `"answers":{"q1":null,"q2":""}`), reason: "bad_field:rating", says: "missing"},
	"no rating_id":                         {json: with(`"rating_id":null`), reason: "bad_field:rating_id", says: "rating_id: missing"},
	"a rating_id with a blank":             {json: with(`"rating_id":"r 1"`), reason: "bad_field:rating_id", says: `"r 1"`},
	"a rating_id of 65 characters":         {json: with(`"rating_id":"` + strings.Repeat("x", 65) + `"`), reason: "bad_field:rating_id", says: "1 to 64"},
	"a rating_id that is a number":         {json: with(`"rating_id":17`), reason: "bad_field:rating_id", says: "rating_id: 17: want a string"},
	"no customer_id":                       {json: with(`"customer_id":null`), reason: "bad_field:customer_id", says: "missing"},
	"an empty customer_id":                 {json: with(`"customer_id":""`), reason: "bad_field:customer_id", says: "1 to 128"},
	"a customer_id with a control":         {json: with(`"customer_id":"a\u0000b"`), reason: "bad_field:customer_id", says: "control character"},
	"a customer_id with decimals":          {json: with(`"customer_id":12.5`), reason: "bad_field:customer_id", says: "an integer"},
	"a customer_id with an exponent":       {json: with(`"customer_id":1e3`), reason: "bad_field:customer_id", says: "an integer", noSchema: true},
	"no service":                           {json: with(`"service":null`), reason: "bad_field:service", says: "missing"},
	"an empty service":                     {json: with(`"service":""`), reason: "bad_field:service", says: "service"},
	"no occurred_at":                       {json: with(`"occurred_at":null`), reason: "bad_field:occurred_at", says: "missing"},
	"a time without a zone":                {json: with(`"occurred_at":"2026-03-01T09:30:00"`), reason: "bad_field:occurred_at", says: "with its zone"},
	"a time with a blank":                  {json: with(`"occurred_at":"2026-03-01 09:30:00Z"`), reason: "bad_field:occurred_at", says: "RFC 3339"},
	"a time as a number":                   {json: with(`"occurred_at":1772357400000`), reason: "bad_field:occurred_at", says: "1772357400000"},
	"a time of another century":            {json: with(`"occurred_at":"1999-12-31T23:59:59Z"`), reason: "bad_field:occurred_at", says: "2000"},
	"a day that there is not":              {json: with(`"occurred_at":"2026-02-29T00:00:00Z"`), reason: "bad_field:occurred_at", says: "2026-02-29"},
	"a leap second":                        {json: with(`"occurred_at":"2026-06-30T23:59:60Z"`), reason: "bad_field:occurred_at", says: ":60"},
	"hour 24":                              {json: with(`"occurred_at":"2026-06-30T24:00:00Z"`), reason: "bad_field:occurred_at", says: "T24"},
	"an empty fraction":                    {json: with(`"occurred_at":"2026-06-30T23:00:00.Z"`), reason: "bad_field:occurred_at", says: "00.Z"},
	"letters in a time":                    {json: with(`"occurred_at":"2026-0x-30T23:00:00Z"`), reason: "bad_field:occurred_at", says: "0x"},
	"an unknown op":                        {json: with(`"op":"delete"`), reason: "bad_field:op", says: `"put" or "erase"`},
	"a negative revision":                  {json: with(`"revision":-1`), reason: "bad_field:revision", says: "-1"},
	"a revision that is a time":            {json: with(`"revision":1772357400000`), reason: "bad_field:revision", says: "8388607"},
	"half a revision":                      {json: with(`"revision":1.5`), reason: "bad_field:revision", says: "1.5"},
	"an accuracy in percent":               {json: with(`"quality":{"accuracy":97}`), reason: "bad_field:quality", says: "quality.accuracy: 97: want a number from 0 to 1"},
	"an accuracy a little above 1":         {json: with(`"quality":{"accuracy":1.00000001}`), reason: "bad_field:quality", says: "1.00000001"},
	"a response time a little below 0":     {json: with(`"quality":{"response_time_ms":-0.1}`), reason: "bad_field:quality", says: "-0.1"},
	"a response time as a string":          {json: with(`"quality":{"response_time_ms":"12"}`), reason: "bad_field:quality", says: `"12"`},
	"a quality that is a list":             {json: with(`"quality":[1]`), reason: "bad_field:quality", says: "an array"},
	"an attribute that is a number":        {json: with(`"attributes":{"region":7}`), reason: "bad_field:attributes", says: "attributes.region: 7"},
	"a comment that is a number":           {json: with(`"comment":5`), reason: "bad_field:comment", says: "comment: not a string"},
	"an answer that is a list":             {json: with(`"answers":{"q1":[1]}`), reason: "bad_field:answers", says: "answers.q1: not a string"},
	"answers that are a list":              {json: with(`"answers":[1]`), reason: "bad_field:answers", says: "answers"},
	"too many answers":                     {json: with(`"answers":{` + manyAnswers(MaxAnswers+1) + `}`), reason: "bad_field:answers", says: "at most 100"},
	"a question without an id":             {json: with(`"answers":{"":1}`), reason: "bad_field:answers", says: "id"},
	"a language that is a sentence":        {json: with(`"language":"Chinese, mostly"`), reason: "bad_field:language", says: "zh-CN"},
	"quarantined as a number":              {json: with(`"quarantined":1`), reason: "bad_field:quarantined", says: "true or false"},
	"an unknown respondent":                {json: with(`"respondent":"bot"`), reason: "bad_field:respondent", says: `"customer" or "staff"`},
	"a field twice":                        {json: strings.Replace(with(), "{", `{"rating":3,`, 1), reason: "bad_field:rating", says: "given twice", noSchema: true},
	"a field twice, once null":             {json: strings.Replace(with(), "{", `{"rating":null,`, 1), reason: "bad_field:rating", says: "given twice", noSchema: true},
	"an attribute twice":                   {json: with(`"attributes":{"region":"a","region":"b"}`), reason: "bad_field:attributes", says: "given twice", noSchema: true},
	"an answer twice":                      {json: with(`"answers":{"q":1,"q":1}`), reason: "bad_field:answers", says: "given twice", noSchema: true},
	"an erasure without customer_id":       {json: `{"rating_id":"r-1","op":"erase","occurred_at":"2026-03-01T09:30:00Z"}`, reason: "bad_field:customer_id", says: "missing"},
	"an erasure with a wrong time":         {json: `{"rating_id":"r-1","op":"erase","occurred_at":"yesterday","customer_id":"c"}`, reason: "bad_field:occurred_at", says: "RFC 3339"},
	"an unknown field":                     {json: with(`"raiting":4`), reason: UnknownField, says: `did you mean "rating"?`},
	"a field in capitals":                  {json: with(`"Rating":4`), reason: UnknownField, says: `did you mean "rating"?`},
	"an undeclared attribute":              {json: with(`"attributes":{"Region":"x"}`), reason: UnknownField, says: `did you mean "region"?`},
	"an undeclared quality metric":         {json: with(`"quality":{"mood":1}`), reason: UnknownField, says: "declared in the configuration"},
	"nothing":                              {json: ``, reason: BadJSON, says: "empty"},
	"white space alone":                    {json: "  ", reason: BadJSON, says: "empty"},
	"a list":                               {json: `[` + with() + `]`, reason: BadJSON, says: "one JSON object"},
	"null":                                 {json: `null`, reason: BadJSON, says: "one JSON object"},
	"a trailing comma":                     {json: `{"rating":4,}`, reason: BadJSON, says: "not JSON at byte 12: found '}': want a key in double quotes"},
	"single quotes":                        {json: `{'rating':4}`, reason: BadJSON, says: "double quotes"},
	"a byte order mark":                    {json: "\xef\xbb\xbf" + with(), reason: BadJSON, says: "byte order mark"},
	"NaN":                                  {json: with(`"rating":NaN`), reason: BadJSON, says: "'N'"},
	"a leading zero":                       {json: with(`"rating":04`), reason: BadJSON, says: "comma"},
	"a leading point":                      {json: with(`"rating":.5`), reason: BadJSON, says: "'.'"},
	"a plus":                               {json: with(`"rating":+4`), reason: BadJSON, says: "'+'"},
	"GBK":                                  {json: with("\"comment\":\"\xc2\xfa\xd2\xe2\""), reason: BadJSON, says: "not UTF-8", noSchema: true},
	"half a character":                     {json: with("\"comment\":\"\xe4\xb8\""), reason: BadJSON, says: "0xe4 is not UTF-8", noSchema: true},
	"a surrogate in UTF-8":                 {json: with("\"comment\":\"\xed\xa0\x80\""), reason: BadJSON, says: "not UTF-8", noSchema: true},
	"a high surrogate alone":               {json: with(`"comment":"\ud83d!"`), reason: BadJSON, says: "surrogate", noSchema: true},
	"a low surrogate alone":                {json: with(`"comment":"\ude00"`), reason: BadJSON, says: "surrogate", noSchema: true},
	"a line break in a string":             {json: with("\"comment\":\"a\nb\""), reason: BadJSON, says: "control character must be escaped"},
	"an unknown escape":                    {json: with(`"comment":"\x41"`), reason: BadJSON, says: "after a backslash"},
	"a record cut off":                     {json: strings.TrimSuffix(with(), "}"), reason: BadJSON, says: "the text ends"},
	"two objects":                          {json: with() + with(), reason: BadJSON, says: "end of the record"},
	"a depth of a hundred":                 {json: with(`"mood":` + strings.Repeat("[", 100) + strings.Repeat("]", 100)), reason: BadJSON, says: "too deep", noSchema: true},
	"a wrong rating before broken JSON":    {json: `{"rating":"5", oops}`, reason: BadJSON, says: "not JSON"},
	"a comment on the JSON":                {json: `{/* rating */"rating":4}`, reason: BadJSON, says: "'/'"},
	"the first of two errors in the order": {json: with(`"occurred_at":"now"`, `"rating":9`), reason: "bad_field:occurred_at", says: "now"},
}

func manyAnswers(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"q` + strings.Repeat("x", i) + `":1`)
	}
	return b.String()
}

func TestWhatIsWrongIsRefusedWithItsReason(t *testing.T) {
	for name, tc := range wrong {
		var ev Event
		err := NewDecoder(testConfig()).Decode([]byte(tc.json), nil, &ev)
		fe, ok := err.(*FieldError)
		switch {
		case !ok:
			t.Errorf("%s: accepted as %+v", name, ev)
		case fe.Reason != tc.reason:
			t.Errorf("%s: reason %s, want %s (%v)", name, fe.Reason, tc.reason, err)
		case !strings.Contains(fe.Error(), tc.says):
			t.Errorf("%s: %q does not say %q", name, fe.Error(), tc.says)
		}
	}
}

func TestEveryReasonIsListed(t *testing.T) {
	listed := map[string]bool{}
	for _, r := range Reasons() {
		listed[r] = true
	}
	for name, tc := range wrong {
		if !listed[tc.reason] {
			t.Errorf("%s: %s is not in Reasons", name, tc.reason)
		}
	}
}
