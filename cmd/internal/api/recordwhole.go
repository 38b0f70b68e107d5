package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"satisflow/cmd/internal/api/problem"
	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
)

// recordWhole takes a body that is right as a whole or refused as a whole.
func (a *API) recordWhole(ctx context.Context, f *form, h http.Header, b *body) (*recordOutput, error) {
	text, wrong := a.readWhole(b)
	if wrong != nil {
		return nil, wrong
	}
	rows, array, err := split(text, f.batch)
	if err != nil {
		a.metrics.refused.WithLabelValues(event.BadJSON).Inc()
		return nil, refusal(1, 0, []problem.Entry{*err})
	}
	messages, ratings, entries, bad := a.takeAll(rows, f, array, h)
	if bad > 0 {
		return nil, refusal(bad, 0, entries)
	}
	if problem := a.produceWhole(ctx, messages, ratings); problem != nil {
		return nil, problem
	}
	a.metrics.accepted.WithLabelValues(f.label).Add(float64(len(messages)))
	return &recordOutput{Recorded{Accepted: len(messages), Ratings: ratings}}, nil
}

func (a *API) readWhole(b *body) ([]byte, *RecordProblem) {
	if b.length > a.Config.MaxBody {
		return nil, a.tooLarge()
	}
	b.extend()
	text := bytes.NewBuffer(make([]byte, 0, max(512, b.length+bytes.MinRead)))
	n, err := text.ReadFrom(io.LimitReader(b, a.Config.MaxBody+1))
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

// row is the text of one rating and where it stands in the body.
type row struct {
	text []byte
	at   int
}

// split returns the ratings of a body: the elements of an array, or the body itself.
func split(text []byte, batch bool) (rows []row, array bool, wrong *problem.Entry) {
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '[' {
		if batch {
			return nil, false, &problem.Entry{Reason: event.BadJSON, Want: "an array", Detail: "body: not an array: want an array of CloudEvents"}
		}
		return []row{{text: text}}, false, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	_, err := d.Token()
	for err == nil && d.More() {
		var raw json.RawMessage
		if err = d.Decode(&raw); err == nil {
			rows = append(rows, row{raw, int(d.InputOffset()) - len(raw)})
		}
	}
	if err == nil {
		_, err = d.Token()
	}
	if err == nil && len(bytes.TrimLeft(text[d.InputOffset():], " \t\r\n")) > 0 {
		err = fmt.Errorf("more after the array")
	}
	if err != nil {
		return nil, true, notJSON(err, d.InputOffset())
	}
	return rows, true, nil
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

// takeAll reads all ratings; the entries are those of all that are wrong, and bad is how many these are.
func (a *API) takeAll(rows []row, f *form, array bool, h http.Header) (messages []source.Message, ratings []Rating, entries []problem.Entry, bad int) {
	in, now, headers := a.intakes.get(), a.Now(), f.headers(h)
	defer a.intakes.put(in)
	messages, ratings = make([]source.Message, 0, len(rows)), make([]Rating, 0, len(rows))
	for i, r := range rows {
		message, rating, wrong := in.take(r.text, r.at, headers, now)
		if len(wrong) == 0 {
			messages, ratings = append(messages, message), append(ratings, rating)
			continue
		}
		a.metrics.refused.WithLabelValues(wrong[0].Reason).Inc()
		bad++
		if f.envelope {
			withoutPointers(wrong)
		}
		if array {
			inRow(wrong, i)
		}
		entries = append(entries, wrong...)
	}
	return messages, ratings, entries, bad
}

// maxEntries bounds the entries of an answer.
const maxEntries = 1000

// refusal is the problem with ratings that are wrong.
func refusal(bad, accepted int, entries []problem.Entry) *RecordProblem {
	detail := fmt.Sprintf("%s wrong, and nothing was accepted: mend what is listed and send all again", count(bad))
	if accepted > 0 {
		detail = fmt.Sprintf("%s wrong and %d accepted: mend the lines that are listed and send these again", count(bad), accepted)
	}
	if len(entries) > maxEntries {
		detail += fmt.Sprintf(" (the first %d of %d errors are listed)", maxEntries, len(entries))
		entries = entries[:maxEntries]
	}
	return &RecordProblem{Problem: *problem.New(http.StatusUnprocessableEntity, "%s", detail).With(entries...), Accepted: accepted}
}

func count(bad int) string {
	if bad == 1 {
		return "1 rating is"
	}
	return fmt.Sprintf("%d ratings are", bad)
}
