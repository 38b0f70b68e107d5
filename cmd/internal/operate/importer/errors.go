package importer

import (
	"errors"
	"fmt"
)

// ErrUsage is wrapped by errors that another command line, or another file, would mend. Nothing was sent when one is returned.
var ErrUsage = errors.New("cannot import")

func usage(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrUsage, fmt.Errorf(format, args...))
}

// absent is an error that further columns could mend.
type absent struct{ error }

func (a absent) Unwrap() error { return a.error }

// Reasons for which a row is rejected beside those of package admit.
const (
	badCSV           = "bad_csv"           // the line is not CSV, or has more fields than the header
	badEncoding      = "bad_encoding"      // the row's bytes are not text in the file's encoding
	tooLongRow       = "too_long"          // a line or an object of more than maxRow bytes
	duplicateID      = "duplicate_id"      // the rating_id and revision came before, with other content
	identityConflict = "identity_conflict" // the rating_id came before, with another time or customer
	refusedByKafka   = "refused_by_kafka"  // such as larger than the topic takes
)

// problem is one thing that is wrong with a row.
type problem struct {
	Field string `json:"field,omitempty"` // of the event
	Value string `json:"value,omitempty"` // as it would be sent, shortened
	Found string `json:"found,omitempty"` // what is there instead, where no value says it
	Want  string `json:"want"`            // what would be right
}

// rejection says why a row is not imported.
type rejection struct {
	reason   string
	problems []problem
}

func reject(reason, field, found, want string) *rejection {
	return &rejection{reason, []problem{{Field: field, Found: found, Want: want}}}
}
