package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"satisflow/pipeline/alert"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// groupPage says where a service or a segment stands.
type groupPage struct {
	standing
	Subject  alert.Subject
	Channels []groupFigure // of a service
	Firing   firingPart    // about the group
	Alerts   []alertRow    // about the group itself, the newest first
	Rated    int64         // feedback of the window, unscored included
}

// group returns the page of the values of a dimension.
func (w *Web) group(dimension string) func(context.Context, http.ResponseWriter, *http.Request) error {
	return func(ctx context.Context, rw http.ResponseWriter, r *http.Request) error {
		s, name := w.say(r), r.PathValue("name")
		if name == "" {
			name = r.URL.Query().Get("name") // . and .. cannot stand in a path
		}
		e, err := w.epoch(ctx)
		if err != nil {
			return err
		}
		body := groupPage{Subject: alert.Subject{Dimension: dimension, Value: name}}
		if body.standing, err = w.standing(ctx, e, window.Key{Dimension: dimension, Value: name}, s); err != nil {
			return err
		}
		if body.Rated = body.Now.N + body.Now.Unscored; body.Rated == 0 && body.Before.N == 0 && body.Trend == nil {
			if known, err := w.known(ctx, e, dimension, name); err != nil || !known {
				return w.unknown(rw, r, dimension, err)
			}
		}
		if dimension == window.Service {
			if body.Channels, err = w.channels(ctx, e, name, s); err != nil {
				return err
			}
		}
		alerts, _, err := w.Alerts.List(ctx, clickhouse.AlertFilter{Dimension: dimension, Value: name, Limit: 10})
		if err != nil {
			return err
		}
		body.Alerts = w.rows(alerts, s)
		body.Firing = w.firing(ctx, s, mostFiringShown, about(body.Subject))
		w.render(rw, r, http.StatusOK, "group.html", name, body)
		return nil
	}
}

// channels are the figures of a service by channel, the one with most ratings first.
func (w *Web) channels(ctx context.Context, e *clickhouse.Epoch, service string, s say) ([]groupFigure, error) {
	span, err := clickhouse.CurrentSpan(e, mainWindow(e).Name, s.now)
	if err != nil {
		return nil, err
	}
	_, groups, err := w.Reader.Range(ctx, e, span, clickhouse.Selection{Dimensions: []string{window.ServiceChannel}})
	prefix := window.ServiceChannelValue(service, "")
	groups = slices.DeleteFunc(groups, func(g clickhouse.Group) bool { return !strings.HasPrefix(g.Key.Value, prefix) })
	all := w.groupFigures(groups)
	for i := range all {
		_, all[i].Name = window.SplitServiceChannel(all[i].Name)
	}
	slices.SortStableFunc(all, func(a, b groupFigure) int { return cmp.Compare(b.Figure.N, a.Figure.N) })
	return all, err
}

// known says whether the dimension has ever had the value.
func (w *Web) known(ctx context.Context, e *clickhouse.Epoch, dimension, value string) (bool, error) {
	if dimension == window.Service && slices.Contains(w.Services, value) {
		return true, nil
	}
	all, err := w.Reader.Dimensions(ctx, e)
	return slices.ContainsFunc(all, func(v clickhouse.Values) bool { return v.Dimension == dimension && slices.Contains(v.Values, value) }), err
}

// unknown answers that there is no such thing, unless that could not be found out.
func (w *Web) unknown(rw http.ResponseWriter, r *http.Request, dimension string, err error) error {
	if err != nil {
		return err
	}
	words := wordsIn[languageOf(r)]
	title := map[string]string{window.Service: words.NoService, window.Segment: words.NoSegment, alert.Customer: words.NoCustomer}[dimension]
	help := map[string]string{window.Service: words.NoServiceHelp, window.Segment: words.NoSegmentHelp, alert.Customer: words.NoCustomerHelp}[dimension]
	w.notice(rw, r, http.StatusNotFound, title, notice{help, "/", words.ToStart, "", ""})
	return nil
}
