package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"satisflow/dashboards/apply"
	"satisflow/dashboards/grafana"
)

// Variables that secrets of Grafana come from; package config knows that they are no keys.
const (
	grafanaTokenEnv      = "SATISFLOW_GRAFANA_TOKEN"
	grafanaPasswordEnv   = "SATISFLOW_GRAFANA_PASSWORD"
	grafanaClickHouseEnv = "SATISFLOW_GRAFANA_CLICKHOUSE_PASSWORD"
)

// applyFlags are the flags of dashboards apply.
type applyFlags struct {
	watchFlags
	options        apply.Options
	tokenFile      string
	passwordFile   string
	clickhouse     string
	clickhouseFile string
	notify         string
	json           bool
}

func newDashboardsApplyCommand(s *shell) *cobra.Command {
	f := applyFlags{options: apply.DefaultOptions()}
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Bring folder, data sources and dashboards into a Grafana",
		Long: `Look at what a Grafana has, make a plan, and carry it out: a folder, the data sources of
Prometheus and ClickHouse, the dashboards, the alert rules that only ClickHouse can answer,
and with --notify a contact point and the route to it. What is as it should be is left alone, so
that a second run changes nothing; what belongs to others is never touched.

Sign in by the token of a service account with the role Admin (SATISFLOW_GRAFANA_TOKEN or
--token-file), or by --user and its password (SATISFLOW_GRAFANA_PASSWORD or --password-file).
The addresses of Prometheus and ClickHouse are those at which Grafana reaches them; ClickHouse's
password is SATISFLOW_GRAFANA_CLICKHOUSE_PASSWORD or in --clickhouse-password-file.`,
		Example: `  SATISFLOW_GRAFANA_TOKEN=… satisflow dashboards apply --grafana https://grafana.example.com --dry-run
  satisflow dashboards apply --grafana http://localhost:3000 --token-file token \
    --prometheus http://prometheus:9090 --clickhouse-source http://grafana@clickhouse:8123/satisflow`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return s.applyDashboards(cmd, f) },
	}
	withConfig(cmd)
	f.add(cmd)
	f.addLinks(cmd)
	flags, o := cmd.Flags(), &f.options
	flags.StringVar(&o.URL, "grafana", o.URL, "address of Grafana, with its path where it is served below one")
	flags.StringVar(&f.tokenFile, "token-file", "", "file with the token")
	flags.StringVar(&o.Username, "user", "", "user to sign in as, in place of a token")
	flags.StringVar(&f.passwordFile, "password-file", "", "file with the user's password")
	flags.Int64Var(&o.OrgID, "org", 0, "organization; 0 is that of the token or user")
	flags.StringVar(&o.CAFile, "ca-file", "", "authorities to trust, PEM; empty is the system's")
	flags.DurationVar(&o.Timeout, "timeout", o.Timeout, "bounds one request")
	flags.StringVar(&o.Sources.PrometheusURL, "prometheus", o.Sources.PrometheusURL, "address of Prometheus")
	flags.StringVar(&f.clickhouse, "clickhouse-source", "http://default@127.0.0.1:8123/satisflow", "HTTP address of ClickHouse, with user and database")
	flags.StringVar(&f.clickhouseFile, "clickhouse-password-file", "", "file with the password of ClickHouse's user")
	flags.BoolVar(&o.SendPassword, "send-password", false, "send the password of ClickHouse also where Grafana has one")
	flags.StringVar(&f.notify, "notify", "", "where Grafana's own rules go: email=ADDRESS, webhook=URL or prometheus-alertmanager=URL")
	flags.BoolVar(&o.DryRun, "dry-run", false, "only print the plan")
	flags.BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

