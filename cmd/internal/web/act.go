package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"satisflow/cmd/internal/alerting"
	"satisflow/cmd/internal/api/guard"
	"satisflow/pipeline/alert"
)

// mostForm is more than the longest comment takes in a form, each of its characters written as twelve.
const mostForm = 64 << 10

// act does to an alert what its form says, if nobody has changed it meanwhile.
func (w *Web) act(ctx context.Context, rw http.ResponseWriter, r *http.Request) error {
	words := wordsIn[languageOf(r)]
	r.Body = http.MaxBytesReader(rw, r.Body, mostForm)
	if err := r.ParseForm(); err != nil {
		w.notice(rw, r, http.StatusRequestEntityTooLarge, words.TooLong, notice{words.TooLongHelp, r.URL.RequestURI(), words.TheAlert, "", ""})
		return nil
	}
	form := workForm{Name: r.PostForm.Get("by"), Comment: strings.ReplaceAll(r.PostForm.Get("comment"), "\r\n", "\n"), Assignee: r.PostForm.Get("assignee")}
	version, err := strconv.ParseUint(r.PostForm.Get("version"), 10, 64)
	if err != nil || version == 0 {
		return w.alertAnswer(ctx, rw, r, http.StatusUnprocessableEntity, form, message{Kind: "wrong", Text: words.NoVersion})
	}
	form.Version = version
	do := alert.Request{Action: alert.Action(r.PostForm.Get("action")), By: form.Name, Comment: form.Comment}
	if do.Action == alert.Assign {
		do.Assignee = form.Assignee
	}
	if _, err = w.Alerts.Act(ctx, r.PathValue("id"), version, do); err != nil {
		return w.unacted(ctx, rw, r, &do, form, err)
	}
	remember(rw, r, strings.TrimSpace(do.By))
	http.Redirect(rw, r, to("/alerts/"+url.PathEscape(r.PathValue("id"))+"?done="+url.QueryEscape(string(do.Action)), languageOf(r)), http.StatusSeeOther)
	return nil
}

// unacted answers with the page of the alert, what was typed, and why nothing was done.
func (w *Web) unacted(ctx context.Context, rw http.ResponseWriter, r *http.Request, do *alert.Request, form workForm, err error) error {
	words := wordsIn[languageOf(r)]
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
	w.notice(rw, r, http.StatusServiceUnavailable, words.Away, notice{Text: words.UnsureHelp, To: r.URL.RequestURI(), Way: words.TheAlert, Written: do.Comment})
	return nil
}
