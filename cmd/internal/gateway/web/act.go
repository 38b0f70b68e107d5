package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"satisflow/cmd/internal/gateway/guard"
	"satisflow/cmd/internal/service/alerting"
	"satisflow/pipeline/alert"
)

// mostForm is more than the longest comment takes in a form, each of its characters written as twelve.
const mostForm = 64 << 10

// save is the action of the form's first button, which Enter in any of its fields presses: it saves the name and, where it
// was changed, the assignee, and nothing else.
const save = "save"

// act does to an alert what its form says, if nobody has changed it meanwhile.
func (w *Web) act(ctx context.Context, rw http.ResponseWriter, r *http.Request) error {
	words := wordsIn[languageOf(r)]
	r.Body = http.MaxBytesReader(rw, r.Body, mostForm)
	if err := r.ParseForm(); err != nil {
		w.notice(rw, r, http.StatusRequestEntityTooLarge, words.TooLong, notice{words.TooLongHelp, r.URL.RequestURI(), words.TheAlert, "", ""})
		return nil
	}
	form := formOfWork(r.PostForm)
	if form.Version == 0 {
		return w.alertAnswer(ctx, rw, r, http.StatusUnprocessableEntity, form, message{Kind: "wrong", Text: words.NoVersion})
	}
	do, acts := form.request(alert.Action(r.PostForm.Get("action")))
	if err := alert.CheckName(do.By); err != nil {
		return w.unacted(ctx, rw, r, &do, form, err)
	}
	if acts {
		if _, _, err := w.Alerts.Act(ctx, r.PathValue("id"), form.Version, do); err != nil {
			return w.unacted(ctx, rw, r, &do, form, err)
		}
	}
	w.remember(rw, r, do.By)
	return w.acted(ctx, rw, r, &do, form)
}

// formOfWork reads the form. Its version is 0 when there is none.
func formOfWork(values url.Values) workForm {
	version, err := strconv.ParseUint(values.Get("version"), 10, 64)
	if err != nil {
		version = 0
	}
	return workForm{Name: values.Get("by"), Comment: strings.ReplaceAll(values.Get("comment"), "\r\n", "\n"),
		Assignee: values.Get("assignee"), Assigned: values.Get("assigned"), Version: version}
}

// reassigns says whether the assignee is another one than when the form was read.
func (f *workForm) reassigns() bool { return strings.TrimSpace(f.Assignee) != f.Assigned }

// request is what the button asks for; false when it is done with the name being remembered.
func (f *workForm) request(action alert.Action) (do alert.Request, acts bool) {
	do = alert.Request{Action: action, By: strings.TrimSpace(f.Name)}
	switch {
	case action == alert.Assign, action == save && f.reassigns():
		do.Action, do.Assignee = alert.Assign, f.Assignee
	case action != save:
		do.Comment = f.Comment
	}
	return do, do.Action != save
}

// acted answers what was done. What was typed and is not part of that stays in the form.
func (w *Web) acted(ctx context.Context, rw http.ResponseWriter, r *http.Request, do *alert.Request, form workForm) error {
	left := workForm{Name: do.By}
	if do.Action == alert.Assign || do.Action == save {
		left.Comment = strings.TrimSpace(form.Comment)
	}
	if do.Action != alert.Assign && form.reassigns() {
		left.Assignee, left.Typed = form.Assignee, true
	}
	if left.Comment == "" && !left.Typed {
		http.Redirect(rw, r, w.to("/alerts/"+url.PathEscape(r.PathValue("id"))+"?done="+url.QueryEscape(string(do.Action)), languageOf(r)), http.StatusSeeOther)
		return nil
	}
	words := wordsIn[languageOf(r)]
	return w.alertAnswer(ctx, rw, r, http.StatusOK, left, message{Kind: "done", Text: words.Did[string(do.Action)] + words.NotYetSaved})
}

// unacted answers with the page of the alert, what was typed, and why nothing was done.
func (w *Web) unacted(ctx context.Context, rw http.ResponseWriter, r *http.Request, do *alert.Request, form workForm, err error) error {
	words := wordsIn[languageOf(r)]
	form.Typed = form.reassigns()
	var field *alert.FieldError
	var state *alert.StateError
	var version *alerting.VersionError
	switch {
	case errors.As(err, &field):
		m := message{Kind: "wrong", Text: words.WrongField[field.Field], Field: field.Field}
		if do.Action == alert.Resolve && field.Field == "comment" {
			m.Text = words.WrongField["resolution"]
		}
		return w.alertAnswer(ctx, rw, r, http.StatusUnprocessableEntity, form, m)
	case errors.As(err, &state):
		return w.alertAnswer(ctx, rw, r, http.StatusConflict, form, message{Kind: "conflict", Text: words.WrongState})
	case errors.As(err, &version):
		return w.alertAnswer(ctx, rw, r, http.StatusConflict, form, message{Kind: "conflict", Text: words.Changed})
	case errors.Is(err, alerting.ErrNotReady), errors.Is(err, alerting.ErrReadOnly):
		return w.alertAnswer(ctx, rw, r, http.StatusServiceUnavailable, form, message{Kind: "wrong", Text: words.NotReady})
	case errors.Is(err, alerting.ErrUnknown):
		return err
	}
	w.burst.Error().Str("request_id", guard.RequestID(r.Context())).Err(err).Msg("act on an alert")
	rw.Header().Set("Retry-After", "5")
	w.notice(rw, r, http.StatusServiceUnavailable, words.Away, notice{Text: words.UnsureHelp, To: r.URL.RequestURI(), Way: words.TheAlert, Written: form.written(words)})
	return nil
}

// written is all that was typed, for a page that has no form.
func (f *workForm) written(words *words) string {
	text := strings.TrimSpace(f.Comment)
	if f.reassigns() {
		text = strings.TrimSpace(words.AssignTo + ": " + f.Assignee + "\n" + text)
	}
	return text
}
