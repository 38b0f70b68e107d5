package grafana

import (
	"slices"
	"strings"

	"satisflow/pipeline/alert"
)

// ruleWords are the reasons of alerts.
var ruleWords = map[alert.Rule]text{
	alert.LowRating:    {"a low rating", "单次低分"},
	alert.LowMean:      {"a low mean", "平均分低"},
	alert.Falling:      {"falling satisfaction of a customer", "客户满意度下降"},
	alert.GroupFalling: {"falling satisfaction of a service or segment", "服务或客户群满意度下降"},
}

// kindWords stand before the name of whom an alert is about.
var kindWords = map[string]text{"customer": {"customer ", "客户 "}, "service": {"service ", "服务 "}, "segment": {"segment ", "客户群 "}}

// severity gives the word and the color of an alert's severity.
func (b *board) severity(column string) field {
	return field{name: column, title: text{"Severity", "级别"}, words: []Mapping{{Type: "value", Options: map[string]Word{
		"critical": {b.t(text{"critical", "紧急"}), vermillion, 0},
		"major":    {b.t(text{"major", "重要"}), amber, 1},
		"minor":    {b.t(text{"minor", "一般"}), grey, 2},
	}}}}
}

// state gives the word for how far the work on an alert is.
func (b *board) state() field {
	return field{name: "state", title: text{"Work", "处理进度"}, words: []Mapping{{Type: "value", Options: map[string]Word{
		"open":         {b.t(text{"nobody has seen it", "无人查看"}), vermillion, 0},
		"acknowledged": {b.t(text{"seen", "已查看"}), "", 1},
		"contacted":    {b.t(text{"contacted", "已联系"}), "", 2},
	}}}}
}

// overdue gives the word and the sign for whether a due time has passed.
func (b *board) overdue() field {
	return field{name: "overdue", title: text{"In time?", "是否按时"}, words: []Mapping{{Type: "value", Options: map[string]Word{
		"resolve": {"✗ " + b.t(text{"should be resolved", "应已解决"}), vermillion, 0},
		"contact": {"✗ " + b.t(text{"should be contacted", "应已联系"}), vermillion, 1},
		"in_time": {"✓ " + b.t(text{"in time", "按时"}), green, 2},
	}}}}
}

// reasons has words for each set of rules of a customer; the query joins them in the order of the alphabet by a plus.
func (b *board) reasons() field {
	rules := []alert.Rule{alert.LowRating, alert.LowMean, alert.Falling}
	words := map[string]Word{}
	for set := 1; set < 1<<len(rules); set++ {
		var names, said []string
		for i, r := range rules {
			if set&(1<<i) != 0 {
				names, said = append(names, string(r)), append(said, b.t(ruleWords[r]))
			}
		}
		slices.Sort(names)
		words[strings.Join(names, "+")] = Word{Text: strings.Join(said, b.t(text{", ", "、"})), Index: set}
	}
	return field{name: "reasons", title: text{"Why", "原因"}, words: []Mapping{{Type: "value", Options: words}}}
}
