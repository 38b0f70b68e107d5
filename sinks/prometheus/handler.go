package prometheus

import (
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"
)

const (
	// maxScrapes is how many scrapes are answered at the same time: two Prometheus servers and a person or two. Others
	// get 503, and the next interval.
	maxScrapes = 4
	// scrapeTimeout is how long a scrape may take. The answer is complete before its first byte is sent, so that a
	// client that reads slowly holds none of the places.
	scrapeTimeout = 10 * time.Second
)

// Handler serves the metrics of a registry. A metric that cannot be shown is logged and left out: the others are served.
func Handler(reg *prometheus.Registry, log zerolog.Logger) http.Handler {
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{
		Registry: reg, EnableOpenMetrics: true, MaxRequestsInFlight: maxScrapes, Timeout: scrapeTimeout,
		ErrorHandling: promhttp.ContinueOnError, ErrorLog: errorLog{log},
	})
}

type errorLog struct{ log zerolog.Logger }

// Println logs an error of a scrape.
func (l errorLog) Println(v ...any) { l.log.Error().Msg(fmt.Sprint(v...)) }
