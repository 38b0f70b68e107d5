package event

import (
	"encoding/base64"
	"strings"
	"testing"
)

func headers(pairs ...string) []Header {
	var hs []Header
	for i := 0; i < len(pairs); i += 2 {
		hs = append(hs, Header{Key: pairs[i], Value: []byte(pairs[i+1])})
	}
	return hs
}

func envelopeAround(members ...string) string {
	return `{"specversion":"1.0","type":"rating","source":"/shop","id":"e-9","time":"2026-03-01T08:00:00Z",` + strings.Join(members, ",") + `}`
}

const (
	noIdentity = `{"customer_id":"c-1","service":"legal_consulting","rating":4,"source":"shop"}`
	ceVersion  = "ce_specversion"
)

func TestAnEventIsTakenOutOfItsCloudEvent(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte(noIdentity))
	for name, tc := range map[string]struct {
		value   string
		headers []Header
		id      string
		at      int64
	}{
		"structured, identity in the data":      {envelopeAround(`"data":` + with()), nil, "r-1", 1772357400000},
		"structured, identity in the envelope":  {envelopeAround(`"data":` + noIdentity), nil, "e-9", 1772352000000},
		"structured, specversion last":          {`{"data":` + with() + `,"id":"e-9","specversion":"1.0"}`, nil, "r-1", 1772357400000},
		"structured, base64":                    {envelopeAround(`"data_base64":"` + encoded + `"`), nil, "e-9", 1772352000000},
		"structured, with a content type":       {envelopeAround(`"datacontenttype":"application/json; charset=utf-8","data":` + with()), headers("content-type", "application/cloudevents+json; charset=UTF-8"), "r-1", 1772357400000},
		"structured, an extension and a null":   {envelopeAround(`"traceparent":"00-1","data_base64":null,"data":` + with()), nil, "r-1", 1772357400000},
		"ceVersion, identity in the data":       {with(), headers(ceVersion, "1.0", "ce_id", "e-9", "content-type", "application/vnd.rating+json"), "r-1", 1772357400000},
		"ceVersion, identity in the headers":    {noIdentity, headers("ce_id", "e-9", "ce_time", "2026-03-01T08:00:00Z", ceVersion, "1.0"), "e-9", 1772352000000},
		"plain, with a content type of its own": {with(), headers("content-type", "text/plain"), "r-1", 1772357400000},
	} {
		var ev Event
		if err := NewDecoder(testConfig()).Decode([]byte(tc.value), tc.headers, &ev); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if ev.RatingID != tc.id || ev.OccurredAt != tc.at || ev.Rating != 400 {
			t.Errorf("%s: %+v", name, ev)
		}
	}
}

func TestACloudEventThatIsWrongIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		value        string
		headers      []Header
		reason, says string
	}{
		"an old version":                               {strings.Replace(envelopeAround(`"data":{}`), "1.0", "0.3", 1), nil, "bad_field:specversion", `specversion: "0.3": want "1.0"`},
		"a version that is a number":                   {strings.Replace(envelopeAround(`"data":{}`), `"1.0"`, "1.0", 1), nil, "bad_field:specversion", "1.0"},
		"an old version in binary mode":                {with(), headers(ceVersion, "0.3"), "bad_field:specversion", `"0.3"`},
		"no version but the content type":              {with(), headers("content-type", "application/cloudevents+json"), "bad_field:specversion", "missing"},
		"no data":                                      {envelopeAround(`"subject":"x"`), nil, "bad_field:data", "missing"},
		"data of null":                                 {envelopeAround(`"data":null`), nil, "bad_field:data", "missing"},
		"data that is text":                            {envelopeAround(`"data":"{}"`), nil, "bad_field:data", "not an object"},
		"both kinds of data":                           {envelopeAround(`"data":{}`, `"data_base64":""`), nil, "bad_field:data", "both"},
		"data twice":                                   {envelopeAround(`"data":{}`, `"data":{}`), nil, "bad_field:data", "twice"},
		"broken base64":                                {envelopeAround(`"data_base64":"?"`), nil, "bad_field:data", "not base64"},
		"base64 of something else":                     {envelopeAround(`"data_base64":"` + base64.StdEncoding.EncodeToString([]byte("hello")) + `"`), nil, BadJSON, "'h'"},
		"XML":                                          {envelopeAround(`"datacontenttype":"application/xml","data":{}`), nil, "bad_field:datacontenttype", "application/xml"},
		"XML in binary mode":                           {with(), headers(ceVersion, "1.0", "content-type", "text/xml"), "bad_field:datacontenttype", "text/xml"},
		"a wrong rating inside":                        {envelopeAround(`"data":` + with(`"rating":9`)), nil, "bad_field:rating", "9"},
		"an id that cannot be a rating's":              {strings.Replace(envelopeAround(`"data":`+noIdentity), "e-9", "e 9", 1), nil, "bad_field:rating_id", "the envelope's id"},
		"a time that cannot be a rating's":             {strings.Replace(envelopeAround(`"data":`+noIdentity), "08:00:00Z", "08:00", 1), nil, "bad_field:occurred_at", "RFC 3339"},
		"broken JSON behind the version":               {`{"specversion":"1.0",}`, nil, BadJSON, "double quotes"},
		"something after the envelope":                 {envelopeAround(`"data":{}`) + "x", nil, BadJSON, "end of the record"},
		"broken JSON in binary mode":                   {`{"rating":}`, headers(ceVersion, "1.0"), BadJSON, "'}'"},
		"an envelope in an envelope of theirs":         {envelopeAround(`"data":` + envelopeAround(`"data":`+with())), nil, UnknownField, "specversion: unknown"},
		"an envelope in the record beside the headers": {envelopeAround(`"data":` + with()), headers(ceVersion, "1.0"), UnknownField, "specversion: unknown"},
		"plain, with a field that is called data":      {with(`"data":{"rating":1}`), nil, UnknownField, "data: unknown"},
	} {
		var ev Event
		err := NewDecoder(testConfig()).Decode([]byte(tc.value), tc.headers, &ev)
		fe, ok := err.(*FieldError)
		if !ok || fe.Reason != tc.reason || !strings.Contains(fe.Error(), tc.says) {
			t.Errorf("%s: %v, want %s saying %q", name, err, tc.reason, tc.says)
		}
	}
}

func TestNothingOfTheRecordBeforeIsLeftInTheEvent(t *testing.T) {
	decoder := NewDecoder(testConfig())
	for name, tc := range map[string]struct {
		value   string
		headers []Header
	}{
		"an envelope without data":            {envelopeAround(`"subject":"x"`), headers("content-type", "application/cloudevents+json")},
		"an old version in binary mode":       {with(), headers(ceVersion, "0.3")},
		"an empty record":                     {"", nil},
		"base64 of something else":            {envelopeAround(`"data_base64":"aGVsbG8="`), nil},
		"an object that ends before a member": {"{", nil},
	} {
		var ev Event
		if err := decoder.Decode([]byte(with(`"comment":"of somebody else"`)), nil, &ev); err != nil {
			t.Fatal(err)
		}
		if err := decoder.Decode([]byte(tc.value), tc.headers, &ev); err == nil {
			t.Fatalf("%s is accepted", name)
		}
		same(t, &ev, &Event{Quality: NoQuality()})
	}
}
