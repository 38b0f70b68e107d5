package apply

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/grafana/grafana-openapi-client-go/client/dashboards"
	"github.com/grafana/grafana-openapi-client-go/models"

	"satisflow/dashboards/grafana"
)

// tag marks a dashboard as ours.
const tag = "satisflow"

// board is a dashboard.
type board struct{ grafana.Dashboard }

func (b board) look(ctx context.Context, c *client) (Step, change, error) {
	step := Step{Kind: "dashboard", UID: b.UID, Title: b.Title, Action: Unchanged}
	found, err := c.Dashboards.GetDashboardByUIDWithParams(dashboards.NewGetDashboardByUIDParamsWithContext(ctx).WithUID(b.UID))
	if isStatus(err, http.StatusNotFound) {
		step.Action = Create
		return step, b.save(c, nil), nil
	}
	if err != nil {
		return step, nil, err
	}
	have, _ := found.Payload.Dashboard.(map[string]any)
	if tags, _ := have["tags"].([]any); !slices.Contains(tags, any(tag)) {
		return step, nil, errors.New("it has no tag " + tag + ": somebody else's: give it the tag to have it replaced, or another uid to keep it")
	}
	if step.Differences, err = differences(b.Dashboard, have); err != nil {
		return step, nil, err
	}
	if at := found.Payload.Meta.FolderUID; at != grafana.FolderUID {
		step.Differences = append(step.Differences, compare("folder", grafana.FolderUID, at)...)
	}
	if len(step.Differences) == 0 {
		return step, nil, nil
	}
	if found.Payload.Meta.Provisioned {
		return step, nil, &provisionedError{step.Differences}
	}
	step.Action = Update
	return step, b.save(c, have["version"]), nil
}

// save sends the dashboard with the version that it is to replace.
func (b board) save(c *client, version any) change {
	return func(ctx context.Context) error {
		content, err := plain(b.Dashboard)
		if err != nil {
			return err
		}
		if version != nil {
			content.(map[string]any)["version"] = version
		}
		_, err = c.Dashboards.PostDashboardWithParams(dashboards.NewPostDashboardParamsWithContext(ctx).
			WithBody(&models.SaveDashboardCommand{Dashboard: content, FolderUID: grafana.FolderUID, Message: "satisflow dashboards apply"}))
		return err
	}
}
