package app

import (
	"context"
	"errors"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/dev/devstack"
	"satisflow/dashboards/rules"
	"satisflow/deploy/alertmanager"
)

// How often dev scrapes itself and evaluates its rules, unscaled. Production does it less often; here somebody waits.
const (
	devScrape     = 5 * time.Second
	devScrapeMin  = 250 * time.Millisecond
	devEvaluation = 15 * time.Second
)

const (
	prometheusFlag   = "prometheus-port"
	alertmanagerFlag = "alertmanager-port"
	timeScaleFlag    = "time-scale"
)

// watchOptions are the flags of dev about Prometheus and Alertmanager.
type watchOptions struct {
	on               bool
	prometheusPort   int
	alertmanagerPort int
	timeScale        float64
	changed          func(flag string) bool // whether the user gave it
}

func (o *watchOptions) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.on, "watch", true, "start Prometheus and Alertmanager where they are installed")
	cmd.Flags().IntVar(&o.prometheusPort, prometheusFlag, 9090, "port of Prometheus; 0 picks a free one")
	cmd.Flags().IntVar(&o.alertmanagerPort, alertmanagerFlag, 9093, "port of Alertmanager; 0 picks a free one")
	cmd.Flags().Float64Var(&o.timeScale, timeScaleFlag, 1, "divides every duration of the alert rules, 1 to 1000, to try them")
}

// watchers are Prometheus and Alertmanager. dev does without them where they are not installed or where their usual
// ports are taken, and when one fails: figures do not depend on them.
func (s *shell) watchers(ctx context.Context, cfg *config.Config, o watchOptions, dir *devstack.Dir, target string, where *places, down *teardown, log zerolog.Logger) ([]part, error) {
	if !o.on {
		return nil, nil
	}
	generate := rulesConfig(cfg)
	generate.TimeScale, generate.Interval, generate.RunbookBase = o.timeScale, devEvaluation, where.gateway+where.base+"/runbooks"
	file, err := rules.Generate(generate)
	if err != nil {
		return nil, usageError(err)
	}
	routes, err := alertmanager.Unsent()
	if err != nil {
		return nil, err
	}
	var parts []part
	alerts, err := devstack.Alertmanager(ctx, dir, o.alertmanagerPort, routes)
	if err := o.without(err, alertmanagerFlag, where); err != nil {
		return nil, err
	}
	if alerts != nil {
		where.alertmanager = alerts.URL()
		down.add(func(context.Context) error { return alerts.Close() })
		parts = append(parts, keptRunning("Alertmanager", alerts, log))
	}
	prometheus, err := devstack.Prometheus(ctx, dir, devstack.PrometheusConfig{
		Port: o.prometheusPort, Target: target, Job: rules.Processor, Rules: file, Alertmanager: alerts,
		Interval: max(time.Duration(float64(devScrape)/o.timeScale), devScrapeMin),
	})
	if err := o.without(err, prometheusFlag, where); err != nil {
		return nil, err
	}
	if prometheus != nil {
		where.prometheus = prometheus.URL()
		down.add(func(context.Context) error { return prometheus.Close() })
		parts = append(parts, keptRunning("Prometheus", prometheus, log))
	}
	return parts, nil
}

// without notes why dev goes on without a watcher; other errors, and about a port that the user chose, are returned.
func (o *watchOptions) without(err error, flag string, where *places) error {
	switch {
	case errors.Is(err, devstack.ErrNotInstalled):
		where.unwatched = "to be alerted: apt-get install prometheus prometheus-alertmanager"
	case errors.Is(err, syscall.EADDRINUSE) && !o.changed(flag):
		where.unwatched = err.Error()
	default:
		return err
	}
	return nil
}

// keptRunning is a watcher that is started again whenever it ends, and that all else goes on without.
func keptRunning(name string, w *devstack.Watcher, log zerolog.Logger) part {
	return part{name: name, run: func(ctx context.Context) error {
		err := w.Run(ctx, func(err error, pause time.Duration) {
			log.Warn().Err(err).Stringer("pause", pause).Msg(name + " ended and is started again; all else goes on")
		})
		if err != nil {
			log.Warn().Err(err).Msg(name + " exited; alerting is off, all else goes on")
		}
		<-ctx.Done()
		return nil
	}}
}

// scaleAlerts divides the times of the gateway's alerts that the rules watch by as much as those of the rules are: what is sent
// each minute would be late for a rule whose minutes are seconds.
func scaleAlerts(loaded *config.Loaded, scale float64) {
	a := &loaded.Config.Alerts
	for _, t := range []struct {
		key   string
		at    *time.Duration
		least time.Duration
	}{{"alerts.resend", &a.Resend, time.Second}, {"alerts.recheck", &a.Recheck, time.Second}, {"alerts.poll", &a.Poll, 100 * time.Millisecond}} {
		if !loaded.IsSet(t.key) {
			*t.at = max(time.Duration(float64(*t.at)/scale), min(t.least, *t.at))
		}
	}
}
