package importer

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"satisflow/pipeline/event"
)

// Decimals of Config: how numbers in text are written.
const (
	decimalComma = "comma" // 1.234,5
	decimalPoint = "point" // 1234.5, and 1.250 is one and a quarter
)

var (
	commaNumber = regexp.MustCompile(`^-?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?$`)
	thousands   = regexp.MustCompile(`^-?[1-9]\d{0,2}(\.\d{3})+$`)
	withComma   = regexp.MustCompile(`^-?(\d+|\d{1,3}(\.\d{3})+),\d+$`)
)

// numeric says whether the field holds a number.
func numeric(t *target) bool {
	return t.name == "rating" || t.name == "revision" || t.group == "quality" || t.group == "answers"
}

// readNumber returns the text of a number as JSON writes it, text that is none as it is, or what is wrong with it.
func readNumber(t *target, s, decimal string, metrics []event.Metric) (string, *problem) {
	switch {
	case decimal == decimalComma && commaNumber.MatchString(s):
		return strings.Replace(strings.ReplaceAll(s, ".", ""), ",", ".", 1), nil
	case decimal == "" && thousands.MatchString(s) && mayBeThousands(t, metrics):
		return s, &problem{Field: t.name, Value: s, Want: "a number that can be read in one way: --decimal-comma reads the point as one between thousands, --decimal-comma=false as a decimal point"}
	}
	return s, nil
}

// mayBeThousands says whether a thousand of the unit is a value that the target takes.
func mayBeThousands(t *target, metrics []event.Metric) bool {
	for _, m := range metrics {
		if t.group == "quality" && t.member == m.Name {
			return m.Max >= 1000
		}
	}
	return t.group == "answers"
}

// Scale is the least and the greatest score of a file whose ratings are not of 1 to 5.
type Scale struct{ Least, Greatest float64 }

// parseScale reads MIN..MAX.
func parseScale(s string) (*Scale, error) {
	if s == "" {
		return nil, nil
	}
	least, greatest, ok := strings.Cut(s, "..")
	from, err := strconv.ParseFloat(strings.TrimSpace(least), 64)
	to, err2 := strconv.ParseFloat(strings.TrimSpace(greatest), 64)
	if !ok || err != nil || err2 != nil || !(from < to) || math.IsInf(to-from, 0) {
		return nil, fmt.Errorf("scale: %q: want MIN..MAX, the worst and the best score, such as 0..10", s)
	}
	return &Scale{from, to}, nil
}

// String returns the scale as parseScale reads it.
func (s Scale) String() string {
	return strconv.FormatFloat(s.Least, 'f', -1, 64) + ".." + strconv.FormatFloat(s.Greatest, 'f', -1, 64)
}

// own says whether the scores are ratings as they stand.
func (s Scale) own() bool { return s.Least == 1 && s.Greatest == 5 }

// rating returns the score's place between 1 and 5, to two decimals.
func (s Scale) rating(text string) (string, *problem) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= s.Least && n <= s.Greatest) {
		return text, &problem{Field: "rating", Value: shorten(text), Want: fmt.Sprintf("a number of the scale %s", s)}
	}
	if s.own() {
		return text, nil
	}
	const least, span, hundredths = 1, 4, 100
	r := least + span*(n-s.Least)/(s.Greatest-s.Least)
	return strconv.FormatFloat(math.Round(r*hundredths)/hundredths, 'f', -1, 64), nil
}

// scores counts ratings, to tell a file of another scale.
type scores struct {
	all, above  int64 // above: more than 5, and a whole number or not
	least, most float64
}

// add counts the text of a rating.
func (s *scores) add(text string) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return
	}
	if s.all == 0 {
		s.least, s.most = n, n
	}
	s.least, s.most = min(s.least, n), max(s.most, n)
	if s.all++; n > 5 {
		s.above++
	}
}

// other returns the scale that the scores seem to be of, or nothing.
func (s *scores) other() string {
	const fewest, share = 3, 10 // rows, and one of so many
	if s.above < fewest || s.above*share < s.all || s.least < 0 || s.most > 100 {
		return ""
	}
	least := 1.0
	if s.least < 1 {
		least = 0
	}
	for _, most := range []float64{7, 10, 100} {
		if s.most <= most {
			if most > 7 && least > 0 && s.least > 1 {
				least = 0
			}
			return Scale{least, most}.String()
		}
	}
	return ""
}
