package alertmanager

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// ErrPermanent is wrapped by errors that no further push of the same alerts can mend.
var ErrPermanent = errors.New("permanent")

// IsPermanent says whether the error is one that no further push of the same alerts can mend.
func IsPermanent(err error) bool { return errors.Is(err, ErrPermanent) }

type permanentError struct{ err error }

func (e permanentError) Error() string   { return e.err.Error() }
func (e permanentError) Unwrap() []error { return []error{ErrPermanent, e.err} }

// failures are those of one push.
type failures []error

func (f failures) Error() string {
	texts := make([]string, len(f))
	for i, err := range f {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

// with adds more failures, each once: a member that is down fails with every batch alike.
func (f failures) with(more failures) failures {
	for _, err := range more {
		if !slices.Contains(f, err) {
			f = append(f, err)
		}
	}
	return f
}

// Is says that the whole is permanent when each failure is: another push would then mend none. Other targets are met by
// any failure.
func (f failures) Is(target error) bool {
	met := func(err error) bool { return errors.Is(err, target) }
	if target == ErrPermanent {
		return !slices.ContainsFunc(f, func(err error) bool { return !met(err) })
	}
	return slices.ContainsFunc(f, met)
}

// As finds the first failure that fits.
func (f failures) As(target any) bool {
	return slices.ContainsFunc(f, func(err error) bool { return errors.As(err, target) })
}

// StatusError is an answer of Alertmanager, or of what stands before it, that is not a success.
type StatusError struct {
	URL    string // of the member
	Status int
	Body   string // its beginning, on one line
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s answers %d %s", e.URL, e.Status, http.StatusText(e.Status))
	if e.Body != "" {
		text += ": " + e.Body
	}
	return text
}

// Is says that the error is ErrPermanent when the answer is about the alerts: their form, their content, their size.
func (e *StatusError) Is(target error) bool {
	switch e.Status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		return target == ErrPermanent
	default:
		return false
	}
}
