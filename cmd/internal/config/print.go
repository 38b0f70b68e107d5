package config

import (
	"fmt"
	"io"
	"unicode/utf8"

	"satisflow/sinks/clickhouse"
)

// values are the keys with their values, secrets masked.
func (l *loader) values() []Value {
	all := make([]Value, 0, len(keys().leaves))
	for _, leaf := range keys().leaves {
		v := Value{Key: leaf.key, Text: formatText(l.field(leaf)), From: fromDefault, Secret: leaf.secret}
		if leaf.secret {
			v.Text = mask(leaf.key, v.Text)
		}
		if from, set := l.from[leaf.key]; set {
			v.From = from
		}
		v.Default = v.From == fromDefault
		all = append(all, v)
	}
	return all
}

// mask hides a secret. The one that is an address stays without what is secret in it: told by its key, as a password may
// look like an address.
func mask(key, secret string) string {
	switch {
	case secret == "":
		return ""
	case key == "clickhouse.dsn":
		return clickhouse.Redacted(secret)
	default:
		return "********"
	}
}

// Print writes a line for each value: key, value, where from.
func Print(w io.Writer, values []Value) error {
	var keyWidth, textWidth int
	for _, v := range values {
		keyWidth = max(keyWidth, len(v.Key))
		textWidth = max(textWidth, min(utf8.RuneCountInString(v.Text), 40))
	}
	for _, v := range values {
		text := v.Text
		if text == "" {
			text = `""`
		}
		if _, err := fmt.Fprintf(w, "%-*s  %-*s  %s\n", keyWidth, v.Key, textWidth, text, v.From); err != nil {
			return fmt.Errorf("print the configuration: %w", err)
		}
	}
	return nil
}
