package alert

import (
	"errors"
	"fmt"
	"time"
)

// Rules decide which alerts there are. They are safe for concurrent use.
type Rules struct {
	config    Config
	weights   weights
	threshold int32 // hundredths; a rating or mean below it is low
	satisfied int32 // hundredths; a rating from it on is satisfied
}

// NewRules returns the rules of the configuration. The threshold, below which a rating or mean is low, and the least
// rating that is satisfied are in hundredths of a point, 101 to 500.
func NewRules(c Config, threshold, satisfied int32) (*Rules, error) {
	const least, most = 101, 500
	err := c.Validate()
	for _, b := range []struct {
		field string
		value int32
	}{{"threshold", threshold}, {"satisfied", satisfied}} {
		if b.value < least || b.value > most {
			err = errors.Join(err, fmt.Errorf("%s: %d: want %d to %d hundredths of a point", b.field, b.value, least, most))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("rules of alerts: %w", err)
	}
	w, err := parseWeights(c.Weights)
	return &Rules{config: c, weights: w, threshold: threshold, satisfied: satisfied}, err
}

// Customer returns what changes for one customer. Ratings are all that it gave since RatingsSince, in any order, as they
// now stand, those that do not count included; older ones may be among them, so that the alerts which name them can be held
// against what they now are (a rating that is not given is taken for unchanged). Alerts are all of the customer that are at
// work or were changed since AlertsSince, and the latest of each rule; others may be among them.
//
// Seen is what of the log was stored when they were read; what is given is taken for seen too.
//
// The changes of one alert stand in the order of their versions. No argument is written to.
func (r *Rules) Customer(ratings []Rating, alerts []Alert, seen Seen, now time.Time) []Change {
	c := r.customer(ratings, alerts, seen, now)
	changes := c.lowRatings()
	changes = append(changes, c.standing(LowMean, r.lowMean)...)
	return append(changes, c.standing(Falling, r.falling)...)
}
