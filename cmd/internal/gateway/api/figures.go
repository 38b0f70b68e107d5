package api

import (
	"math"

	"satisflow/pipeline/event"
	"satisflow/pipeline/stats"
	"satisflow/pipeline/window"
)

// Figures are what is said about some ratings. Shares are of the ratings: feedback without a score is in none.
type Figures struct {
	Responses           int64            `json:"responses" doc:"Feedback count: ratings and unscored feedback"`
	Ratings             int64            `json:"ratings" doc:"Feedback with a score"`
	Unscored            int64            `json:"unscored" doc:"Feedback without a score"`
	AverageRating       *float64         `json:"average_rating" doc:"Mean rating, 1 to 5; null without ratings"`
	SatisfactionRate    *float64         `json:"satisfaction_rate" doc:"Share of the ratings that are satisfied, 0 to 1; null without ratings"`
	HighRate            *float64         `json:"high_satisfaction_rate" doc:"Share of the ratings that are highly satisfied; null without ratings"`
	DissatisfactionRate *float64         `json:"dissatisfaction_rate" doc:"Share of the ratings that are dissatisfied; null without ratings"`
	Interval            []float64        `json:"satisfaction_interval" nullable:"true" minItems:"2" maxItems:"2" doc:"Wilson interval (95 %) of the satisfaction rate; null without ratings"`
	Verdict             *string          `json:"verdict" enum:"below,met,undetermined,no_data" doc:"What the ratings say about the target, by one-sided bounds of 95 %. Null for ratings of staff, which no target is set for"`
	VerdictDetail       VerdictDetail    `json:"verdict_detail"`
	Budget              Budget           `json:"error_budget"`
	Stars               map[string]int64 `json:"stars" doc:"Ratings of 1 to 5 stars, round half up"`
	Quality             map[string]Mean  `json:"quality" doc:"Means of the quality metrics, each in its unit"`
}

// VerdictDetail says what would decide an undetermined verdict.
type VerdictDetail struct {
	AllSatisfied   *int64 `json:"more_if_all_satisfied" doc:"How many more ratings would have the target met if all of them were satisfied; null unless undetermined"`
	AtPresentShare *int64 `json:"more_at_present_share" doc:"How many more ratings would decide either way at the present share; null unless undetermined, and where no number would"`
}

// Budget is the error budget of the target over these ratings.
type Budget struct {
	Allowed float64  `json:"allowed" doc:"Ratings that may be unsatisfied"`
	Spent   int64    `json:"spent" doc:"Ratings that are"`
	Burn    *float64 `json:"burn" doc:"Spent of allowed, 1 uses the budget up; null without ratings"`
}

// Mean is the mean of a quality metric.
type Mean struct {
	Mean *float64 `json:"mean" doc:"Null when no value was given"`
	N    int64    `json:"n" doc:"How many values were given"`
}

// figures makes figures of sums. The names are those of the sums' quality metrics.
func (a *API) figures(s *window.Sums, quality []string) Figures {
	f := Figures{
		Responses: s.Responses(), Ratings: s.Ratings, Unscored: s.Unscored,
		AverageRating: ratio(s.Sum, float64(s.Ratings)*100), SatisfactionRate: share(s.Satisfied, s), HighRate: share(s.Highly, s),
		DissatisfactionRate: share(s.Dissatisfied, s), Stars: map[string]int64{}, Quality: a.qualityMeans(s, quality),
	}
	for i, n := range s.Stars {
		f.Stars[string(rune('1'+i))] = n
	}
	if s.Ratings > 0 {
		i := stats.Wilson(s.Satisfied, s.Ratings, stats.Z95)
		f.Interval = []float64{i.Low, i.High}
	}
	f.judge(s, a.Target)
	return f
}

// judge holds the sums against the target.
func (f *Figures) judge(s *window.Sums, target float64) {
	j := stats.Judge(s.Satisfied, s.Ratings, target)
	word := j.Verdict.String()
	f.Verdict = &word
	f.VerdictDetail = VerdictDetail{positive(j.AllSatisfied), positive(j.AtPresentShare)}
	if b, ok := stats.ErrorBudget(s.Satisfied, s.Ratings, target); ok {
		f.Budget = Budget{Allowed: b.Allowed, Spent: b.Spent, Burn: &b.Burn}
	}
}

// unjudged takes the target's part away: staff is not asked whether customers are satisfied.
func (f *Figures) unjudged() {
	f.Verdict, f.VerdictDetail, f.Budget = nil, VerdictDetail{}, Budget{}
}

func (a *API) qualityMeans(s *window.Sums, names []string) map[string]Mean {
	means := map[string]Mean{}
	for i, name := range names {
		if unit, known := qualityUnit(a.Events, name); known {
			q := s.Quality[i]
			means[name] = Mean{Mean: ratio(q.Sum, float64(q.N)*unit), N: q.N}
		}
	}
	return means
}

// qualityUnit returns how many of the sums' units are one of the metric's. A metric that is not configured any more has none.
func qualityUnit(cfg event.Config, name string) (float64, bool) {
	for _, m := range cfg.Metrics() {
		if m.Name == name {
			return math.Pow10(m.Decimals), true
		}
	}
	return 0, false
}

func share(n int64, s *window.Sums) *float64 { return ratio(n, float64(s.Ratings)) }

// ratio divides once, so that the only rounding is that of the quotient; nil where there is nothing to divide by.
func ratio(sum int64, by float64) *float64 {
	if by == 0 {
		return nil
	}
	q := float64(sum) / by
	return &q
}

func positive(n int64) *int64 {
	if n <= 0 {
		return nil
	}
	return &n
}
