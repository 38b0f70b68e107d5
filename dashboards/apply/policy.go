package apply

import (
	"context"
	"reflect"
)

// policy is our route in the tree of notification policies.
type policy struct{}

const policyPath = "v1/provisioning/policies"

// ourMatchers are those of our route, and the label of our rules.
var ourMatchers = []any{[]any{"app", "=", "satisflow"}}

func ourRoute() map[string]any {
	return map[string]any{"receiver": contactName, "object_matchers": ourMatchers}
}

func (policy) look(ctx context.Context, c *client) (Step, change, error) {
	step := Step{Kind: "notification policy", UID: "app=satisflow", Title: "to " + contactName, Action: Unchanged}
	tree, err := c.policies(ctx)
	if err != nil {
		return step, nil, err
	}
	at, routes := ourPlace(tree)
	step.Action = Create
	if at >= 0 {
		step.Action = Update
		if step.Differences = compareMaps("", ourRoute(), routes[at].(map[string]any)); len(step.Differences) == 0 {
			step.Action = Unchanged
			return step, nil, nil
		}
	}
	if tree["provenance"] == "file" {
		return step, nil, &provisionedError{append(step.Differences, "the route with object_matchers [[app = satisflow]] and the receiver "+contactName+": add it to the policies there")}
	}
	return step, func(ctx context.Context) error { return c.putPolicy(ctx) }, nil
}

func (c *client) policies(ctx context.Context) (tree map[string]any, err error) {
	return tree, c.raw(ctx, "GET", policyPath, nil, &tree)
}

// ourPlace is the index of our route among those beneath the root, -1 for none.
func ourPlace(tree map[string]any) (int, []any) {
	routes, _ := tree["routes"].([]any)
	for i, r := range routes {
		if route, ok := r.(map[string]any); ok && reflect.DeepEqual(route["object_matchers"], ourMatchers) {
			return i, routes
		}
	}
	return -1, routes
}

// putPolicy reads the tree again, so that the time in which another's change could be lost is short. A new route goes
// first: behind one that matches everything it would never be reached, and it matches nothing but our own alerts.
func (c *client) putPolicy(ctx context.Context) error {
	tree, err := c.policies(ctx)
	if err != nil {
		return err
	}
	if at, routes := ourPlace(tree); at >= 0 {
		routes[at] = ourRoute()
	} else {
		tree["routes"] = append([]any{ourRoute()}, routes...)
	}
	delete(tree, "provenance")
	var answer any
	return c.raw(ctx, "PUT", policyPath, tree, &answer)
}
