package web

import (
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"satisflow/cmd/internal/service/alerting"
	"satisflow/pipeline/alert"
)

// form is what the page of alert abc sends, with changes.
func form(changes ...string) url.Values {
	f := url.Values{"version": {"3"}, "by": {" li.na "}, "comment": {"one\r\ntwo"}, "assignee": {"wang.wei"}, "assigned": {"wang.wei"}, "action": {"comment"}}
	for i := 0; i+1 < len(changes); i += 2 {
		f.Set(changes[i], changes[i+1])
	}
	return f
}

var ours = []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://example.com"}

func TestTheAlertPageShowsClockRecordAndWhatMayBeDone(t *testing.T) {
	h := site(t, someWorld())
	body := wantPage(t, get(h, "/alerts/abc", "en"), http.StatusOK, `>c-1</a>: a rating of 2.0 &lt;low&gt;</h1>`, "Contact the customer", "⚠ overdue", "1 h ago", "in 1 d 19 h",
		"Due <time datetime=\"2026-11-20T19:34:56+08:00\" title=\"2026-11-20 19:34:56 UTC+08:00\">2026-11-20 19:34</time>", "&lt;b&gt;called&lt;/b&gt;", "<b>wang.wei</b> assigned it to li.na", `<input type="hidden" name="assigned" value="li.na">`, `id="assignee" name="assignee" value="li.na"`,
		`<input type="hidden" name="version" value="3">`, `class="button primary" name="action" value="acknowledge"`, `value="contacted"`, `value="resolve"`, `value="comment"`, `value="save"`,
		`href="/services/legal_consulting?lang=en"`, `href="/segments/vip?lang=en"`, "The reason still holds.")
	if strings.Contains(body, `value="reopen"`) || strings.Index(body, "wang.wei</b>") > strings.Index(body, "opened it") {
		t.Errorf("what is not possible is offered, or the record begins with the oldest:\n%s", body)
	}
	w := someWorld()
	w.alerts[0].Holding = false
	wantPage(t, get(site(t, w), "/alerts/abc", "en"), http.StatusOK, "The reason does not hold any more.")
	wantPage(t, get(h, "/alerts/abc", "zh"), http.StatusOK, "：评分 2.0</h1>", "处理记录", "1 天 19 小时后", "知悉")
	wantPage(t, get(h, "/alerts/abc?done=resolve", "en"), http.StatusOK, "Recorded: resolved.")
	if body := get(h, "/alerts/abc?done=%3Cscript%3E", "en").Body.String(); strings.Contains(body, "Recorded") {
		t.Error("a page says that something unknown was done")
	}
}

func TestAResolvedAlertSaysWhatHelpedAndThatItsClockHasStopped(t *testing.T) {
	w := someWorld()
	a := &w.alerts[0]
	a.State, a.ResolvedAt, a.ResolvedBy, a.Resolution, a.Holding = alert.Resolved, now.Add(-day/24), "li.na", "sent <a new> report", false
	wantPage(t, get(site(t, w), "/alerts/abc", "en"), http.StatusOK, "runs no more", "✓ done", "sent &lt;a new&gt; report", "Reopening begins the clocks anew.", `class="button primary" name="action" value="verify"`, `value="reopen"`)
	a.ContactedAt = now
	wantPage(t, get(site(t, w), "/alerts/abc", "en"), http.StatusOK, "done late")
}

func TestAFormDoesWhatItSaysAndTheNameIsRemembered(t *testing.T) {
	w := someWorld()
	h := site(t, w)
	answer := post(h, "/alerts/abc?lang=zh", form(), ours...)
	if answer.Code != http.StatusSeeOther || answer.Header().Get("Location") != "/alerts/abc?done=comment&lang=zh" {
		t.Fatalf("%d %s", answer.Code, answer.Header().Get("Location"))
	}
	if !reflect.DeepEqual(w.do, alert.Request{Action: alert.Comment, By: "li.na", Comment: "one\ntwo"}) || w.version != 3 {
		t.Errorf("%+v of version %d", w.do, w.version)
	}
	cookie := answer.Header().Get("Set-Cookie")
	for _, want := range []string{nameCookie + "=li.na;", "SameSite=Strict", "HttpOnly", "Path=/alerts"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie %s has no %s", cookie, want)
		}
	}
}

// firstButton is the button that Enter in a field of the form presses: the first that submits.
func firstButton(t *testing.T, body string) string {
	t.Helper()
	_, form, _ := strings.Cut(body, `<form class="work"`)
	form, _, _ = strings.Cut(form, "</form>")
	m := regexp.MustCompile(`<button[^>]* name="action" value="([a-z]+)"`).FindStringSubmatch(form)
	if m == nil {
		t.Fatalf("no button in %s", form)
	}
	return m[1]
}

