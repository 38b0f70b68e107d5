package alert

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
)

const idLength = 20 // of 5 bits: of a million alerts, two are alike once in 10^18

// ID returns the identity of the alert that was raised by the rule for the subject. What opened it is a rating id, or the
// end of a window as text.
func ID(rule Rule, s Subject, opening string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q", rule, s.Dimension, s.Value, opening))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:idLength]
}
