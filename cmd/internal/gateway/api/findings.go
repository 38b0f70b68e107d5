package api

import (
	"fmt"
	"net/http"

	"satisflow/cmd/internal/gateway/problem"
)

// maxEntries bounds the entries of an answer.
const maxEntries = 1000

// findings are what is wrong with the ratings of a body: all of it is counted, and the first of it listed.
type findings struct {
	entries []problem.Entry
	errors  int // entries, those too that are not listed
	bad     int // ratings
}

// add adds what is wrong with one rating.
func (f *findings) add(wrong []problem.Entry) {
	f.bad++
	f.errors += len(wrong)
	f.entries = append(f.entries, wrong[:min(len(wrong), maxEntries-len(f.entries))]...)
}

// refusal is the problem with ratings that are wrong.
func (f *findings) refusal(accepted int) *RecordProblem {
	detail := fmt.Sprintf("%s wrong, and nothing was accepted: mend what is listed and send all again", count(f.bad))
	if accepted > 0 {
		detail = fmt.Sprintf("%s wrong and %d accepted: mend the lines that are listed and send these again", count(f.bad), accepted)
	}
	if f.errors > len(f.entries) {
		detail += fmt.Sprintf(" (the first %d of %d errors are listed)", len(f.entries), f.errors)
	}
	return &RecordProblem{Problem: *problem.New(http.StatusUnprocessableEntity, "%s", detail).With(f.entries...), Accepted: accepted}
}

func count(bad int) string {
	if bad == 1 {
		return "1 rating is"
	}
	return fmt.Sprintf("%d ratings are", bad)
}
