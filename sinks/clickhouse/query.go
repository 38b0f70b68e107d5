package clickhouse

import (
	"fmt"
	"strings"
	"text/template"
)

// queries are the sizeable ones, from sql/queries.
var queries = template.Must(template.New("queries").Option("missingkey=error").ParseFS(files, "sql/queries/*.sql"))

// rendered returns the query of the file.
func rendered(name string, data any) (string, error) {
	var b strings.Builder
	if err := queries.ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("render %s: %w", name, err)
	}
	return b.String(), nil
}
