package app

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/dashboards/rules"
)

func newDashboardsCommand(s *shell) *cobra.Command {
	return group(&cobra.Command{
		Use:   "dashboards",
		Short: "Generate the alert rules, check the dashboards, apply them to Grafana",
		Long: `Write what watches the target: the rules that Prometheus evaluates, and the dashboards that
Grafana shows. Both are made from the configuration, so that the pager, the dashboards and the
processors speak of the same target, bands and windows.`,
		Example: `  satisflow dashboards rules --config satisflow.yaml --output satisflow.rules.yml
  satisflow dashboards check
  satisflow dashboards apply --grafana https://grafana.example.com --dry-run`,
	}, newDashboardsRulesCommand(s), newDashboardsCheckCommand(s), newDashboardsApplyCommand(s))
}

// watchFlags are those that rules and dashboards have in common.
type watchFlags struct {
	dimensions   []string
	runbookBase  string
	dashboardURL string
	linkBase     string // of dashboards only
}

func (f *watchFlags) add(cmd *cobra.Command) {
	d := rules.DefaultConfig()
	cmd.Flags().StringSliceVar(&f.dimensions, "dimensions", d.Dimensions, "dimensions to alert on, of those that processors show")
	cmd.Flags().StringVar(&f.runbookBase, "runbook-base", d.RunbookBase, "web address of the runbooks, without a slash at its end: a gateway has them at /runbooks")
	cmd.Flags().StringVar(&f.dashboardURL, "dashboard-url", d.DashboardURL, "web address of the on-call dashboard")
}

// addLinks adds the flag that only dashboards have.
func (f *watchFlags) addLinks(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.linkBase, "link-base", "", "web address of the gateway whose pages of customers, services and segments are linked; empty is --runbook-base without its /runbooks")
}

// rules is the configuration of the rules, for what the processors are configured to show.
func (f *watchFlags) rules(cfg *config.Config) (rules.Config, error) {
	r := rulesConfig(cfg)
	r.Dimensions, r.RunbookBase, r.DashboardURL = f.dimensions, f.runbookBase, f.dashboardURL
	def := cfg.Definition(1)
	for _, d := range r.Dimensions {
		if shown := lowCardinality(&def); !slices.Contains(shown, d) {
			return rules.Config{}, usageError(fmt.Errorf("--dimensions %s: processors do not show it: want some of %s", d, strings.Join(shown, ", ")))
		}
	}
	if err := r.Validate(); err != nil {
		return rules.Config{}, usageError(err)
	}
	return r, nil
}

// rulesConfig are the default rules for the configured target, bands, windows and quality metrics.
func rulesConfig(cfg *config.Config) rules.Config {
	def := cfg.Definition(1)
	r := rules.DefaultConfig().WithWindows(def.Windows)
	r.Target = rules.Target{On: rules.Satisfied, Value: cfg.Target.Share}
	r.Bands, r.Quality, r.Verify = cfg.Bands.Bands(), cfg.Event.Metrics(), cfg.Verify.Interval
	r.CustomerAlerts = cfg.Alerts.Enabled
	return r
}

func newDashboardsRulesCommand(s *shell) *cobra.Command {
	var f watchFlags
	var output string
	var scale float64
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Print the recording and alerting rules for Prometheus",
		Long: `Print the rules file of Prometheus (2.42 or newer) for the configured target, bands and windows.
Put it where prometheus.yml looks for rules, check it with promtool check rules, and reload.
The same configuration always gives the same file.

--time-scale divides every duration in the rules, for tests and demonstrations only.`,
		Example: `  satisflow dashboards rules --config satisflow.yaml --output /etc/prometheus/rules/satisflow.rules.yml
  satisflow dashboards rules --target.share 0.9 --dimensions overall,service,channel`,
		Args: arguments(cobra.NoArgs),
	}
	withConfig(cmd)
	f.add(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write; empty prints")
	cmd.Flags().Float64Var(&scale, "time-scale", 1, "divides every duration, 1 to 1000; 1 for production")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := s.load(cmd)
		if err != nil {
			return err
		}
		r, err := f.rules(&loaded.Config)
		if err != nil {
			return err
		}
		r.TimeScale = scale
		content, err := rules.Generate(r)
		if err != nil {
			return usageError(err)
		}
		return s.writeOutput(output, content)
	}
	return cmd
}

// writeOutput writes to the file that was named, or prints. A reader of the file sees the old or the new one, whole.
func (s *shell) writeOutput(path string, content []byte) error {
	if path == "" {
		_, err := s.stdout.Write(content)
		return err
	}
	temporary := path + ".new"
	if err := os.WriteFile(temporary, content, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(temporary))
	}
	return nil
}
