package mail

import (
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"
)

// ErrPermanent is wrapped by errors that no further attempt with the same mail can mend: an unknown recipient, a wrong
// address, a content that the server refuses.
var ErrPermanent = errors.New("permanent")

// IsPermanent says whether the error is one that no further attempt with the same mail can mend.
func IsPermanent(err error) bool { return errors.Is(err, ErrPermanent) }

type permanentError struct{ err error }

func (e permanentError) Error() string   { return e.err.Error() }
func (e permanentError) Unwrap() []error { return []error{ErrPermanent, e.err} }

func permanentf(format string, args ...any) error { return permanentError{fmt.Errorf(format, args...)} }

// Refusal is a recipient that does not get the mail.
type Refusal struct {
	Address   string // as it was given
	Permanent bool   // false when another attempt may succeed, such as after greylisting
	Reason    string // the server's word, addresses in it masked, or ours about an address that is none
}

// RefusedError says which recipients were refused. The others have the mail, if there are others.
type RefusedError struct{ Refused []Refusal }

// Error names the refused recipients by first letter and domain.
func (e *RefusedError) Error() string {
	var reasons []string
	for _, r := range e.Refused {
		reasons = append(reasons, masked(r.Address)+": "+r.Reason)
	}
	return "recipients refused: " + strings.Join(reasons, "; ")
}

// Is says that the error is ErrPermanent when no recipient is worth another attempt.
func (e *RefusedError) Is(target error) bool { return target == ErrPermanent && len(e.Retry()) == 0 }

// Retry returns the recipients that another attempt may reach: To of that attempt, so that the others get nothing twice.
func (e *RefusedError) Retry() (to []string) {
	for _, r := range e.Refused {
		if !r.Permanent {
			to = append(to, r.Address)
		}
	}
	return to
}

// replyCode is the server's answer, 0 when the error is none.
func replyCode(err error) int {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		return 0
	}
	return reply.Code
}

// needsSignIn answers a recipient too, at some servers.
const needsSignIn = 530

// ofMail says whether the server's answer is about the mail, for good. A missing sign-in is not: it is mended while mails
// wait.
func ofMail(err error) bool {
	code := replyCode(err)
	return code/100 == 5 && code != needsSignIn
}

// failure is an error of the library or the server whose text may be logged.
type failure struct {
	text string
	err  error
}

func (f failure) Error() string { return f.text }
func (f failure) Unwrap() error { return f.err }

// maxReply bounds what errors keep of a server's answer, in characters.
const maxReply = 300

var anyAddress = regexp.MustCompile(`[^\s<>()\[\]:;,"']+@[\pL\pN.-]+`)

// loggable is the error on one line, with addresses masked.
func loggable(err error) string {
	text := anyAddress.ReplaceAllStringFunc(oneLine(err.Error()), masked)
	if runes := []rune(text); len(runes) > maxReply {
		text = string(runes[:maxReply-1]) + "…"
	}
	return text
}
