package alerting

import (
	"slices"
	"testing"
	"time"

	"satisflow/pipeline/alert"
)

func TestReasonsSayWhatWasMeasuredAndOfHowMany(t *testing.T) {
	c := testConfig()
	for _, x := range []struct {
		a      alert.Alert
		en, zh string
	}{
		{alert.Alert{Rule: alert.LowRating, Value: 2, Threshold: 3.5, Ratings: 1}, "a rating of 2.0, below 3.5", "评分 2.0，低于 3.5"},
		{alert.Alert{Rule: alert.LowRating, Value: 1.25, Threshold: 3.5, Ratings: 1200}, "1,200 ratings below 3.5, the lowest 1.25", "1,200 个评分低于 3.5，最低 1.25"},
		{alert.Alert{Rule: alert.LowMean, Value: 3.27, Threshold: 3.5, Ratings: 4}, "a mean of 3.27 over 28 days (n = 4), below 3.5", "近 28 天均值 3.27（n = 4），低于 3.5"},
		{alert.Alert{Rule: alert.LowMean, Value: 1049.0 / 300, Threshold: 3.5, Ratings: 3}, "a mean of 3.497 over 28 days (n = 3), below 3.5", "近 28 天均值 3.497（n = 3），低于 3.5"},
		{alert.Alert{Rule: alert.Falling, Value: 0.5, Ratings: 10, Before: 0.9, BeforeN: 20},
			"50.0 % (23.7–76.3, n = 10) satisfied in 28 days, 90.0 % (69.9–97.2, n = 20) in the time before",
			"近 28 天满意率 50.0 % (23.7–76.3, n = 10)，此前 90.0 % (69.9–97.2, n = 20)"},
		{alert.Alert{Rule: alert.GroupFalling, Value: 0.5, Ratings: 0, Before: 0.9, BeforeN: 20},
			"– (n = 0) satisfied in 7 days, 90.0 % (69.9–97.2, n = 20) in the time before",
			"近 7 天满意率 – (n = 0)，此前 90.0 % (69.9–97.2, n = 20)"},
	} {
		if got := c.Reason(&x.a); got != (Text{x.en, x.zh}) {
			t.Errorf("%+v", got)
		}
	}
}

func TestAMeanThatMissesALimitDoesNotLookLikeIt(t *testing.T) {
	for _, c := range []struct {
		mean, limit float64
		want        string
	}{{3.5, 3.5, "3.5"}, {3.497, 3.5, "3.497"}, {3.4999999, 3.5, "3.4999999"}, {3.27, 3.5, "3.27"}, {4, 0, "4.0"}, {3.333, 3.5, "3.33"}, {0.1 + 0.2, 0.3, "0.3"}} {
		if got := Points(c.mean, c.limit); got != c.want {
			t.Errorf("%v beside %v is shown as %s, want %s", c.mean, c.limit, got, c.want)
		}
	}
}

func TestLengthsOfTimeAreSaidAsPeopleDo(t *testing.T) {
	for d, want := range map[time.Duration]Text{
		24 * time.Hour: {"1 day", "1 天"}, 28 * 24 * time.Hour: {"28 days", "28 天"}, 6 * time.Hour: {"6 hours", "6 小时"},
		90 * time.Minute: {"90 minutes", "90 分钟"}, 1500 * time.Millisecond: {"1.5s", "1.5s"},
	} {
		if en, zh := lengthText(d); en != want.English || zh != want.Chinese {
			t.Errorf("%s: %s, %s", d, en, zh)
		}
	}
}

func TestOwnersAreReadFromListsAndFromTextsWithCommas(t *testing.T) {
	x := alert.Subject{Dimension: "service", Value: "x=y"}
	for _, texts := range [][]string{
		{"service:x=y=a@example.com, b@example.com"}, {"service:x=y=a@example.com", "b@example.com"},
		{"service:x=y=a@example.com,a@example.com", "segment:z=c@example.com", "service:x=y=b@example.com"},
	} {
		got, err := parseOwners(texts)
		if err != nil || !slices.Equal(got[x], []string{"a@example.com", "b@example.com"}) {
			t.Errorf("%q: %v, %v", texts, got, err)
		}
	}
	for _, text := range []string{"a@example.com", "channel:web=a@example.com", "service:=a@example.com", "service:x=", "service:x=a", "service:x=A <a@example.com>"} {
		if got, err := parseOwners([]string{text}); err == nil {
			t.Errorf("%q: taken as %v", text, got)
		}
	}
}
