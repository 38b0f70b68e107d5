package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/gateway/api"
	"satisflow/cmd/internal/gateway/web"
	"satisflow/cmd/internal/service/alerting"
	"satisflow/cmd/internal/service/erasure"
	"satisflow/sinks/alertmanager"
	"satisflow/sinks/clickhouse"
	"satisflow/sinks/mail"
)

// alerts are the customer alerts of a gateway.
type alerts struct {
	alertReader
	erasure.AlertText
	parts  []part      // none for a gateway that only reads
	checks []api.Check // of those who are told
}

// alertReader answers the API and the pages.
type alertReader interface {
	api.Alerts
	web.Alerts
}

// newAlerts composes the alerts: the service that raises them, or a reader where another gateway does or nobody is to.
func newAlerts(cfg *config.Config, on *ground, down *teardown, log zerolog.Logger) (*alerts, error) {
	store := clickhouse.NewAlerts(on.conn)
	with := alerting.Parts{
		Store: store, Facts: store, Epoch: clickhouse.NewReader(on.conn).Epoch,
		Threshold: int32(cfg.Bands.Alert), Satisfied: int32(cfg.Bands.Satisfied), Target: cfg.Target.Share,
		Registerer: on.reg, Log: log, Now: time.Now,
	}
	if cfg.Gateway.ReadOnly || !cfg.Alerts.Enabled {
		return &alerts{alertReader: alerting.NewReader(cfg.Alerting(), with), AlertText: store}, nil
	}
	var checks []api.Check
	if cfg.Alertmanager.Enabled() {
		client, err := alertmanager.New(cfg.Alertmanager, on.reg, log)
		if err != nil {
			return nil, usageError(fmt.Errorf("alertmanager: %w", err))
		}
		down.add(func(context.Context) error { client.Close(); return nil })
		with.Pusher = client
		checks = append(checks, api.Check{Name: "alertmanager", Check: client.Ready, Optional: true})
	}
	if cfg.Mail.Enabled() {
		sender, err := mail.New(cfg.Mail, on.reg)
		if err != nil {
			return nil, usageError(fmt.Errorf("mail: %w", err))
		}
		with.Mailer = sender
		checks = append(checks, api.Check{Name: "mail", Check: seldom(sender.Ready, time.Now), Optional: true})
	}
	lease := clickhouse.NewLease(on.conn, clickhouse.GatewayLease, clickhouse.Holder())
	with.Held = lease.Held
	service, err := alerting.New(cfg.Alerting(), with)
	if err != nil {
		return nil, usageError(err)
	}
	run := func(ctx context.Context) error { return withLease(ctx, lease, service.Run, log) }
	return &alerts{service, service, []part{{name: "alerts", run: run}}, checks}, nil
}

// withLease runs what only one process may, while it has the lease. It waits out an outage of ClickHouse, in which the lease
// lapses, and ends when another process has the lease.
func withLease(ctx context.Context, lease *clickhouse.Lease, run func(context.Context) error, log zerolog.Logger) error {
	w := waiter{log: log}
	return w.await(ctx, clickhouseNeed, func(ctx context.Context) error {
		err := lease.Hold(ctx, run)
		var held *clickhouse.HeldError
		if errors.As(err, &held) {
			return usageError(fmt.Errorf("%w: end it first, or start this one with --read-only", err))
		}
		return err
	})
}
