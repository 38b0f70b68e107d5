package api

import (
	"strconv"
	"time"

	"satisflow/pipeline/alert"
)

// Alert is an alert with what was done about it.
type Alert struct {
	ID        string   `json:"id"`
	Version   uint64   `json:"version" doc:"Counts the changes; the ETag of the alert, for If-Match"`
	Rule      string   `json:"rule" enum:"low_rating,low_mean,falling,group_falling"`
	Severity  string   `json:"severity" enum:"minor,major,critical"`
	State     string   `json:"state" enum:"open,acknowledged,contacted,resolved,verified"`
	Dimension string   `json:"dimension" enum:"customer,service,segment" doc:"Whom it is about"`
	Value     string   `json:"value" doc:"The customer's id as it is stored, or the service or segment"`
	Reason    string   `json:"reason" doc:"Why, in English" example:"a rating of 2.0, below 3.5"`
	ReasonZH  string   `json:"reason_zh" doc:"Why, in Chinese" example:"评分 2.0，低于 3.5"`
	Holding   bool     `json:"holding" doc:"Whether the reason still holds"`
	Overdue   bool     `json:"overdue" doc:"Whether a due time that still runs has passed"`
	Possible  []string `json:"possible" nullable:"false" doc:"What may be done now"`
	AlertCause
	AlertWork
}

// AlertCause are the figures that raised an alert.
type AlertCause struct {
	Measured      float64   `json:"measured" doc:"The lowest rating, the mean, or the share of satisfied ratings: points 1 to 5, or 0 to 1"`
	Threshold     float64   `json:"threshold" doc:"What it is below, in the same unit"`
	Ratings       int64     `json:"ratings" doc:"How many ratings it is made of"`
	Before        *float64  `json:"before" doc:"Share of the time before; null but for falling"`
	BeforeRatings *int64    `json:"before_ratings" doc:"Its ratings; null but for falling"`
	Weight        float64   `json:"weight" doc:"How much the customer, service or segment counts"`
	RatingIDs     []string  `json:"rating_ids" nullable:"false" doc:"The low ratings, the first one opened it; else the one that opened it"`
	Service       string    `json:"service" doc:"Of the last rating; empty for services and segments"`
	Segment       string    `json:"segment" doc:"Of the last rating; empty for services and segments"`
	RatedAt       time.Time `json:"rated_at" doc:"When the last rating was given; the end of the window for services and segments"`
}

// AlertWork is what was done about an alert, and by when it is to be.
type AlertWork struct {
	OpenedAt       time.Time  `json:"opened_at"`
	UpdatedAt      time.Time  `json:"updated_at" doc:"Last change of any kind"`
	EscalatedAt    *time.Time `json:"escalated_at" doc:"When the severity rose last; null when it never did"`
	AcknowledgedAt *time.Time `json:"acknowledged_at" doc:"Null before"`
	ContactedAt    *time.Time `json:"contacted_at" doc:"Null before"`
	ResolvedAt     *time.Time `json:"resolved_at" doc:"Null before"`
	VerifiedAt     *time.Time `json:"verified_at" doc:"Null before"`
	ContactDue     time.Time  `json:"contact_due" doc:"The customer is to be contacted by then"`
	ResolveDue     time.Time  `json:"resolve_due" doc:"It is to be resolved by then"`
	Assignee       string     `json:"assignee" doc:"Empty for nobody"`
	Resolution     string     `json:"resolution" doc:"What helped, or why it was resolved by itself"`
	ResolvedBy     string     `json:"resolved_by" doc:"Who resolved it; satisflow when it resolved by itself"`
	MailedAt       *time.Time `json:"mailed_at" doc:"When the owner was told by mail; null before, and for customers"`
}

func (a *API) alertOf(from *alert.Alert, now time.Time) Alert {
	reason := a.Alerts.Reason(from)
	out := Alert{
		ID: from.ID, Version: from.Version, Rule: string(from.Rule), Severity: from.Severity.String(), State: from.State.String(),
		Dimension: from.Subject.Dimension, Value: from.Subject.Value, Reason: reason.English, ReasonZH: reason.Chinese,
		Holding: from.Holding, Overdue: from.Overdue(now), Possible: words(from.State.Possible()),
		AlertCause: AlertCause{Measured: from.Value, Threshold: from.Threshold, Ratings: from.Ratings, Weight: from.Weight,
			RatingIDs: append([]string{}, from.RatingIDs...), Service: from.Service, Segment: from.Segment, RatedAt: from.RatedAt.UTC()},
		AlertWork: AlertWork{OpenedAt: from.OpenedAt.UTC(), UpdatedAt: from.UpdatedAt.UTC(), EscalatedAt: orNull(from.EscalatedAt),
			AcknowledgedAt: orNull(from.AcknowledgedAt), ContactedAt: orNull(from.ContactedAt), ResolvedAt: orNull(from.ResolvedAt),
			VerifiedAt: orNull(from.VerifiedAt), ContactDue: from.ContactDue.UTC(), ResolveDue: from.ResolveDue.UTC(),
			Assignee: from.Assignee, Resolution: from.Resolution, ResolvedBy: from.ResolvedBy, MailedAt: orNull(from.MailedAt)},
	}
	if from.Rule == alert.Falling || from.Rule == alert.GroupFalling {
		out.Before, out.BeforeRatings = &from.Before, &from.BeforeN
	}
	return out
}

// words are actions as text.
func words(actions []alert.Action) []string {
	out := make([]string, len(actions))
	for i, action := range actions {
		out[i] = string(action)
	}
	return out
}

// orNull is null for a time that has not come.
func orNull(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}

// AlertEntry is a change in the record of an alert.
type AlertEntry struct {
	Version uint64    `json:"version" doc:"Of the alert after the change"`
	At      time.Time `json:"at"`
	By      string    `json:"by" doc:"Who; satisflow when no person did"`
	Action  string    `json:"action"`
	Comment string    `json:"comment" doc:"Empty without one, and after the customer was erased"`
	// Assignee is null for every action but assign.
	Assignee *string `json:"assignee" doc:"Of assign: who is to see to it from then on, empty for nobody; null for other actions"`
}

func entriesOf(record []alert.Entry) []AlertEntry {
	out := make([]AlertEntry, len(record))
	for i, e := range record {
		out[i] = AlertEntry{Version: e.Version, At: e.At.UTC(), By: e.By, Action: string(e.Action), Comment: e.Comment}
		if e.Action == alert.Assign {
			out[i].Assignee = &e.Assignee
		}
	}
	return out
}

func etag(version uint64) string { return strconv.Quote(strconv.FormatUint(version, 10)) }
