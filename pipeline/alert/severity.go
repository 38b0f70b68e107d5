package alert

import (
	"fmt"
	"slices"
	"strings"
)

var severityNames = []string{"minor", "major", "critical"}

// AllSeverities are all of them, the least first.
func AllSeverities() []Severity { return []Severity{Minor, Major, Critical} }

// String returns the word that the API gives.
func (s Severity) String() string { return name(severityNames, uint8(s), "severity") }

// ParseSeverity returns the severity of the word.
func ParseSeverity(text string) (Severity, error) {
	n, err := number(severityNames, text, "severity")
	return Severity(n), err
}

// MarshalText returns the word, and an error for what is no severity.
func (s Severity) MarshalText() ([]byte, error) { return marshal(severityNames, uint8(s), "severity") }

// UnmarshalText reads the word.
func (s *Severity) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSeverity(string(text))
	return err
}

// name returns the nth of the names, counted from 1.
func name(names []string, n uint8, kind string) string {
	if n == 0 || int(n) > len(names) {
		return fmt.Sprintf("%s %d", kind, n)
	}
	return names[n-1]
}

func marshal(names []string, n uint8, kind string) ([]byte, error) {
	if n == 0 || int(n) > len(names) {
		return nil, fmt.Errorf("%s: %d: want 1 to %d", kind, n, len(names))
	}
	return []byte(names[n-1]), nil
}

// number returns which of the names the text is, counted from 1.
func number(names []string, text, kind string) (uint8, error) {
	at := slices.Index(names, text)
	if at < 0 {
		return 0, fmt.Errorf("%s: %q: want %s", kind, text, either(names))
	}
	return uint8(at + 1), nil
}

// either joins names for people: a, b or c.
func either[T ~string](names []T) string {
	words := make([]string, len(names))
	for i, n := range names {
		words[i] = string(n)
	}
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
