package grafana

// schemaVersion is of the classic JSON model; a newer Grafana migrates it when it reads it.
const schemaVersion = 42

// Dashboard is a dashboard in Grafana's classic JSON model, as far as ours use it. It has no id, which is each Grafana's
// own, and no version, which each Grafana counts.
type Dashboard struct {
	UID           string      `json:"uid"`
	Title         string      `json:"title"`
	Description   string      `json:"description"`
	Tags          []string    `json:"tags"`
	SchemaVersion int         `json:"schemaVersion"`
	Editable      bool        `json:"editable"`
	GraphTooltip  int         `json:"graphTooltip"` // 1: the crosshair is shared between panels
	Refresh       string      `json:"refresh"`
	Timezone      string      `json:"timezone"`
	Time          TimeRange   `json:"time"`
	Templating    Templating  `json:"templating"`
	Annotations   Annotations `json:"annotations"`
	Links         []BoardLink `json:"links"`
	Panels        []Panel     `json:"panels"`
}

// TimeRange is what a dashboard opens with.
type TimeRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Templating holds the variables.
type Templating struct {
	List []Variable `json:"list"`
}

// Variable is a choice at the top of a dashboard.
type Variable struct {
	Name       string      `json:"name"`
	Label      string      `json:"label"`
	Type       string      `json:"type"` // query or custom
	DataSource *DataSource `json:"datasource,omitempty"`
	Query      any         `json:"query"`
	Definition string      `json:"definition,omitempty"`
	Refresh    int         `json:"refresh,omitempty"` // 2: when the time range changes
	Sort       int         `json:"sort,omitempty"`    // 1: alphabetical
	Multi      bool        `json:"multi"`
	IncludeAll bool        `json:"includeAll"`
	AllValue   string      `json:"allValue,omitempty"`
	Current    Option      `json:"current"`
	Options    []Option    `json:"options"`
	Hide       int         `json:"hide"`
}

// Option is a value of a variable.
type Option struct {
	Text     string `json:"text"`
	Value    string `json:"value"`
	Selected bool   `json:"selected"`
}

// Annotations holds what is drawn over all panels.
type Annotations struct {
	List []Annotation `json:"list"`
}

// Annotation is a query for moments.
type Annotation struct {
	Name        string     `json:"name"`
	DataSource  DataSource `json:"datasource"`
	Enable      bool       `json:"enable"`
	Hide        bool       `json:"hide"`
	IconColor   string     `json:"iconColor"`
	BuiltIn     int        `json:"builtIn,omitempty"`
	Type        string     `json:"type,omitempty"`
	Expr        string     `json:"expr,omitempty"`
	Step        string     `json:"step,omitempty"`
	TitleFormat string     `json:"titleFormat,omitempty"`
	TextFormat  string     `json:"textFormat,omitempty"`
	TagKeys     string     `json:"tagKeys,omitempty"`
	// Target asks ClickHouse, whose columns time, timeEnd, text and tags Grafana knows by their names.
	Target *ClickHouseTarget `json:"target,omitempty"`
	// Filter says on which panels it is drawn; nil is all.
	Filter *PanelFilter `json:"filter,omitempty"`
}

// PanelFilter names panels; a Grafana older than 10 does not know it and draws on all.
type PanelFilter struct {
	Exclude bool  `json:"exclude"`
	IDs     []int `json:"ids"`
}

// BoardLink leads from a dashboard or a panel elsewhere; all keys are there because Grafana's schema wants them.
type BoardLink struct {
	Title       string   `json:"title"`
	Type        string   `json:"type"` // link
	Icon        string   `json:"icon"`
	Tooltip     string   `json:"tooltip"`
	URL         string   `json:"url"`
	Tags        []string `json:"tags"`
	AsDropdown  bool     `json:"asDropdown"`
	TargetBlank bool     `json:"targetBlank"`
	IncludeVars bool     `json:"includeVars"`
	KeepTime    bool     `json:"keepTime"`
}

func boardLink(title, url, icon string) BoardLink {
	return BoardLink{Title: title, Type: "link", Icon: icon, URL: url, Tags: []string{}}
}

// Link leads from a value elsewhere.
type Link struct {
	Title       string `json:"title"`
	URL         string `json:"url"`
	TargetBlank bool   `json:"targetBlank"`
}

// DataSource names a data source.
type DataSource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Panel is a panel or a row's heading.
type Panel struct {
	ID          int         `json:"id"`
	Type        string      `json:"type"`
	Title       string      `json:"title"`
	Description string      `json:"description,omitempty"`
	GridPos     GridPos     `json:"gridPos"`
	DataSource  *DataSource `json:"datasource,omitempty"`
	Interval    string      `json:"interval,omitempty"` // least step of the queries
	Targets     []Target    `json:"targets,omitempty"`
	FieldConfig FieldConfig `json:"fieldConfig"`
	Options     any         `json:"options,omitempty"`
	Transforms  []Transform `json:"transformations,omitempty"`
	Links       []BoardLink `json:"links,omitempty"`
	Collapsed   bool        `json:"collapsed,omitempty"`
}

// GridPos is a place on the grid, which is 24 wide.
type GridPos struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

// Target is a query of a panel: a PrometheusTarget or a ClickHouseTarget.
type Target interface {
	// Query is PromQL or SQL, with Grafana's variables and macros in it.
	Query() string
	// Source is where it is asked.
	Source() DataSource
	// Ref names it within its panel.
	Ref() string
}

// PrometheusTarget asks Prometheus.
type PrometheusTarget struct {
	RefID        string     `json:"refId"`
	DataSource   DataSource `json:"datasource"`
	Expr         string     `json:"expr"`
	EditorMode   string     `json:"editorMode"`
	Format       string     `json:"format"` // time_series or table
	Instant      bool       `json:"instant"`
	Range        bool       `json:"range"`
	LegendFormat string     `json:"legendFormat"`
}

// Query is the expression.
func (t PrometheusTarget) Query() string { return t.Expr }

// Source is the data source.
func (t PrometheusTarget) Source() DataSource { return t.DataSource }

// Ref is the refId.
func (t PrometheusTarget) Ref() string { return t.RefID }

// Formats of ClickHouse's data source.
const (
	formatTimeSeries = 0
	formatTable      = 1
)

// ClickHouseTarget asks ClickHouse by SQL.
type ClickHouseTarget struct {
	RefID         string     `json:"refId"`
	DataSource    DataSource `json:"datasource"`
	PluginVersion string     `json:"pluginVersion"`
	EditorType    string     `json:"editorType"`
	QueryType     string     `json:"queryType"` // timeseries or table
	Format        int        `json:"format"`
	RawSQL        string     `json:"rawSql"`
}

// Query is the SQL.
func (t ClickHouseTarget) Query() string { return t.RawSQL }

// Source is the data source.
func (t ClickHouseTarget) Source() DataSource { return t.DataSource }

// Ref is the refId.
func (t ClickHouseTarget) Ref() string { return t.RefID }

// Transform changes the answers of the targets before they are shown.
type Transform struct {
	ID      string `json:"id"`
	Options any    `json:"options"`
}
