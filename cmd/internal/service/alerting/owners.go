package alerting

import (
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"satisflow/pipeline/alert"
	"satisflow/pipeline/window"
)

// owners are the mail addresses of whoever answers for a service or segment.
type owners map[alert.Subject][]string

const wantOwner = "service:NAME=MAIL or segment:NAME=MAIL, more addresses after commas"

// parseOwners reads the owners. A comma may have taken the further addresses of one apart, as it does in flags.
func parseOwners(texts []string) (owners, error) {
	all := owners{}
	var errs []error
	var last alert.Subject
	for _, text := range texts {
		subject, addresses := last, text
		if at := strings.LastIndexByte(text, '='); at >= 0 { // a name may hold one too
			dimension, name, _ := strings.Cut(text[:at], ":")
			subject, addresses = alert.Subject{Dimension: dimension, Value: name}, text[at+1:]
		}
		if !slices.Contains([]string{window.Service, window.Segment}, subject.Dimension) || subject.Value == "" {
			errs = append(errs, fmt.Errorf("owners: %q: want %s", text, wantOwner))
			continue
		}
		last = subject
		for address := range strings.SplitSeq(addresses, ",") {
			parsed, err := mail.ParseAddress(strings.TrimSpace(address))
			if err != nil || parsed.Name != "" {
				errs = append(errs, fmt.Errorf("owners: %q: %q is no mail address: want %s", text, address, wantOwner))
				continue
			}
			if !slices.Contains(all[subject], parsed.Address) {
				all[subject] = append(all[subject], parsed.Address)
			}
		}
	}
	return all, errors.Join(errs...)
}
