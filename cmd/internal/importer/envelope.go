package importer

import (
	"slices"

	"satisflow/pipeline/event"
)

// envelopes takes events out of CloudEvents, as the processor does. Where columns are mapped, the envelope's are there as they
// stand (id, time, data.rating …) and nothing is taken out.
type envelopes struct {
	cfg     event.Config
	decoder *event.Decoder
}

func newEnvelopes(cfg event.Config) *envelopes {
	e := &envelopes{cfg: cfg, decoder: event.NewDecoder(cfg)}
	e.decoder.Drafts = true
	return e
}

// open replaces the columns of an envelope by those of its event.
func (e *envelopes) open(r *row) {
	if r.wrong != nil || !slices.Contains(r.columns, "specversion") {
		return
	}
	var ev event.Event
	if errs := e.decoder.DecodeAll(r.raw, nil, &ev); len(errs) > 0 {
		r.wrong = &rejection{reason: errs[0].Reason}
		for _, fe := range errs {
			r.wrong.problems = append(r.wrong.problems, problem{Field: fe.Field, Value: fe.Value, Found: fe.Found, Want: fe.Want})
		}
		return
	}
	r.columns, r.cells, r.wrong = flatten(event.AppendJSON(nil, &ev, e.cfg))
}
