package alert

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

const day = 24 * time.Hour

type check struct {
	field string
	value any
	fine  bool
	want  string
}

// Validate reports every field that is wrong, by its key in the file below alerts, with its value and what would be right.
// Whether there is a window of the name GroupWindow is left to the caller, who knows the windows.
func (c *Config) Validate() error {
	const most = 1_000_000
	checks := []check{
		{"window", c.Window, c.Window >= day && c.Window <= 366*day, "24h0m0s to 8784h0m0s"},
		{"min_ratings", c.MinRatings, c.MinRatings >= 1 && c.MinRatings <= most, "1 to 1000000"},
		{"fall_ratings", c.FallRatings, c.FallRatings >= 2 && c.FallRatings <= most, "2 to 1000000"},
		{"fall_drop", c.FallDrop, share(c.FallDrop), "more than 0, at most 1"},
		{"group_window", fmt.Sprintf("%q", c.GroupWindow), strings.TrimSpace(c.GroupWindow) != "", "the name of a rolling window, such as 7d"},
		{"group_ratings", c.GroupRatings, c.GroupRatings >= 2 && c.GroupRatings <= most, "2 to 1000000"},
		{"group_drop", c.GroupDrop, share(c.GroupDrop), "more than 0, at most 1"},
		{"fresh_for", c.FreshFor, c.FreshFor >= time.Minute && c.FreshFor <= day, "1m0s to 24h0m0s"},
		{"fresh_age", c.FreshAge, c.FreshAge >= time.Minute && c.FreshAge <= c.Window, "1m0s to the window, " + c.Window.String()},
		{"major", c.Major, c.Major > 0 && c.Major <= mostPoints, fmt.Sprintf("more than 0, at most %d", mostPoints)},
		{"critical", c.Critical, c.Critical > c.Major && c.Critical <= mostPoints, fmt.Sprintf("more than major, %v, at most %d", c.Major, mostPoints)},
	}
	checks = append(checks, c.ContactIn.checks("contact_in", Clock{})...)
	checks = append(checks, c.ResolveIn.checks("resolve_in", c.ContactIn)...)
	_, err := parseWeights(c.Weights)
	return errors.Join(failed(checks), err)
}

// mostPoints is the length of the scale times the greatest weight.
const mostPoints = 4 * mostWeight

func share(v float64) bool { return v > 0 && v <= 1 }

// checks demands a second to a year, not less than the other clock, and not more for what is more severe.
func (c *Clock) checks(field string, least Clock) []check {
	return []check{
		within(field+".critical", c.Critical, least.Critical, 366*day),
		within(field+".major", c.Major, max(c.Critical, least.Major), 366*day),
		within(field+".minor", c.Minor, max(c.Major, least.Minor), 366*day),
	}
}

func within(field string, value, least, most time.Duration) check {
	least = max(least, time.Second)
	return check{field, value, value >= least && value <= most, fmt.Sprintf("%s to %s", least, most)}
}

func failed(checks []check) error {
	var errs []error
	for _, c := range checks {
		if !c.fine {
			errs = append(errs, fmt.Errorf("%s: %v: want %s", c.field, c.value, c.want))
		}
	}
	return errors.Join(errs...)
}

// RatingsSince is since when (occurred_at) Rules.Customer needs the ratings of a customer: two windows, as they were at the
// arrival of the oldest rating that is still fresh.
func (c *Config) RatingsSince(now time.Time) time.Time { return now.Add(-2*c.Window - c.FreshFor) }

// AlertsSince is since when Rules.Customer needs all alerts of a customer that were changed (updated_at), and not only
// those at work and the latest of each rule: an alert that knows a rating which is still fresh was changed after the rating
// was given. A clock may be an hour ahead.
func (c *Config) AlertsSince(now time.Time) time.Time {
	return now.Add(-c.FreshAge - c.FreshFor - time.Hour)
}
