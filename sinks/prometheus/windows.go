package prometheus

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"satisflow/pipeline"
	"satisflow/pipeline/window"
)

// Other is the value under which a dimension counts what it has no room to show by name.
const Other = "other"

// windows sends the gauges of the current windows, within a number of bytes. A dimension that needs more than its share of
// them shows the values with the most responses and counts the rest under Other; the other dimensions keep theirs. A value
// is shown by name for all partitions of this processor or for none. Buffers are kept between scrapes.
type windows struct {
	cfg     *ExporterConfig
	desc    *descriptions
	byName  map[string]*dimension
	figures []figure // of one partition
	names   []string // of the windows
	warned  map[string]bool
}

// dimension is what a scrape finds out about one rolled dimension.
type dimension struct {
	name           string
	exported       bool
	bytes          int  // that all its values need
	share          int  // that it may take
	limited        bool // whether it needs more
	values, folded int  // of the partition that has the most
	shown          map[string]bool
	weights        map[string]weight // of its values, while it is limited
	other          []figure          // of one partition, by window
}

// weight is what speaks for a value, and what it takes.
type weight struct {
	responses int64
	bytes     int // in all partitions
}

// figure is a current window of one key.
type figure struct {
	dimension, value, window string
	sums                     window.Sums
}

func newWindows(cfg *ExporterConfig, desc *descriptions) windows {
	w := windows{cfg: cfg, desc: desc, byName: map[string]*dimension{}, warned: map[string]bool{}}
	for _, name := range cfg.Dimensions {
		w.of(name).exported = true
	}
	return w
}

func (w *windows) of(name string) *dimension {
	d := w.byName[name]
	if d == nil {
		d = &dimension{name: name, shown: map[string]bool{}, weights: map[string]weight{}}
		w.byName[name] = d
	}
	return d
}

