package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Request is what somebody does about an alert.
type Request struct {
	Action   Action // one of State.Possible; of System, Mailed and MailRefused
	By       string // who, 1 to 128 characters
	Comment  string // up to 4,000 characters; required to comment, and to resolve, where it says what helped
	Assignee string // to assign: who is to see to it, up to 128 characters, empty for nobody
	// Other is the id of another alert of the same subject and rule that is at work, empty when there is none. As only one
	// is at work at a time, nothing can be reopened beside it.
	Other string
	Seen  Seen // to resolve: what has been looked at
	// Of System: who has the mail, and who was refused for good, as Recipient gives them.
	MailedTo, RefusedTo []string
}

// Recipient returns by what an alert knows who was told: a hash, as addresses are personal.
func Recipient(address string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(address)))
	return hex.EncodeToString(sum[:8])
}

// Characters of what people write, at most.
const (
	mostName    = 128
	mostComment = 4000
)

// FieldError says what is wrong with a field of a Request.
type FieldError struct {
	Field string // action, by, comment or assignee
	Value string // what was found there, without any text that a person may have written
	Want  string // what would be right
}

// Error returns the field, the value and what would be right.
func (e *FieldError) Error() string { return fmt.Sprintf("%s: %s: want %s", e.Field, e.Value, e.Want) }

// AllActions are those of people.
func AllActions() []Action {
	return []Action{Acknowledge, Assign, Contact, Resolve, Verify, Reopen, Comment}
}

// tidy returns the request without blanks around its texts.
func (do Request) tidy() Request {
	do.By, do.Comment, do.Assignee = strings.TrimSpace(do.By), strings.TrimSpace(do.Comment), strings.TrimSpace(do.Assignee)
	return do
}

// check returns a *FieldError for what is wrong whatever the alert is.
func (do *Request) check() error {
	system := do.By == System
	switch {
	case (do.Action == Mailed || do.Action == MailRefused) && system:
	case !slices.Contains(AllActions(), do.Action):
		return &FieldError{"action", fmt.Sprintf("%.40q", do.Action), either(AllActions())}
	case system:
		return &FieldError{"by", System, "the name of a person"}
	}
	comment := 0
	if do.Action == Resolve || do.Action == Comment {
		comment = 1
	}
	for _, f := range []struct {
		name, text  string
		least, most int
		allowed     string // control characters that are
	}{
		{"by", do.By, 1, mostName, ""}, {"comment", do.Comment, comment, mostComment, "\n\r\t"}, {"assignee", do.Assignee, 0, mostName, ""},
	} {
		if found := fault(f.text, f.least, f.most, f.allowed); found != "" {
			return &FieldError{f.name, found, fmt.Sprintf("%d to %d characters without control characters", f.least, f.most)}
		}
	}
	return nil
}

// CheckName returns a *FieldError for what is no name of a person who acts.
func CheckName(by string) error {
	switch found := fault(by, 1, mostName, ""); {
	case by == System:
		return &FieldError{"by", System, "the name of a person"}
	case found != "":
		return &FieldError{"by", found, fmt.Sprintf("1 to %d characters without control characters", mostName)}
	}
	return nil
}

// fault says what is wrong with the text, nothing if it is fine.
func fault(text string, least, most int, allowed string) string {
	n := utf8.RuneCountInString(text)
	switch {
	case !utf8.ValidString(text):
		return "not UTF-8"
	case n == 0 && least > 0:
		return "empty"
	case n > most:
		return fmt.Sprintf("%d characters", n)
	case strings.ContainsFunc(text, func(c rune) bool { return unicode.IsControl(c) && !strings.ContainsRune(allowed, c) }):
		return "a control character"
	}
	return ""
}
