package app

import (
	"fmt"

	"github.com/spf13/cobra"

	"satisflow/pipeline/event"
)

func newSchemaCommand(s *shell) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of a rating for your services and attributes",
		Long: `Print the JSON Schema (draft 2020-12) of a rating event, for the services, attributes and
quality metrics of the configuration. A gateway serves the same at /schema/rating-event.json.`,
		Example: `  satisflow schema
  satisflow schema --config satisflow.yaml > rating-event.schema.json`,
		Args: arguments(cobra.NoArgs),
	}
	withConfig(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := s.load(cmd)
		if err != nil {
			return err
		}
		if _, err := s.stdout.Write(event.Schema(loaded.Config.Event)); err != nil {
			return fmt.Errorf("print the schema: %w", err)
		}
		return nil
	}
	return cmd
}
