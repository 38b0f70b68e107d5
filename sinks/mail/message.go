package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

// maxSubject bounds a subject, in characters.
const maxSubject = 200

// Message is one mail.
type Message struct {
	// ID names the mail for good, among all that the sender ever sends: two attempts with the same ID are one mail.
	ID string
	// InReplyTo is the ID of an earlier mail that this one belongs to; readers show them together. Empty: none.
	InReplyTo string
	// To are the recipients, each with or without a name. All of them see all.
	To []string
	// Date is when the mail was written; zero means when it is sent.
	Date time.Time
	// Subject is cut after 200 characters; line ends and the like become blanks.
	Subject string
	// Text is the mail as plain text; HTML is the same for readers that show it, and may be empty.
	Text, HTML string
}

// compose writes the mail to recipients that were found right.
func compose(m Message, from *mail.Address, to []*mail.Address) (*gomail.Msg, error) {
	if m.ID == "" {
		return nil, permanentf("mail has no ID: want one that stays the same at every attempt")
	}
	if m.Text == "" {
		return nil, permanentf("mail %q has no text: want one beside the HTML too", m.ID)
	}
	if m.Date.IsZero() {
		m.Date = time.Now()
	}
	msg := gomail.NewMsg(gomail.WithEncoding(gomail.EncodingB64), gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(to...)
	msg.Subject(subject(m.Subject))
	msg.SetDateWithValue(m.Date)
	setIDs(msg, m, domainOf(from.Address))
	// Programs that answer by themselves, such as for those on leave, are asked not to.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBulk()
	msg.SetBodyString(gomail.TypeTextPlain, lines(m.Text))
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, lines(m.HTML))
	}
	return msg, nil
}

func setIDs(msg *gomail.Msg, m Message, domain string) {
	msg.SetMessageIDWithValue(messageID(m.ID, domain))
	if m.InReplyTo != "" {
		earlier := "<" + messageID(m.InReplyTo, domain) + ">"
		msg.SetGenHeader(gomail.HeaderInReplyTo, earlier)
		msg.SetGenHeader(gomail.HeaderReferences, earlier)
	}
}

// maxID bounds the part of a Message-ID before the @; longer IDs are hashed.
const maxID = 120

// messageID writes any ID with the characters that a Message-ID may have; different IDs stay different.
func messageID(id, domain string) string {
	var b strings.Builder
	for i := range len(id) {
		if c := id[i]; c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	if b.Len() > maxID {
		sum := sha256.Sum256([]byte(id))
		return "=" + hex.EncodeToString(sum[:]) + "@" + domain // no escape has two small letters or digits alone
	}
	return b.String() + "@" + domain
}

func subject(text string) string {
	text = oneLine(text)
	if runes := []rune(text); len(runes) > maxSubject {
		text = string(runes[:maxSubject-1]) + "…"
	}
	return text
}

// oneLine replaces runs of blanks, line ends and control characters by one blank, and bytes that are no UTF-8.
func oneLine(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }), " ")
}

// lines ends each line as mails do, and replaces bytes that are no UTF-8.
func lines(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	return strings.ReplaceAll(text, "\n", "\r\n")
}

// recipients reads the addresses, each once; those that are wrong are refusals.
func recipients(to []string) (good []*mail.Address, refused []Refusal, err error) {
	if len(to) == 0 {
		return nil, nil, permanentError{errors.New("mail has no recipient: want at least one")}
	}
	seen := map[string]bool{}
	for _, text := range to {
		parsed, err := parseAddress(text)
		if err != nil {
			refused = append(refused, Refusal{Address: text, Permanent: true, Reason: err.Error()})
			continue
		}
		if key := strings.ToLower(parsed.Address); !seen[key] {
			seen[key] = true
			good = append(good, parsed)
		}
	}
	return good, refused, nil
}
