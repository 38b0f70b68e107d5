package config

import (
	"maps"
	"slices"
	"strings"
)

// suggestion is ", did you mean …?" when a known name is near, else what is known.
func suggestion[V any](name string, known map[string]V) string {
	names := slices.Sorted(maps.Keys(known))
	if near, ok := nearest(name, names); ok {
		return ", did you mean " + near + "?"
	}
	return ": want one of " + strings.Join(names, ", ")
}

// suggestKey is ", did you mean …?" when a key is near, by its spelling or because it only stands elsewhere.
func suggestKey(key string) string {
	all := make([]string, 0, len(keys().leaves)+len(keys().sections))
	for _, l := range keys().leaves {
		all = append(all, l.key)
	}
	all = append(all, slices.Sorted(maps.Keys(keys().sections))...)
	if near, ok := nearest(key, all); ok {
		return ", did you mean " + near + "?"
	}
	last := key[strings.LastIndexByte(key, '.')+1:]
	for _, known := range all {
		if strings.HasSuffix(known, "."+last) {
			return ", did you mean " + known + "?"
		}
	}
	return "; `satisflow config print` lists the keys"
}

// nearest is the name with the fewest edits to it, at most a third of its length.
func nearest(name string, names []string) (string, bool) {
	best, most := "", max(1, len(name)/3)
	for _, candidate := range names {
		if d := distance(name, candidate); d <= most && (best == "" || d < distance(name, best)) {
			best = candidate
		}
	}
	return best, best != ""
}

// distance is how many bytes have to be put in, taken out, changed or swapped with their neighbor.
func distance(a, b string) int {
	var before, last, row []int
	for i := range len(a) + 1 {
		row = make([]int, len(b)+1)
		for j := range row {
			switch {
			case i == 0 || j == 0:
				row[j] = i + j
				continue
			case a[i-1] == b[j-1]:
				row[j] = last[j-1]
				continue
			}
			row[j] = 1 + min(last[j-1], last[j], row[j-1])
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], 1+before[j-2])
			}
		}
		before, last = last, row
	}
	return row[len(b)]
}
