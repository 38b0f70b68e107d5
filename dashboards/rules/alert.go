package rules

import (
	"maps"
	"time"
)

// Class is what an alert is about; Alertmanager routes and inhibits by it.
type Class string

const (
	// ClassTarget: a share of bad ratings.
	ClassTarget Class = "target"
	// ClassLeading: what tends to come before it.
	ClassLeading Class = "leading"
	// ClassStale: the figures of all services are not to be trusted; inhibits target, leading and silent.
	ClassStale Class = "stale"
	// ClassSilent: a service has no figures; inhibits its target and leading alerts.
	ClassSilent Class = "silent"
	// ClassCatchingUp: figures are being made good; inhibits target and leading.
	ClassCatchingUp Class = "catching_up"
	// ClassPipeline: the pipeline wants attention, the figures stand.
	ClassPipeline Class = "pipeline"
)

// Origin is the label origin of every rule here. Alertmanager inhibits only by alerts that have it: nobody else's alert
// silences a page.
const Origin = "satisflow-rules"

// alert is an alerting rule before its durations are scaled and its links are set.
type alert struct {
	name     string
	severity Severity
	class    Class
	expr     string
	wait     time.Duration // for
	keep     time.Duration // keep_firing_for
	text     text
	labels   map[string]string // further ones
}

// text is what a person reads, English and Chinese: the summary is all that a page at night shows.
type text struct{ summary, summaryZH, description, descriptionZH string }

func (g generator) rule(a alert) Rule {
	dashboard := g.cfg.DashboardURL
	switch a.class {
	case ClassTarget, ClassLeading, ClassSilent:
		dashboard += "?var-dimension={{ $labels.dimension | urlquery }}&var-value={{ $labels.value | urlquery }}"
	}
	labels := map[string]string{"severity": string(a.severity), "class": string(a.class), "origin": Origin}
	maps.Copy(labels, a.labels)
	return Rule{
		Alert: a.name, Expr: a.expr, For: g.duration(a.wait), KeepFiringFor: g.duration(a.keep),
		Labels: labels,
		Annotations: map[string]string{
			"summary": a.text.summary, "summary_zh": a.text.summaryZH,
			"description": a.text.description, "description_zh": a.text.descriptionZH,
			"runbook_url": g.cfg.RunbookBase + "/" + a.name + ".md", "dashboard_url": dashboard,
		},
	}
}

func (g generator) rules(alerts []alert) []Rule {
	rules := make([]Rule, len(alerts))
	for i, a := range alerts {
		rules[i] = g.rule(a)
	}
	return rules
}
