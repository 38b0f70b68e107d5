package rules

import (
	"time"

	"github.com/prometheus/common/model"
)

// turns is how many comparisons may be missing: one that fails is made good by the next, and when another process takes
// over partition 0, its turn may come an interval later.
const turns = 3

// verifyStopped asks for a success of any processor in the last turns, also of one that has been replaced since: who starts
// or does not own partition 0 shows 0. Before there are metrics of so long, nobody can tell. The interval is the
// processor's, and so on no time scale.
func (g generator) verifyStopped() alert {
	old := turns * g.cfg.Verify
	return alert{
		name: "SatisflowVerifyStopped", severity: Ticket, class: ClassPipeline,
		expr: promql(`
time() - max({last}) > {old}
and on ()
  count({first}) > 0`, "last", ofEpoch("max_over_time(satisflow_verify_timestamp_seconds[{turns}])"),
			"first", ofEpoch("last_over_time(satisflow_verify_timestamp_seconds["+model.Duration(g.cfg.Verify).String()+"] offset {turns})"), "turns", model.Duration(old).String(), "old", number(old.Seconds())),
		wait: 30 * time.Minute, keep: 15 * time.Minute,
		text: text{
			"Stored sums have not been compared with their ratings for more than " + span(old) + ": nobody would notice if they were wrong.",
			"存储的汇总已超过 " + spanZH(old) + "没有与评分比对：若有错误将无人发现。",
			"The processor that owns partition 0 compares them every " + span(g.cfg.Verify) + ". Its log says why it could not. Ratings are counted as ever.",
			"由拥有分区 0 的处理进程每 " + spanZH(g.cfg.Verify) + "比对一次，其日志说明未能比对的原因。评分照常统计。",
		},
	}
}
