package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"satisflow/cmd/internal/alerting"
	"satisflow/cmd/internal/api"
	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/erasure"
	"satisflow/sinks/alertmanager"
	"satisflow/sinks/clickhouse"
	"satisflow/sinks/mail"
)

// alerts are the customer alerts of a gateway.
type alerts struct {
	api.Alerts
	erasure.AlertText
	parts  []part      // none for a gateway that only reads
	checks []api.Check // of those who are told
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
		return &alerts{Alerts: alerting.NewReader(cfg.Alerting(), with), AlertText: store}, nil
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
	service, err := alerting.New(cfg.Alerting(), with)
	if err != nil {
		return nil, usageError(err)
	}
	lease := clickhouse.NewLease(on.conn, "gateway that writes", holder())
	run := func(ctx context.Context) error { return alone(ctx, lease, service.Run, log) }
	return &alerts{service, service, []part{{"alerts", run}}, checks}, nil
}

// holder names this process among all that may want the lease.
func holder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s, process %d, %d", host, os.Getpid(), time.Now().UnixNano())
}

// leaseWatch is how long the holder of a lease must not have moved for this process to take it: several of its beats.
const leaseWatch = 6 * time.Second

// alone runs what only one process may, while it has the lease. It waits out an outage of ClickHouse.
func alone(ctx context.Context, lease *clickhouse.Lease, run func(context.Context) error, log zerolog.Logger) error {
	w := waiter{log: log}
	err := w.await(ctx, clickhouseNeed, func(ctx context.Context) error {
		err := lease.Acquire(ctx, leaseWatch, time.Now())
		var held *clickhouse.HeldError
		if errors.As(err, &held) {
			return usageError(fmt.Errorf("%w: end it first, or start this one with --read-only", err))
		}
		return err
	})
	if err != nil {
		return err
	}
	group, working := errgroup.WithContext(ctx)
	group.Go(func() error { return lease.Run(working) })
	group.Go(func() error { return run(working) })
	err = group.Wait()
	giveUp, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := lease.Release(giveUp); err != nil {
		log.Warn().Err(err).Msg("cannot give up the lease: the next gateway waits some seconds for it")
	}
	return err
}
