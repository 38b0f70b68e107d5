package alerting

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"satisflow/pipeline/alert"
)

var update = flag.Bool("update", false, "write the golden files anew")

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func testConfig() Config {
	c := DefaultConfig()
	c.GroupLength = 7 * 24 * time.Hour
	c.Zone = 8 * time.Hour
	c.Link = "https://satisflow.example.com/"
	return c
}

// fallen is the alert about a service that fell from 95.2 % to 88.2 %.
func fallen() *alert.Alert {
	return &alert.Alert{
		ID: "abcdefghij0123456789", Version: 1, Rule: alert.GroupFalling, Subject: alert.Subject{Dimension: "service", Value: "data_analysis"},
		Severity: alert.Major, State: alert.Open, Holding: true, Value: 1200. / 1360, Threshold: 0.952, Ratings: 1360, Before: 1333. / 1400, BeforeN: 1400, Weight: 1,
		RatedAt: noon, OpenedAt: noon.Add(2 * time.Minute), ContactDue: noon.Add(7 * 24 * time.Hour), ResolveDue: noon.Add(7 * 24 * time.Hour),
	}
}

func TestTheMailAboutAFallSaysWhatWhenAndWhatToDo(t *testing.T) {
	for _, language := range []string{Both, English, Chinese} {
		c := testConfig()
		c.Language = language
		m, err := c.mailOf(fallen(), []string{"o@example.com"}, 4, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		for suffix, got := range map[string]string{"txt": "Subject: " + m.Subject + "\n\n" + m.Text, "html": m.HTML} {
			path := filepath.Join("testdata", "falling."+language+"."+suffix)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(path); err != nil || string(want) != got {
				t.Errorf("%s differs (%v): look at it, then go test ./cmd/internal/service/alerting -run Mail -update; now it is\n%s", path, err, got)
			}
		}
		if m.ID != "alert-abcdefghij0123456789" || m.To[0] != "o@example.com" {
			t.Errorf("id %s to %v", m.ID, m.To)
		}
	}
}

func TestAMailIsHTMLWhateverAServiceIsCalled(t *testing.T) {
	a, c := fallen(), testConfig()
	a.Subject = alert.Subject{Dimension: "segment", Value: `<b>"A & B"</b>/新客户`}
	m, err := c.mailOf(a, []string{"o@example.com"}, 4, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(m.HTML, "<b>") || !strings.Contains(m.Text, `Segment <b>"A & B"</b>/新客户`) {
		t.Error(m.HTML)
	}
	const link = "https://satisflow.example.com/segments/%3Cb%3E%22A%20&%20B%22%3C%2Fb%3E%2F%E6%96%B0%E5%AE%A2%E6%88%B7"
	if got := c.link(a.Subject); got != link {
		t.Errorf("%s, want %s", got, link)
	}
	if got := c.link(alert.Subject{Dimension: alert.Customer, Value: ".."}); got != "https://satisflow.example.com/customers/?id=.." {
		t.Errorf("%s: a browser would leave the page of the customers", got)
	}
}
