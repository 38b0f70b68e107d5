package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"satisflow/pipeline/alert"
	"satisflow/pipeline/window"
	"satisflow/sinks/clickhouse"
)

// startPage says where satisfaction stands, and who is needed.
type startPage struct {
	standing
	Services []groupFigure
	Work     clickhouse.AlertCounts // of all alerts
	Firing   firingPart
	Empty    bool   // nothing was ever rated
	Record   string // address that ratings are sent to
	Example  string // a service that is known
}

// groupFigure is the figure of one value of a dimension.
type groupFigure struct {
	Name   string
	Figure figure
}

func (w *Web) start(ctx context.Context, rw http.ResponseWriter, r *http.Request) error {
	s := w.say(r)
	body := startPage{Record: w.origin(r) + "/api/v1/enterprise-satisfaction/satisfaction/record", Example: "data_analysis"}
	if len(w.Services) > 0 {
		body.Example = w.Services[0]
	}
	e, err := w.epoch(ctx)
	if err != nil {
		return err
	}
	if body.standing, err = w.standing(ctx, e, window.Key{Dimension: window.Overall}, s); err != nil {
		return err
	}
	if body.Services, err = w.services(ctx, e, s); err != nil {
		return err
	}
	if body.Work, err = w.Alerts.Counts(ctx); err != nil {
		return err
	}
	body.Firing = w.firing(ctx, s, fewFiringShown, everything)
	body.Empty = body.Now.N+body.Now.Unscored+body.Before.N+body.Before.Unscored == 0 && body.Trend == nil
	w.render(rw, r, http.StatusOK, "start.html", wordsIn[s.lang].Start, body)
	return nil
}

// services are the figures of all services, those who have no ratings last.
func (w *Web) services(ctx context.Context, e *clickhouse.Epoch, s say) ([]groupFigure, error) {
	span, err := clickhouse.CurrentSpan(e, mainWindow(e).Name, s.now)
	if err != nil {
		return nil, err
	}
	_, groups, err := w.Reader.Range(ctx, e, span, clickhouse.Selection{Dimensions: []string{window.Service}})
	if err != nil {
		return nil, err
	}
	all := w.groupFigures(groups)
	for _, name := range w.Services {
		if !slices.ContainsFunc(all, func(g groupFigure) bool { return g.Name == name }) {
			all = append(all, groupFigure{name, w.figure(&window.Sums{})})
		}
	}
	slices.SortStableFunc(all, func(a, b groupFigure) int {
		return cmp.Or(cmp.Compare(min(b.Figure.N, 1), min(a.Figure.N, 1)), cmp.Compare(a.Figure.Share, b.Figure.Share), cmp.Compare(a.Name, b.Name))
	})
	return all, nil
}

func (w *Web) groupFigures(groups []clickhouse.Group) (all []groupFigure) {
	for i := range groups {
		all = append(all, groupFigure{groups[i].Key.Value, w.figure(&groups[i].Sums)})
	}
	return all
}

// atWork are the states in which somebody has to do something.
func atWork() []alert.State {
	return slices.DeleteFunc(alert.AllStates(), func(s alert.State) bool { return !s.AtWork() })
}
