package web

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"
)

// say puts figures and times into words of a language and of the zone of the windows.
type say struct {
	lang language
	zone time.Duration
	now  time.Time
}

// in chooses between the languages.
func (s say) in(en, zh string) string {
	if s.lang == chinese {
		return zh
	}
	return en
}

const thin = "\u202f" // a narrow space that does not break, before %

// Percent shows a share, such as 94.2 %.
func (s say) Percent(share float64) string {
	return percentage(share) + s.in(thin+"%", "%")
}

// Target shows the share that is aimed at, with no more digits than it has.
func (s say) Target(share float64) string {
	return strconv.FormatFloat(math.Round(share*1e6)/1e4, 'f', -1, 64) + s.in(thin+"%", "%")
}

// Points shows a score or a mean, such as 3.5 or 3.27.
func (say) Points(v float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 2, 64), "0")
}

// Count shows a number with its thousands apart.
func (say) Count(n int64) string {
	text := strconv.FormatInt(n, 10)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// Number is Count of what is counted in memory.
func (s say) Number(n int) string { return s.Count(int64(n)) }

// Change shows a difference of shares in points, with its sign.
func (s say) Change(d float64) string {
	text := strconv.FormatFloat(100*d, 'f', 1, 64)
	if text == "0.0" || text == "-0.0" {
		return "±0.0"
	}
	if d > 0 {
		return "+" + text
	}
	return "−" + text[1:]
}

// local is the time as clocks in the zone of the windows show it.
func (s say) local(t time.Time) time.Time {
	return t.In(time.FixedZone(s.Zone(), int(s.zone.Seconds())))
}

// Zone names the zone that times are shown in.
func (s say) Zone() string {
	if s.zone == 0 {
		return "UTC"
	}
	return "UTC" + time.Time{}.In(time.FixedZone("", int(s.zone.Seconds()))).Format("-07:00")
}

// Time shows a time to the minute; its zone and its seconds are said on hover.
func (s say) Time(t time.Time) template.HTML {
	at := s.local(t)
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s %s">%s</time>`, //nolint:gosec // made of digits
		at.Format(time.RFC3339), at.Format("2006-01-02 15:04:05"), s.Zone(), at.Format("2006-01-02 15:04")))
}

// Date shows the day of a time.
func (s say) Date(t time.Time) string { return s.local(t).Format("2006-01-02") }

// Clock shows the time of day, and the day when it is another one than today.
func (s say) Clock(t time.Time) string {
	if s.Date(t) == s.Date(s.now) {
		return s.local(t).Format("15:04")
	}
	return s.local(t).Format("2006-01-02 15:04")
}

// Until says how long it is until a time, or how long ago that was.
func (s say) Until(t time.Time) string {
	if d := t.Sub(s.now); d >= 0 {
		return s.in("in "+s.Length(d), s.Length(d)+"后")
	}
	return s.in(s.Length(s.now.Sub(t))+" ago", s.Length(s.now.Sub(t))+"前")
}

// Length shows a length of time in its two greatest units.
func (s say) Length(d time.Duration) string {
	d = d.Round(time.Minute)
	days, hours, minutes := int(d/day), int(d%day/time.Hour), int(d%time.Hour/time.Minute)
	part := func(n int, en, zh string) string { return strconv.Itoa(n) + "\u00a0" + s.in(en, zh) }
	switch {
	case days > 0 && hours > 0:
		return part(days, "d", "天") + " " + part(hours, "h", "小时")
	case days > 0:
		return part(days, "d", "天")
	case hours > 0 && minutes > 0:
		return part(hours, "h", "小时") + " " + part(minutes, "min", "分钟")
	case hours > 0:
		return part(hours, "h", "小时")
	}
	return part(minutes, "min", "分钟")
}

// Days names a window by its length, such as 28 days; one that is no whole days by hours.
func (s say) Days(d time.Duration) string {
	switch {
	case d == day:
		return s.in("24 hours", "24 小时")
	case d >= day && d%day == 0:
		return fmt.Sprintf(s.in("%d days", "%d 天"), d/day)
	case d == time.Hour:
		return s.in("1 hour", "1 小时")
	case d%time.Hour == 0:
		return fmt.Sprintf(s.in("%d hours", "%d 小时"), d/time.Hour)
	}
	return s.Length(d)
}

// plural puts a count into a text of its number; Chinese has one for all.
func (s say) plural(n int64, one, many, zh string) string {
	switch {
	case s.lang == chinese:
		return strings.Replace(zh, "%s", s.Count(n), 1)
	case n == 1:
		return one
	}
	return strings.Replace(many, "%s", s.Count(n), 1)
}

func percentage(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) }

// midnight is the start of the day of a time.
func (s say) midnight(t time.Time) time.Time {
	ms := t.UnixMilli() + s.zone.Milliseconds()
	return time.UnixMilli(ms - ms%day.Milliseconds() - s.zone.Milliseconds()).UTC()
}
