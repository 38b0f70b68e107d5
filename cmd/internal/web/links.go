package web

import (
	"net/url"

	"satisflow/pipeline/alert"
)

// To is the address of a page in this page's language. The path has a query or none.
func (p page) To(path string) string { return to(path, p.Lang) }

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
func (p page) Subject(s alert.Subject) string {
	return p.To(subjectPath(s.Dimension, s.Value))
}

// Service is the address of the page of a service.
func (p page) Service(name string) string { return p.To(subjectPath("service", name)) }

// Segment is the address of the page of a segment.
func (p page) Segment(name string) string { return p.To(subjectPath("segment", name)) }

// Customer is the address of the page of a customer.
func (p page) Customer(id string) string { return p.To(subjectPath(alert.Customer, id)) }

// Alert is the address of the page of an alert.
func (p page) Alert(id string) string { return p.To("/alerts/" + url.PathEscape(id)) }

// subjectPath is the page of a customer, service or segment. Browsers take . and .. for steps in a path however they are
// written, so that customers of these ids are asked for by a parameter.
func subjectPath(dimension, value string) string {
	if dimension == alert.Customer && (value == "." || value == "..") {
		return "/customers/?id=" + value
	}
	return "/" + dimension + "s/" + url.PathEscape(value)
}
