package rules

import (
	"fmt"
	"strings"
	"time"
)

const outdated = "SatisflowRulesOutdated"

// outdatedAlerts compare what processors show with what the rules were made for: the target, and the names of the windows.
// Processors do not show their bands, nor how often a window moves on.
func (g generator) outdatedAlerts() []alert {
	if g.cfg.Target.On == Mean {
		return []alert{g.windowsOutdated()} // the processors' target is a share
	}
	return []alert{g.targetOutdated(), g.windowsOutdated()}
}

func (g generator) targetOutdated() alert {
	target := number(g.cfg.Target.Value)
	return alert{
		name: outdated, severity: Ticket, class: ClassPipeline, labels: map[string]string{"differs": "target"},
		expr: promql("max(({ratio}) unless (abs(satisflow_target_ratio - {target}) < 1e-6))", "ratio", ofEpoch("satisflow_target_ratio"), "target", target),
		wait: time.Hour,
		text: text{
			"The processors have a target of " + exact("$value").en + ", the alert rules one of " + aim(g.cfg.Target.Value).en + ".",
			"处理进程的目标为 " + exact("$value").zh + "，而警报规则的目标为 " + aim(g.cfg.Target.Value).zh + "。",
			"The rules file was generated from another configuration; its thresholds are not those of the target.",
			"规则文件由另一份配置生成，其阈值与目标不符。",
		},
	}
}

// windowsOutdated asks the overall figures: processors always show them, and of whatever has figures, every window.
func (g generator) windowsOutdated() alert {
	names := make([]string, len(g.cfg.Windows))
	for i, w := range g.cfg.Windows {
		names[i] = w.Name
	}
	list := strings.Join(names, ", ")
	return alert{
		name: outdated, severity: Ticket, class: ClassPipeline, labels: map[string]string{"differs": "windows"},
		expr: promql(`
count(count by (window) ({others}))
or
  {number} - count(count by (window) ({ours})) > 0`,
			"others", ofEpoch(`satisflow_window_ratings{dimension="`+overall+`",window!~"`+strings.Join(names, "|")+`"}`),
			"ours", ofEpoch(`satisflow_window_ratings{dimension="`+overall+`",window=~"`+strings.Join(names, "|")+`"}`), "number", fmt.Sprint(len(names))),
		wait: time.Hour,
		text: text{
			"The processors have other rolling windows than the alert rules, which are made for " + list + ": {{ $value }} differ.",
			"处理进程的滚动窗口与警报规则（" + strings.Join(names, "、") + "）不同：有 {{ $value }} 个不一致。",
			"The rules file was generated from another configuration; an alert on a window that is not there never fires.",
			"规则文件由另一份配置生成；针对不存在的窗口的警报永远不会触发。",
		},
	}
}
