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
	scenes   bool                // whether Grafana is a version whose dashboards are scenes
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

var sqlChoice = regexp.MustCompile(`\$\{(\w+):(\w+)\}`)

// expandVariables formats values as Grafana does: queryparam in the way of templates (a space is %20) or of scenes (a space
// is +, and some characters stay), singlequote and sqlstring without a thought of backslashes.
func (v view) expandVariables(sql string) string {
	return sqlChoice.ReplaceAllStringFunc(sql, func(ref string) string {
		m := sqlChoice.FindStringSubmatch(ref)
		values := v.values[m[1]]
		if values == nil {
			values = v.all[m[1]]
		}
		if m[2] == "queryparam" {
			all := make([]string, len(values))
			for i, value := range values {
				all[i] = "var-" + m[1] + "=" + v.encoded(value)
			}
			return strings.Join(all, "&")
		}
		quoted := make([]string, len(values))
		for i, value := range values {
			quoted[i] = "'" + strings.ReplaceAll(value, "'", map[string]string{"singlequote": `\'`, "sqlstring": "''"}[m[2]]) + "'"
		}
		return strings.Join(quoted, ",")
	})
}

// encoded is encodeURIComponent with !'()* encoded too; scenes then put some characters back.
func (v view) encoded(value string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	if v.scenes {
		return strings.NewReplacer("%40", "@", "%3A", ":", "%24", "$", "%2C", ",", "%3B", ";", "%20", "+").Replace(b.String())
	}
	return b.String()
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
	const sql = "WHERE $__timeFilter(pane) AND $__conditionalAll(f(${service:queryparam}), $service) AND x = ${window:queryparam}"
	v := view{from: time.Unix(100, 0), to: time.Unix(200, 0), values: map[string][]string{"window": {"24h"}}}
	if got, want := v.expandSQL(sql), "WHERE pane >= toDateTime(100) AND pane <= toDateTime(200) AND 1=1 AND x = var-window=24h"; got != want {
		t.Errorf("All: got %s, want %s", got, want)
	}
	v.values["service"] = []string{"a", "it's"}
	if got, want := v.expandSQL(sql), `WHERE pane >= toDateTime(100) AND pane <= toDateTime(200) AND f(var-service=a&var-service=it%27s) AND x = var-window=24h`; got != want {
		t.Errorf("two values: got %s, want %s", got, want)
	}
}

// names are what a producer may call a service, where all are admitted.
var names = []string{"plain", "two words", "o'neill & co", `x\') OR 1=1 -- `, `\`, `'`, `''`, `\\'`, "a,b", "{a}", "1+1=2", "100 %", "%27", "$__fromTime x", "?&=#/", "数据分析", "`", "\"", "a\nb", "x@y:z;$"}

// A service's name is never SQL, and is found as it is, alone and among others.
func TestAServiceOfAnyNameIsAValueAndNeverSQL(t *testing.T) {
	conn := newEmpty(t)
	for _, scenes := range []bool{false, true} {
		v := view{scenes: scenes, values: map[string][]string{"service": names}}
		if rows, _ := query(t, conn, v.expandVariables("SELECT arrayStringConcat("+chosenValues("service")+", '|') AS found")); rows[0]["found"] != strings.Join(names, "|") {
			t.Errorf("scenes %v: found %q\nwant %q", scenes, rows[0]["found"], names)
		}
		for i, name := range names {
			v.values["service"] = []string{name}
			other := names[(i+1)%len(names)]
			sql := v.expandSQL(fmt.Sprintf("SELECT countIf(unhex('%x') IN (%[2]s)) AS own, countIf(unhex('%[3]x') IN (%[2]s)) AS others FROM numbers(7)", name, chosenValues("service"), other))
			rows, _ := query(t, conn, sql)
			want := "7"
			if strings.Contains(name, "$__") && scenes { // the data source expands its macros in names too; nothing breaks
				want = "0"
			}
			if fmt.Sprint(rows[0]["own"]) != want || fmt.Sprint(rows[0]["others"]) != "0" {
				t.Errorf("scenes %v: %q gives %v", scenes, name, rows[0])
			}
		}
	}
}
