package measures

import (
	"time"

	"satisflow/pipeline/stats"
)

// Verdict is what came of a measure.
type Verdict string

const (
	NotEvaluated Verdict = ""
	Improved     Verdict = "improved"     // 有改善: the interval of the effect lies above 0
	NoEvidence   Verdict = "no_evidence"  // 尚无证据: the interval holds 0
	Worse        Verdict = "worse"        // 变差: the interval lies below 0
	TooFewData   Verdict = "too_few_data" // 数据不足: fewer ratings than the expectation needs
)

// Method is how an effect was worked out.
type Method string

const (
	BeforeAfter             Method = "before_after"
	DifferenceInDifferences Method = "difference_in_differences"
)

// Period is the ratings of one side of a comparison.
type Period struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"` // exclusive
	Matches int64     `json:"matches"`
	Ratings int64     `json:"ratings"`
}

func (p Period) count() stats.Count { return stats.Count{K: p.Matches, N: p.Ratings} }

// Evaluation is the effect of a measure with all that it was worked out from.
type Evaluation struct {
	Method        Method    `json:"method"`
	Before        Period    `json:"before"`
	After         Period    `json:"after"`
	ControlBefore *Period   `json:"control_before,omitempty"`
	ControlAfter  *Period   `json:"control_after,omitempty"`
	Effect        float64   `json:"effect"` // a difference of shares, positive when it is better
	Low           float64   `json:"low"`    // of its interval of 95 %
	High          float64   `json:"high"`
	Needed        int64     `json:"needed"` // ratings in each period
	Verdict       Verdict   `json:"verdict"`
	AsOf          time.Time `json:"as_of"`
	// Regression warns that figures which were unusually bad when the measure was planned come back by themselves: without a
	// control group that can't be told from an effect.
	Regression bool `json:"regression_to_the_mean"`
}

// Cells are the ratings that an evaluation compares.
type Cells struct {
	Before, After               Period
	ControlBefore, ControlAfter *Period // nil without a control group
}

// Assess returns the effect of a measure with the expectation.
//
// Source: Newcombe's interval of a difference (stats.Newcombe), or with a control group the difference in differences
// (stats.DifferenceInDifferences).
func Assess(e Expectation, c Cells, asOf time.Time) Evaluation {
	v := Evaluation{Method: BeforeAfter, Before: c.Before, After: c.After, ControlBefore: c.ControlBefore, ControlAfter: c.ControlAfter, Needed: e.Needed, AsOf: asOf}
	least := min(c.Before.Ratings, c.After.Ratings)
	var i stats.Interval
	if c.ControlBefore != nil && c.ControlAfter != nil {
		v.Method = DifferenceInDifferences
		least = min(least, c.ControlBefore.Ratings, c.ControlAfter.Ratings)
		effect, ok := stats.DifferenceInDifferences(stats.Part{Before: c.Before.count(), After: c.After.count()},
			stats.Part{Before: c.ControlBefore.count(), After: c.ControlAfter.count()})
		if !ok {
			least = 0
		}
		v.Effect, i = effect.Difference, effect.Interval
	} else {
		i = stats.Newcombe(c.After.Matches, c.After.Ratings, c.Before.Matches, c.Before.Ratings, stats.Z95)
		if c.Before.Ratings > 0 && c.After.Ratings > 0 {
			v.Effect = c.After.count().Share() - c.Before.count().Share()
		}
		v.Regression = worseThanUsual(e, c.Before)
	}
	v.Low, v.High = i.Low, i.High
	if e.Metric == DissatisfiedShare { // less is better
		v.Effect, v.Low, v.High = -v.Effect, -v.High, -v.Low
	}
	v.Verdict = verdict(v, least)
	return v
}

// worseThanUsual says whether the period before was worse than the baseline that was stated: such figures come back.
func worseThanUsual(e Expectation, before Period) bool {
	if before.Ratings == 0 {
		return false
	}
	if e.Metric == DissatisfiedShare {
		return before.count().Share() > e.Baseline
	}
	return before.count().Share() < e.Baseline
}

func verdict(v Evaluation, least int64) Verdict {
	switch {
	case least < max(1, v.Needed):
		return TooFewData
	case v.Low > 0:
		return Improved
	case v.High < 0:
		return Worse
	}
	return NoEvidence
}
