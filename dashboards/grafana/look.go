package grafana

// field is how one field of a panel looks: a column of SQL, or all of a target of Prometheus.
type field struct {
	name       string
	title      text
	unit       string
	decimals   int
	thresholds *Thresholds
	words      []Mapping
	more       []Property
}

// Colors that those who cannot tell red from green can: Okabe and Ito's.
const (
	blue       = "#0072B2"
	skyBlue    = "#56B4E9"
	green      = "#009E73"
	amber      = "#E69F00"
	vermillion = "#D55E00"
	grey       = "#8E8E8E"
)

// column is the override of a field that a column of that name gives.
func (b *board) column(f field) Override {
	return Override{Matcher{"byName", f.name}, b.properties(f)}
}

// target is the override of the fields that the target of that name gives.
func (b *board) target(f field) Override {
	return Override{Matcher{"byFrameRefID", f.name}, b.properties(f)}
}

func (b *board) properties(f field) []Property {
	var all []Property
	set := func(id string, value any) { all = append(all, Property{id, value}) }
	if f.title.en != "" {
		set("displayName", b.t(f.title))
	}
	if f.unit != "" {
		set("unit", f.unit)
		set("decimals", f.decimals)
	}
	if f.thresholds != nil {
		set("thresholds", f.thresholds)
	}
	if f.words != nil {
		set("mappings", f.words)
	}
	return append(all, f.more...)
}

func (b *board) columns(fields ...field) []Override {
	all := make([]Override, len(fields))
	for i, f := range fields {
		all[i] = b.column(f)
	}
	return all
}

// stages colors a share by the milestones and the target. The verdict, which knows n, has its own word beside it.
func (b *board) stages() *Thresholds {
	s := steps(vermillion)
	for _, m := range b.cfg.Milestones {
		s.Steps = append(s.Steps, from(m, amber))
	}
	s.Steps = append(s.Steps, from(b.cfg.Rules.Target.Value, green))
	return s
}

func (b *board) share(name string, title text) field {
	return field{name: name, title: title, unit: "percentunit", decimals: 1, thresholds: b.stages()}
}

// bounds are the columns low and high beside a share.
func (b *board) bounds() []field {
	return []field{
		{name: "low", title: text{"From (95 %)", "下限 (95%)"}, unit: "percentunit", decimals: 1},
		{name: "high", title: text{"To (95 %)", "上限 (95%)"}, unit: "percentunit", decimals: 1},
	}
}

func count(name string, title text) field { return field{name: name, title: title, unit: "locale"} }

func sampleSize() field { return count("n", text{"n (ratings)", "n（评分数）"}) }

// verdict gives the word and the sign for it, never the color alone.
func (b *board) verdict() field {
	return field{name: "verdict", title: text{"Verdict", "结论"}, words: []Mapping{{Type: "value", Options: map[string]Word{
		"met":          {"✓ " + b.t(text{"target met", "已达标"}), green, 0},
		"below":        {"✗ " + b.t(text{"below target", "未达标"}), vermillion, 1},
		"undetermined": {"? " + b.t(text{"undetermined: too few ratings to tell", "未定：评分不足以判断"}), amber, 2},
		"no_data":      {"– " + b.t(text{"no data", "无数据"}), grey, 3},
	}}}}
}

// verdictNumber is verdict for Prometheus, whose values are numbers.
func (b *board) verdictNumber(name string) field {
	f := b.verdict()
	words := f.words[0].Options
	f.name = name
	f.words = []Mapping{{Type: "value", Options: map[string]Word{
		"0": words["no_data"], "1": words["undetermined"], "2": words["below"], "3": words["met"]}}}
	return f
}

func (b *board) moved() field {
	return field{name: "moved", title: text{"Moved", "变化方向"}, words: []Mapping{{Type: "value", Options: map[string]Word{
		"up":      {"▲ " + b.t(text{"better", "上升"}), green, 0},
		"down":    {"▼ " + b.t(text{"worse", "下降"}), vermillion, 1},
		"unclear": {"≈ " + b.t(text{"no clear change", "无明显变化"}), grey, 2},
		"no_data": {"– " + b.t(text{"no data", "无数据"}), grey, 3},
	}}}}
}

// inCell colors the text of a table's cell by its mapping.
func inCell(f field) field {
	f.more = append(f.more, Property{"custom.cellOptions", map[string]string{"type": "color-text"}})
	return f
}

// statOptions shows the last value of all fields side by side.
type statOptions struct {
	ColorMode     string        `json:"colorMode"`
	GraphMode     string        `json:"graphMode"`
	JustifyMode   string        `json:"justifyMode"`
	Orientation   string        `json:"orientation"`
	TextMode      string        `json:"textMode"`
	WideLayout    bool          `json:"wideLayout"`
	ReduceOptions reduceOptions `json:"reduceOptions"`
}

