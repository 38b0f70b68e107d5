package app

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"satisflow/cmd/internal/operate/importer"
)

func newPresetsCommand(s *shell) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "presets",
		Short: "List or show the mappings of products' exports",
		Long:  `List the mappings that --preset knows, or show one, to be copied and changed.`,
		Example: `  satisflow import presets
  satisflow import presets show qualtrics > mine.yaml`,
		Args: arguments(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return s.listPresets() },
	}
	cmd.AddCommand(&cobra.Command{
		Use: "list", Short: "List the presets", Args: arguments(cobra.NoArgs),
		Long:    "List the names of the presets, each with the product whose exports it reads.",
		Example: "  satisflow import presets list",
		RunE:    func(*cobra.Command, []string) error { return s.listPresets() },
	}, &cobra.Command{
		Use: "show NAME", Short: "Print the file of a preset",
		Long: `Print the file of a preset, YAML, to be copied and changed; import takes the copy by
--preset-file.`,
		Example: "  satisflow import presets show qualtrics > mine.yaml", Args: arguments(cobra.ExactArgs(1)),
		ValidArgsFunction: completePresets,
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := importer.PresetText(args[0])
			if err != nil {
				return usageError(err)
			}
			_, err = io.WriteString(s.stdout, text)
			return err
		},
	})
	return cmd
}

func (s *shell) listPresets() error {
	var text strings.Builder
	for _, name := range importer.PresetNames() {
		p, err := importer.LoadPreset(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%-14s %s\n", name, p.Description)
	}
	_, err := io.WriteString(s.stdout, text.String())
	return err
}

func completePresets(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return importer.PresetNames(), cobra.ShellCompDirectiveNoFileComp
}
