package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"satisflow/cmd/internal/gateway/problem"
	"satisflow/pipeline/event"
)

// recordWhole takes a body that is right as a whole or refused as a whole.
func (a *API) recordWhole(ctx context.Context, f *form, r *http.Request) (*recordOutput, error) {
	text, problem := a.readWhole(r)
	if problem != nil {
		return nil, problem
	}
	w := &whole{api: a, intake: a.intakes.get(), form: f, headers: f.headers(r.Header), now: a.Now(), identities: identities{most: a.Config.MaxRatings}}
	defer a.intakes.put(w.intake)
	if problem := w.read(text); problem != nil {
		return nil, problem
	}
	if err := a.produceWhole(ctx, w.all); err != nil {
		return nil, err
	}
	a.metrics.accepted.WithLabelValues(f.label).Add(float64(len(w.all)))
	return &recordOutput{Recorded{Accepted: len(w.all), Ratings: w.ratings()}}, nil
}

func (a *API) readWhole(r *http.Request) ([]byte, *RecordProblem) {
	if r.ContentLength > a.Config.MaxBody {
		return nil, a.tooLarge()
	}
	text := bytes.NewBuffer(make([]byte, 0, max(512, r.ContentLength+bytes.MinRead)))
	n, err := text.ReadFrom(io.LimitReader(r.Body, a.Config.MaxBody+1))
	switch {
	case err != nil:
		return nil, a.broken(err)
	case n > a.Config.MaxBody:
		return nil, a.tooLarge()
	}
	return text.Bytes(), nil
}

func (a *API) tooLarge() *RecordProblem {
	a.metrics.refused.WithLabelValues(reasonBodyTooLarge).Inc()
	return &RecordProblem{Problem: *problem.New(http.StatusRequestEntityTooLarge,
		"a body of more than %d bytes: want several requests, or application/x-ndjson, which has no limit", a.Config.MaxBody)}
}

// whole is the state of one body that is taken as a whole.
type whole struct {
	api        *API
	intake     *intake
	form       *form
	headers    []event.Header
	now        time.Time
	identities identities

	all      []taken
	findings findings
	rows     int // ratings read of an array
}

// read reads the ratings of the body: the elements of an array one by one, or the body itself.
func (w *whole) read(text []byte) *RecordProblem {
	var wrong *problem.Entry
	switch trimmed := bytes.TrimLeft(text, " \t\r\n"); {
	case len(trimmed) > 0 && trimmed[0] == '[' && w.form == binaryForm:
		wrong = &problem.Entry{Reason: event.BadField + "data", Field: "data", Want: wantOneEvent, Detail: "data: an array beside the ce- headers: want " + wantOneEvent}
	case len(trimmed) > 0 && trimmed[0] == '[':
		var problem *RecordProblem
		if wrong, problem = w.readArray(text); problem != nil {
			return problem
		}
	case w.form.batch:
		wrong = &problem.Entry{Reason: event.BadJSON, Want: "an array", Detail: "body: not an array: want an array of CloudEvents"}
	default:
		w.take(text, 0, false)
	}
	if wrong != nil {
		w.api.metrics.refused.WithLabelValues(wrong.Reason).Inc()
		w.findings = findings{bad: 1, errors: 1, entries: []problem.Entry{*wrong}}
	}
	if w.findings.bad > 0 {
		return w.findings.refusal(0)
	}
	return nil
}

// wantOneEvent is said where one CloudEvent holds several ratings: its id would be that of all.
const wantOneEvent = "one rating for one event: an array of CloudEvents goes as application/cloudevents-batch+json, an array of ratings without ce- headers"

// readArray takes the elements as they come; the entry says where the array stops to be JSON.
func (w *whole) readArray(text []byte) (*problem.Entry, *RecordProblem) {
	d := json.NewDecoder(bytes.NewReader(text))
	_, err := d.Token()
	var raw json.RawMessage // one after the other in the same memory
	for err == nil && d.More() {
		if w.rows++; w.rows > w.api.Config.MaxRatings {
			return nil, w.api.tooMany()
		}
		if err = d.Decode(&raw); err == nil {
			end := int(d.InputOffset())
			w.take(text[end-len(raw):end], end-len(raw), true)
		}
	}
	if err == nil {
		_, err = d.Token()
	}
	if err == nil && len(bytes.TrimLeft(text[d.InputOffset():], " \t\r\n")) > 0 {
		err = errors.New("more after the array")
	}
	if err != nil {
		return notJSON(err, d.InputOffset()), nil
	}
	return nil, nil
}

func (a *API) tooMany() *RecordProblem {
	a.metrics.refused.WithLabelValues(reasonBodyTooLarge).Inc()
	return &RecordProblem{Problem: *problem.New(http.StatusRequestEntityTooLarge,
		"an array of more than %d ratings: want several requests, or application/x-ndjson, which has no limit", a.Config.MaxRatings)}
}

// notJSON says where an array stops to be JSON. The text of encoding/json's errors names single characters at most.
func notJSON(err error, at int64) *problem.Entry {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at = syntax.Offset
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errors.New("the array has no end")
	}
	return &problem.Entry{Reason: event.BadJSON, Want: "a JSON array of ratings",
		Detail: fmt.Sprintf("not JSON at byte %d: %v: want a JSON array of ratings", at, err)}
}

// take reads one rating, whose text begins at the byte of the body.
func (w *whole) take(text []byte, at int, array bool) {
	t, wrong := w.intake.take(text, at, w.headers, w.now)
	if len(wrong) == 0 {
		wrong = w.identities.check(&w.intake.ev, w.rows, "rating")
	}
	if len(wrong) == 0 {
		if w.findings.bad == 0 { // else nothing is produced
			w.all = append(w.all, t)
		}
		return
	}
	w.api.metrics.refused.WithLabelValues(wrong[0].Reason).Inc()
	if w.form.envelope {
		withoutPointers(wrong)
	}
	if array {
		inRow(wrong, w.rows-1)
	}
	w.findings.add(wrong)
	w.all = nil
}

// ratings are those of the answer.
func (w *whole) ratings() []Rating {
	out := make([]Rating, len(w.all))
	for i := range w.all {
		out[i] = w.all[i].stored
	}
	return out
}
