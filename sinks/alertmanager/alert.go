package alertmanager

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxAnnotation bounds one annotation, in bytes: receivers bound their messages, and one long text must not take it all.
const maxAnnotation = 4096

// Alert is one alert, known by its labels.
type Alert struct {
	// Labels name the alert and route it; at least one with a value. Names are letters, digits and underscores, not beginning
	// with a digit; what else is in them becomes an underscore. Labels without a value are left out.
	Labels map[string]string
	// Annotations are shown. Their names are as those of labels; a value is cut after 4096 bytes.
	Annotations map[string]string
	// StartsAt is since when; zero means when Alertmanager first hears of it.
	StartsAt time.Time
	// EndsAt is until when the alert stands unless it is pushed again, or, in the past, when it was resolved. Zero means
	// Alertmanager's resolve_timeout from now.
	EndsAt time.Time
	// GeneratorURL leads to where the alert comes from; what is no http or https URL is left out.
	GeneratorURL string
}

// wire is the alert as the API has it.
type wire struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	StartsAt     time.Time         `json:"startsAt,omitzero"`
	EndsAt       time.Time         `json:"endsAt,omitzero"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

var (
	errNoLabels = errors.New("has no label with a value: want at least one")
	errTimes    = errors.New("ends before it starts")
)

// wire is the alert in a form that Alertmanager takes, or why there is none.
func (a Alert) wire() (wire, error) {
	w := wire{Labels: clean(a.Labels, 0), Annotations: clean(a.Annotations, maxAnnotation), StartsAt: a.StartsAt.UTC(), EndsAt: a.EndsAt.UTC()}
	if len(w.Labels) == 0 {
		return wire{}, errNoLabels
	}
	if !a.EndsAt.IsZero() && a.EndsAt.Before(a.StartsAt) {
		return wire{}, fmt.Errorf("%w: from %s to %s", errTimes, w.StartsAt.Format(time.RFC3339), w.EndsAt.Format(time.RFC3339))
	}
	if u, err := url.Parse(a.GeneratorURL); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		w.GeneratorURL = u.String()
	}
	return w, nil
}

// clean makes names and values valid, and cuts values after limit bytes, unless it is 0. Of two names that become one, the
// first in order stays.
func clean(set map[string]string, limit int) map[string]string {
	cleaned := make(map[string]string, len(set))
	for _, name := range slices.Sorted(maps.Keys(set)) {
		value := cut(strings.ToValidUTF8(set[name], "\uFFFD"), limit)
		name = cleanName(name)
		if _, taken := cleaned[name]; !taken && name != "" && value != "" {
			cleaned[name] = value
		}
	}
	return cleaned
}

func cleanName(name string) string {
	cleaned := strings.Map(func(r rune) rune {
		if r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
	if cleaned != "" && cleaned[0] <= '9' {
		cleaned = "_" + cleaned
	}
	return cleaned
}

const ellipsis = "…"

// cut ends between characters.
func cut(value string, limit int) string {
	if limit == 0 || len(value) <= limit {
		return value
	}
	return strings.ToValidUTF8(value[:limit-len(ellipsis)], "") + ellipsis
}

// batch is the alerts of one request.
type batch struct {
	body   []byte
	alerts int
}

// batches encodes the alerts, at most size in each. What Alertmanager would refuse is left out and named in refused.
func batches(alerts []Alert, size int) (all []batch, refused failures, err error) {
	var good []wire
	for i, a := range alerts {
		w, err := a.wire()
		if err != nil {
			refused = append(refused, permanentError{fmt.Errorf("alert %d of %d (%s) %w", i+1, len(alerts), a.Labels["alertname"], err)})
			continue
		}
		good = append(good, w)
	}
	for some := range slices.Chunk(good, size) {
		body, err := json.Marshal(some)
		if err != nil {
			return nil, nil, fmt.Errorf("encode %d alerts: %w", len(some), err)
		}
		all = append(all, batch{body, len(some)})
	}
	return all, refused, nil
}
