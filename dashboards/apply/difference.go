package apply

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// most bounds the differences that are listed of one object.
const most = 20

// differences compares what should be with what is, both as JSON.
func differences(want, have any) ([]string, error) {
	w, err := plain(want)
	if err != nil {
		return nil, err
	}
	h, err := plain(have)
	if err != nil {
		return nil, err
	}
	all := compare("", w, h)
	if more := len(all) - most; more > 0 {
		all = append(all[:most], fmt.Sprintf("and %d more", more))
	}
	return all, nil
}

// plain makes maps, slices, strings and float64s of a value.
func plain(v any) (any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("compare %T: %w", v, err)
	}
	var out any
	return out, json.Unmarshal(b, &out)
}

// added are keys that Grafana puts in itself.
var added = map[string]bool{"id": true, "version": true, "iteration": true, "pluginVersion": true}

// hidden is what Grafana shows in place of a secret.
const hidden = "[REDACTED]"

func compare(path string, want, have any) []string {
	if have == hidden {
		return nil
	}
	switch w := want.(type) {
	case map[string]any:
		if h, ok := have.(map[string]any); ok {
			return compareMaps(path, w, h)
		}
	case []any:
		if h, ok := have.([]any); ok && len(h) == len(w) {
			return compareLists(path, w, h)
		}
	}
	if reflect.DeepEqual(want, have) || empty(want) && empty(have) {
		return nil
	}
	return []string{fmt.Sprintf("%s: %s → %s", path, short(have), short(want))}
}

func compareMaps(path string, want, have map[string]any) (all []string) {
	if path != "" {
		path += "."
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		all = append(all, compare(path+key, want[key], have[key])...)
	}
	for _, key := range slices.Sorted(maps.Keys(have)) {
		if _, ours := want[key]; !ours && !added[key] && !empty(have[key]) {
			all = append(all, fmt.Sprintf("%s%s: %s → nothing", path, key, short(have[key])))
		}
	}
	return all
}

func compareLists(path string, want, have []any) (all []string) {
	for i := range want {
		all = append(all, compare(fmt.Sprintf("%s[%d]", path, i), want[i], have[i])...)
	}
	return all
}

// empty says whether a value says nothing.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	case map[string]any:
		for _, inner := range v {
			if !empty(inner) {
				return false
			}
		}
		return true
	}
	return false
}

func short(v any) string {
	if empty(v) {
		return "nothing"
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if text := []rune(string(b)); len(text) > 60 {
		return string(text[:57]) + "…"
	}
	return string(b)
}
