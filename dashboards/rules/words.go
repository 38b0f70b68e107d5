package rules

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Templates of Prometheus that name what an alert is about.
const (
	who = `{{ if eq $labels.dimension "overall" }}All services{{ else if eq $labels.dimension "service" }}Service {{ $labels.value }}` +
		`{{ else }}{{ $labels.dimension }} {{ $labels.value }}{{ end }}`
	whoZH = `{{ if eq $labels.dimension "overall" }}全部服务{{ else if eq $labels.dimension "service" }}服务 {{ $labels.value }}` +
		`{{ else if eq $labels.dimension "channel" }}渠道 {{ $labels.value }}{{ else if eq $labels.dimension "segment" }}客户细分 {{ $labels.value }}` +
		`{{ else if eq $labels.dimension "service_channel" }}服务与渠道 {{ $labels.value }}{{ else if eq $labels.dimension "staff" }}员工评分 {{ $labels.value }}` +
		`{{ else }}{{ $labels.dimension }} {{ $labels.value }}{{ end }}`

	dimensionZH = `{{ if eq $labels.dimension "service" }}服务{{ else if eq $labels.dimension "product" }}产品{{ else if eq $labels.dimension "channel" }}渠道` +
		`{{ else if eq $labels.dimension "segment" }}客户细分{{ else if eq $labels.dimension "service_channel" }}服务与渠道{{ else if eq $labels.dimension "staff" }}员工评分` +
		`{{ else }} {{ $labels.dimension }} {{ end }}`

	// partName is the name of a part that a process needs, in both languages.
	partName = `{{ if eq $labels.part "kafka" }}Kafka{{ else if eq $labels.part "clickhouse" }}ClickHouse{{ else }}{{ $labels.part }}{{ end }}`

	// minutesZH is a value in seconds: Prometheus has no Chinese words for a duration.
	minutesZH = `{{ printf "vector(%v / 60)" $value | query | first | value | printf "%.0f" }} 分钟`
)

// said is the same in both languages.
type said struct{ en, zh string }

// calculated is a template that shows a share, such as 94.2 % and 94.2%, in percent by an expression of PromQL, as
// Prometheus' templates cannot calculate; %v in it stands for the arguments. A question mark stands where there is none.
func calculated(expression, format, arguments string) said {
	text := fmt.Sprintf(`{{ with printf %q %s | query }}{{ . | first | value | printf %q }}{{ else }}?{{ end }}`, expression, arguments, format)
	return said{text + " %", text + "%"}
}

// floored shows what is said to be at least so much; the small number is for what is not exact in binary.
func floored(value string) said {
	return calculated("floor(vector(1000 * %v + 1e-6)) / 10", "%.1f", value)
}

// rounded shows the value of the alert.
func rounded() said { return calculated("vector(1e2 * %v)", "%.1f", "$value") }

// exact shows a target, with no more digits than it has.
func exact(value string) said { return calculated("round(vector(1e6 * %v)) / 1e4", "%v", value) }

// badShare shows a recorded bad share. It rounds up, so that a share that just misses the target does not look as if it met it.
func badShare(window string) said {
	return calculated("ceil(1000 * "+badRatio+`{window="`+window+`",dimension=%q,value=%q} - 1e-6) / 10`, "%.1f", "$labels.dimension $labels.value")
}

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
	if d%time.Minute != 0 {
		return plural(int(d/time.Second), "second")
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
	if d%time.Minute != 0 {
		return fmt.Sprintf("%d 秒", d/time.Second)
	}
	return fmt.Sprintf("%d 分钟", d/time.Minute)
}

// percent writes a share for people: 17.4 % and 17.4%.
func percent(share float64) said { return decimals(share, 1) }

// aim writes a target, with no more digits than it has: 95 % or 99.95 %.
func aim(share float64) said { return decimals(share, 4) }

func decimals(share float64, most int) said {
	ten := math.Pow10(most)
	text := strconv.FormatFloat(math.Round(100*share*ten)/ten, 'f', -1, 64)
	return said{text + " %", text + "%"}
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
