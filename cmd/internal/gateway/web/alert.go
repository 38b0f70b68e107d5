package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"satisflow/pipeline/alert"
)

// alertPage is an alert, its clock and its record, and the form to work on it.
type alertPage struct {
	alertRow
	Record    []alert.Entry // the newest first
	Clock     []due
	Possible  []alert.Action // what may be done here; none where nothing may
	Lead      alert.Action   // what leads on
	Form      workForm
	Message   message
	Meanwhile []alert.Entry // what happened since the form was read, the oldest first
}

// dueTime is a time by which something is to be done.
type dueTime struct {
	What string // contact or resolve
	At   time.Time
}

// due is such a time with what became of it.
type due struct {
	dueTime
	Done    time.Time // zero before
	Stopped bool      // it does not run any more, and was not done
	Overdue bool
	Late    bool // it was done after it was due
}

// message is what a page says about what was just done.
type message struct {
	Kind        string // done, wrong or conflict; empty for none
	Text, Field string // the field that is wrong
}

// workForm is what somebody has typed.
type workForm struct {
	Name, Comment, Assignee string
	Assigned                string // the assignee when the form was read
	Typed                   bool   // whether Assignee was typed; else the form shows who is assigned
	Version                 uint64
}

func (w *Web) alert(ctx context.Context, rw http.ResponseWriter, r *http.Request) error {
	form := workForm{Name: rememberedName(r)}
	var m message
	if did := wordsIn[languageOf(r)].Did[r.URL.Query().Get("done")]; did != "" {
		m = message{Kind: "done", Text: did}
	}
	return w.alertAnswer(ctx, rw, r, http.StatusOK, form, m)
}

// alertAnswer answers with the page of the alert of the path. A version in the form is the one that its sender had read.
func (w *Web) alertAnswer(ctx context.Context, rw http.ResponseWriter, r *http.Request, status int, form workForm, m message) error {
	a, record, err := w.Alerts.Get(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	s := w.say(r)
	body := alertPage{alertRow: w.row(&a, s), Record: record, Clock: clockOf(&a, s.now), Message: m}
	for _, e := range record {
		if form.Version > 0 && e.Version > form.Version {
			body.Meanwhile = append(body.Meanwhile, e)
		}
	}
	slices.Reverse(body.Record)
	if !w.ReadOnly {
		body.Possible = a.State.Possible()
		body.Lead = body.Possible[0]
	}
	body.Form, body.Form.Version, body.Form.Assigned = form, a.Version, a.Assignee
	if !form.Typed {
		body.Form.Assignee = a.Assignee
	}
	w.render(rw, r, status, "alert.html", s.in("Alert about ", "警报：")+a.Subject.Value, body)
	return nil
}

// clockOf are the due times of the alert with what became of them.
func clockOf(a *alert.Alert, now time.Time) (clock []due) {
	add := func(what string, at, done time.Time, runs bool) {
		d := due{dueTime: dueTime{what, at}, Done: done, Stopped: !runs && done.IsZero(), Overdue: runs && now.After(at), Late: !done.IsZero() && done.After(at)}
		clock = append(clock, d)
	}
	if a.Subject.Dimension == alert.Customer {
		add("contact", a.ContactDue, a.ContactedAt, a.State < alert.Contacted)
	}
	add("resolve", a.ResolveDue, a.ResolvedAt, a.State.AtWork())
	return clock
}

// AlertRow is the alert as lists show it.
func (p alertPage) AlertRow() alertRow { return p.alertRow }

// Can says whether the action may be taken here now.
func (p alertPage) Can(action string) bool { return slices.Contains(p.Possible, alert.Action(action)) }

// Others are the actions beside the one that leads on, but for assigning, which the form's first button does.
func (p alertPage) Others() []alert.Action {
	return slices.DeleteFunc(slices.Clone(p.Possible), func(a alert.Action) bool { return a == p.Lead || a == alert.Assign })
}

// nameCookie remembers who works here: there is no sign-in.
const nameCookie = "satisflow_name"

func rememberedName(r *http.Request) string {
	c, err := r.Cookie(nameCookie)
	if err != nil {
		return ""
	}
	name, err := url.QueryUnescape(c.Value)
	if err != nil {
		return ""
	}
	return strings.ToValidUTF8(name, "")
}

func (w *Web) remember(rw http.ResponseWriter, r *http.Request, name string) {
	http.SetCookie(rw, &http.Cookie{Name: nameCookie, Value: url.QueryEscape(name), Path: w.BasePath + "/alerts", MaxAge: int((180 * day).Seconds()),
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode})
}
