package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"satisflow/cmd/internal/gateway/guard"
	"satisflow/cmd/internal/service/alerting"
	"satisflow/sinks/clickhouse"
)

// errNoEpoch says that no processor has ever been started.
var errNoEpoch = errors.New("no processor has ever been started")

// reading returns the handler of a page that is read from ClickHouse, in the time that there is. An error of the page is
// answered here.
func (w *Web) reading(show func(context.Context, http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), w.QueryTimeout)
		defer cancel()
		if err := show(ctx, rw, r); err != nil {
			w.failed(rw, r, err)
		}
	}
}

// notice is a page with a title, a text, and a way on.
type notice struct {
	Text, To, Way string
	Command       string // that mends it or tells more; empty for none
	Written       string // what somebody had typed, so that it is not lost
}

// failed answers with the page about an error.
func (w *Web) failed(rw http.ResponseWriter, r *http.Request, err error) {
	words := wordsIn[languageOf(r)]
	switch {
	case errors.Is(err, errNoEpoch):
		w.notice(rw, r, http.StatusServiceUnavailable, words.NoEpoch, notice{words.NoEpochHelp, r.URL.RequestURI(), words.Again, "satisflow serve", ""})
		return
	case errors.Is(err, alerting.ErrUnknown):
		w.notice(rw, r, http.StatusNotFound, words.NoAlert, notice{words.NoAlertHelp, "/alerts", words.AllAlerts, "", ""})
		return
	case !errors.Is(err, context.Canceled):
		w.burst.Error().Str("request_id", guard.RequestID(r.Context())).Err(err).Msg("read a page")
	}
	rw.Header().Set("Retry-After", "5")
	w.notice(rw, r, http.StatusServiceUnavailable, words.Away, notice{words.AwayHelp, r.URL.RequestURI(), words.Again, "curl -s " + w.origin(r) + "/readyz", ""})
}

func (w *Web) notice(rw http.ResponseWriter, r *http.Request, status int, title string, n notice) {
	w.render(rw, r, status, "notice.html", title, n)
}

// foreign answers a form that no page of ours has sent.
func (w *Web) foreign(rw http.ResponseWriter, r *http.Request) {
	words := wordsIn[languageOf(r)]
	w.notice(rw, r, http.StatusForbidden, words.Foreign, notice{words.ForeignHelp, "/alerts/" + url.PathEscape(r.PathValue("id")), words.TheAlert, "", ""})
}

// origin is the address that the server was asked under, for commands.
func (w *Web) origin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host + w.BasePath
	}
	return "http://" + r.Host + w.BasePath
}

// epoch returns the current epoch, or errNoEpoch.
func (w *Web) epoch(ctx context.Context) (*clickhouse.Epoch, error) {
	e, found, err := w.Reader.Epoch(ctx)
	if err == nil && !found {
		err = errNoEpoch
	}
	return &e, err
}