func TestEnterInAFieldSavesThatFieldAndNothingElse(t *testing.T) {
	for _, state := range alert.AllStates() {
		w := someWorld()
		w.alerts[0].State = state
		h := site(t, w)
		enter := firstButton(t, get(h, "/alerts/abc", "en").Body.String())
		answer := post(h, "/alerts/abc", form("action", enter, "comment", ""), ours...)
		if answer.Code != http.StatusSeeOther || w.acted != 0 || !strings.Contains(answer.Header().Get("Set-Cookie"), nameCookie+"=li.na;") {
			t.Errorf("%s: Enter in the name field: %d, %d actions, cookie %s", state, answer.Code, w.acted, answer.Header().Get("Set-Cookie"))
		}
		if state == alert.Verified {
			continue // it cannot be assigned
		}
		answer = post(h, "/alerts/abc", form("action", enter, "comment", "", "assignee", " zhao.min "), ours...)
		if answer.Code != http.StatusSeeOther || w.acted != 1 || w.do.Action != alert.Assign || w.do.Assignee != " zhao.min " || w.do.By != "li.na" || w.do.Comment != "" {
			t.Errorf("%s: Enter in the assignee field: %d, %d actions, %+v", state, answer.Code, w.acted, w.do)
		}
	}
}

func TestNothingTypedIsLostByAnotherAction(t *testing.T) {
	w := someWorld()
	h := site(t, w)
	body := wantPage(t, post(h, "/alerts/abc", form("action", "save", "assignee", "zhao.min", "comment", "half a <sentence>"), ours...), http.StatusOK,
		"Recorded: assigned. The rest of what you typed is still in the form", "half a &lt;sentence&gt;</textarea>", `value="li.na"`)
	if w.acted != 1 || w.do.Comment != "" || strings.Contains(body, "Nothing was recorded.") {
		t.Errorf("%d actions, the last %+v", w.acted, w.do)
	}
	wantPage(t, post(h, "/alerts/abc", form("action", "acknowledge", "assignee", "zhao.min"), ours...), http.StatusOK,
		"Recorded: acknowledged. The rest of what you typed", `name="assignee" value="zhao.min"`, `name="assigned" value="li.na"`, `rows="3" maxlength="4000" aria-describedby="commenthelp"></textarea>`)
	if w.acted != 2 || w.do.Action != alert.Acknowledge || w.do.Comment != "one\ntwo" || w.do.Assignee != "" {
		t.Errorf("%d actions, the last %+v", w.acted, w.do)
	}
	w.actErr = errAway
	wantPage(t, post(h, "/alerts/abc", form("action", "comment", "assignee", "zhao.min"), ours...), http.StatusServiceUnavailable, "zhao.min", "one\ntwo")
}

func TestAFormWithoutANameRecordsNothing(t *testing.T) {
	w := someWorld()
	for _, by := range []string{"", "  ", "satisflow", "a\nb", strings.Repeat("x", 129)} {
		wantPage(t, post(site(t, w), "/alerts/abc", form("action", "save", "by", by, "assignee", "zhao.min"), ours...), http.StatusUnprocessableEntity,
			"Give your name", `name="assignee" value="zhao.min"`, "one\ntwo</textarea>")
	}
	if w.acted != 0 {
		t.Errorf("%d actions", w.acted)
	}
}

func TestWhoeverReassignsMeanwhileIsNotOverruledByAnUntouchedField(t *testing.T) {
	w := someWorld()
	w.actErr = &alerting.VersionError{ID: "abc", Present: 3, Wanted: 1}
	wantPage(t, post(site(t, w), "/alerts/abc", form("version", "1"), ours...), http.StatusConflict, `name="assignee" value="li.na"`, `name="assigned" value="li.na"`)
}

func TestARecordNamesWhoWasAssigned(t *testing.T) {
	w := someWorld()
	w.record = append(w.record, alert.Entry{Version: 4, At: now, By: "li.na", Action: alert.Assign},
		alert.Entry{Version: 5, At: now, By: alert.System, Action: alert.Recovered, Comment: alert.Withdrawn})
	a := &w.alerts[0]
	a.State, a.ResolvedBy, a.Resolution = alert.Resolved, alert.System, alert.Recovery
	wantPage(t, get(site(t, w), "/alerts/abc", "en"), http.StatusOK, "<b>li.na</b> removed the assignee", "assigned it to li.na", "Resolved by itself: the figure is no longer too low.", "corrected, erased or quarantined")
	body := wantPage(t, get(site(t, w), "/alerts/abc", "zh"), http.StatusOK, "<b>li.na</b> 取消了分配", "分配给 li.na", "自动解决：数值不再过低。", "更正、删除或隔离")
	for _, word := range []string{alert.Withdrawn, alert.Recovery} {
		if strings.Contains(body, word) {
			t.Errorf("the Chinese page has the word %s", word)
		}
	}
}

