package apply

import (
	"context"
	"fmt"

	"github.com/grafana/grafana-openapi-client-go/client/provisioning"
	"github.com/grafana/grafana-openapi-client-go/models"
)

// contactName is that of our contact point, and its uid.
const contactName = "satisflow"

// contact is a contact point.
type contact struct{ Notify }

func (n contact) look(ctx context.Context, c *client) (Step, change, error) {
	step := Step{Kind: "contact point", UID: contactName, Title: contactName, Action: Unchanged}
	want := &models.EmbeddedContactPoint{UID: contactName, Name: contactName, Type: ptr(n.Type), Settings: map[string]any{settingOf[n.Type]: n.Address}}
	found, err := c.Provisioning.GetContactpoints(provisioning.NewGetContactpointsParamsWithContext(ctx))
	if err != nil {
		return step, nil, err
	}
	for _, have := range found.Payload {
		if have.UID == contactName {
			return n.compare(c, step, want, have)
		}
		if have.Name == contactName {
			return step, nil, fmt.Errorf("another contact point has the name %s (uid %s): rename that", contactName, have.UID)
		}
	}
	step.Action = Create
	return step, func(ctx context.Context) error {
		_, err := c.Provisioning.PostContactpoints(provisioning.NewPostContactpointsParamsWithContext(ctx).WithBody(want).WithXDisableProvenance(disableProvenance))
		return err
	}, nil
}

// compare heeds the setting that is ours only.
func (n contact) compare(c *client, step Step, want, have *models.EmbeddedContactPoint) (Step, change, error) {
	settings, err := plain(have.Settings)
	if err != nil {
		return step, nil, err
	}
	all, _ := settings.(map[string]any)
	name := settingOf[n.Type]
	step.Differences = append(compare("type", n.Type, *have.Type), compare("settings."+name, n.Address, all[name])...)
	if len(step.Differences) == 0 {
		return step, nil, nil
	}
	step.Action = Update
	return step, func(ctx context.Context) error {
		_, err := c.Provisioning.PutContactpoint(provisioning.NewPutContactpointParamsWithContext(ctx).WithUID(contactName).WithBody(want).WithXDisableProvenance(disableProvenance))
		return err
	}, nil
}
