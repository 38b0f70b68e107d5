package api

import (
	"strings"
	"time"

	"satisflow/pipeline/event"
	"satisflow/pipeline/window"
)

// Rating is a rating as it is stored, so that the sender sees whether it was understood.
type Rating struct {
	RatingID   string   `json:"rating_id" doc:"Identity of the rating; a later correction or erasure names it, with the same occurred_at and customer_id"`
	OccurredAt string   `json:"occurred_at" format:"date-time" doc:"When it was given"`
	Revision   uint32   `json:"revision" doc:"The higher revision wins"`
	Op         string   `json:"op" enum:"put,erase" doc:"What was done"`
	Rating     *float64 `json:"rating" doc:"The score as it is stored; null without one"`
	Band       *string  `json:"band" enum:"highly_satisfied,satisfied,neutral,dissatisfied" doc:"The band that the score falls in; highly satisfied ratings are satisfied ones too. Null without a score"`

	CommentTruncated bool `json:"comment_truncated,omitempty" doc:"Whether the comment was longer than 4,000 characters: its end is not stored"`
	AnswersTruncated bool `json:"answers_truncated,omitempty" doc:"Whether the text of an answer was"`

	Row  int `json:"row,omitempty" doc:"Which rating of the array it is, counted from 1; only where not all are listed"`
	Line int `json:"line,omitempty" doc:"Which line of the NDJSON body it is, counted from 1"`
}

func ratingOf(ev *event.Event, bands *window.Bands) Rating {
	r := Rating{RatingID: strings.Clone(ev.RatingID), Revision: ev.Revision, Op: ev.Op.String(), OccurredAt: timeOfMillis(ev.OccurredAt),
		CommentTruncated: ev.CommentTruncated, AnswersTruncated: ev.AnswersTruncated}
	if ev.Scored() {
		score, band := float64(ev.Rating)/100, bandOf(ev.Rating, bands)
		r.Rating, r.Band = &score, &band
	}
	return r
}

func timeOfMillis(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.999Z")
}

// bandOf returns the word for the band of a rating in hundredths.
func bandOf(rating int32, b *window.Bands) string {
	switch {
	case rating >= b.Highly:
		return "highly_satisfied"
	case rating >= b.Satisfied:
		return "satisfied"
	case rating <= b.Dissatisfied:
		return "dissatisfied"
	}
	return "neutral"
}
