// Package problem owns how errors look over HTTP: RFC 9457 problem details with an entry for each thing that is wrong. Which
// status an error deserves is decided by its callers.
package problem

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// ContentType is the media type of a Problem.
const ContentType = "application/problem+json"

// Problem is the body of every error.
type Problem struct {
	Type   string  `json:"type" doc:"Kind of the problem; about:blank says that the status tells all" example:"about:blank"`
	Title  string  `json:"title" doc:"The status in words" example:"Unprocessable Entity"`
	Status int     `json:"status" doc:"HTTP status" example:"422"`
	Detail string  `json:"detail" doc:"What is wrong and what to do, in a sentence"`
	Errors []Entry `json:"errors,omitempty" doc:"One entry for each wrong field of each row, or for each wrong parameter"`

	header http.Header
}

// Entry is one thing that is wrong with a request.
type Entry struct {
	Row       int    `json:"row,omitempty" doc:"Which rating of an array or batch, counted from 1"`
	Line      int    `json:"line,omitempty" doc:"Which line of an NDJSON body, counted from 1"`
	Pointer   string `json:"pointer,omitempty" doc:"JSON pointer to the field, in the body or in the line" example:"#/0/quality/accuracy"`
	Parameter string `json:"parameter,omitempty" doc:"Parameter of the query or path"`
	Field     string `json:"field,omitempty" doc:"Field of the rating event" example:"quality.accuracy"`
	Value     string `json:"value,omitempty" doc:"What was given, shortened; left out where it may be personal"`
	Reason    string `json:"reason,omitempty" doc:"Word for the kind of error, as in the metric satisflow_ratings_refused_total" example:"bad_field:quality"`
	Want      string `json:"want,omitempty" doc:"What would be right" example:"a number from 0 to 1"`
	Detail    string `json:"detail" doc:"All of it as a sentence"`
}

// Error returns the entry's sentence.
func (e Entry) Error() string { return e.Detail }

// New returns a Problem with the status and a sentence about it.
func New(status int, format string, args ...any) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: fmt.Sprintf(format, args...)}
}

// Error returns the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders returns the headers that go with the problem.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType returns the media type of problems, whatever was negotiated.
func (p *Problem) ContentType(string) string { return ContentType }

// With adds entries.
func (p *Problem) With(entries ...Entry) *Problem {
	p.Errors = append(p.Errors, entries...)
	return p
}

// Header adds a header that goes with the problem.
func (p *Problem) Header(name, value string) *Problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(name, value)
	return p
}

// RetryAfter says when to try again, in whole seconds and never less than one.
func (p *Problem) RetryAfter(d time.Duration) *Problem {
	seconds := max(1, int64((d+time.Second-1)/time.Second))
	return p.Header("Retry-After", strconv.FormatInt(seconds, 10))
}

// ServeHTTP writes the problem as the answer to a request, so that a Problem is a handler too.
func (p *Problem) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	for name := range p.header {
		w.Header().Set(name, p.header.Get(name))
	}
	w.Header().Set("Content-Type", ContentType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // whoever hung up needs no answer
}
