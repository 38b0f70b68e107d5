package apply

import (
	"context"
	"net/http"

	"github.com/grafana/grafana-openapi-client-go/client/folders"
	"github.com/grafana/grafana-openapi-client-go/models"

	"satisflow/dashboards/grafana"
)

// folder holds the dashboards and the rule.
type folder struct{}

func (folder) look(ctx context.Context, c *client) (Step, change, error) {
	step := Step{Kind: "folder", UID: grafana.FolderUID, Title: grafana.FolderTitle, Action: Unchanged}
	found, err := c.Folders.GetFolderByUIDWithParams(folders.NewGetFolderByUIDParamsWithContext(ctx).WithFolderUID(grafana.FolderUID))
	if isStatus(err, http.StatusNotFound) {
		step.Action = Create
		return step, func(ctx context.Context) error {
			_, err := c.Folders.CreateFolderWithParams(folders.NewCreateFolderParamsWithContext(ctx).
				WithBody(&models.CreateFolderCommand{UID: grafana.FolderUID, Title: grafana.FolderTitle}))
			return err
		}, nil
	}
	if err != nil || found.Payload.Title == grafana.FolderTitle {
		return step, nil, err
	}
	step.Action, step.Differences = Update, compare("title", grafana.FolderTitle, found.Payload.Title)
	return step, func(ctx context.Context) error {
		_, err := c.Folders.UpdateFolderWithParams(folders.NewUpdateFolderParamsWithContext(ctx).WithFolderUID(grafana.FolderUID).
			WithBody(&models.UpdateFolderCommand{Title: grafana.FolderTitle, Version: found.Payload.Version}))
		return err
	}, nil
}
