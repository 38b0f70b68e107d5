package clickhouse

import (
	"bytes"
	"fmt"
	"strings"
	"text/template"
)

// schema renders the files of sql/ for one server: a single one, or a cluster of which each node holds the tables of its
// shard and a table of the plain name that leads to all shards.
type schema struct {
	cluster  string          // name of the cluster, empty for a single server
	settings map[string]bool // settings of MergeTree tables that the server knows
}

// render returns the statements of the file.
func (s schema) render(name, text string) ([]string, error) {
	t, err := template.New(name).Option("missingkey=error").Funcs(template.FuncMap{
		"onCluster":   s.onCluster,
		"local":       s.local,
		"replacing":   s.replacing,
		"everywhere":  s.everywhere,
		"distributed": s.distributed,
		"setting":     s.setting,
	}).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, nil); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	statements, err := split(b.String())
	if err != nil {
		return nil, fmt.Errorf("split %s: %w", name, err)
	}
	return statements, nil
}

func (s schema) onCluster() string {
	if s.cluster == "" {
		return ""
	}
	return "ON CLUSTER `" + s.cluster + "`"
}

// local returns the name of the table that holds rows.
func (s schema) local(table string) string {
	if s.cluster == "" {
		return table
	}
	return table + "_local"
}

// replacing returns the engine of a table whose rows are shared out over the shards.
func (s schema) replacing(version string) string {
	return s.engine("/clickhouse/tables/{uuid}/{shard}", "{replica}", version)
}

// everywhere returns the engine of a small table that every node holds whole.
func (s schema) everywhere(version string) string {
	return s.engine("/clickhouse/tables/{uuid}/all", "{shard}-{replica}", version)
}

func (s schema) engine(path, replica, version string) string {
	if s.cluster == "" {
		return fmt.Sprintf("ReplacingMergeTree(%s)", version)
	}
	args := []string{"'" + path + "'", "'" + replica + "'"}
	if version != "" {
		args = append(args, version)
	}
	return fmt.Sprintf("ReplicatedReplacingMergeTree(%s)", strings.Join(args, ", "))
}

// distributed returns the statement for the table over all shards; nothing for a single server. The shard must be a
// function of the sorting key, so that the versions of a row meet: every key holds the partition.
func (s schema) distributed(table, key string) string {
	if s.cluster == "" {
		return ""
	}
	return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s %s AS %s ENGINE = Distributed('%s', currentDatabase(), '%s', `%s`)",
		table, s.onCluster(), s.local(table), s.cluster, s.local(table), key)
}

// setting returns a table setting, with a comma before it, when the server knows it.
func (s schema) setting(name, value string) string {
	if !s.settings[name] {
		return ""
	}
	return fmt.Sprintf(", %s = %s", name, value)
}
