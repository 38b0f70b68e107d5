package alerting

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/sinks/alertmanager"
)

var alertNames = map[alert.Rule]string{
	alert.LowRating: "SatisflowCustomerRatingLow", alert.LowMean: "SatisflowCustomerMeanLow",
	alert.Falling: "SatisflowCustomerFalling", alert.GroupFalling: "SatisflowGroupFalling",
}

// notified says whether the alert goes to Alertmanager.
func (c *Config) notified(a *alert.Alert) bool {
	return slices.Contains(c.Notify, string(a.Rule)) && a.Severity >= c.NotifyFrom
}

// labels are what Alertmanager knows the alert by: but for its level they never change, whatever is rated later and whichever
// process sends it.
func labels(a *alert.Alert) map[string]string {
	l := map[string]string{"alertname": alertNames[a.Rule], "class": "customer", "severity": "ticket", "level": a.Severity.String(), "alert_id": a.ID}
	if a.Rule == alert.GroupFalling {
		l["class"] = "group"
		l[a.Subject.Dimension] = a.Subject.Value
	}
	if a.LabelService != "" {
		l["service"] = a.LabelService
	}
	if a.LabelSegment != "" {
		l["segment"] = a.LabelSegment
	}
	return l
}

// annotations are what people read.
func (c *Config) annotations(a *alert.Alert) map[string]string {
	summary, description := c.summary(a), c.description(a)
	all := map[string]string{
		"summary": summary.English, "summary_zh": summary.Chinese, "description": description.English, "description_zh": description.Chinese,
		"link": c.link(a.Subject),
	}
	if a.Subject.Dimension == alert.Customer {
		all["customer"] = a.Subject.Value
	}
	return all
}

// link is the page of whom an alert is about.
func (c *Config) link(s alert.Subject) string { return strings.TrimRight(c.Link, "/") + PagePath(s) }

// PagePath is the path, and query, of the page of a customer, service or segment at the gateway. Browsers take . and .. for
// steps in a path however they are written, so that those of these names are asked for by a parameter.
func PagePath(s alert.Subject) string {
	path, parameter := "/"+s.Dimension+"s/", "name"
	if s.Dimension == alert.Customer {
		parameter = "id"
	}
	if s.Value == "" || s.Value == "." || s.Value == ".." {
		return path + "?" + parameter + "=" + s.Value
	}
	return path + url.PathEscape(s.Value)
}

// notice is an alert for Alertmanager under the labels that it has there; one that still stands is let live until the
// time unless it is sent again.
func (c *Config) notice(a *alert.Alert, under map[string]string, until time.Time) alertmanager.Alert {
	n := alertmanager.Alert{Labels: under, Annotations: c.annotations(a), StartsAt: a.Began(), EndsAt: until, GeneratorURL: c.link(a.Subject)}
	if !a.State.AtWork() {
		n.EndsAt = later(a.ResolvedAt, n.StartsAt) // the clocks of two holders differ, and Alertmanager takes no other
	}
	return n
}
