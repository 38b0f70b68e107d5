package apply

import (
	"context"
	"net/http"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/grafana/grafana-openapi-client-go/client/provisioning"
	"github.com/grafana/grafana-openapi-client-go/models"

	"satisflow/dashboards/grafana"
)

// rule is an alert rule that Grafana evaluates. Its group has the interval that Grafana gives a new one, a minute, so that
// the group itself need not be put: putting it would replace what others have in it.
type rule struct{ grafana.AlertRule }

// disableProvenance leaves the rule editable in Grafana; one way for all that we send, since Grafana refuses a change.
var disableProvenance = ptr("true")

func ptr[T any](v T) *T { return &v }

func (r rule) model() *models.ProvisionedAlertRule {
	const asked, threshold = "A", "B"
	back := &models.RelativeTimeRange{From: models.Duration(10 * time.Minute / time.Second)}
	return &models.ProvisionedAlertRule{
		UID: r.UID, Title: &r.Title, FolderUID: ptr(grafana.FolderUID), RuleGroup: ptr("satisflow-clickhouse"), OrgID: ptr(int64(1)),
		Condition: ptr(threshold), NoDataState: ptr("OK"), ExecErrState: ptr("Error"), For: ptr(strfmt.Duration(r.For)),
		Labels: r.Labels, Annotations: r.Annotations,
		Data: []*models.AlertQuery{
			{RefID: asked, DatasourceUID: r.Query.DataSource.UID, QueryType: r.Query.QueryType, RelativeTimeRange: back, Model: map[string]any{
				"refId": asked, "datasource": r.Query.DataSource, "pluginVersion": r.Query.PluginVersion, "editorType": r.Query.EditorType,
				"queryType": r.Query.QueryType, "format": r.Query.Format, "rawSql": r.Query.RawSQL, "intervalMs": 1000, "maxDataPoints": 43200}},
			{RefID: threshold, DatasourceUID: "__expr__", RelativeTimeRange: back, Model: map[string]any{
				"refId": threshold, "type": "threshold", "expression": asked, "datasource": map[string]string{"type": "__expr__", "uid": "__expr__"},
				"conditions": []any{map[string]any{"evaluator": map[string]any{"type": "gt", "params": []float64{r.Above}}}},
				"intervalMs": 1000, "maxDataPoints": 43200}},
		},
	}
}

func (r rule) look(ctx context.Context, c *client) (Step, change, error) {
	step := Step{Kind: "alert rule", UID: r.UID, Title: r.Title, Action: Unchanged}
	want := r.model()
	found, err := c.Provisioning.GetAlertRuleWithParams(provisioning.NewGetAlertRuleParamsWithContext(ctx).WithUID(r.UID))
	if isStatus(err, http.StatusNotFound) {
		step.Action = Create
		return step, func(ctx context.Context) error {
			_, err := c.Provisioning.PostAlertRule(provisioning.NewPostAlertRuleParamsWithContext(ctx).WithBody(want).WithXDisableProvenance(disableProvenance))
			return err
		}, nil
	}
	if err != nil {
		return step, nil, err
	}
	have := *found.Payload
	fromFile := have.Provenance == "file"
	want.IsPaused = have.IsPaused // by whoever is on call
	have.ID, have.OrgID, have.Provenance, have.Updated = 0, want.OrgID, "", strfmt.DateTime{}
	if step.Differences, err = differences(want, have); err != nil || len(step.Differences) == 0 {
		return step, nil, err
	}
	if fromFile {
		return step, nil, &provisionedError{step.Differences}
	}
	step.Action = Update
	return step, func(ctx context.Context) error {
		_, err := c.Provisioning.PutAlertRule(provisioning.NewPutAlertRuleParamsWithContext(ctx).WithUID(r.UID).WithBody(want).WithXDisableProvenance(disableProvenance))
		return err
	}, nil
}
