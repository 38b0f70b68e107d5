package web

import (
	"net/http"

	bcp "golang.org/x/text/language"
)

// language is one that pages are written in, as ?lang= names it.
type language string

const (
	english language = "en"
	chinese language = "zh"
)

func (l language) other() language {
	if l == chinese {
		return english
	}
	return chinese
}

// Tag is the language as browsers and screen readers know it.
func (l language) Tag() string {
	if l == chinese {
		return "zh-Hans"
	}
	return "en"
}

// matcher finds the language for a browser's wishes; English is for those that we do not speak.
var matcher = bcp.NewMatcher([]bcp.Tag{bcp.English, bcp.Chinese})

// languageOf is what ?lang= asks for, else what the browser prefers.
func languageOf(r *http.Request) language {
	asked := language(r.URL.Query().Get("lang"))
	if asked == english || asked == chinese {
		return asked
	}
	wished, _, err := bcp.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return english
	}
	if _, i, confidence := matcher.Match(wished...); i == 1 && confidence != bcp.No {
		return chinese
	}
	return english
}

// words are the texts of the frame around pages, in one language.
type words struct {
	ReadInOther, Runbooks, Intro, Find, Empty, All, NotFound, NotFoundHelp string
	Severities                                                             map[string]severity
	*pageWords
}

// severity is what a severity is called and means.
type severity struct{ Name, Means string }

var wordsIn = map[language]*words{
	english: {
		pageWords:   &englishPages,
		ReadInOther: "中文", Runbooks: "Runbooks",
		Intro: "What to do about each alert: what it means, what to look at first, what to do, and who to tell.",
		Find:  "Find an alert", Empty: "No runbook has these words.", All: "All runbooks",
		NotFound: "There is no runbook of that name", NotFoundHelp: "Alerts of this version of satisflow are in the list. An alert of your own rules needs a runbook of your own.",
		Severities: map[string]severity{
			"page": {"Page", "wakes a person"}, "ticket": {"Ticket", "is read in the morning"}, "info": {"Info", "reaches nobody; it holds back other alerts"},
		},
	},
	chinese: {
		pageWords:   &chinesePages,
		ReadInOther: "English", Runbooks: "处置手册",
		Intro: "每条警报的处置方法：含义、先看什么、如何处理、通知谁。",
		Find:  "查找警报", Empty: "没有包含这些文字的手册。", All: "全部手册",
		NotFound: "没有这个名称的处置手册", NotFoundHelp: "列表包含此版本 satisflow 的全部警报。您自己的规则需要您自己的手册。",
		Severities: map[string]severity{
			"page": {"紧急", "会叫醒值班人员"}, "ticket": {"工单", "在早上处理"}, "info": {"信息", "不通知任何人，用于抑制其他警报"},
		},
	},
}
