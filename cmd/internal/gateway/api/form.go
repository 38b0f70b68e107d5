package api

import (
	"mime"
	"net/http"
	"net/url"
	"strings"

	"satisflow/cmd/internal/gateway/problem"
	"satisflow/pipeline/event"
)

// form is how a body holds ratings.
type form struct {
	contentType string
	label       string // in the metric
	about       string
	lines       bool // one rating a line, streamed
	batch       bool // an array and nothing else
	envelope    bool // CloudEvents, structured
}

var forms = []form{
	{contentType: "application/json", label: "json", about: "One rating, or an array of ratings, right as a whole or refused as a whole. With ce-specversion and the other ce- headers one rating is the data of one CloudEvent in binary mode."},
	{contentType: "application/x-ndjson", label: "ndjson", lines: true, about: "One rating a line, without a limit to their number: they are produced as they come."},
	{contentType: "application/cloudevents+json", label: "cloudevents", envelope: true, about: "One CloudEvent in structured mode. Its id and time become rating_id and occurred_at where the data has none."},
	{contentType: "application/cloudevents-batch+json", label: "cloudevents_batch", envelope: true, batch: true, about: "An array of CloudEvents in structured mode."},
	{label: "cloudevents_binary"}, // last: told by its headers
}

var binaryForm = &forms[len(forms)-1]

// formOf returns the form of the request's body, or the problem with it.
func formOf(h http.Header) (*form, *problem.Problem) {
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, problem.New(http.StatusUnsupportedMediaType, "Content-Encoding: %.40q: want a body that is not compressed", coding).
			Header("Accept-Encoding", "identity")
	}
	given := h.Get("Content-Type")
	media, parameters, err := mime.ParseMediaType(given)
	if charset := parameters["charset"]; err == nil && charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "utf8") {
		return nil, unsupported("Content-Type: charset %.40q: want UTF-8", charset)
	}
	for i := range forms {
		f := &forms[i]
		binary := h.Get("ce-specversion") != "" && !f.envelope
		switch {
		case err != nil || f.contentType != media || f.contentType == "":
		case binary && f.lines:
			return nil, unsupported("Content-Type: %.80q beside the ce- headers: want %s", given, wantOneEvent)
		case binary:
			return binaryForm, nil
		default:
			return f, nil
		}
	}
	return nil, unsupported("Content-Type: %.80q: want %s", given, strings.Join(contentTypes(), ", "))
}

func unsupported(format string, args ...any) *problem.Problem {
	return problem.New(http.StatusUnsupportedMediaType, format, args...).Header("Accept-Post", strings.Join(contentTypes(), ", "))
}

func contentTypes() []string {
	var types []string
	for _, f := range forms[:len(forms)-1] {
		types = append(types, f.contentType)
	}
	return types
}

// headers returns the headers of a record whose value is the body, or a part of it: they tell the decoder the envelope.
func (f *form) headers(h http.Header) []event.Header {
	switch {
	case f.envelope:
		return []event.Header{{Key: "content-type", Value: []byte("application/cloudevents+json")}}
	case f == binaryForm:
		return []event.Header{
			{Key: "ce_specversion", Value: []byte(h.Get("ce-specversion"))},
			{Key: "ce_id", Value: attribute(h.Get("ce-id"))},
			{Key: "ce_time", Value: attribute(h.Get("ce-time"))},
		}
	}
	return nil
}

// attribute decodes the percent-encoding that CloudEvents over HTTP prescribes for what is not printable ASCII.
func attribute(value string) []byte {
	if plain, err := url.PathUnescape(value); err == nil {
		return []byte(plain)
	}
	return []byte(value)
}
