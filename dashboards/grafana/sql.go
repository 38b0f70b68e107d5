package grafana

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"text/template"

	"satisflow/pipeline/stats"
)

//go:embed sql/*.sql
var files embed.FS

// proportion is a share of k in n, as SQL names them, and the quantile for its bounds.
type proportion struct{ K, N, Z string }

// milestone is a line of a trend.
type milestone struct{ Name, Share string }

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// sql renders a query of sql/ for the configuration.
func (c Config) sql(name string, data any) string {
	t := c.Rules.Target.Value
	functions := template.FuncMap{
		"oneSided":      func(k, n string) proportion { return proportion{k, n, number(stats.Z95OneSided)} },
		"twoSided":      func(k, n string) proportion { return proportion{k, n, number(stats.Z95)} },
		"twoSidedZ":     func() string { return number(stats.Z95) },
		"target":        func() string { return number(t) },
		"budget":        func() string { return "(1 - " + number(t) + ")" },
		"scoreVariance": func() string { return number(stats.Z95OneSided * stats.Z95OneSided * t * (1 - t)) },
		"milestones":    c.milestones,
		"chosen":        chosenValues,
		"zoned":         c.zoned,
	}
	parsed := template.Must(template.New(name).Option("missingkey=error").Funcs(functions).ParseFS(files, "sql/parts.sql", "sql/"+name))
	var b strings.Builder
	if err := parsed.ExecuteTemplate(&b, name, data); err != nil {
		panic(err) // embedded, and rendered by every test
	}
	return strings.TrimSpace(b.String())
}

func (c Config) milestones() (all []milestone) {
	for _, m := range c.Milestones {
		all = append(all, milestone{fmt.Sprintf("milestone_%s", strings.ReplaceAll(number(100*m), ".", "_")), number(m)})
	}
	return all
}

// chosenValues is the values of a variable as an array, right for every name. Grafana's formats of SQL are not: singlequote
// leaves backslashes as they are and sqlstring too, so that a name with one ends the string before its end. As a parameter
// of an address, var-service=a%20b&var-service=c, nothing but harmless characters is left, whatever a producer called its
// service; a space is %20 or + by Grafana's version, and a plus is %2B in both.
func chosenValues(variable string) string {
	return fmt.Sprintf(`arrayMap(v -> decodeURLComponent(replaceAll(substring(v, %d), '+', '%%20')), splitByChar('&', '${%s:queryparam}'))`, len("var-"+variable+"=")+1, variable)
}

// zoned moves a time by the offset of the windows' zone, so that days and weeks begin as theirs do.
func (c Config) zoned(sign string) string {
	if c.Zone == 0 {
		return ""
	}
	if seconds := int(c.Zone.Seconds()); seconds < 0 && sign == "+" || seconds > 0 && sign == "-" {
		return fmt.Sprintf(" - INTERVAL %d SECOND", abs(seconds))
	}
	return fmt.Sprintf(" + INTERVAL %d SECOND", abs(int(c.Zone.Seconds())))
}

func abs(n int) int { return max(n, -n) }
