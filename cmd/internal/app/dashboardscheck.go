package app

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/dashboards/grafana"
)

func newDashboardsCheckCommand(s *shell) *cobra.Command {
	var f watchFlags
	var repository string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the dashboards without a Grafana",
		Long: `Make the dashboards for the configuration and check them without Grafana, Prometheus and
ClickHouse: places and ids of the panels, what each must say (n and an interval wherever there
is a share), data sources, every PromQL query and the metrics in it, macros and variables.

With --repository, the rendered files in that checkout are held against what is made, too: they
are those of the default configuration. The exit code is 1 when anything is wrong.`,
		Example: `  satisflow dashboards check --config satisflow.yaml
  satisflow dashboards check --repository .`,
		Args: arguments(cobra.NoArgs),
	}
	withConfig(cmd)
	f.add(cmd)
	f.addLinks(cmd)
	cmd.Flags().StringVar(&repository, "repository", "", "checkout whose rendered files to hold against it; empty for none")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := s.load(cmd)
		if err != nil {
			return err
		}
		cfg, err := f.dashboards(&loaded.Config)
		if err != nil {
			return err
		}
		return s.checkDashboards(cfg, repository)
	}
	return cmd
}

// dashboards is the configuration of the dashboards.
func (f *watchFlags) dashboards(cfg *config.Config) (grafana.Config, error) {
	r, err := f.rules(cfg)
	if err != nil {
		return grafana.Config{}, err
	}
	g := grafana.DefaultConfig()
	g.Zone = time.Duration(cfg.Windows.Timezone)
	g.Rules, g.Link = r, f.linkBase
	if err := g.Validate(); err != nil {
		return grafana.Config{}, usageError(err)
	}
	return g, nil
}

// checkDashboards prints all that is wrong, or what was looked at.
func (s *shell) checkDashboards(cfg grafana.Config, repository string) error {
	boards, err := grafana.Dashboards(cfg)
	if err != nil {
		return err
	}
	files, err := grafana.Files(cfg)
	if err != nil {
		return err
	}
	panels, problems := 0, []error{grafana.Check(cfg, boards)}
	for _, b := range boards {
		panels += len(b.Panels)
	}
	for _, file := range files {
		if filepath.Ext(file.Path) == ".json" {
			problems = append(problems, grafana.CheckFile(file))
		}
		if repository != "" {
			problems = append(problems, checkCommitted(repository, file))
		}
	}
	if err := errors.Join(problems...); err != nil {
		fmt.Fprintln(s.stdout, err)
		return errDiffers
	}
	_, err = fmt.Fprintf(s.stdout, "%d dashboards with %d panels are right\n", len(boards), panels)
	return err
}

// checkCommitted returns an error when the file in the checkout is not what is made.
func checkCommitted(repository string, file grafana.File) error {
	content, err := os.ReadFile(filepath.Join(repository, filepath.FromSlash(file.Path)))
	if err != nil {
		return fmt.Errorf("%s: %w", file.Path, err)
	}
	if !bytes.Equal(content, file.Content) {
		return fmt.Errorf("%s: is not what the configuration makes: run go test ./dashboards/grafana -update, or leave out what is no default", file.Path)
	}
	return nil
}
