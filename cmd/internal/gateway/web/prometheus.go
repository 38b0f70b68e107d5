package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// PrometheusConfig says where the Prometheus is that evaluates the alert rules, to show on pages what is firing.
type PrometheusConfig struct {
	// URL is where its HTTP API is; empty shows no alerts of rules.
	URL string `yaml:"url" help:"address of the Prometheus that evaluates the alert rules, http(s)://host:port, whose firing alerts the pages show; empty shows none"`
	// Timeout bounds the time that a page waits for it.
	Timeout time.Duration `yaml:"timeout" help:"longest time that a page waits for Prometheus"`
}

// DefaultPrometheusConfig asks no Prometheus.
func DefaultPrometheusConfig() PrometheusConfig { return PrometheusConfig{Timeout: time.Second} }

// Validate reports every wrong key, its value and what would be right.
func (c PrometheusConfig) Validate() error {
	var errs []error
	switch u, err := url.Parse(c.URL); {
	case c.URL == "":
	case err != nil:
		errs = append(errs, errors.New("url: is no URL: want http(s)://host:port"))
	case u.User != nil:
		errs = append(errs, fmt.Errorf("url: %s: holds a user: want an address without one", u.Redacted()))
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		errs = append(errs, fmt.Errorf("url: %q: want http(s)://host:port, with the path where Prometheus has one", c.URL))
	}
	if c.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("timeout: %v: want more than 0", c.Timeout))
	}
	return errors.Join(errs...)
}

// FiringAlert is an alert of a rule that Prometheus says is firing.
type FiringAlert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	State       string            `json:"state"`
	Since       time.Time         `json:"activeAt"`
}

// Prometheus reads firing alerts. It is safe for concurrent use.
type Prometheus struct {
	cfg    PrometheusConfig
	client *http.Client

	mu  sync.Mutex // held while Prometheus is asked: who comes meanwhile shares the answer
	at  time.Time
	all []FiringAlert
	err error
}

// NewPrometheus returns a reader for a configuration that is valid.
func NewPrometheus(cfg PrometheusConfig) *Prometheus {
	return &Prometheus{cfg: cfg, client: &http.Client{Timeout: cfg.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

const (
	firingAge  = 5 * time.Second // answers and errors that are no older are given again
	mostFiring = 4 << 20         // bytes of an answer
)

// Firing returns the alerts that are firing.
func (p *Prometheus) Firing(ctx context.Context) ([]FiringAlert, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at.IsZero() || time.Since(p.at) >= firingAge {
		p.all, p.err = p.ask(context.WithoutCancel(ctx)) // for those who wait, too
		p.at = time.Now()
	}
	return p.all, p.err
}

func (p *Prometheus) ask(ctx context.Context) ([]FiringAlert, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(p.cfg.URL, "/")+"/api/v1/alerts", nil)
	if err != nil {
		return nil, fmt.Errorf("ask Prometheus for alerts: %w", err)
	}
	response, err := p.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask Prometheus for alerts: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Status string `json:"status"`
		Data   struct {
			Alerts []FiringAlert `json:"alerts"`
		} `json:"data"`
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask Prometheus for alerts: it answers %s", response.Status)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, mostFiring)).Decode(&answer); err != nil || answer.Status != "success" {
		return nil, fmt.Errorf("ask Prometheus for alerts: status %q: %w", answer.Status, errors.Join(errNoAlerts, err))
	}
	var all []FiringAlert
	for _, a := range answer.Data.Alerts {
		if a.State == "firing" {
			all = append(all, a)
		}
	}
	return all, nil
}

var errNoAlerts = errors.New("this is no answer of Prometheus")
