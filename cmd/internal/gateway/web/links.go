package web

import (
	"net/url"

	"satisflow/cmd/internal/service/alerting"
	"satisflow/pipeline/alert"
)

// At is the address of a path of the gateway as browsers reach it, with the prefix of the proxy in front.
func (p page) At(path string) string { return p.Base + path }

// To is the address of a page in this page's language. The path has a query or none.
func (p page) To(path string) string { return p.At(to(path, p.Lang)) }

// Runbook is the address of the page of a runbook.
func (p page) Runbook(alert string) string { return p.To("/runbooks/" + url.PathEscape(alert)) }

// to is the address of a page in a language, as browsers reach it.
func (w *Web) to(path string, lang language) string { return w.BasePath + to(path, lang) }

func to(path string, lang language) string {
	u, err := url.Parse(path)
	if err != nil {
		return path // ours are all parsed by a test
	}
	query := u.Query()
	query.Set("lang", string(lang))
	u.RawQuery = query.Encode()
	return u.String()
}

// Subject is the address of the page of whom an alert is about.
func (p page) Subject(s alert.Subject) string { return p.To(alerting.PagePath(s)) }

// Service is the address of the page of a service.
func (p page) Service(name string) string {
	return p.Subject(alert.Subject{Dimension: "service", Value: name})
}

// Segment is the address of the page of a segment.
func (p page) Segment(name string) string {
	return p.Subject(alert.Subject{Dimension: "segment", Value: name})
}

// Customer is the address of the page of a customer.
func (p page) Customer(id string) string {
	return p.Subject(alert.Subject{Dimension: alert.Customer, Value: id})
}

// Alert is the address of the page of an alert.
func (p page) Alert(id string) string { return p.To("/alerts/" + url.PathEscape(id)) }
