package clickhouse

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"satisflow/pipeline/window"
)

// Differences says in words in what the definitions differ, the stored one first; empty when they give the same sums.
func Differences(stored, given *window.Definition) string {
	var d []string
	add := func(name, was, is string) {
		if was != is {
			d = append(d, fmt.Sprintf("%s %s, now %s", name, was, is))
		}
	}
	add("partitions were", fmt.Sprint(stored.Partitions), fmt.Sprint(given.Partitions))
	add("windows were", specs(stored.Windows), specs(given.Windows))
	add("the pane was", short(stored.Pane), short(given.Pane))
	add("the time zone's offset was", short(stored.TimezoneOffset), short(given.TimezoneOffset))
	add("satisfied began at", points(stored.Bands.Satisfied), points(given.Bands.Satisfied))
	add("highly satisfied began at", points(stored.Bands.Highly), points(given.Bands.Highly))
	add("dissatisfied ended at", points(stored.Bands.Dissatisfied), points(given.Bands.Dissatisfied))
	d = append(d, members("dimension", stored.Dimensions, given.Dimensions)...)
	d = append(d, members("quality metric", stored.Quality, given.Quality)...)
	d = append(d, scales(stored, given)...)
	return strings.Join(d, "; ")
}

// scales says which quality metrics are stored in another unit.
func scales(stored, given *window.Definition) (d []string) {
	of := func(def *window.Definition, name string) string {
		if i := slices.Index(def.Quality, name); i >= 0 && i < len(def.Scales) {
			return def.Scales[i]
		}
		return ""
	}
	for _, name := range given.Quality {
		if was, is := of(stored, name), of(given, name); was != is && slices.Contains(stored.Quality, name) {
			d = append(d, fmt.Sprintf("quality metric %s was stored in units of %s, now %s", name, cmp.Or(was, "an unknown scale"), cmp.Or(is, "an unknown scale")))
		}
	}
	return d
}

// members says which names were added and removed, or that their order changed.
func members(noun string, was, is []string) []string {
	var d []string
	for _, name := range is {
		if !slices.Contains(was, name) {
			d = append(d, fmt.Sprintf("%s %s is new", noun, name))
		}
	}
	for _, name := range was {
		if !slices.Contains(is, name) {
			d = append(d, fmt.Sprintf("%s %s is gone", noun, name))
		}
	}
	if len(d) == 0 && !slices.Equal(was, is) {
		d = append(d, fmt.Sprintf("the order of the %ss was %s, now %s", noun, strings.Join(was, ", "), strings.Join(is, ", ")))
	}
	return d
}

func specs(all []window.Spec) string {
	return list(all, func(s window.Spec) string {
		return fmt.Sprintf("%s (%s every %s)", s.Name, short(s.Length), short(s.Slide))
	})
}

// short is the duration without its zero minutes and seconds.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func points(hundredths int32) string { return fmt.Sprintf("%.2f", float64(hundredths)/100) }
