package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/grafana/grafana-openapi-client-go/client/health"
	"golang.org/x/mod/semver"

	"satisflow/dashboards/grafana"
)

// Versions that matter.
const (
	oldest       = "v9.4"  // takes what we send; see deploy/docs/grafana.md for which were seen
	forDataStore = "v11.6" // of the data source of ClickHouse 4.20, which the queries are written for
)

// ErrTooOld is of a Grafana that does not take what we send.
var ErrTooOld = errors.New("this Grafana is too old")

// object is something that a Grafana should have.
type object interface {
	// look compares it with what is there and says how to make it so.
	look(ctx context.Context, c *client) (Step, change, error)
}

// change carries out the action of a step.
type change func(ctx context.Context) error

// Apply makes a Grafana have the folder, data sources, dashboards and the rest of the options, and returns what it
// found and did. With DryRun it changes nothing. After an error the plan says what was done; a second run goes on from
// there.
func Apply(ctx context.Context, o Options) (Plan, error) {
	if err := o.Validate(); err != nil {
		return Plan{}, fmt.Errorf("apply dashboards: %w", err)
	}
	c, err := newClient(o)
	if err != nil {
		return Plan{}, fmt.Errorf("apply dashboards: %w", err)
	}
	defer c.close()
	plan := Plan{}
	if plan.Version, err = c.version(ctx); err != nil {
		return plan, err
	}
	if semver.Compare(semver.MajorMinor("v"+plan.Version), forDataStore) < 0 {
		plan.Warnings = append(plan.Warnings, "Grafana "+plan.Version+" is older than 11.6, which the data source of ClickHouse 4.20 needs: leadership's dashboard needs both")
	}
	objects, err := o.objects()
	if err != nil {
		return plan, err
	}
	changes, err := c.look(ctx, objects, &plan)
	if err != nil || o.DryRun {
		return plan, err
	}
	for i, change := range changes {
		step, object := &plan.Steps[i], objects[i]
		if step.Action == Unchanged {
			continue
		}
		if err := change(ctx); err != nil {
			return plan, explain(fmt.Sprintf("%s %s %s", step.Action, step.Kind, step.UID), err)
		}
		if err := c.readBack(ctx, object); err != nil {
			return plan, explain(fmt.Sprintf("look at %s %s after it was sent", step.Kind, step.UID), err)
		}
		step.Done = true
	}
	plan.Warnings = append(plan.Warnings, c.sourceProblems(ctx)...)
	return plan, nil
}

// readBack makes sure that an object that was sent is there as it was sent: an answer of success alone says less.
func (c *client) readBack(ctx context.Context, sent object) error {
	if s, ok := sent.(source); ok {
		s.sendPassword = false // it was sent
		sent = s
	}
	step, _, err := sent.look(ctx, c)
	switch {
	case err != nil:
		return err
	case step.Action == Create:
		return errors.New("it is not there, though Grafana, or something before it, took it")
	case step.Action == Update && !step.Hidden:
		return fmt.Errorf("it is not as it was sent: %s", strings.Join(step.Differences, "; "))
	}
	return nil
}

// look finds out what is to be changed. It goes on after what comes from files, so that the error names all of it.
func (c *client) look(ctx context.Context, objects []object, plan *Plan) ([]change, error) {
	var changes []change
	var fromFiles error
	for _, object := range objects {
		step, change, err := object.look(ctx, c)
		if from := (*provisionedError)(nil); errors.As(err, &from) {
			fromFiles = errors.Join(fromFiles, fmt.Errorf("look at %s %s: %w", step.Kind, step.UID, err))
		} else if err != nil {
			return nil, explain(fmt.Sprintf("look at %s %s", step.Kind, step.UID), err)
		}
		plan.Steps, changes = append(plan.Steps, step), append(changes, change)
	}
	return changes, fromFiles
}

// provisionedError is of an object that differs and that only the file it comes from can change.
type provisionedError struct{ differences []string }

func (e *provisionedError) Error() string {
	return "it comes from a file that Grafana is provisioned with, and differs from what the configuration makes; change that file, or take it out there and run again. It has:\n  " +
		strings.Join(e.differences, "\n  ")
}

// objects are in the order in which one needs the other.
func (o Options) objects() ([]object, error) {
	boards, err := grafana.Dashboards(o.Dashboards)
	if err != nil {
		return nil, err
	}
	if err := grafana.Check(o.Dashboards, boards); err != nil {
		return nil, err
	}
	all := []object{folder{}}
	for _, s := range o.Sources.Specs() {
		all = append(all, source{s, o.SendPassword})
	}
	for _, d := range boards {
		all = append(all, board{d})
	}
	for _, r := range o.Dashboards.AlertRules() {
		all = append(all, rule{r})
	}
	if o.Notify != nil {
		all = append(all, contact{*o.Notify}, policy{})
	}
	return all, nil
}

// version asks for Grafana's and refuses one that is too old.
func (c *client) version(ctx context.Context) (string, error) {
	answer, err := c.Health.GetHealthWithParams(health.NewGetHealthParamsWithContext(ctx))
	if err != nil {
		return "", explain("ask Grafana for its version", err)
	}
	version := answer.Payload.Version
	switch at := semver.MajorMinor("v" + version); {
	case at == "":
		return version, fmt.Errorf("ask Grafana for its version: %q is none: is the address that of Grafana?", version)
	case semver.Compare(at, oldest) < 0:
		return version, fmt.Errorf("%w: it is %s: want %s or newer, and 11.6 for the data source of ClickHouse: upgrade Grafana", ErrTooOld, version, strings.TrimPrefix(oldest, "v"))
	}
	return version, nil
}
