package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"satisflow/cmd/internal/config"
)

// places is where the parts of dev are.
type places struct {
	gateway            string // http://host:port
	base               string // path of the gateway behind a proxy; empty for none
	kafka              config.Kafka
	kafkaEmbedded      bool
	clickhouse         string // address without secrets
	clickhouseEmbedded bool
	prometheus         string // http://host:port, or empty
	alertmanager       string // likewise
	unwatched          string // why one of them is not there; empty for no reason to tell
	data               string // folder
	connect            string // configuration file for other commands
}

// print tells what runs where, and what to try next.
func (w places) print(s *shell, took time.Duration) {
	line := func(name, place, remark string) {
		fmt.Fprintf(s.stdout, "  %-11s %s  %s\n", name, s.bold(place), s.dim(remark))
	}
	fmt.Fprintf(s.stdout, "satisflow is ready (%s). Ctrl-C ends it.\n\n", took.Round(100*time.Millisecond))
	line("Pages", w.gateway+w.base+"/", "in a browser: where satisfaction stands, who needs attention, what to do")
	line("API", w.gateway, "/openapi.json says what there is; /metrics, /healthz, /readyz")
	line("Kafka", strings.Join(w.kafka.Brokers, ","), fmt.Sprintf("topics %s and %s; %s", w.kafka.Topic, w.kafka.DeadTopic, whose(w.kafkaEmbedded)))
	line("ClickHouse", w.clickhouse, whose(w.clickhouseEmbedded))
	if w.prometheus != "" {
		line("Prometheus", w.prometheus, "/alerts shows the alert rules and what they make of the ratings")
	}
	if w.alertmanager != "" {
		line("Alerts", w.alertmanager, "Alertmanager: what a pager would get; nothing is sent")
	}
	if w.unwatched != "" {
		line("Alerts", "not watched", w.unwatched)
	}
	line("Data", near(w.data), "the next start goes on from here")
	fmt.Fprintf(s.stdout, `
Try next, in another terminal:

  1. Send a rating
     curl %[1]s/api/v1/enterprise-satisfaction/satisfaction/record \
       -H 'Content-Type: application/json' \
       -d '{"customer_id": "C-1001", "service": "data_analysis", "rating": 4.5, "comment": "quick and clear"}'
  2. See how satisfied customers were in the last 28 days
     curl '%[1]s/api/v1/enterprise-satisfaction/satisfaction/analytics?window=28d&dimension=service'
  3. Import a file of ratings, then check every stored sum against them
     %[2]s import ratings.csv --config %[3]s
     %[2]s verify --config %[3]s
`, w.gateway, s.program, near(w.connect))
}

func whose(embedded bool) string {
	if embedded {
		return "embedded, for development only"
	}
	return "yours"
}

// near is the path as seen from here, where that is shorter.
func near(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	relative, err := filepath.Rel(here, path)
	if err != nil || len(relative) >= len(path) {
		return path
	}
	return relative
}
