package alertmanager

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// Client pushes alerts to the members of one cluster. It is safe for use by several goroutines.
type Client struct {
	cfg     Config
	http    *http.Client
	members []*member
	metrics *metrics
	log     zerolog.Logger
}

// New returns a client, and connects to nothing; of files it reads CAFile. The configuration must name a URL. log receives
// the failures of members while others take the alerts.
func New(cfg Config, reg prometheus.Registerer, log zerolog.Logger) (*Client, error) {
	if !cfg.Enabled() {
		return nil, errors.New("urls is empty: want http(s)://host:port")
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	transport, err := cfg.transport()
	if err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, log: log, http: &http.Client{
		Transport: transport,
		// A POST that is redirected becomes a GET, which succeeds and pushes nothing.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for _, text := range cfg.URLs {
		u, err := parseURL(text)
		if err != nil {
			return nil, err
		}
		c.members = append(c.members, &member{name: nameOf(u), url: u, client: c})
	}
	c.metrics = newMetrics(reg, c.members)
	return c, nil
}

// Close closes the connections that are kept for the next push.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Push returns nil when at least one member has each alert. All members are asked at once. An alert that Alertmanager would
// refuse is left out, and the error, which is then about it, permanent unless others failed too.
func (c *Client) Push(ctx context.Context, alerts []Alert) error {
	all, failed, err := batches(alerts, c.cfg.BatchSize)
	if err != nil {
		return err
	}
	if len(all) > 0 {
		header, err := c.cfg.header()
		if err != nil {
			return fmt.Errorf("push %d alerts: %w", len(alerts), err)
		}
		failed = append(failed, c.pushAll(ctx, header, all)...)
	}
	if len(failed) == 0 {
		return nil
	}
	return fmt.Errorf("push %d alerts: %w", len(alerts), failed)
}

// pushAll returns the failures of the batches that no member took, and logs those of the batches that another one has.
func (c *Client) pushAll(ctx context.Context, header http.Header, all []batch) (lost failures) {
	results := make([][]error, len(c.members)) // of each batch
	var group sync.WaitGroup
	for i, m := range c.members {
		group.Go(func() { results[i] = m.push(ctx, header, all) })
	}
	group.Wait()
	var elsewhere failures
	for b := range all {
		errs := failuresOf(results, b)
		if len(errs) == len(c.members) {
			lost = lost.with(errs)
		} else {
			elsewhere = elsewhere.with(errs)
		}
	}
	if len(elsewhere) > 0 {
		c.log.Warn().Err(elsewhere).Msg("a member of alertmanager did not take alerts that another one has")
	}
	return lost
}

// failuresOf are the members' failures with one batch.
func failuresOf(results [][]error, batch int) (failed failures) {
	for _, of := range results {
		if of[batch] != nil {
			failed = append(failed, of[batch])
		}
	}
	return failed
}

// Ready returns nil when at least one member is ready.
func (c *Client) Ready(ctx context.Context) error {
	header, err := c.cfg.header()
	if err != nil {
		return err
	}
	var failed failures
	for _, m := range c.members {
		err := m.request(ctx, http.MethodGet, "-/ready", header, nil)
		if err == nil {
			return nil
		}
		failed = append(failed, err)
	}
	return failed
}

// attempted notes what became of a batch at a member.
func (c *Client) attempted(m *member, b batch, err error) {
	c.metrics.attempted(m.name, b.alerts, err, time.Now())
}
