package grafana

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// view is what a reader has chosen at the top of a dashboard.
type view struct {
	from, to time.Time
	values   map[string][]string // of variables; absent is All
	all      map[string][]string // what All stands for
	interval time.Duration       // least step of the panel
}

// expandSQL replaces text as the data source of ClickHouse 4.20 does: conditionalAll, then variables, then macros.
func (v view) expandSQL(sql string) string {
	return v.expandMacros(v.expandVariables(v.expandConditions(sql)))
}

// expandConditions turns $__conditionalAll(condition, $variable) into the condition, or 1=1 for All; the last comma
// outside brackets separates its arguments.
func (v view) expandConditions(sql string) string {
	const macro = "$__conditionalAll("
	for {
		start := strings.LastIndex(sql, macro)
		if start < 0 {
			return sql
		}
		depth, comma, end := 1, 0, 0
		for i := start + len(macro); end == 0; i++ {
			switch sql[i] {
			case '(':
				depth++
			case ')':
				if depth--; depth == 0 {
					end = i
				}
			case ',':
				if depth == 1 {
					comma = i
				}
			}
		}
		phrase := sql[start+len(macro) : comma]
		if name := strings.TrimPrefix(strings.TrimSpace(sql[comma+1:end]), "$"); v.values[name] == nil {
			phrase = "1=1"
		}
		sql = sql[:start] + phrase + sql[end+1:]
	}
}

var quotedVariable = regexp.MustCompile(`\$\{(\w+):singlequote\}`)

func (v view) expandVariables(sql string) string {
	return quotedVariable.ReplaceAllStringFunc(sql, func(ref string) string {
		name := quotedVariable.FindStringSubmatch(ref)[1]
		values := v.values[name]
		if values == nil {
			values = v.all[name]
		}
		quoted := make([]string, len(values))
		for i, value := range values {
			quoted[i] = "'" + strings.ReplaceAll(value, "'", `\'`) + "'"
		}
		return strings.Join(quoted, ",")
	})
}

var (
	timeFilterMacro   = regexp.MustCompile(`\$__timeFilter\(([^)]*)\)`)
	timeIntervalMacro = regexp.MustCompile(`\$__timeInterval\(([^)]*)\)`)
)

func (v view) expandMacros(sql string) string {
	from, to := fmt.Sprintf("toDateTime(%d)", v.from.Unix()), fmt.Sprintf("toDateTime(%d)", v.to.Unix())
	sql = timeFilterMacro.ReplaceAllString(sql, "$1 >= "+from+" AND $1 <= "+to)
	sql = timeIntervalMacro.ReplaceAllString(sql, fmt.Sprintf("toStartOfInterval(toDateTime($1), INTERVAL %d second)", max(1, int(v.interval.Seconds()))))
	return strings.NewReplacer("$__fromTime", from, "$__toTime", to).Replace(sql)
}

// expandPromQL replaces text as the data source of Prometheus does: values of variables with All or several values are
// escaped for an expression in quotes; the value for All is put in as it is.
func (v view) expandPromQL(expr string, variables []Variable) string {
	expr = strings.ReplaceAll(expr, "$__rate_interval", fmt.Sprintf("%dms", v.interval.Milliseconds()))
	for _, variable := range variables {
		expr = strings.ReplaceAll(expr, "$"+variable.Name, v.promValue(variable))
	}
	return expr
}

var regexpSpecial = regexp.MustCompile(`[$^*{}\[\]'+?.()|]`)

func (v view) promValue(variable Variable) string {
	values, chosen := v.values[variable.Name]
	if !chosen {
		if variable.IncludeAll {
			return variable.AllValue
		}
		return variable.Current.Value
	}
	if !variable.Multi {
		return values[0]
	}
	escaped := make([]string, len(values))
	for i, value := range values {
		escaped[i] = regexpSpecial.ReplaceAllString(strings.ReplaceAll(value, `\`, `\\\\`), `\\$0`)
	}
	if len(escaped) == 1 {
		return escaped[0]
	}
	return "(" + strings.Join(escaped, "|") + ")"
}

func TestSQLIsExpandedAsTheDataSourceDoes(t *testing.T) {
	const sql = "WHERE $__timeFilter(pane) AND $__conditionalAll(value IN (${service:singlequote}), $service) AND x = ${window:singlequote}"
	v := view{from: time.Unix(100, 0), to: time.Unix(200, 0), values: map[string][]string{"window": {"24h"}}}
	if got, want := v.expandSQL(sql), "WHERE pane >= toDateTime(100) AND pane <= toDateTime(200) AND 1=1 AND x = '24h'"; got != want {
		t.Errorf("All: got %s, want %s", got, want)
	}
	v.values["service"] = []string{"a", "it's"}
	if got, want := v.expandSQL(sql), `WHERE pane >= toDateTime(100) AND pane <= toDateTime(200) AND value IN ('a','it\'s') AND x = '24h'`; got != want {
		t.Errorf("two values: got %s, want %s", got, want)
	}
}