func (s *shell) applyDashboards(cmd *cobra.Command, f applyFlags) error {
	loaded, err := s.load(cmd)
	if err != nil {
		return err
	}
	o := f.options
	if o.Dashboards, err = f.dashboards(&loaded.Config); err != nil {
		return err
	}
	if err := s.signIn(&o, f); err != nil {
		return usageError(err)
	}
	if o.Sources, err = s.grafanaSources(o.Sources.PrometheusURL, f); err != nil {
		return usageError(err)
	}
	if o.Notify, err = notifyOf(f.notify); err != nil {
		return usageError(err)
	}
	if err := o.Validate(); err != nil {
		return usageError(err)
	}
	return s.applyOptions(cmd.Context(), o, f.json)
}

// applyOptions prints how far the plan came also when it failed half-way.
func (s *shell) applyOptions(ctx context.Context, o apply.Options, asJSON bool) error {
	plan, err := apply.Apply(ctx, o)
	var network *net.OpError
	if errors.As(err, &network) {
		err = unavailable(err)
	}
	if asJSON {
		return errors.Join(err, s.printJSON(plan))
	}
	fmt.Fprint(s.stdout, plan)
	switch {
	case err != nil:
	case o.DryRun:
		fmt.Fprintf(s.stdout, "%d of %d would be changed: leave out --dry-run to do it\n", plan.Changes(), len(plan.Steps))
	default:
		fmt.Fprintf(s.stdout, "%d of %d were changed\n", plan.Changes(), len(plan.Steps))
	}
	return err
}

// signIn finds the token or the password.
func (s *shell) signIn(o *apply.Options, f applyFlags) (err error) {
	if o.Username != "" {
		o.Password, err = s.secret(grafanaPasswordEnv, "--password-file", f.passwordFile)
		return err
	}
	o.Token, err = s.secret(grafanaTokenEnv, "--token-file", f.tokenFile)
	if err == nil && o.Token == "" {
		err = fmt.Errorf("no token: set %s or --token-file, or sign in by --user", grafanaTokenEnv)
	}
	return err
}

// secret is what the file holds, or the variable; both is an error, neither is none.
func (s *shell) secret(variable, flag, file string) (string, error) {
	value := ""
	for _, v := range s.environ {
		if text, ok := strings.CutPrefix(v, variable+"="); ok {
			value = text
		}
	}
	if file == "" {
		return value, nil
	}
	if value != "" {
		return "", fmt.Errorf("%s and %s are both set: want one of them", flag, variable)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	if value = strings.TrimSpace(string(content)); value == "" {
		return "", fmt.Errorf("%s: %s is empty", flag, file)
	}
	return value, nil
}

// grafanaSources are the data sources as Grafana reaches them.
func (s *shell) grafanaSources(prometheus string, f applyFlags) (grafana.Sources, error) {
	wrong := fmt.Errorf("--clickhouse-source: want http://USER@HOST:PORT/DATABASE (or https), without a password: that is in %s or --clickhouse-password-file", grafanaClickHouseEnv)
	u, err := url.Parse(f.clickhouse)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User == nil {
		return grafana.Sources{}, wrong // it may hold a password: it is not repeated
	}
	if _, given := u.User.Password(); given {
		return grafana.Sources{}, wrong
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		return grafana.Sources{}, wrong
	}
	password, err := s.secret(grafanaClickHouseEnv, "--clickhouse-password-file", f.clickhouseFile)
	return grafana.Sources{
		PrometheusURL: prometheus, ClickHouseHost: u.Hostname(), ClickHousePort: port, ClickHouseTLS: u.Scheme == "https",
		Database: strings.Trim(u.Path, "/"), Username: u.User.Username(), Password: password,
	}, err
}

// notifyOf reads TYPE=ADDRESS; empty is none.
func notifyOf(text string) (*apply.Notify, error) {
	if text == "" {
		return nil, nil
	}
	kind, address, ok := strings.Cut(text, "=")
	if !ok {
		return nil, fmt.Errorf("--notify %s: want TYPE=ADDRESS, such as email=oncall@example.org", text)
	}
	return &apply.Notify{Type: kind, Address: address}, nil
}
