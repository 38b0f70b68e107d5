package erasure

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"unicode/utf8"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/sinks/clickhouse"
)

// Kinds of an erasure.
const (
	KindRating   = "rating"
	KindCustomer = "customer"
)

// Limits of a request.
const (
	MaxIDs = 10_000
	maxBy  = 200 // bytes
)

// Request names what is to be erased.
type Request struct {
	Kind string   // KindRating or KindCustomer
	IDs  []string // as producers send them; of customers also the stored pseudonym
	By   string   // who asks, for the audit
}

var (
	ratingID  = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)
	pseudonym = regexp.MustCompile(`^[0-9a-f]{32}$`) // as admit.Pseudonym makes them
)

// ErrRequest is wrapped by the errors of Validate.
var ErrRequest = errors.New("wrong request")

// Validate returns an error that says what would be right. It quotes no customer id.
func (r Request) Validate() error {
	switch {
	case r.Kind != KindRating && r.Kind != KindCustomer:
		return fmt.Errorf("%w: kind %q: want %s or %s", ErrRequest, r.Kind, KindRating, KindCustomer)
	case len(r.IDs) == 0 || len(r.IDs) > MaxIDs:
		return fmt.Errorf("%w: %d ids: want 1 to %d", ErrRequest, len(r.IDs), MaxIDs)
	case len(r.By) == 0 || len(r.By) > maxBy || !utf8.ValidString(r.By):
		return fmt.Errorf("%w: by: %d bytes: want who asks for it, 1 to %d bytes of UTF-8", ErrRequest, len(r.By), maxBy)
	}
	for i, id := range r.IDs {
		if r.Kind == KindRating && !ratingID.MatchString(id) {
			return fmt.Errorf("%w: rating id %d of %d: want 1 to 64 letters, digits, dots, underscores, colons and hyphens", ErrRequest, i+1, len(r.IDs))
		}
		if n := utf8.RuneCountInString(id); n == 0 || n > event.MaxCustomerID || !utf8.ValidString(id) {
			return fmt.Errorf("%w: customer id %d of %d has %d characters: want 1 to %d", ErrRequest, i+1, len(r.IDs), n, event.MaxCustomerID)
		}
	}
	return nil
}

// subjects are the ids in every form that they may be stored in.
func (r Request) subjects(key []byte) clickhouse.Subjects {
	if r.Kind == KindRating {
		return clickhouse.Subjects{Ratings: r.IDs}
	}
	s := clickhouse.Subjects{Customers: r.IDs}
	if len(key) > 0 {
		s.Customers = append([]string{}, r.IDs...)
		for _, id := range r.IDs {
			s.Customers = append(s.Customers, admit.Pseudonym(key, id))
		}
	}
	return s
}

// hashes are what the audit keeps of the ids.
func (r Request) hashes(key []byte) []string {
	out := make([]string, len(r.IDs))
	for i, id := range r.IDs {
		out[i] = hashOf(r.Kind+":"+id, key)
	}
	return out
}

func hashOf(text string, key []byte) string {
	if len(key) == 0 {
		sum := sha256.Sum256([]byte(text))
		return "sha256:" + hex.EncodeToString(sum[:])
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("erasure:" + text)) // never what a pseudonym is made of
	return "hmac-sha256:" + hex.EncodeToString(mac.Sum(nil))
}
