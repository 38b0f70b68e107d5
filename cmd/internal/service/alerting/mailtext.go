package alerting

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"math"
	texttemplate "text/template"

	"satisflow/pipeline/alert"
	"satisflow/pipeline/stats"
	"satisflow/sinks/mail"
)

//go:embed templates
var templates embed.FS

var (
	fallingText = texttemplate.Must(texttemplate.ParseFS(templates, "templates/falling.txt"))
	fallingHTML = template.Must(template.New("falling.html").Funcs(template.FuncMap{"figures": newFigures, "button": newButton}).
			ParseFS(templates, "templates/falling.html"))
)

// fallingMail is what the mail about a falling service or segment says.
type fallingMail struct {
	English, Chinese                 bool // which languages it is in
	Subject, ID, Link, Satisfied     string
	Who, Severity, Verdict           Text
	NowShare, NowRange               string
	BeforeShare, BeforeRange, Change string
	BeforeFrom, NowFrom, NowTo       string
	ResolveDue, Zone                 string
}

// Now is the share of the window with its interval.
func (m *fallingMail) Now() string { return m.NowShare + " (" + m.NowRange + ")" }

// Before is that of the time before.
func (m *fallingMail) Before() string { return m.BeforeShare + " (" + m.BeforeRange + ")" }

// figures are the table of the mail in one language.
type figures struct {
	Mail                                        *fallingMail
	BeforeWord, NowWord, ChangeWord, PointsWord string
}

func newFigures(m *fallingMail, before, now, change, points string) figures {
	return figures{m, before, now, change, points}
}

type button struct{ Link, Text string }

func newButton(link, text string) button { return button{link, text} }

// mailOf writes the mail about a GroupFalling alert; satisfied is the score from which a rating is, and target the share
// that is aimed at.
func (c *Config) mailOf(a *alert.Alert, to []string, satisfied, target float64) (mail.Message, error) {
	window := c.GroupLength
	m := fallingMail{
		English: c.Language != Chinese, Chinese: c.Language != English, Subject: c.subject(a), ID: a.ID, Link: c.link(a.Subject), Satisfied: points(satisfied),
		Who: Subject(a.Subject), Severity: severityTexts[a.Severity], Verdict: verdictText(a, target),
		Change:     fmt.Sprintf("−%.1f", 100*(a.Before-a.Value)),
		BeforeFrom: c.at(a.RatedAt.Add(-2 * window)), NowFrom: c.at(a.RatedAt.Add(-window)), NowTo: c.at(a.RatedAt), ResolveDue: c.at(a.ResolveDue), Zone: c.zone(),
	}
	m.NowShare, m.NowRange = shareAndRange(a.Value, a.Ratings)
	m.BeforeShare, m.BeforeRange = shareAndRange(a.Before, a.BeforeN)
	var text, html bytes.Buffer
	if err := fallingText.Execute(&text, &m); err != nil {
		return mail.Message{}, fmt.Errorf("write the mail about alert %s: %w", a.ID, err)
	}
	if err := fallingHTML.Execute(&html, &m); err != nil {
		return mail.Message{}, fmt.Errorf("write the mail about alert %s: %w", a.ID, err)
	}
	return mail.Message{ID: mailID(a), To: to, Subject: m.Subject, Text: text.String(), HTML: html.String()}, nil
}

// mailID is the identity of the mail about the alert, at every attempt.
func mailID(a *alert.Alert) string { return "alert-" + a.ID }

func (c *Config) subject(a *alert.Alert) string {
	who := Subject(a.Subject)
	change := fmt.Sprintf("%.1f %% → %.1f %%", 100*a.Before, 100*a.Value)
	english, chinese := who.English+": satisfaction falls, "+change, who.Chinese+"：满意度下降，"+change
	switch c.Language {
	case English:
		return english
	case Chinese:
		return chinese
	}
	return who.Chinese + "：满意度下降 · " + english
}

// shareAndRange shows a share, and its interval with n.
func shareAndRange(v float64, n int64) (text, interval string) {
	i := stats.Wilson(int64(math.Round(v*float64(n))), n, stats.Z95)
	return fmt.Sprintf("%.1f %%", 100*v), fmt.Sprintf("%.1f–%.1f, n = %s", 100*i.Low, 100*i.High, grouped(n))
}

// verdictText says what is known about the fall and about the target.
func verdictText(a *alert.Alert, target float64) Text {
	t := Text{
		"This is more than chance: the 99 % interval of the difference lies below 0 as a whole.",
		"这不是偶然波动：差值的 99% 置信区间整体低于 0。",
	}
	aim := fmt.Sprintf("%.4g", 100*target)
	var more Text
	switch j := stats.Judge(int64(math.Round(a.Value*float64(a.Ratings))), a.Ratings, target); j.Verdict {
	case stats.Below:
		more = Text{"The share is surely below the target of " + aim + " %.", "满意率已确定低于 " + aim + "% 的目标。"}
	case stats.Met:
		more = Text{"The target of " + aim + " % is still met.", aim + "% 的目标仍然达到。"}
	case stats.Undetermined, stats.NoData:
		more = Text{"Whether the target of " + aim + " % is met cannot be told from so few ratings.", "评分尚少，还不能判断是否达到 " + aim + "% 的目标。"}
	}
	return Text{t.English + " " + more.English, t.Chinese + more.Chinese}
}
