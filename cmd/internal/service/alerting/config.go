package alerting

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"satisflow/pipeline/alert"
)

// Config says which alerts there are, and who is told.
type Config struct {
	alert.Config `yaml:",inline"`

	// Poll is the time between two looks for ratings that were stored meanwhile, 100 ms to 1 min.
	Poll time.Duration `yaml:"poll" help:"time between two looks for new ratings"`
	// Recheck is the time after which every alert at work is held against the facts again, 1 s to 10 min.
	Recheck time.Duration `yaml:"recheck" help:"time between two looks at whether the reasons of open alerts still hold"`
	// Notify are the rules whose alerts go to Alertmanager.
	Notify []string `yaml:"notify" help:"rules whose alerts are sent to Alertmanager: low_rating, low_mean, falling, group_falling"`
	// NotifyFrom is the least severity that goes there.
	NotifyFrom alert.Severity `yaml:"notify_from" help:"least severity that is sent to Alertmanager: minor, major or critical"`
	// Resend is the time after which an alert is sent again; Alertmanager ends it after five times as long.
	Resend time.Duration `yaml:"resend" help:"time between two pushes of an open alert; Alertmanager takes it for ended after five of them"`
	// Link is where people reach the gateway.
	Link string `yaml:"link" help:"address of the gateway for people, for links in alerts and mails"`
	// Owners are mailed when satisfaction falls; an element without = is one more address of the element before it.
	Owners []string `yaml:"owners" help:"who is mailed when a service or segment falls: service:NAME=MAIL[,MAIL] or segment:NAME=MAIL[,MAIL]"`
	// GroupLength is the length of GroupWindow. It is no key: whoever knows the windows sets it.
	GroupLength time.Duration `yaml:"-"`
	// Zone is the offset from UTC in which people are told times: that of the windows. It is no key either.
	Zone time.Duration `yaml:"-"`
	// Language of the mails.
	Language string `yaml:"language" help:"language of the mails: both, en or zh"`
}

// Languages of mails.
const (
	Both    = "both"
	English = "en"
	Chinese = "zh"
)

// DefaultConfig looks every 2 s and sends everything to Alertmanager, where one is configured.
func DefaultConfig() Config {
	c := Config{
		Config: alert.DefaultConfig(), Poll: 2 * time.Second, Recheck: time.Minute, NotifyFrom: alert.Minor,
		Resend: time.Minute, Link: "http://127.0.0.1:8080", Language: Both,
	}
	for _, r := range alert.AllRules() {
		c.Notify = append(c.Notify, string(r))
	}
	return c
}

// Validate reports every wrong key, its value and what would be right.
func (c *Config) Validate() error {
	errs := []error{c.Config.Validate()}
	for _, d := range []struct {
		key                string
		value, least, most time.Duration
	}{
		{"poll", c.Poll, 100 * time.Millisecond, time.Minute}, {"recheck", c.Recheck, time.Second, 10 * time.Minute},
		{"resend", c.Resend, time.Second, 5 * time.Minute},
	} {
		if d.value < d.least || d.value > d.most {
			errs = append(errs, fmt.Errorf("%s: %s: want %s to %s", d.key, d.value, d.least, d.most))
		}
	}
	for _, r := range c.Notify {
		if !slices.Contains(alert.AllRules(), alert.Rule(r)) {
			errs = append(errs, fmt.Errorf("notify: %q: want some of %s", r, strings.Join(ruleNames(), ", ")))
		}
	}
	if !slices.Contains(alert.AllSeverities(), c.NotifyFrom) {
		errs = append(errs, fmt.Errorf("notify_from: %s: want minor, major or critical", c.NotifyFrom))
	}
	if u, err := url.Parse(c.Link); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		errs = append(errs, fmt.Errorf("link: %q: want an address such as https://satisflow.example.com", c.Link))
	}
	if !slices.Contains([]string{Both, English, Chinese}, c.Language) {
		errs = append(errs, fmt.Errorf("language: %q: want both, en or zh", c.Language))
	}
	_, err := parseOwners(c.Owners)
	return errors.Join(append(errs, err)...)
}

func ruleNames() (names []string) {
	for _, r := range alert.AllRules() {
		names = append(names, string(r))
	}
	return names
}
