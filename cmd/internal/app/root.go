package app

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

const operations = "Operations:"

// addGroup adds commands under a title of the help.
func addGroup(root *cobra.Command, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: title, Title: title})
	for _, c := range commands {
		c.GroupID = title
		root.AddCommand(c)
	}
}

func newRootCommand(s *shell) *cobra.Command {
	root := &cobra.Command{
		Use:   "satisflow",
		Short: "Customer satisfaction as a stream: ratings in, exact rolling windows out",
		Long: `satisflow takes ratings from Kafka, keeps exact rolling windows of them in ClickHouse, and
tells Prometheus how satisfied customers are. Nothing is counted twice, whatever is sent
again, corrected, late or killed meanwhile.

Start with: satisflow dev`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError(unknownCommand(cmd, args[0]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(s.stdin)
	root.SetOut(s.stdout)
	root.SetErr(s.stderr)
	root.PersistentFlags().String(configFlag, "", "configuration file, YAML (or SATISFLOW_CONFIG)")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError(fmt.Errorf("%w\n`%s --help` lists the flags", err, cmd.CommandPath()))
	})
	root.SetUsageTemplate(strings.Replace(root.UsageTemplate(), "{{if .HasAvailableInheritedFlags}}", keysHint+"{{if .HasAvailableInheritedFlags}}", 1))
	root.CompletionOptions.HiddenDefaultCmd = false
	addGroup(root, "Roles:", newDevCommand(s), newProcessorCommand(s), newGatewayCommand(s), newServeCommand(s))
	addGroup(root, "Ratings:", newImportCommand(s), newGenerateCommand(s), newDeadLettersCommand(s), newEraseCommand(s))
	addGroup(root, "Watching:", newDashboardsCommand(s))
	addGroup(root, operations, newMigrateCommand(s), newVerifyCommand(s), newRebuildCommand(s), newChaosCommand(s), newConfigCommand(s), newSchemaCommand(s), newBenchCommand(s), newVersionCommand(s))
	root.AddCommand(newClickHouseCommand(s), newBrokerCommand(s), newChaosBrokerCommand(s))
	root.SetHelpCommandGroupID(operations)
	root.SetCompletionCommandGroupID(operations)
	return root
}

// keysHint stands in the usage of commands that have the configuration's keys as flags.
const keysHint = `{{if index .Annotations "config"}}

Every key of the configuration is a flag too, such as --kafka.topic: ` + "`satisflow config print`" + ` lists them.{{end}}`

func unknownCommand(cmd *cobra.Command, name string) error {
	text := fmt.Sprintf("there is no command %q", name)
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		text += ", did you mean " + strings.Join(near, " or ") + "?"
	}
	return errors.New(text + "\n`" + cmd.CommandPath() + " --help` lists the commands")
}

// arguments refuses what does not fit, saying how the command is called.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError(fmt.Errorf("%w: %s", err, cmd.UseLine()))
		}
		return nil
	}
}

// group is a command that only holds others. Without one of them it prints its help and fails: a script that leaves out the
// word would take it for done.
func group(cmd *cobra.Command, commands ...*cobra.Command) *cobra.Command {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError(unknownCommand(cmd, args[0]))
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cmd.SetOut(cmd.ErrOrStderr())
		if err := cmd.Help(); err != nil {
			return err
		}
		var names []string
		for _, c := range cmd.Commands() {
			names = append(names, c.Name())
		}
		return usageError(fmt.Errorf("%s: a command is missing: want one of %s", cmd.CommandPath(), strings.Join(names, ", ")))
	}
	cmd.AddCommand(commands...)
	return cmd
}
