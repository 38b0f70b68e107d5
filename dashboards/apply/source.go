package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/grafana/grafana-openapi-client-go/client/datasources"
	"github.com/grafana/grafana-openapi-client-go/models"

	"satisflow/dashboards/grafana"
)

// source is a data source.
type source struct {
	grafana.SourceSpec
	sendPassword bool
}

func (s source) look(ctx context.Context, c *client) (Step, change, error) {
	step := Step{Kind: "data source", UID: s.UID, Title: s.Name, Action: Unchanged}
	found, err := c.Datasources.GetDataSourceByUIDWithParams(datasources.NewGetDataSourceByUIDParamsWithContext(ctx).WithUID(s.UID))
	if isStatus(err, http.StatusNotFound) {
		step.Action = Create
		return step, func(ctx context.Context) error { return s.create(ctx, c) }, nil
	}
	if err != nil {
		return step, nil, err
	}
	have := found.Payload
	if have.Type != s.Type {
		return step, nil, fmt.Errorf("it is of the type %s, not %s: somebody else's: give that another uid", have.Type, s.Type)
	}
	settings, err := settingsOf(have)
	if err != nil {
		return step, nil, err
	}
	if step.Differences, err = s.differences(have, settings); err != nil || len(step.Differences) == 0 {
		return step, nil, err
	}
	if have.ReadOnly {
		return step, nil, &provisionedError{step.Differences}
	}
	step.Action = Update
	return step, func(ctx context.Context) error { return s.update(ctx, c, have, settings) }, nil
}

// settingsOf is the jsonData of a data source.
func settingsOf(d *models.DataSource) (map[string]any, error) {
	v, err := plain(d.JSONData)
	settings, _ := v.(map[string]any)
	return settings, err
}

// differences heeds the settings that are ours only.
func (s source) differences(have *models.DataSource, settings map[string]any) ([]string, error) {
	ours := map[string]any{}
	for key := range s.JSONData {
		ours[key] = settings[key]
	}
	type shape struct {
		Name, Access, URL string
		JSONData          map[string]any
	}
	all, err := differences(shape{s.Name, s.Access, s.URL, s.JSONData}, shape{have.Name, string(have.Access), have.URL, ours})
	for name := range s.SecureJSONData {
		switch {
		case !have.SecureJSONFields[name]:
			all = append(all, name+": nothing → (secret)")
		case s.sendPassword:
			all = append(all, name+": (secret) → (secret), as asked")
		}
	}
	return all, err
}

func (s source) create(ctx context.Context, c *client) error {
	_, err := c.Datasources.AddDataSourceWithParams(datasources.NewAddDataSourceParamsWithContext(ctx).WithBody(&models.AddDataSourceCommand{
		UID: s.UID, Name: s.Name, Type: s.Type, Access: models.DsAccess(s.Access), URL: s.URL, JSONData: s.JSONData, SecureJSONData: s.SecureJSONData}))
	return err
}

// update leaves alone what is not ours: further settings, whether it is the default, other credentials.
func (s source) update(ctx context.Context, c *client, have *models.DataSource, settings map[string]any) error {
	merged := map[string]any{}
	maps.Copy(merged, settings)
	maps.Copy(merged, s.JSONData)
	_, err := c.Datasources.UpdateDataSourceByUIDWithParams(datasources.NewUpdateDataSourceByUIDParamsWithContext(ctx).WithUID(s.UID).WithBody(&models.UpdateDataSourceCommand{
		UID: s.UID, Name: s.Name, Type: s.Type, Access: models.DsAccess(s.Access), URL: s.URL, JSONData: merged, SecureJSONData: s.SecureJSONData,
		IsDefault: have.IsDefault, BasicAuth: have.BasicAuth, BasicAuthUser: have.BasicAuthUser, Database: have.Database, User: have.User,
		WithCredentials: have.WithCredentials, Version: have.Version}))
	return err
}

// sourceProblems asks the data sources whether they work. A Grafana that cannot ask (404) is no problem.
func (c *client) sourceProblems(ctx context.Context) (problems []string) {
	for _, uid := range []string{grafana.PrometheusUID, grafana.ClickHouseUID} {
		_, err := c.Datasources.CheckDatasourceHealthWithUIDWithParams(datasources.NewCheckDatasourceHealthWithUIDParamsWithContext(ctx).WithUID(uid))
		var status *StatusError
		if errors.As(err, &status) && status.Status != http.StatusNotFound {
			problems = append(problems, fmt.Sprintf("data source %s does not work: %s", uid, status.Message))
		}
	}
	return problems
}
