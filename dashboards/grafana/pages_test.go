package grafana

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestValuesLinkThePagesOfAGateway(t *testing.T) {
	for _, c := range []struct{ name, runbooks, link, want string }{
		{"the gateway that serves the runbooks", "https://example.com/base/runbooks", "", "https://example.com/base"},
		{"another gateway", "https://example.com/runbooks", "https://other.example.com", "https://other.example.com"},
		{"runbooks elsewhere", "https://example.com/repository/dashboards", "", ""},
		{"runbooks in a folder", "dashboards/runbooks", "", ""},
	} {
		cfg := DefaultConfig()
		cfg.Rules.RunbookBase, cfg.Link = c.runbooks, c.link
		boards, err := Dashboards(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for title, kind := range map[string]string{"Customers who": "customers", "By service": "services", "Quality by service": "services", "By customer segment": "segments"} {
			content, err := json.Marshal(panelOf(t, boards[0], title).FieldConfig)
			if err != nil {
				t.Fatal(err)
			}
			page := c.want + "/" + kind + "/${__value.raw:percentencode}"
			if got := strings.Contains(string(content), `"`+page+`"`); got != (c.want != "") {
				t.Errorf("%s: panel %q: a link to %s: %t", c.name, title, page, got)
			}
		}
	}
}

func TestAnAddressThatIsNoGatewaysIsRefused(t *testing.T) {
	for _, link := range []string{"localhost:8080", "https://example.com/", "https://example.com/?a=b", "https://example.com/it's", "https://example.com/${service}", "ftp://example.com"} {
		cfg := DefaultConfig()
		cfg.Link = link
		if _, err := Dashboards(cfg); err == nil || !strings.Contains(err.Error(), "want the address of a gateway") {
			t.Errorf("%s: %v", link, err)
		}
	}
}
