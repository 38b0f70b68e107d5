package app

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
)

func newConfigCommand(s *shell) *cobra.Command {
	return group(&cobra.Command{
		Use:   "config",
		Short: "Show which configuration holds and where from, or check a file",
		Long: `One YAML file, the environment and flags say the same things: the key kafka.tls.ca_file is
kafka: {tls: {ca_file: …}} in the file, SATISFLOW_KAFKA_TLS_CA_FILE in the environment and
--kafka.tls.ca_file as a flag. A flag beats the environment, which beats the file, which beats
the default. Unknown keys are errors.`,
		Example: `  satisflow config print --config satisflow.yaml
  satisflow config check satisflow.yaml`,
	}, newConfigPrintCommand(s), newConfigCheckCommand(s))
}

func newConfigPrintCommand(s *shell) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "print",
		Short: "Print every value and where it is from",
		Long: `Print every key with the value that holds and where that is from: default, file and line,
environment variable or flag. Secrets are masked.`,
		Example: `  satisflow config print
  satisflow config print --changed --config satisflow.yaml
  SATISFLOW_TARGET_SHARE=0.9 satisflow config print --json`,
		Args: arguments(cobra.NoArgs),
	}
	withConfig(cmd)
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	changed := cmd.Flags().Bool("changed", false, "leave out what has its default")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := s.load(cmd)
		if err != nil {
			return err
		}
		values := loaded.Values
		if *changed {
			values = []config.Value{}
			for _, v := range loaded.Values {
				if !v.Default {
					values = append(values, v)
				}
			}
		}
		if *asJSON {
			return s.printJSON(values)
		}
		return config.Print(s.stdout, values)
	}
	return cmd
}

func newConfigCheckCommand(s *shell) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "List everything that is wrong with a configuration file",
		Long: `Check a configuration file without the environment and without opening the files that secrets
are in, and list everything that is wrong with it. The exit code is 2 when anything is.`,
		Example: `  satisflow config check satisflow.yaml
  satisflow config check --json satisflow.yaml`,
		Args: arguments(cobra.ExactArgs(1)),
	}
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		_, err := config.Load(config.Sources{File: args[0], SecretsUnread: true})
		var problems config.Problems
		if err != nil && !errors.As(err, &problems) {
			return err
		}
		switch {
		case *asJSON:
			if printErr := s.printJSON(append(config.Problems{}, problems...)); printErr != nil {
				return printErr
			}
		case len(problems) > 0:
			fmt.Fprintln(s.stdout, problems)
		default:
			fmt.Fprintf(s.stdout, "%s is right\n", args[0])
		}
		if len(problems) > 0 {
			return usageError(errDiffers)
		}
		return nil
	}
	return cmd
}
