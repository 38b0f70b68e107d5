package oracle

import (
	"math"
	"strings"
	"time"
)

// keys returns whose figures the rating counts in: nobody's when it is erased or quarantined.
func (f *fact) keys() []Key {
	p := f.partition
	switch {
	case f.Op == "erase" || f.Quarantined:
		return nil
	case f.Respondent == "staff":
		return []Key{{"staff", f.Service, p}}
	}
	keys := []Key{{"overall", "", p}, {"service", f.Service, p}}
	if f.Product != "" {
		keys = append(keys, Key{"product", f.Product, p})
	}
	if f.Channel != "" {
		keys = append(keys, Key{"channel", f.Channel, p}, Key{"service_channel", strings.ReplaceAll(strings.ReplaceAll(f.Service, "%", "%25"), "/", "%2F") + "/" + f.Channel, p})
	}
	if f.Segment != "" {
		keys = append(keys, Key{"segment", f.Segment, p})
	}
	return keys
}

func (f *fact) addTo(s *Sums, satisfied int64) {
	for name, column := range map[string]string{"response_time_ms": "response_time", "accuracy": "accuracy", "completeness": "completeness"} {
		if v, ok := f.Quality[name]; ok {
			if name != "response_time_ms" {
				v *= 1e6
			}
			*s.at(column + "_sum") += int64(math.Round(v))
			*s.at(column + "_n")++
		}
	}
	if f.Rating == nil {
		*s.at("unscored")++
		return
	}
	*s.at("ratings")++
	*s.at("rating_sum") += f.score
	*s.at("rating_sum_squares") += f.score * f.score
	*s.at("stars_" + string(rune('0'+(f.score+50)/100)))++
	if f.score >= satisfied {
		*s.at("satisfied")++
	}
	if f.score >= 450 {
		*s.at("highly_satisfied")++
	}
	if f.score <= 300 {
		*s.at("dissatisfied")++
	}
}

// Place is a pane or a window of a key. Window is empty for panes; At is the start of the pane or the end of the window,
// Unix seconds.
type Place struct {
	Key
	Window string
	At     int64
}

// Panes returns the sums of every pane of 5 minutes that holds a rating.
func (o *Oracle) Panes() map[Place]*Sums {
	out := map[Place]*Sums{}
	for _, f := range o.facts {
		for _, k := range f.keys() {
			add(out, Place{k, "", floor(f.at.Unix(), 300)}, func(s *Sums) { f.addTo(s, o.rules.Satisfied) })
		}
	}
	return out
}

// Windows returns the sums of every window that holds a rating and ended by the partition's watermark.
func (o *Oracle) Windows(watermarks map[int32]time.Time) map[Place]*Sums {
	out := map[Place]*Sums{}
	for pane, sums := range o.Panes() {
		for name, w := range o.rules.Windows {
			length, slide := int64(w[0].Seconds()), int64(w[1].Seconds())
			for end := floor(pane.At, slide) + slide; end <= pane.At+length && !time.Unix(end, 0).After(watermarks[pane.Partition]); end += slide {
				add(out, Place{pane.Key, name, end}, func(s *Sums) {
					for c, v := range sums {
						s[c] += v
					}
				})
			}
		}
	}
	return out
}

func add(m map[Place]*Sums, at Place, to func(*Sums)) {
	s := m[at]
	if s == nil {
		s = &Sums{}
		m[at] = s
	}
	to(s)
}

func floor(a, b int64) int64 { return a - ((a%b)+b)%b }
