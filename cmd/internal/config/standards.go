package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"satisflow/pipeline/event"
)

// Standard is what a quality metric of a service should be in the mean, in the metric's unit.
type Standard struct {
	Service, Metric string
	Value           float64
}

// Standards returns target.standards, and an error for each that is none.
func (c *Config) Standards() (all []Standard, err error) {
	metrics := c.Event.Metrics()
	for _, text := range c.Target.Standards {
		s, e := parseStandard(text, metrics)
		if e != nil {
			err = errors.Join(err, fmt.Errorf("target.standards: %q: %w", text, e))
			continue
		}
		if i := slices.IndexFunc(all, func(o Standard) bool { return o.Service == s.Service && o.Metric == s.Metric }); i >= 0 {
			err = errors.Join(err, fmt.Errorf("target.standards: %q: %s:%s has the value %v already: want one for each service and metric", text, s.Service, s.Metric, all[i].Value))
			continue
		}
		all = append(all, s)
	}
	return all, err
}

func parseStandard(text string, metrics []event.Metric) (Standard, error) {
	place, number, found := strings.Cut(text, "=")
	at := strings.LastIndexByte(place, ':')
	if !found || at < 1 {
		return Standard{}, errors.New("want SERVICE:METRIC=VALUE, such as legal_consulting:response_time_ms=2000")
	}
	s := Standard{Service: place[:at], Metric: place[at+1:]}
	i := slices.IndexFunc(metrics, func(m event.Metric) bool { return m.Name == s.Metric })
	if i < 0 {
		return s, fmt.Errorf("there is no metric %q: want %s", s.Metric, strings.Join(names(metrics), ", "))
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || v < metrics[i].Min || v > metrics[i].Max {
		return s, fmt.Errorf("%q is no value of %s: want a number from %v to %v", number, s.Metric, metrics[i].Min, metrics[i].Max)
	}
	s.Value = v
	return s, nil
}

func names(metrics []event.Metric) (out []string) {
	for _, m := range metrics {
		out = append(out, m.Name)
	}
	return out
}