// collect sends the windows of the partitions, and how many values the dimensions have.
func (w *windows) collect(ch chan<- prometheus.Metric, partitions []pipeline.PartitionView) {
	slices.SortFunc(partitions, func(a, b pipeline.PartitionView) int { return cmp.Compare(a.Partition, b.Partition) })
	w.measure(partitions)
	w.choose(partitions)
	for i := range partitions {
		w.gather(&partitions[i])
		partition := label(partitions[i].Partition)
		for j := range w.figures {
			w.send(ch, &w.figures[j], partition)
		}
		for _, d := range w.byName {
			for j := range d.other {
				w.send(ch, &d.other[j], partition)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.byName)) {
		d := w.byName[name]
		send(ch, w.desc.values, prometheus.GaugeValue, float64(d.values), name)
		if d.exported {
			send(ch, w.desc.folded, prometheus.GaugeValue, float64(d.folded), name)
			w.warn(d)
		}
	}
}

// warn logs once that a dimension counts values under Other, and again when it did not in between.
func (w *windows) warn(d *dimension) {
	if d.folded > 0 && !w.warned[d.name] {
		w.cfg.Log.Warn().Str("dimension", d.name).Int("values", d.values).Int("under_other", d.folded).Int("max_bytes", w.cfg.MaxBytes).
			Msg("a dimension has too many values for /metrics: those with the fewest responses count under the value other; ClickHouse keeps them all")
	}
	w.warned[d.name] = d.folded > 0
}

// measure finds out how many bytes and values each dimension has.
func (w *windows) measure(partitions []pipeline.PartitionView) {
	for _, d := range w.byName {
		d.bytes, d.values, d.folded = 0, 0, 0
	}
	values := map[*dimension]int{}
	for i := range partitions {
		clear(values)
		var d *dimension
		var last window.Key
		counted := false
		partitions[i].Current(func(k window.Key, name string, s *window.Sums) {
			if d == nil || k != last {
				d, last, counted = w.of(k.Dimension), k, false
			}
			if !counted && !s.IsZero() {
				values[d]++
				counted = true
			}
			if !d.exported {
				return
			}
			d.bytes += w.bytes(k.Dimension, k.Value, name, s)
			if !slices.Contains(w.names, name) {
				w.names = append(w.names, name)
			}
		})
		for d, n := range values {
			d.values = max(d.values, n)
		}
	}
}

// numberBytes is more than a figure and the line's end usually take.
const numberBytes = 12

// bytes is about how long the lines of one key and window are.
func (w *windows) bytes(dimension, value, name string, s *window.Sums) int {
	const syntax = len(`{dimension="",epoch="12",partition="123",value="",window=""} `) + numberBytes
	line := syntax + len(dimension) + len(name) + escaped(value)
	total := len(windowGauges) * line
	for i := range windowGauges {
		total += len(windowGauges[i].name)
	}
	for i, m := range w.cfg.Quality {
		if s == nil || s.Quality[i].N > 0 {
			total += 2*(line+len(`metric="",`)+len(m.Name)) + len(qualitySumName) + len(qualityCountName)
		}
	}
	return total
}

// escaped is the length of a label value in the text format.
func escaped(value string) (n int) {
	for i := range len(value) {
		switch value[i] {
		case '\\', '"', '\n':
			n++
		}
	}
	return n + len(value)
}

// choose shares the bytes out: dimensions that need little get all they need, the rest share evenly what is left.
func (w *windows) choose(partitions []pipeline.PartitionView) {
	all := slices.DeleteFunc(slices.Collect(maps.Values(w.byName)), func(d *dimension) bool { return !d.exported })
	slices.SortFunc(all, func(a, b *dimension) int { return cmp.Or(cmp.Compare(a.bytes, b.bytes), cmp.Compare(a.name, b.name)) })
	left := w.cfg.MaxBytes
	for i, d := range all {
		d.share = left / (len(all) - i)
		d.limited = d.bytes > d.share
		left -= min(d.bytes, d.share)
		if !d.limited {
			clear(d.shown)
		}
	}
	if !slices.ContainsFunc(all, func(d *dimension) bool { return d.limited }) {
		return
	}
	w.weigh(partitions)
	for _, d := range all {
		if d.limited {
			d.rank(w.full(d.name, Other) * len(partitions))
		}
	}
}

// full is how many bytes a value needs in one partition when it has every figure.
func (w *windows) full(dimension, value string) (total int) {
	for _, name := range w.names {
		total += w.bytes(dimension, value, name, nil)
	}
	return total
}

// weigh adds up the responses and bytes of each value of the limited dimensions.
func (w *windows) weigh(partitions []pipeline.PartitionView) {
	for _, d := range w.byName {
		clear(d.weights)
	}
	for i := range partitions {
		var d *dimension
		var last window.Key
		var own weight
		add := func() {
			if d != nil && d.limited {
				sum := d.weights[last.Value]
				d.weights[last.Value] = weight{sum.responses + own.responses, sum.bytes + own.bytes}
			}
		}
		partitions[i].Current(func(k window.Key, name string, s *window.Sums) {
			if d == nil || k != last {
				add()
				d, last, own = w.of(k.Dimension), k, weight{}
			}
			if d.limited {
				own.responses, own.bytes = own.responses+s.Responses(), own.bytes+w.bytes(k.Dimension, k.Value, name, s)
			}
		})
		add()
	}
}

// rank chooses the values that are shown: those with the most responses that the share has room for. A value that is shown
// already stays until another has twice as many.
func (d *dimension) rank(other int) {
	for value := range d.shown {
		if own, ok := d.weights[value]; ok {
			own.responses *= 2
			d.weights[value] = own
		}
	}
	delete(d.weights, Other)
	values := slices.SortedFunc(maps.Keys(d.weights), func(a, b string) int {
		return cmp.Or(cmp.Compare(d.weights[b].responses, d.weights[a].responses), cmp.Compare(a, b))
	})
	clear(d.shown)
	left := d.share - other
	for _, value := range values {
		if left -= d.weights[value].bytes; left < 0 {
			return
		}
		d.shown[value] = true
	}
}

// gather copies the windows of the partition, which cannot be folded meanwhile.
func (w *windows) gather(p *pipeline.PartitionView) {
	w.figures = w.figures[:0]
	folded := map[*dimension]int{}
	for _, d := range w.byName {
		d.other = d.other[:0]
	}
	var d *dimension
	var last window.Key
	byName := false
	p.Current(func(k window.Key, name string, s *window.Sums) {
		if d == nil || k != last {
			d, last = w.of(k.Dimension), k
			byName = k.Value != Other && (!d.limited || d.shown[k.Value])
			switch {
			case !d.exported:
			case !byName && k.Value != Other:
				folded[d]++
			case !d.limited:
				d.shown[k.Value] = true // stays when the dimension outgrows its share
			}
		}
		switch {
		case !d.exported:
		case byName:
			w.figures = append(w.figures, figure{k.Dimension, k.Value, name, *s})
		default:
			d.fold(name, s)
		}
	})
	for d, n := range folded {
		d.folded = max(d.folded, n)
	}
}

// fold adds to the windows of Other.
func (d *dimension) fold(name string, s *window.Sums) {
	i := slices.IndexFunc(d.other, func(f figure) bool { return f.window == name })
	if i < 0 {
		i = len(d.other)
		d.other = append(d.other, figure{dimension: d.name, value: Other, window: name})
	}
	d.other[i].sums.Add(s)
}

func (w *windows) send(ch chan<- prometheus.Metric, f *figure, partition string) {
	value := valid(f.value)
	for i, g := range windowGauges {
		send(ch, w.desc.windows[i], prometheus.GaugeValue, g.value(&f.sums), f.window, f.dimension, value, partition)
	}
	for i, m := range w.cfg.Quality {
		if q := f.sums.Quality[i]; q.N > 0 {
			send(ch, w.desc.qualitySum, prometheus.GaugeValue, float64(q.Sum)/math.Pow10(m.Decimals), m.Name, f.window, f.dimension, value, partition)
			send(ch, w.desc.qualityCount, prometheus.GaugeValue, float64(q.N), m.Name, f.window, f.dimension, value, partition)
		}
	}
}
