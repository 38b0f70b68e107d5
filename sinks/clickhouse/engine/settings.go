package engine

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// notSettings are the URL parameters that speak to the HTTP interface, not to the statement. They are ignored here if
// nothing reads them.
var notSettings = []string{
	"query", "database", "default_format", "compress", "decompress", "client_protocol_version", "user", "password",
	"query_id", "quota_key", "role", "wait_end_of_query", "buffer_size", "stacktrace", "enable_http_compression",
	"http_response_buffer_size", "send_progress_in_http_headers", "session_timeout", "session_check", "close_session",
}

var settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// setStatement is the SET that applies a request's settings; empty if it has none. A read-only method sets readonly=2,
// as a real server does.
func setStatement(query url.Values, readOnlyMethod bool) string {
	var assignments []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if name != "readonly" && isSetting(name, query) {
			assignments = append(assignments, name+" = "+quoteText(query.Get(name)))
		}
	}
	// readonly comes last: it forbids the settings after it.
	switch {
	case query.Has("readonly"):
		assignments = append(assignments, "readonly = "+quoteText(query.Get("readonly")))
	case readOnlyMethod:
		assignments = append(assignments, "readonly = 2")
	}
	if len(assignments) == 0 {
		return ""
	}
	return "SET " + strings.Join(assignments, ", ")
}

func isSetting(name string, query url.Values) bool {
	table, describesTable := cutAnySuffix(name, "_structure", "_format", "_types")
	return settingName.MatchString(name) &&
		!slices.Contains(notSettings, name) &&
		!strings.HasPrefix(name, "param_") &&
		!(describesTable && query.Has(table+"_structure"))
}

func cutAnySuffix(s string, suffixes ...string) (string, bool) {
	for _, suffix := range suffixes {
		if before, ok := strings.CutSuffix(s, suffix); ok {
			return before, true
		}
	}
	return s, false
}

// parameters are the values of {name:Type} in a statement, as escaped text (a line feed is \n), as ClickHouse's HTTP
// interface takes them.
type parameters map[string]string

// urlParameters are the values given as param_NAME.
func urlParameters(query url.Values) parameters {
	params := parameters{}
	for name := range query {
		if param, ok := strings.CutPrefix(name, "param_"); ok {
			params[param] = query.Get(name)
		}
	}
	return params
}

var (
	textEscapes       = strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	identifierEscapes = strings.NewReplacer(`\`, `\\`, "`", "\\`")
)

func quoteText(s string) string       { return "'" + textEscapes.Replace(s) + "'" }
func quoteIdentifier(s string) string { return "`" + identifierEscapes.Replace(s) + "`" }
