package rules

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Templates of Prometheus that name what an alert is about.
const (
	who = `{{ if eq $labels.dimension "overall" }}All services{{ else if eq $labels.dimension "service" }}Service {{ $labels.value }}` +
		`{{ else }}{{ $labels.dimension }} {{ $labels.value }}{{ end }}`
	whoZH = `{{ if eq $labels.dimension "overall" }}全部服务{{ else if eq $labels.dimension "service" }}服务 {{ $labels.value }}` +
		`{{ else }}{{ $labels.dimension }} {{ $labels.value }}{{ end }}`
)

// figure is a template that looks a recorded figure up, for the same dimension and value as the alert, and shows it by
// format; a question mark where there is none.
func figure(name, window, format string) string {
	return fmt.Sprintf(`{{ with printf "%s{window=\"%s\",dimension=%%q,value=%%q}" $labels.dimension $labels.value | query }}{{ . | first | value | %s }}{{ else }}?{{ end }}`,
		name, window, format)
}

const whole = `printf "%.0f"`

// span names a length of time.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d%day == 0 && d > day:
		return plural(int(d/day), "day")
	case d%time.Hour == 0:
		return plural(int(d/time.Hour), "hour")
	}
	return plural(int(d/time.Minute), "minute")
}

func plural(n int, unit string) string {
	if n == 1 {
		return unit
	}
	return strconv.Itoa(n) + " " + unit + "s"
}

func spanZH(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d%day == 0 && d > day:
		return fmt.Sprintf("%d 天", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("%d 小时", d/time.Hour)
	}
	return fmt.Sprintf("%d 分钟", d/time.Minute)
}

// percent writes a share for people: 17.4 %.
func percent(share float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(share*100, 'f', 1, 64), ".0") + "%"
}

// points writes hundredths of a point: 4 or 4.5.
func points(hundredths int32) string {
	return strconv.FormatFloat(float64(hundredths)/100, 'f', -1, 64)
}

// badWord names a bad rating, in English and Chinese.
func (g generator) badWord() (en, zh string) {
	switch b := g.cfg.Bands; g.cfg.Target.On {
	case HighlySatisfied:
		return "below " + points(b.Highly), "低于 " + points(b.Highly) + " 分"
	case NotDissatisfied:
		return points(b.Dissatisfied) + " or lower", points(b.Dissatisfied) + " 分及以下"
	default:
		return "below " + points(b.Satisfied), "低于 " + points(b.Satisfied) + " 分"
	}
}
