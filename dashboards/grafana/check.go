package grafana

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Check returns all that is wrong with the dashboards as far as it can be seen without Grafana, Prometheus and
// ClickHouse: ids and places of panels, what every panel must say, data sources, PromQL and the metrics in it, macros and
// variables.
func Check(cfg Config, boards []Dashboard) error {
	known, err := knownMetrics(cfg)
	if err != nil {
		return err
	}
	var problems []error
	uids := map[string]bool{}
	for i := range boards {
		d := &boards[i]
		c := checker{known: known, board: d}
		if uids[d.UID] {
			c.problem("uid: there are two of it")
		}
		uids[d.UID] = true
		c.check()
		problems = append(problems, c.problems...)
	}
	return errors.Join(problems...)
}

// checker gathers the problems of one dashboard.
type checker struct {
	known    map[string]bool
	board    *Dashboard
	problems []error
}

func (c *checker) problem(format string, args ...any) {
	c.problems = append(c.problems, fmt.Errorf("dashboard %s: "+format, append([]any{c.board.UID}, args...)...))
}

func (c *checker) check() {
	d := c.board
	if d.UID == "" || len(d.UID) > 40 {
		c.problem("uid: want 1 to 40 characters")
	}
	if d.Title == "" || d.Description == "" || d.SchemaVersion != schemaVersion {
		c.problem("title, description, schemaVersion: want both texts and %d", schemaVersion)
	}
	for _, v := range d.Templating.List {
		if v.DataSource != nil {
			c.source("variable "+v.Name, *v.DataSource)
		}
	}
	for _, a := range d.Annotations.List {
		c.source("annotation "+a.Name, a.DataSource)
		if a.Expr != "" {
			c.promQL("annotation "+a.Name, a.Expr)
		}
		if a.Target != nil {
			c.source("annotation "+a.Name, a.Target.Source())
			c.query("annotation "+a.Name, *a.Target)
		}
		c.drawnOn(&a)
	}
	c.places()
	for i := range d.Panels {
		if p := &d.Panels[i]; p.Type != "row" {
			c.panel(p)
		}
	}
}

// drawnOn finds panels that an annotation names and that are no graphs of the dashboard.
func (c *checker) drawnOn(a *Annotation) {
	if a.Filter == nil {
		return
	}
	for _, id := range a.Filter.IDs {
		if !slices.ContainsFunc(c.board.Panels, func(p Panel) bool { return p.ID == id && p.Type == "timeseries" }) {
			c.problem("annotation %s: panel %d: want graphs of the dashboard", a.Name, id)
		}
	}
}

// places finds ids that are there twice and panels that overlap or leave the grid.
func (c *checker) places() {
	taken := map[[2]int]int{}
	ids := map[int]bool{}
	for _, p := range c.board.Panels {
		if p.ID < 1 || ids[p.ID] {
			c.problem("panel %q: id %d: want one of its own, from 1", p.Title, p.ID)
		}
		ids[p.ID] = true
		g := p.GridPos
		if g.X < 0 || g.Y < 0 || g.W < 1 || g.H < 1 || g.X+g.W > gridWidth {
			c.problem("panel %q: place %+v: leaves the grid, which is %d wide", p.Title, g, gridWidth)
			continue
		}
		if other := overlap(taken, g, p.ID); other != 0 {
			c.problem("panel %q: place %+v: overlaps panel %d", p.Title, g, other)
		}
	}
}

// overlap takes the cells of a place and returns the id of a panel that has one of them, 0 for none.
func overlap(taken map[[2]int]int, g GridPos, id int) (other int) {
	for x := g.X; x < g.X+g.W; x++ {
		for y := g.Y; y < g.Y+g.H; y++ {
			if had := taken[[2]int{x, y}]; had != 0 {
				other = had
			}
			taken[[2]int{x, y}] = id
		}
	}
	return other
}

func (c *checker) panel(p *Panel) {
	where := fmt.Sprintf("panel %q", p.Title)
	if p.Title == "" || p.Description == "" {
		c.problem("panel %d: title and description: want both", p.ID)
	}
	if p.FieldConfig.Defaults.Unit == "" {
		c.problem("%s: unit: missing", where)
	}
	if len(p.Targets) == 0 {
		c.problem("%s: targets: none", where)
	}
	refs := map[string]bool{}
	for _, t := range p.Targets {
		if refs[t.Ref()] || t.Ref() == "" {
			c.problem("%s: refId %q: want one of its own", where, t.Ref())
		}
		refs[t.Ref()] = true
		c.source(where, t.Source())
		c.query(where+" "+t.Ref(), t)
	}
	c.shares(where, p)
}

func (c *checker) source(where string, s DataSource) {
	if s != prometheus && s != clickhouse && s != builtIn {
		c.problem("%s: data source %s %q: want %s or %s", where, s.Type, s.UID, PrometheusUID, ClickHouseUID)
	}
}

func (c *checker) query(where string, t Target) {
	if t.Source() == prometheus {
		c.promQL(where, t.Query())
		return
	}
	if err := checkSQL(t.Query(), c.board.Templating.List); err != nil {
		c.problem("%s: %w", where, err)
	}
}

// means are shown in percent, but no shares: they have n and no interval.
var means = []string{"accuracy", "completeness", "mean_accuracy", "mean_completeness"}

// shares wants thresholds, n and a bound wherever there is a share.
func (c *checker) shares(where string, p *Panel) {
	percent := p.FieldConfig.Defaults.Unit == "percentunit"
	isShare, names := percent, []string(nil)
	for _, o := range p.FieldConfig.Overrides {
		name := strings.TrimPrefix(o.Matcher.Options, "Value #")
		names = append(names, name)
		if slices.ContainsFunc(o.Properties, func(p Property) bool { return p.ID == "unit" && p.Value == "percentunit" }) {
			percent = true
			isShare = isShare || !slices.Contains(means, name)
		}
		if slices.Contains(means, name) && p.FieldConfig.Defaults.Unit == "percentunit" {
			isShare = false
		}
	}
	if !percent {
		return
	}
	if p.FieldConfig.Defaults.Thresholds == nil {
		c.problem("%s: shows percent without thresholds", where)
	}
	hasCount := slices.ContainsFunc(names, func(n string) bool { return n == "n" || strings.HasSuffix(n, "_n") || strings.HasPrefix(n, "count_") })
	if !hasCount {
		c.problem("%s: shows percent without n", where)
	}
	if isShare && !slices.Contains(names, "low") {
		c.problem("%s: shows a share without its interval (low)", where)
	}
}

// CheckFile returns what is wrong with a rendered dashboard as JSON: an id, a version or something that is no JSON.
func CheckFile(f File) error {
	var top map[string]any
	if err := json.Unmarshal(f.Content, &top); err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	for _, key := range []string{"id", "version"} {
		if _, ok := top[key]; ok {
			return fmt.Errorf("%s: %s: belongs to one Grafana, not into the file", f.Path, key)
		}
	}
	return nil
}
