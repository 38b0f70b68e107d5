package alerting

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/pipeline/stats"
	"satisflow/pipeline/window"
)

// Text says one thing in English and in Chinese.
type Text struct{ English, Chinese string }

var severityTexts = map[alert.Severity]Text{alert.Minor: {"minor", "一般"}, alert.Major: {"major", "重要"}, alert.Critical: {"critical", "紧急"}}

// Subject names whom the alert is about.
func Subject(s alert.Subject) Text {
	switch s.Dimension {
	case window.Service:
		return Text{"Service " + s.Value, "服务 " + s.Value}
	case window.Segment:
		return Text{"Segment " + s.Value, "客户群 " + s.Value}
	default:
		return Text{"Customer " + s.Value, "客户 " + s.Value}
	}
}

// Reason says why there is the alert, in a sentence without an end. It holds no text of a rating.
func (c *Config) Reason(a *alert.Alert) Text {
	en, zh := lengthText(c.Window)
	below, most := points(a.Threshold), Points(a.Value, a.Threshold)
	switch a.Rule {
	case alert.LowRating:
		if a.Ratings <= 1 {
			return Text{fmt.Sprintf("a rating of %s, below %s", most, below), fmt.Sprintf("评分 %s，低于 %s", most, below)}
		}
		return Text{fmt.Sprintf("%s ratings below %s, the lowest %s", grouped(a.Ratings), below, most), fmt.Sprintf("%s 个评分低于 %s，最低 %s", grouped(a.Ratings), below, most)}
	case alert.LowMean:
		return Text{fmt.Sprintf("a mean of %s over %s (n = %s), below %s", most, en, grouped(a.Ratings), below),
			fmt.Sprintf("近 %s均值 %s（n = %s），低于 %s", zh, most, grouped(a.Ratings), below)}
	case alert.GroupFalling:
		en, zh = lengthText(c.GroupLength)
	}
	return Text{fmt.Sprintf("%s satisfied in %s, %s in the time before", share(a.Value, a.Ratings), en, share(a.Before, a.BeforeN)),
		fmt.Sprintf("近 %s满意率 %s，此前 %s", zh, share(a.Value, a.Ratings), share(a.Before, a.BeforeN))}
}

// summary is the alert in one line.
func (c *Config) summary(a *alert.Alert) Text {
	who, why := Subject(a.Subject), c.Reason(a)
	if a.Rule == alert.Falling || a.Rule == alert.GroupFalling {
		why = Text{"satisfaction falls significantly: " + why.English, "满意度显著下降：" + why.Chinese}
	}
	return Text{who.English + ": " + why.English, who.Chinese + "：" + why.Chinese}
}

// description is what is to be done about the alert, and by when.
func (c *Config) description(a *alert.Alert) Text {
	severity := severityTexts[a.Severity]
	due := func(at time.Time) string { return c.at(at) + " " + c.zone() }
	if a.Subject.Dimension == alert.Customer {
		return Text{
			fmt.Sprintf("Severity %s. Contact the customer by %s, resolve it by %s.", severity.English, due(a.ContactDue), due(a.ResolveDue)),
			fmt.Sprintf("级别：%s。请在 %s 前联系客户，在 %s 前解决。", severity.Chinese, due(a.ContactDue), due(a.ResolveDue)),
		}
	}
	return Text{
		fmt.Sprintf("Severity %s. Find out what changed, resolve it by %s.", severity.English, due(a.ResolveDue)),
		fmt.Sprintf("级别：%s。请查明变化的原因，在 %s 前解决。", severity.Chinese, due(a.ResolveDue)),
	}
}

// points shows a score, such as 3.5 or 3.27.
func points(v float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 2, 64), "0")
}

// Points shows a mean with at most two decimals, and with more where it would look like the limit that it differs from:
// 3.497 beside 3.5.
func Points(mean, limit float64) string { return Apart(mean, limit, points) }

// mostDecimals is more than means and shares of a million million ratings need to be told apart.
const mostDecimals = 15

// Apart shows a value in the usual form, and with as many decimals as it takes where that form is also the limit's, though
// the value is another one.
func Apart(value, limit float64, usual func(float64) string) string {
	text, same := usual(value), usual(limit)
	for decimals := 2; text == same && value != limit && decimals <= mostDecimals; decimals++ {
		if exact := strconv.FormatFloat(value, 'f', decimals, 64); exact != strconv.FormatFloat(limit, 'f', decimals, 64) {
			return exact
		}
	}
	return text
}

// share shows a share with its interval of 95 % and its n.
func share(v float64, n int64) string {
	if n == 0 {
		return "– (n = 0)"
	}
	i := stats.Wilson(int64(math.Round(v*float64(n))), n, stats.Z95)
	return fmt.Sprintf("%.1f %% (%.1f–%.1f, n = %s)", 100*v, 100*i.Low, 100*i.High, grouped(n))
}

// grouped shows a count with its thousands apart.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// lengthText is a length of time, such as "28 days" and "28 天".
func lengthText(d time.Duration) (en, zh string) {
	for _, u := range []struct {
		unit   time.Duration
		en, zh string
	}{{24 * time.Hour, "day", "天"}, {time.Hour, "hour", "小时"}, {time.Minute, "minute", "分钟"}} {
		if n := d / u.unit; d%u.unit == 0 {
			plural := "s"
			if n == 1 {
				plural = ""
			}
			return fmt.Sprintf("%d %s%s", n, u.en, plural), fmt.Sprintf("%d %s", n, u.zh)
		}
	}
	return d.String(), d.String()
}

// at shows a time in the zone of the windows, and zone says which one that is.
func (c *Config) at(t time.Time) string { return t.UTC().Add(c.Zone).Format("2006-01-02 15:04") }

func (c *Config) zone() string {
	if c.Zone == 0 {
		return "UTC"
	}
	return time.Time{}.In(time.FixedZone("", int(c.Zone.Seconds()))).Format("-07:00")
}
