package grafana

import (
	"fmt"
	"strings"
)

// Uids of the data sources; rules, dashboards and provisioning name them by these.
const (
	PrometheusUID = "satisflow-prometheus"
	ClickHouseUID = "satisflow-clickhouse"
)

var (
	prometheus = DataSource{Type: "prometheus", UID: PrometheusUID}
	clickhouse = DataSource{Type: "grafana-clickhouse-datasource", UID: ClickHouseUID}
	builtIn    = DataSource{Type: "grafana", UID: "-- Grafana --"}
)

// clickhouseVersion is of the data source's plugin that the targets are written for.
const clickhouseVersion = "4.20.0"

const gridWidth = 24

// board lays out one dashboard in one language: panels flow from left to right, and rows begin a new line.
type board struct {
	cfg    Config
	lang   Language
	panels []Panel
	x, y   int
	height int // of the line that is being filled
}

func (b *board) t(t text) string { return t.in(b.lang) }

// tf fills the language's format.
func (b *board) tf(t text, args ...any) string { return fmt.Sprintf(b.t(t), args...) }

func (b *board) row(title text) {
	b.newLine()
	b.place(Panel{Type: "row", Title: b.t(title)}, gridWidth, 1)
}

// add places a panel where the last one ended; width and height are in units of the grid.
func (b *board) add(width, height int, p Panel) {
	if b.x+width > gridWidth {
		b.newLine()
	}
	b.place(p, width, height)
}

func (b *board) place(p Panel, width, height int) {
	p.ID = len(b.panels) + 1
	p.GridPos = GridPos{X: b.x, Y: b.y, W: width, H: height}
	if p.FieldConfig.Overrides == nil {
		p.FieldConfig.Overrides = []Override{}
	}
	b.panels = append(b.panels, p)
	b.x, b.height = b.x+width, max(b.height, height)
	if b.x == gridWidth {
		b.newLine()
	}
}

func (b *board) newLine() {
	b.x, b.y, b.height = 0, b.y+b.height, 0
}

// table asks ClickHouse for rows.
func (b *board) table(file string, data any) []Target {
	return []Target{ClickHouseTarget{RefID: "A", DataSource: clickhouse, PluginVersion: clickhouseVersion, EditorType: "sql",
		QueryType: "table", Format: formatTable, RawSQL: b.cfg.sql(file, data)}}
}

// series asks ClickHouse for columns over the column time.
func (b *board) series(file string, data any) []Target {
	return []Target{ClickHouseTarget{RefID: "A", DataSource: clickhouse, PluginVersion: clickhouseVersion, EditorType: "sql",
		QueryType: "timeseries", Format: formatTimeSeries, RawSQL: b.cfg.sql(file, data)}}
}

// over asks Prometheus for the range of the dashboard.
func over(ref, expr, legend string) Target {
	return PrometheusTarget{RefID: ref, DataSource: prometheus, Expr: tidy(expr), EditorMode: "code", Format: "time_series", Range: true, LegendFormat: legend}
}

// now asks Prometheus for the end of the range of the dashboard.
func now(ref, expr, legend string) Target {
	return PrometheusTarget{RefID: ref, DataSource: prometheus, Expr: tidy(expr), EditorMode: "code", Format: "time_series", Instant: true, LegendFormat: legend}
}

// cell is now as rows: the labels and the column "Value #ref".
func cell(ref, expr string) Target {
	return PrometheusTarget{RefID: ref, DataSource: prometheus, Expr: tidy(expr), EditorMode: "code", Format: "table", Instant: true, LegendFormat: ""}
}

func tidy(expr string) string { return strings.TrimSpace(expr) }
