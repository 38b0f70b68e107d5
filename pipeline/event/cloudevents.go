package event

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// CloudEvents 1.0 around an event: in structured mode the record is the envelope's object, in binary mode the envelope is
// in headers that begin with ce_ and the record is the data. The envelope's id and time become rating_id and occurred_at
// only where the data has none; its other attributes are ignored, as are extensions.

// mode is how a record carries its event.
type mode uint8

const (
	plainMode      mode = iota // the record is the event
	binaryMode                 // the envelope is in the headers
	structuredMode             // the envelope is around the event
)

// envelopeFields are the envelope's attributes that errors may name beside the event's fields.
var envelopeFields = []string{"specversion", "datacontenttype", "data"}

var (
	specversionField = field{name: "specversion", want: `"1.0"`}
	contentTypeField = field{name: "datacontenttype", want: "application/json or a type that ends in +json"}
	dataField        = field{name: "data", private: true, want: "the rating as an object in data, or its JSON in data_base64"}
)

// envelope is what is taken from an envelope.
type envelope struct {
	id, time string
}

// modeOf tells the mode from the headers; a structured envelope without its content type is found by its specversion.
func modeOf(headers []Header) mode {
	m := plainMode
	for i := range headers {
		switch h := &headers[i]; h.Key {
		case "ce_specversion":
			return binaryMode
		case "content-type":
			if strings.HasPrefix(string(h.Value), "application/cloudevents+json") {
				m = structuredMode
			}
		}
	}
	return m
}

// readHeaders reads the envelope of binary mode; false says that the data is not to be read.
func (d *Decoder) readHeaders(headers []Header) bool {
	for _, h := range headers {
		switch value := string(h.Value); h.Key {
		case "ce_specversion":
			d.checkEnvelope(&specversionField, value, value == "1.0")
		case "content-type":
			d.checkEnvelope(&contentTypeField, value, isJSONType(value))
		case "ce_id":
			d.envelope.id = value
		case "ce_time":
			d.envelope.time = value
		}
	}
	return len(d.errs) == 0
}

func (d *Decoder) checkEnvelope(f *field, value string, right bool) {
	if !right {
		d.reject(f, "", appendString(nil, value), f.want)
	}
}

func isJSONType(s string) bool {
	s, _, _ = strings.Cut(strings.ToLower(s), ";")
	s = strings.TrimSpace(s)
	return s == "application/json" || s == "text/json" || strings.HasSuffix(s, "+json")
}

// readStructured reads the envelope, then the event in its data.
func (d *Decoder) readStructured(ev *Event) {
	d.mode = structuredMode
	var data, encoded []byte
	version := false
	ok := d.members(func(key string) bool {
		text, ok := d.value()
		if !ok || string(text) == "null" {
			return ok
		}
		switch key {
		case "specversion":
			version = true
			d.checkEnvelope(&specversionField, unquote(text), unquote(text) == "1.0" && text[0] == '"')
		case "datacontenttype":
			d.checkEnvelope(&contentTypeField, unquote(text), isJSONType(unquote(text)))
		case "id":
			d.envelope.id = unquote(text)
		case "time":
			d.envelope.time = unquote(text)
		case "data":
			if data != nil {
				d.report(&dataField, "", "given twice", dataField.want)
			}
			data = text
		case "data_base64":
			encoded = text
		}
		return true
	})
	if !ok || !d.end() {
		return
	}
	if !version {
		d.report(&specversionField, "", "missing", specversionField.want)
	}
	if len(d.errs) == 0 {
		d.readData(data, encoded, ev)
	}
}

// readData reads the event from one of the two ways in which an envelope holds it.
func (d *Decoder) readData(data, encoded []byte, ev *Event) {
	switch {
	case data != nil && encoded != nil:
		d.report(&dataField, "", "both data and data_base64", dataField.want)
	case encoded != nil:
		raw, err := base64.StdEncoding.DecodeString(unquote(encoded))
		if err != nil {
			d.report(&dataField, "", "data_base64 is not base64", dataField.want)
			return
		}
		d.start(raw)
		if d.checkText() {
			d.readEvent(ev)
		}
	case data == nil:
		d.report(&dataField, "", "missing", dataField.want)
	case data[0] != '{':
		d.report(&dataField, "", "not an object", dataField.want)
	default:
		d.scanner.start(data)
		d.readEvent(ev)
	}
}

// unquote returns the text of a JSON string that was read before, or any other value's text as it is.
func unquote(text []byte) string {
	if text[0] != '"' {
		return string(text)
	}
	s := scanner{buf: text}
	value, _ := s.str()
	return value
}

// fillFromEnvelope takes the identity from the envelope where the data names none.
func (d *Decoder) fillFromEnvelope(ev *Event) {
	if id := d.envelope.id; id != "" && d.given&bitRatingID == 0 {
		d.given |= bitRatingID
		if ev.RatingID = id; !isRatingID(id) {
			f := &fields[lookup("rating_id")]
			d.reject(f, "", appendString(nil, id), fmt.Sprintf("%s, or the envelope's id in that form", f.want))
		}
	}
	if at := d.envelope.time; at != "" && d.given&bitOccurredAt == 0 {
		d.given |= bitOccurredAt
		ms, valid := parseTime(at)
		if ev.OccurredAt = ms; !valid {
			d.rejectTime(&fields[lookup("occurred_at")], appendString(nil, at))
		}
	}
}
