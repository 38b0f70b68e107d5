package web

import (
	"strconv"
	"time"

	"satisflow/cmd/internal/service/alerting"
	"satisflow/pipeline/stats"
	"satisflow/pipeline/window"
)

// figure is what is said about some ratings: how many were satisfied, and what that means for the target.
type figure struct {
	N, Satisfied  int64
	Unscored      int64
	Share, Mean   float64 // of N; 0 without ratings
	Low, High     float64 // Wilson interval (95 %) of the share
	Judgment      stats.Judgment
	Target, Limit float64 // share that is aimed at; what a mean should not be below, in points
}

func (o *Options) figure(s *window.Sums) figure {
	f := figure{N: s.Ratings, Satisfied: s.Satisfied, Unscored: s.Unscored, Judgment: stats.Judge(s.Satisfied, s.Ratings, o.Target),
		Target: o.Target, Limit: float64(o.Bands.Alert) / 100}
	if f.N > 0 {
		i := stats.Wilson(f.Satisfied, f.N, stats.Z95)
		f.Share, f.Mean, f.Low, f.High = float64(f.Satisfied)/float64(f.N), float64(s.Sum)/float64(f.N*100), i.Low, i.High
	}
	return f
}

// Verdict is the word of the API for what the ratings say about the target.
func (f *figure) Verdict() string { return f.Judgment.Verdict.String() }

// Text shows the share with its interval and its n.
func (s say) Text(f figure) string {
	if f.N == 0 {
		return s.in("no ratings", "没有评分")
	}
	return s.Share(f) + " (" + s.Interval(f) + ", " + s.n(f.N) + ")"
}

// Share shows the share of the figure, with as many digits as it takes not to look like the target that it misses.
func (s say) Share(f figure) string { return s.shareBeside(f.Share, f.Target) }

// shareBeside shows a share with as many digits as it takes not to look like another one that it differs from.
func (s say) shareBeside(share, other float64) string {
	if share == other {
		return s.Percent(share)
	}
	return alerting.Apart(100*share, 100*other, func(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }) + s.in(thin+"%", "%")
}

// MeanPoints shows the mean of the figure, with as many digits as it takes not to look like the limit that it misses.
func (s say) MeanPoints(f figure) string { return alerting.Points(f.Mean, f.Limit) }

// Interval shows the interval of the share, without its unit.
func (say) Interval(f figure) string { return percentage(f.Low) + "–" + percentage(f.High) }

// n shows how many ratings a figure is made of.
func (s say) n(n int64) string { return "n\u00a0=\u00a0" + s.Count(n) }

// MeanText shows the mean with its n.
func (s say) MeanText(f figure) string {
	if f.N == 0 {
		return s.in("no ratings", "没有评分")
	}
	return s.MeanPoints(f) + " (" + s.n(f.N) + ")"
}

// Enough says what would decide an undetermined verdict, and how many ratings there are when there is little else to say.
func (s say) Enough(f figure) string {
	switch j := f.Judgment; {
	case j.Verdict != stats.Undetermined:
		return ""
	case j.AtPresentShare > 0:
		return s.plural(f.N, "1 rating", "%s ratings", "%s 个评分") + s.plural(j.AtPresentShare,
			"; about 1 more would decide at this share", "; about %s more would decide at this share", "；按目前的比例约再有 %s 个可判定")
	default:
		return s.plural(f.N, "1 rating", "%s ratings", "%s 个评分") + s.plural(j.AllSatisfied,
			"; 1 more satisfied one would decide", "; %s more, all satisfied, would decide", "；再有 %s 个且全部满意可判定")
	}
}

// change is the difference of two shares with its interval (95 %).
type change struct {
	Known     bool // whether there are ratings on both sides
	Whole     bool // whether the period before is one that can be compared with
	N         int64
	D         float64
	Low, High float64
}

// changeOf compares two periods. Nothing is said about chance where the one before began before the ratings did, or has less
// than a tenth of the ratings of the other or more than ten times as many: that is not the same thing measured twice.
func changeOf(now, before *figure, from, begin time.Time) change {
	if now.N == 0 || before.N == 0 {
		return change{}
	}
	i := stats.Newcombe(now.Satisfied, now.N, before.Satisfied, before.N, stats.Z95)
	whole := !begin.After(from) && comparable(now.N, before.N)
	return change{true, whole, before.N, now.Share - before.Share, i.Low, i.High}
}

// comparable says whether neither of two numbers of ratings is less than a tenth of the other.
func comparable(a, b int64) bool { return 10*a >= b && 10*b >= a }

// ChangeText shows the difference in points, and whether it may be chance.
func (s say) ChangeText(c change) string {
	if !c.Known {
		return s.in("nothing to compare with", "没有可比较的数据")
	}
	if !c.Whole {
		return s.in("not comparable: the previous period is not whole (", "无法比较：上一时段的数据不完整（") + s.n(c.N) + s.in(")", "）")
	}
	text := s.Change(c.D) + s.in(" points", " 个百分点") + " (" + s.Change(c.Low) + s.in(" to ", " 至 ") + s.Change(c.High) + ")"
	if c.Low <= 0 && c.High >= 0 {
		return text + s.in(": not significant (may be chance)", "：不显著（可能是偶然波动）")
	}
	return text + s.in(": significant", "：变化显著")
}
