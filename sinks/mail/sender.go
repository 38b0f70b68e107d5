package mail

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	gomail "github.com/wneessen/go-mail"
)

// Sender sends mails. It is safe for use by several goroutines.
type Sender struct {
	cfg     Config
	from    *mail.Address
	metrics *metrics
}

// New returns a sender, and connects to nothing. The configuration must name a host.
func New(cfg Config, reg prometheus.Registerer) (*Sender, error) {
	if !cfg.Enabled() {
		return nil, errors.New("host is empty: want host:port")
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	from, err := parseAddress(cfg.From)
	if err != nil {
		return nil, err
	}
	return &Sender{cfg: cfg, from: from, metrics: newMetrics(reg)}, nil
}

// Send returns nil when the server took the mail for all recipients, and a [RefusedError] when it refused some or all of
// them. IsPermanent tells errors that another attempt would meet again.
func (s *Sender) Send(ctx context.Context, m Message) error {
	err := s.send(ctx, m)
	s.metrics.attempted(err, time.Now())
	if err != nil {
		return fmt.Errorf("send mail %q: %w", m.ID, err)
	}
	return nil
}

func (s *Sender) send(ctx context.Context, m Message) error {
	to, refused, err := recipients(m.To)
	if err != nil {
		return err
	}
	if len(to) == 0 {
		return &RefusedError{refused}
	}
	composed, err := compose(m, s.from, to)
	if err != nil {
		return err
	}
	more, err := s.transmit(ctx, composed, to)
	if err != nil {
		return err
	}
	if refused = append(refused, more...); len(refused) > 0 {
		return &RefusedError{refused}
	}
	return nil
}

func (s *Sender) transmit(ctx context.Context, m *gomail.Msg, to []*mail.Address) ([]Refusal, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	session, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer session.close()
	return session.transmit(m, s.from, to)
}

// Ready returns nil when the server can be reached and takes the sign-in.
func (s *Sender) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	session, err := s.connect(ctx)
	if err != nil {
		return err
	}
	session.close()
	return nil
}
