package grafana

import (
	"net/url"
	"strings"
)

// page is the address of the gateway whose pages are linked, empty for none.
func (c Config) page() string {
	if c.Link != "" {
		return c.Link
	}
	if gateway, serves := strings.CutSuffix(c.Rules.RunbookBase, "/runbooks"); serves && !linkProblem(gateway) {
		return gateway
	}
	return ""
}

// linkProblem says whether an address is none that pages can be linked below. It stands in SQL and in HTML, so signs that
// mean something there are none of it.
func linkProblem(base string) bool {
	u, err := url.Parse(base)
	return err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" ||
		strings.HasSuffix(base, "/") || strings.ContainsAny(base, "'\"<>\\ ${}")
}

// Kinds of pages that a gateway has.
const customers, services, segments = "customers", "services", "segments"

// pageOf links the value of a cell to its page.
func (b *board) pageOf(kind string) []Link {
	base := b.cfg.page()
	if base == "" {
		return nil
	}
	title := map[string]text{
		customers: {"The customer's page", "客户页面"},
		services:  {"The service's page", "服务页面"},
		segments:  {"The segment's page", "客户群页面"},
	}[kind]
	return []Link{{Title: b.t(title), URL: base + "/" + kind + "/${__value.raw:percentencode}", TargetBlank: true}}
}

// linkedTo is a field whose values lead elsewhere, if there are links.
func linkedTo(f field, links []Link) field {
	if len(links) > 0 {
		f.more = append(f.more, Property{"links", links})
	}
	return f
}
