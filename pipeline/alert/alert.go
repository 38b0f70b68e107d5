package alert

import "time"

// Rule is why an alert was raised.
type Rule string

const (
	// LowRating is a single rating below the threshold.
	LowRating Rule = "low_rating"
	// LowMean is a mean of the window below the threshold.
	LowMean Rule = "low_mean"
	// Falling is a share of satisfied ratings significantly below that of the window before.
	Falling Rule = "falling"
	// GroupFalling is Falling for a service or a segment.
	GroupFalling Rule = "group_falling"
)

// AllRules are all of them, those of customers first.
func AllRules() []Rule { return []Rule{LowRating, LowMean, Falling, GroupFalling} }

// Severity is how much an alert matters; a higher one is greater.
type Severity uint8

const (
	// Minor can wait for its turn.
	Minor Severity = iota + 1
	// Major is to be seen to before others.
	Major
	// Critical is to be seen to now.
	Critical
)

// State is how far the work on an alert is.
type State uint8

const (
	// Open is before anybody took notice.
	Open State = iota + 1
	// Acknowledged is when somebody has seen it.
	Acknowledged
	// Contacted is when the customer has been spoken to.
	Contacted
	// Resolved is when the work is done, or its reason has gone.
	Resolved
	// Verified is when somebody has made sure that it helped.
	Verified
)

// AtWork says whether somebody still has to do something.
func (s State) AtWork() bool { return s < Resolved }

// Subject is whom an alert is about: a customer, or a value of a rolled dimension.
type Subject struct {
	Dimension string // customer, service or segment
	Value     string // customer_id as stored, or the value of the dimension
}

// Customer is the Dimension of a customer.
const Customer = "customer"

// Alert is an alert with what was done about it.
type Alert struct {
	ID      string
	Version uint64 // counts the changes from 1; the higher one stands
	Rule    Rule
	Subject Subject

	Severity Severity
	State    State
	Holding  bool // whether its reason still holds; as it was then, of one that a person resolved

	// Why, as of the last change.
	Value     float64   // the lowest rating at work, the mean, or the share; points 1 to 5, or 0 to 1
	Threshold float64   // that the value is below, in the same unit; falling rules: the share of the window before
	Ratings   int64     // how many ratings the value is made of
	Before    float64   // falling rules: the share of the window before
	BeforeN   int64     // falling rules: its ratings
	Weight    float64   // of the subject
	RatingIDs []string  // LowRating: the low ratings, the first one opened it; else the one that opened it, none for groups
	Service   string    // of the last rating; empty for groups
	Segment   string    // of the last rating; empty for groups
	RatedAt   time.Time // occurred_at of the last rating; end of the window for groups

	// What Alertmanager knows the alert by for as long as it lives: of the rating that opened it; empty for groups.
	LabelService, LabelSegment string

	OpenedAt       time.Time // when it was opened first; never changes
	ReopenedAt     time.Time // when the work on it began again, the last time; zero never
	UpdatedAt      time.Time // last change of any kind
	EscalatedAt    time.Time // last time that the severity rose; zero never
	AcknowledgedAt time.Time // zero before
	ContactedAt    time.Time // zero before
	ResolvedAt     time.Time // zero before
	VerifiedAt     time.Time // zero before
	ContactDue     time.Time // the customer should have been contacted by then; of groups the same as ResolveDue
	ResolveDue     time.Time // it should be resolved by then

	Assignee   string    // empty for nobody
	Resolution string    // what helped; Withdrawn or Recovery where it resolved by itself
	ResolvedBy string    // a person, or System
	MailedAt   time.Time // when the first of its owners was told by mail; zero before
	MailedTo   []string  // who has the mail, as Recipient gives them
	RefusedTo  []string  // whom the mail server refused for good, likewise
	Seen       Seen      // what had been looked at when it was resolved; empty before
}

// Began returns when the work on the alert began, the last time.
func (a *Alert) Began() time.Time {
	if a.ReopenedAt.IsZero() {
		return a.OpenedAt
	}
	return a.ReopenedAt
}

// System is who changes alerts when no person does.
const System = "satisflow"

// Entry is a change in the record of an alert.
type Entry struct {
	Version uint64 // of the alert after the change
	At      time.Time
	By      string // a person, or System
	Action  Action
	Comment string
	// Assignee is who has been to see to the alert since an Assign; empty for nobody, and for every other action.
	Assignee string
}

// Change is an alert as it now is, and the entry that says why.
type Change struct {
	Alert Alert
	Entry Entry
}

// Action is what happened to an alert.
type Action string

// Those of System open, update, escalate and recover an alert and tell its owners; the others are of people.
const (
	Opened      Action = "opened"
	Updated     Action = "updated"      // more ratings, another value
	Escalated   Action = "escalated"    // the severity rose
	Recovered   Action = "recovered"    // its reason has gone, it is resolved by itself
	Mailed      Action = "mailed"       // owners were told
	MailRefused Action = "mail_refused" // the mail server refused owners for good, and nobody else was told
	Acknowledge Action = "acknowledge"
	Assign      Action = "assign"
	Contact     Action = "contacted"
	Resolve     Action = "resolve"
	Verify      Action = "verify"
	Reopen      Action = "reopen"
	Comment     Action = "comment"
)

// Rating is a fact of a customer, as it now stands.
type Rating struct {
	RatingID   string
	CustomerID string
	OccurredAt time.Time
	ArrivedAt  time.Time // timestamp of its Kafka record, by the clock of the broker or the producer
	Partition  int32     // of its record
	Offset     int64     // of its record
	Service    string
	Segment    string
	Rating     int32 // hundredths, 100 to 500; 0 without a score
	Counts     bool  // neither erased nor quarantined, and of a customer
}

// Group is a service or a segment with the sums of a closed window and of the one before.
type Group struct {
	Subject         Subject
	End             time.Time     // of the window, exclusive
	Window          time.Duration // length
	Satisfied       int64
	Ratings         int64
	BeforeSatisfied int64
	BeforeRatings   int64
}
