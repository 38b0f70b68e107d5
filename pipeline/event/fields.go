package event

import "slices"

// field is a top-level field of the event: one entry says how it is read, written and described.
type field struct {
	name     string
	bit      uint32 // set by init; 0 in fields that are not the event's
	help     string // for the schema
	want     string // what is right, for errors
	private  bool   // a person may have written the value, or be named by it: it is in no error
	identity bool   // counts on an erasure too
	required bool   // on a put

	text   func(*Event) *string // of a text field without a rule of its own
	max    int                  // characters of such a text
	read   func(*Decoder, *field, *Event) bool
	write  func([]byte, *Event, []Metric) []byte // the value; nil where there is none
	schema func(Config) schema
}

// path names the field, or the member of it.
func (f *field) path(member string) string {
	if member == "" {
		return f.name
	}
	return f.name + "." + member
}

const (
	answersName    = "answers"
	attributesName = "attributes"
	qualityName    = "quality"
)

const (
	wantName = "a string of at most 128 characters, none of them a control character"
	wantTime = "an RFC 3339 time with its zone from 2000 to 2099, such as 2026-03-01T09:30:00+08:00"
)

// fields are the fields in the order in which they are written.
var fields = []field{
	{name: "rating_id", identity: true, required: true, read: readRatingID, write: writeRatingID, schema: schemaRatingID,
		want: "a string of 1 to 64 of the characters A-Z a-z 0-9 . _ : -",
		help: "Identity of the rating. The same id again is an update or a duplicate, never a second rating; it keeps its occurred_at and customer_id for ever."},
	{name: "revision", read: readRevision, write: writeRevision, schema: schemaRevision,
		want: "an integer from 0 to 8388607",
		help: "The higher revision wins, the later record among equal ones. A counter that corrections raise, not a time. Missing is 0."},
	{name: "op", identity: true, read: readOp, write: writeOp, schema: schemaOp,
		want: `"put" or "erase"`,
		help: "put (default) states the rating. erase removes it for ever, whatever the revision; only rating_id, occurred_at and customer_id are needed then, and all but these, service and revision is ignored."},
	{name: "occurred_at", identity: true, required: true, read: readOccurredAt, write: writeOccurredAt, schema: schemaOccurredAt,
		want: wantTime,
		help: "When the customer rated: RFC 3339 with a zone, at most nine digits of a fraction, of which milliseconds are kept."},
	{name: "customer_id", identity: true, required: true, private: true, read: readCustomerID, write: writeCustomerID, schema: schemaCustomerID,
		want: "a string of 1 to 128 characters, none of them a control character, or an integer",
		help: "The customer, and the key of the Kafka record. An integer is taken as its digits."},
	{name: "service", required: true, text: func(e *Event) *string { return &e.Service }, max: MaxName, schema: schemaService,
		want: wantName,
		help: "The service that was rated."},
	{name: "product_id", text: func(e *Event) *string { return &e.ProductID }, max: MaxName, want: wantName,
		help: "The product that was rated."},
	{name: "channel", text: func(e *Event) *string { return &e.Channel }, max: MaxName, want: wantName,
		help: "How the rating was given: email, phone, web, app, in_person, chat, social, after_sales or another word."},
	{name: "segment", text: func(e *Event) *string { return &e.Segment }, max: MaxName, want: wantName,
		help: "The customer's segment."},
	{name: "source", text: func(e *Event) *string { return &e.Source }, max: MaxName, want: wantName,
		help: "The system that the rating comes from."},
	{name: attributesName, read: readAttributes, write: writeAttributes, schema: schemaAttributes,
		want: "an object whose values are strings of at most 128 characters, none of them a control character",
		help: "Attributes that are declared in the configuration."},
	{name: "rating", read: readRating, write: writeRating, schema: schemaRating,
		want: "a number from 1 to 5 with at most two decimals, such as 4.5",
		help: "The score. It may be missing only where there is a comment or an answer: feedback without a score."},
	{name: "respondent", read: readRespondent, write: writeRespondent, schema: schemaRespondent,
		want: `"customer" or "staff"`,
		help: "Who rated: customer (default) or staff. Staff never counts in the target."},
	{name: qualityName, read: readQuality, write: writeQuality, schema: schemaQuality,
		want: "an object of numbers",
		help: "Measured quality of the service."},
	{name: answersName, private: true, read: readAnswers, write: writeAnswers, schema: schemaAnswers,
		want: "an object of at most 100 answers, each a number or a string",
		help: "Answers to survey questions by the question's id; their scales are the survey version's. Of a text the first 4,000 characters are kept."},
	{name: "comment", private: true, read: readComment, write: writeComment, schema: schemaText,
		want: "a string",
		help: "What the customer wrote. The first 4,000 characters are kept; comment_truncated says that there were more."},
	{name: "language", read: readLanguage, write: writeLanguage, schema: schemaLanguage,
		want: "a language tag such as zh-CN or en, at most 35 characters",
		help: "BCP 47 tag of the comment's language; detected when missing."},
	{name: "quarantined", read: readQuarantined, write: writeQuarantined, schema: schemaFlag,
		want: "true or false",
		help: "Whether the rating is kept but counted in no share. Missing is false."},
	{name: "comment_truncated", read: readCommentTruncated, write: writeCommentTruncated, schema: schemaFlag,
		want: "true or false",
		help: "Whether the end of the comment is lost: set where it was longer than 4,000 characters, by whoever cut it. Missing is false."},
	{name: "answers_truncated", read: readAnswersTruncated, write: writeAnswersTruncated, schema: schemaFlag,
		want: "true or false",
		help: "Whether the end of an answer is lost, likewise. Missing is false."},
	{name: "survey_id", text: func(e *Event) *string { return &e.SurveyID }, max: MaxName, want: wantName,
		help: "The survey that asked for the rating."},
	{name: "invitation_id", text: func(e *Event) *string { return &e.InvitationID }, max: MaxName, want: wantName,
		help: "The invitation that asked for the rating."},
}

func init() {
	for i := range fields {
		fields[i].bit = 1 << i
	}
}

// Bits of the fields that rules between fields speak of.
var (
	bitRatingID   = bitOf("rating_id")
	bitOccurredAt = bitOf("occurred_at")
	bitRating     = bitOf("rating")
	bitAnswers    = bitOf(answersName)
	bitComment    = bitOf("comment")
)

func bitOf(name string) uint32 {
	return 1 << slices.IndexFunc(fields, func(f field) bool { return f.name == name })
}

// byLength holds the fields' indexes by the length of the name: comparing the few of one length is faster than a map.
var byLength = func() (lists [18][]uint8) {
	for i := range fields {
		n := len(fields[i].name)
		lists[n] = append(lists[n], uint8(i))
	}
	return lists
}()

// lookup returns the index of the field, or -1.
func lookup(name string) int {
	if len(name) < len(byLength) {
		for _, i := range byLength[len(name)] {
			if fields[i].name == name {
				return int(i)
			}
		}
	}
	return -1
}

// FieldNames returns the names of the event's fields in the order in which they are written.
func FieldNames() []string {
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].name
	}
	return names
}

// Reasons returns every reason for which a Decoder may refuse a record.
func Reasons() []string {
	reasons := []string{BadJSON, UnknownField}
	for _, name := range append(FieldNames(), envelopeFields...) {
		reasons = append(reasons, BadField+name)
	}
	return reasons
}
