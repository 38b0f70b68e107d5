// Package event owns the rating event: its fields and limits, how it is read from JSON and CloudEvents, written as JSON,
// and described as a JSON Schema. When a record counts (horizon, future times, unknown services) is decided by package
// admit; how events become facts, by package fact.
//
// Non-obvious:
//   - A record is bad_json when it is not one JSON object in UTF-8, whatever else is wrong with it; else the first wrong field
//     in the order of the record gives the reason, and missing fields come last.
//   - A key that is given twice is an error of its field: readers disagree on which one counts.
//   - Control characters are refused in names and ids, not in comments and answers.
//   - Numbers are read from their digits, never through a float: 3.999 is no rating, and 3.990 is 3.99.
//   - A structured CloudEvent is told by its member specversion; data of a plain event may not have one at the top.
//   - The envelope's id and time count only where the data has none, so that a rating sent with and without an envelope is one.
package event

import "math"

// Op is what an event does to the rating that it names.
type Op uint8

const (
	// Put states the rating; the higher revision wins.
	Put Op = iota
	// Erase removes the rating for ever: it beats every put of any revision and blanks text, answers and attributes.
	Erase
)

// String returns the name used in the event's JSON.
func (o Op) String() string {
	if o == Erase {
		return "erase"
	}
	return "put"
}

// Limits of the contract. Text is measured in characters (runes) unless the name says bytes.
const (
	MaxRevision       = 1<<23 - 1 // 23 bits of the fact's version
	MaxRatingID       = 64
	MaxCustomerID     = 128
	MaxName           = 128 // service, product_id, channel, segment, source, survey_id, invitation_id, attribute keys and values
	MaxComment        = 4000
	MaxAnswers        = 100
	MaxAttributes     = 16
	MaxQuality        = 6 // built-in and declared quality metrics together
	maxLanguage       = 35
	maxAnswerNumber   = 32
	MaxRecordBytes    = 900_000 // of one rating, by every door, unless configured; Kafka's own limit of 1 MiB leaves headers room
	MinRating         = 100     // hundredths
	MaxRating         = 500     // hundredths
	BuiltinQuality    = 3       // response_time_ms, accuracy, completeness come first, in this order
	MissingQuality    = math.MinInt64
	QualityResponseMS = 0
	QualityAccuracy   = 1
	QualityComplete   = 2
)

// Event is one rating event. Its strings may point into the record that it was read from, so they live as long as the
// record's bytes are not reused.
type Event struct {
	RatingID   string // identity, with OccurredAt and CustomerID for ever
	Revision   uint32 // 0 … MaxRevision; a counter, not a time
	Op         Op
	OccurredAt int64 // event time, Unix milliseconds, UTC

	CustomerID string
	Service    string
	ProductID  string // optional, as are all below
	Channel    string
	Segment    string
	Source     string
	Attributes []Pair // declared keys only, sorted by key

	Rating      int32 // hundredths, 100 … 500; 0 when the feedback has no score
	Staff       bool  // respondent staff: in no target figure, a series of its own
	Quarantined bool  // kept, in no share

	Quality Quality
	Answers []Answer // in the order of the record

	Comment      string // at most MaxComment characters
	Language     string // BCP 47 tag as sent; empty when unknown
	SurveyID     string
	InvitationID string

	CommentTruncated bool // whether the comment was longer, and its end is lost
	AnswersTruncated bool // whether the text of an answer was
}

// Scored says whether the event carries a rating, as opposed to feedback without a score.
func (e *Event) Scored() bool { return e.Rating != 0 }

// Pair is an attribute: a declared key and its value.
type Pair struct{ Key, Value string }

// Answer is the answer to one survey question.
type Answer struct {
	Question string
	Value    string // the text, or the number as it was written
	Number   bool   // whether Value is a number
}

// Quality holds one value for each quality metric of the configuration, in its order, each in units of 10^-Decimals of
// the metric; MissingQuality where there is none.
type Quality [MaxQuality]int64

// NoQuality returns a Quality without any value.
func NoQuality() Quality {
	var q Quality
	for i := range q {
		q[i] = MissingQuality
	}
	return q
}
