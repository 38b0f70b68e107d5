package mail

import (
	"errors"
	"net/mail"
	"regexp"
	"strings"
	"unicode/utf8"
)

// errAddress says what would be right; quoted local parts and addresses beyond ASCII are not taken everywhere.
var errAddress = errors.New("want an address such as name@example.org, in ASCII (a Chinese domain in its xn-- form)")

var plainAddress = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$")

// parseAddress reads one address, with or without a name. What it returns holds no line end nor anything else that could
// end a header or a command.
func parseAddress(text string) (*mail.Address, error) {
	parsed, err := mail.ParseAddress(text)
	if err != nil || !plainAddress.MatchString(parsed.Address) {
		return nil, errAddress
	}
	parsed.Name = oneLine(parsed.Name)
	return parsed, nil
}

// masked is an address as errors show it.
func masked(address string) string {
	local, domain, found := strings.Cut(address, "@")
	if !found || local == "" {
		return "…"
	}
	first, _ := utf8.DecodeRuneInString(local)
	return oneLine(string(first) + "…@" + domain)
}

// domainOf is what follows the address's last @.
func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
