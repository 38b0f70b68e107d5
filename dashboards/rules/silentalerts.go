package rules

import (
	"fmt"
	"slices"
	"time"

	"satisflow/pipeline/window"
)

// Names of the alerts on services without figures.
const (
	NoRatings      = "SatisflowNoRatings"
	seriesVanished = "SatisflowSeriesVanished"
)

// silentAlerts say that a service has no figures. One window alone cannot tell silence from figures that have vanished.
func (g generator) silentAlerts() []Rule {
	all := []alert{g.noRatings()}
	recent, _ := length(g.cfg.Windows, g.cfg.Silence.Window) // Validate knows it
	if longest := g.longest(); longest.Length > recent {
		all = append(all, g.vanished(longest, min(24*time.Hour, longest.Length-recent)))
	}
	return g.rules(all)
}

func (g generator) longest() window.Spec { return slices.MaxFunc(g.cfg.Windows, byLength) }

// silentWindows are those that the alerts ask.
func (g generator) silentWindows() []string {
	return slices.Compact([]string{g.cfg.Silence.Window, g.longest().Name})
}

func (g generator) noRatings() alert {
	s := g.cfg.Silence
	quiet, _ := length(g.cfg.Windows, s.Window) // Validate knows it
	return alert{
		name: NoRatings, severity: Page, class: ClassSilent,
		expr: promql(`
(
    max by (dimension, value) (last_over_time({ratings}{window="{window}"}[{hour}] offset {week})) >= {expected}
  unless on (dimension, value)
    {ratings}{window="{window}"} > 0
)
and on ()
  {processors} > 0`,
			"ratings", serviceSum, "processors", processors, "window", s.Window, "hour", g.duration(time.Hour), "week", g.duration(7*24*time.Hour), "expected", fmt.Sprint(s.Expected)),
		wait: s.For, keep: s.KeepFiring,
		text: text{
			fmt.Sprintf("%s: no ratings for %s; a week ago there were {{ $value }}.", who, span(quiet)),
			fmt.Sprintf("%s：%s内没有评分；一周前同一时段有 {{ $value }} 条。", whoZH, spanZH(quiet)),
			"The processors run, so ratings do not arrive: the service's sender, the gateway or the topic. A holiday looks the same.",
			"处理进程正常，说明评分没有到达：请检查该服务的发送端、网关或主题。节假日也会出现同样现象。",
		},
	}
}

// vanished compares with the last day, less if the longest window is shorter: what was rated then is in it still. When no
// processor is left, SatisflowMetricsAbsent says so minutes later: a page on a service before it would be one too many.
func (g generator) vanished(longest window.Spec, since time.Duration) alert {
	return alert{
		name: seriesVanished, severity: Page, class: ClassSilent,
		expr: promql(`
max by (dimension, value) (max_over_time({ratings}{window="{recent}"}[{since}])) >= {expected}
unless on (dimension, value)
  {ratings}{window="{longest}"}
and on ()
  {processors} > 0`,
			"ratings", serviceSum, "processors", processors, "recent", g.cfg.Silence.Window, "since", g.duration(since),
			"expected", fmt.Sprint(g.cfg.Silence.Expected), "longest", longest.Name),
		wait: 10 * time.Minute,
		text: text{
			who + ": its figures have vanished from the metrics; nobody is watching it.",
			whoZH + "：其指标已消失，目前无人监控。",
			"It had ratings in the last day, so its windows can't be empty: the owner of its partitions is gone, or its name or the exported dimensions changed.",
			"该服务最近一天有评分，其窗口不可能为空：可能是分区的处理进程已停止，或服务名称、导出维度发生了变化。",
		},
	}
}
