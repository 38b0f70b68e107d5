package api

import (
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
}

func ratingOf(ev *event.Event, bands *window.Bands) Rating {
	r := Rating{RatingID: ev.RatingID, Revision: ev.Revision, Op: ev.Op.String(),
		OccurredAt: time.UnixMilli(ev.OccurredAt).UTC().Format("2006-01-02T15:04:05.999Z")}
	if ev.Scored() {
		score, band := float64(ev.Rating)/100, bandOf(ev.Rating, bands)
		r.Rating, r.Band = &score, &band
	}
	return r
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
