package apply

import (
	"context"
	"fmt"
	"maps"
	"net/http"

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
	taken := ""
	for _, have := range found.Payload {
		if have.UID == contactName {
			return n.compare(ctx, c, step, want, have)
		}
		if have.Name == contactName {
			taken = have.UID
		}
	}
	if taken != "" {
		return step, nil, fmt.Errorf("another contact point has the name %s (uid %s): rename that", contactName, taken)
	}
	step.Action = Create
	return step, func(ctx context.Context) error {
		_, err := c.Provisioning.PostContactpoints(provisioning.NewPostContactpointsParamsWithContext(ctx).WithBody(want).WithXDisableProvenance(disableProvenance))
		return err
	}, nil
}

// compare heeds the setting that is ours only, and keeps all others. What Grafana hides it keeps when the sign for it comes back.
func (n contact) compare(ctx context.Context, c *client, step Step, want, have *models.EmbeddedContactPoint) (Step, change, error) {
	settings, err := plain(have.Settings)
	if err != nil {
		return step, nil, err
	}
	all, _ := settings.(map[string]any)
	name := settingOf[n.Type]
	there := all[name]
	if there == hidden {
		if there, err = c.decrypted(ctx, name); err != nil {
			return step, nil, err
		}
	}
	step.Differences = compare("type", n.Type, *have.Type)
	switch {
	case there == nil && all[name] == hidden:
		step.Hidden = true
		step.Differences = append(step.Differences, "settings."+name+": (hidden) → "+short(n.Address))
	default:
		step.Differences = append(step.Differences, compare("settings."+name, n.Address, there)...)
	}
	if len(step.Differences) == 0 {
		return step, nil, nil
	}
	if have.Provenance == "file" {
		return step, nil, &provisionedError{step.Differences}
	}
	if *have.Type == n.Type {
		merged := map[string]any{}
		maps.Copy(merged, all)
		merged[name] = n.Address
		want.Settings, want.DisableResolveMessage = merged, have.DisableResolveMessage
	}
	step.Action = Update
	return step, func(ctx context.Context) error {
		_, err := c.Provisioning.PutContactpoint(provisioning.NewPutContactpointParamsWithContext(ctx).WithUID(contactName).WithBody(want).WithXDisableProvenance(disableProvenance))
		return err
	}, nil
}

// decrypted asks for a setting that is hidden otherwise; nil where Grafana or the token does not allow that.
func (c *client) decrypted(ctx context.Context, setting string) (any, error) {
	var export struct {
		ContactPoints []struct {
			Receivers []struct {
				UID      string         `json:"uid"`
				Settings map[string]any `json:"settings"`
			} `json:"receivers"`
		} `json:"contactPoints"`
	}
	err := c.raw(ctx, http.MethodGet, "v1/provisioning/contact-points/export?decrypt=true&format=json&name="+contactName, nil, &export)
	if isStatus(err, http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound) {
		return nil, nil
	}
	for _, point := range export.ContactPoints {
		for _, r := range point.Receivers {
			if r.UID == contactName && r.Settings[setting] != hidden {
				return r.Settings[setting], err
			}
		}
	}
	return nil, err
}
