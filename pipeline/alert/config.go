package alert

import "time"

// Config is when alerts are raised and how long people have to work on them.
type Config struct {
	Enabled    bool          `yaml:"enabled" help:"raise alerts of customers, services and segments"`
	Window     time.Duration `yaml:"window" help:"length of the rolling window of a customer's mean and share; the window before it is as long"`
	MinRatings int64         `yaml:"min_ratings" help:"ratings that a customer's mean is made of at least"`
	// A fall is significant when the whole interval of the difference lies below 0; see Falling.
	FallRatings  int64         `yaml:"fall_ratings" help:"ratings in each of the two windows of a customer at least, for a fall to be seen"`
	FallDrop     float64       `yaml:"fall_drop" help:"a share must fall by this much at least, 0 to 1"`
	GroupWindow  string        `yaml:"group_window" help:"name of the rolling window in which falls of services and segments are looked for"`
	GroupRatings int64         `yaml:"group_ratings" help:"ratings in each of the two windows of a service or segment at least"`
	GroupDrop    float64       `yaml:"group_drop" help:"the share of a service or segment must fall by this much at least, 0 to 1"`
	FreshFor     time.Duration `yaml:"fresh_for" help:"a rating opens an alert only this long after it arrived"`
	FreshAge     time.Duration `yaml:"fresh_age" help:"a rating that was older when it arrived opens no alert"`
	Weights      []string      `yaml:"weights" help:"how much a customer counts, 0.1 to 10, 1 for all others: segment:NAME=WEIGHT or customer:ID=WEIGHT; the customer's own stands before its segment's"`
	Major        float64       `yaml:"major" help:"points below the threshold, times the weight, from which an alert is major"`
	Critical     float64       `yaml:"critical" help:"points below the threshold, times the weight, from which an alert is critical"`
	ContactIn    Clock         `yaml:"contact_in" help:"how soon the customer should be contacted"`
	ResolveIn    Clock         `yaml:"resolve_in" help:"how soon an alert should be resolved"`
}

// Clock is a time to act within, by severity.
type Clock struct {
	Critical time.Duration `yaml:"critical" help:"for critical alerts"`
	Major    time.Duration `yaml:"major" help:"for major alerts"`
	Minor    time.Duration `yaml:"minor" help:"for minor alerts"`
}

// DefaultConfig returns the configuration that the documentation describes.
func DefaultConfig() Config {
	const day = 24 * time.Hour
	return Config{
		Enabled: true, Window: 28 * day, MinRatings: 3,
		FallRatings: 5, FallDrop: 0.2, GroupWindow: "7d", GroupRatings: 30, GroupDrop: 0.03,
		FreshFor: time.Hour, FreshAge: day, Major: 1.5, Critical: 3,
		ContactIn: Clock{Critical: 4 * time.Hour, Major: day, Minor: 3 * day},
		ResolveIn: Clock{Critical: 2 * day, Major: 7 * day, Minor: 14 * day},
	}
}