type reduceOptions struct {
	Calcs  []string `json:"calcs"`
	Fields string   `json:"fields"`
	Values bool     `json:"values"`
}

func (b *board) stat(title, description text, targets []Target, fields []field) Panel {
	return Panel{Type: "stat", Title: b.t(title), Description: b.t(description), DataSource: sourceOf(targets), Targets: targets,
		FieldConfig: FieldConfig{
			Defaults:  FieldDefaults{Unit: "short", NoValue: b.t(text{"no data", "无数据"}), Color: &Color{Mode: "fixed", Fixed: "text"}, Thresholds: b.stages()},
			Overrides: b.columns(fields...)},
		Options: statOptions{ColorMode: "value", GraphMode: "none", JustifyMode: "auto", Orientation: "vertical", TextMode: "value_and_name", WideLayout: true,
			ReduceOptions: reduceOptions{Calcs: []string{"lastNotNull"}, Fields: "/.*/"}}}
}

type tableOptions struct {
	ShowHeader bool   `json:"showHeader"`
	CellHeight string `json:"cellHeight"`
}

func (b *board) list(title, description text, targets []Target, fields []field) Panel {
	return Panel{Type: "table", Title: b.t(title), Description: b.t(description), DataSource: sourceOf(targets), Targets: targets,
		FieldConfig: FieldConfig{
			Defaults: FieldDefaults{Unit: "short", NoValue: "–", Thresholds: b.stages(),
				Custom: map[string]any{"align": "auto", "filterable": true, "inspect": false, "cellOptions": map[string]string{"type": "auto"}}},
			Overrides: b.columns(fields...)},
		Options: tableOptions{ShowHeader: true, CellHeight: "sm"}}
}

// lineStyle is the look of time series.
type lineStyle struct {
	DrawStyle         string            `json:"drawStyle"`
	LineWidth         int               `json:"lineWidth"`
	FillOpacity       int               `json:"fillOpacity"`
	ShowPoints        string            `json:"showPoints"`
	SpanNulls         bool              `json:"spanNulls"`
	AxisPlacement     string            `json:"axisPlacement"`
	ThresholdsStyle   map[string]string `json:"thresholdsStyle"`
	Stacking          map[string]string `json:"stacking"`
	LineInterpolation string            `json:"lineInterpolation"`
}

type graphOptions struct {
	Legend  legend         `json:"legend"`
	Tooltip map[string]any `json:"tooltip"`
}

type legend struct {
	DisplayMode string   `json:"displayMode"`
	Placement   string   `json:"placement"`
	ShowLegend  bool     `json:"showLegend"`
	Calcs       []string `json:"calcs"`
}

func (b *board) graph(title, description text, unit string, targets []Target, overrides ...Override) Panel {
	return Panel{Type: "timeseries", Title: b.t(title), Description: b.t(description), DataSource: sourceOf(targets), Targets: targets,
		FieldConfig: FieldConfig{
			Defaults: FieldDefaults{Unit: unit, NoValue: b.t(text{"no data", "无数据"}), Color: &Color{Mode: "palette-classic"},
				Custom: lineStyle{DrawStyle: "line", LineWidth: 2, FillOpacity: 0, ShowPoints: "auto", AxisPlacement: "auto", LineInterpolation: "linear",
					ThresholdsStyle: map[string]string{"mode": "off"}, Stacking: map[string]string{"group": "A", "mode": "none"}}},
			Overrides: overrides},
		Options: graphOptions{Legend: legend{DisplayMode: "list", Placement: "bottom", ShowLegend: true, Calcs: []string{}},
			Tooltip: map[string]any{"mode": "multi", "sort": "none"}}}
}

func sourceOf(targets []Target) *DataSource { return ptr(targets[0].Source()) }

// thinBars draws a count beneath, on an axis of its own.
func thinBars() []Property {
	return []Property{{"custom.drawStyle", "bars"}, {"custom.fillOpacity", 25}, {"custom.lineWidth", 0}, {"custom.axisPlacement", "right"},
		{"color", Color{"fixed", grey}}, {"min", 0}}
}

func line(color string, width int, dash ...int) []Property {
	p := []Property{{"color", Color{"fixed", color}}, {"custom.lineWidth", width}, {"custom.showPoints", "never"}}
	if len(dash) > 0 {
		p = append(p, Property{"custom.lineStyle", map[string]any{"dash": dash, "fill": "dash"}})
	}
	return p
}