func TestTheRememberedNameMayBeChinese(t *testing.T) {
	h := site(t, someWorld())
	answer := post(h, "/alerts/abc", form("by", `李娜 "<b>;`), ours...)
	cookie, _, _ := strings.Cut(answer.Header().Get("Set-Cookie"), ";")
	r, err := http.NewRequest(http.MethodGet, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", cookie)
	if name := rememberedName(r); name != `李娜 "<b>;` {
		t.Errorf("remembered %q by %s", name, cookie)
	}
	r.Header.Set("Cookie", nameCookie+"=%zz")
	if name := rememberedName(r); name != "" {
		t.Errorf("of a broken cookie: %q", name)
	}
}

func TestAFormOfAnotherSiteIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		headers []string
		want    int
	}{
		"a page of ours":                 {ours, http.StatusSeeOther},
		"an old browser on our page":     {[]string{"Origin", "http://example.com"}, http.StatusSeeOther},
		"no browser":                     {nil, http.StatusSeeOther},
		"another site":                   {[]string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example.org"}, http.StatusForbidden},
		"another host of the site":       {[]string{"Sec-Fetch-Site", "same-site", "Origin", "http://www.example.com"}, http.StatusForbidden},
		"an old browser on another site": {[]string{"Origin", "https://evil.example.org"}, http.StatusForbidden},
		"a sandboxed frame":              {[]string{"Origin", "null"}, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			w := someWorld()
			answer := post(site(t, w), "/alerts/abc", form(), c.headers...)
			if answer.Code != c.want || w.acted != map[int]int{http.StatusSeeOther: 1}[answer.Code] {
				t.Errorf("%d after %d actions, want %d", answer.Code, w.acted, c.want)
			}
			if c.want == http.StatusForbidden {
				wantPage(t, answer, c.want, "This form did not come from a page of ours", `href="/alerts/abc?lang=en"`)
			}
		})
	}
}

func TestAConflictSaysWhatHappenedMeanwhileAndLosesNothing(t *testing.T) {
	w := someWorld()
	w.actErr = &alerting.VersionError{ID: "abc", Present: 3, Wanted: 1}
	body := wantPage(t, post(site(t, w), "/alerts/abc", form("version", "1", "comment", "mine <i>"), ours...), http.StatusConflict,
		"The alert has changed since you opened it.", "Nothing was recorded.", "Meanwhile", "mine &lt;i&gt;</textarea>", `value=" li.na "`, `name="version" value="3"`)
	meanwhile, _, _ := strings.Cut(body[strings.Index(body, "Meanwhile"):], "</div>")
	if strings.Contains(meanwhile, "opened it") || !strings.Contains(meanwhile, "commented") || !strings.Contains(meanwhile, "assigned it") {
		t.Errorf("meanwhile: %s", meanwhile)
	}
	w.actErr = &alert.StateError{ID: "abc", State: alert.Resolved, Action: alert.Acknowledge}
	wantPage(t, post(site(t, w), "/alerts/abc?lang=zh", form(), ours...), http.StatusConflict, "现在不能这样处理", "没有记录任何内容。")
}

func TestAFormThatIsWrongIsShownAgainWithWhatIsRight(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		form   url.Values
		status int
		want   []string
	}{
		"no name":         {&alert.FieldError{Field: "by", Value: "empty"}, form("by", ""), 422, []string{"Give your name", `aria-describedby="byhelp" aria-invalid="true"`, "one\ntwo</textarea>"}},
		"no comment":      {&alert.FieldError{Field: "comment", Value: "empty"}, form("comment", ""), 422, []string{"Write a comment"}},
		"no resolution":   {&alert.FieldError{Field: "comment", Value: "empty"}, form("action", "resolve"), 422, []string{"Say what helped"}},
		"a long assignee": {&alert.FieldError{Field: "assignee", Value: "129 characters"}, form("action", "save", "assignee", "zhao.min"), 422, []string{"up to 128 characters", `value="zhao.min" maxlength="128" autocomplete="off" aria-invalid="true"`}},
		"no button":       {&alert.FieldError{Field: "action", Value: ""}, form("action", ""), 422, []string{"Use one of the buttons"}},
		"no version":      {nil, form("version", "x"), 422, []string{"did not say which version"}},
		"not ready":       {alerting.ErrNotReady, form(), 503, []string{"Try again in a few seconds", "one\ntwo</textarea>"}},
		"unknown":         {alerting.ErrUnknown, form(), 404, []string{"There is no alert of this id"}},
		"away":            {errors.New("connection refused"), form("comment", "mine <i>"), 503, []string{"it is not known whether this was recorded", "mine &lt;i&gt;</blockquote>"}},
		"far too long":    {nil, form("comment", strings.Repeat("x", mostForm)), 413, []string{"This is too long"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := someWorld()
			w.actErr = c.err
			answer := post(site(t, w), "/alerts/abc", c.form, ours...)
			wantPage(t, answer, c.status, c.want...)
			if answer.Header().Get("Set-Cookie") != "" {
				t.Error("the name of a form that did nothing is remembered")
			}
		})
	}
}

func TestAGatewayThatOnlyReadsHasNoForms(t *testing.T) {
	w := someWorld()
	h := site(t, w, func(o *Options) { o.ReadOnly = true })
	body := wantPage(t, get(h, "/alerts/abc", "en"), http.StatusOK, "This gateway only reads")
	if strings.Contains(body, "<form") {
		t.Error("there is a form")
	}
	if answer := post(h, "/alerts/abc", form(), ours...); answer.Code != http.StatusMethodNotAllowed || w.acted != 0 {
		t.Errorf("%d after %d actions", answer.Code, w.acted)
	}
}
