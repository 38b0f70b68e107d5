package importer

import (
	"context"
	"fmt"
	"math"
	"time"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
)

// Sender delivers messages, as deliver.Sender does: it returns when each is in the log or refused for good.
type Sender interface {
	Send(ctx context.Context, messages []source.Message) (refused map[int]error, err error)
}

// Progress is told how far an import is. Its methods are called by one goroutine.
type Progress interface {
	// At says how many bytes of the file and how many rows were dealt with.
	At(offset, rows int64)
}

// Importer imports files. Its configurations must be valid.
type Importer struct {
	Config    Config
	Event     event.Config
	Admission admit.Config
	// Sender delivers; nil makes it a dry run.
	Sender Sender
	// Report is the file for the rejected rows, made when there are any; empty writes none.
	Report string
	// Progress may be nil.
	Progress Progress
	// Clock tells the time at which rows are judged and that their records carry.
	Clock func() time.Time
}

// previews is how many ratings a dry run shows.
const previews = 5

// drain is how long a batch may take to be delivered after the context ended.
const drain = 5 * time.Second

// Run imports the input. The summary counts what was dealt with, also beside an error. An error that wraps ErrUsage means that
// nothing was sent. When the context ends, the batch at hand is delivered still, and the error is the context's. A read from
// a stream that never comes outlives Run.
func (im *Importer) Run(ctx context.Context, in *Input) (Summary, error) {
	start := im.Clock()
	s := Summary{File: in.Name, DryRun: im.Sender == nil, Reasons: map[string]int64{}, Unused: []string{}, Warnings: []Warning{}, Rejections: []Rejection{}}
	f, err := newFile(in, im.Config, im.Event, im.Admission, start)
	if err != nil {
		return s, err
	}
	if s.Format = f.format; s.DryRun {
		f.previews = previews
	}
	s.learnt = f.learnt()
	if f.span != nil {
		s.Spread = f.span.String()
	}
	r := &report{path: im.Report}
	err = im.run(ctx, f, r, &s)
	path, closing := r.close()
	if s.Report = path; err == nil {
		err = closing
	}
	s.finish(im.Clock().Sub(start))
	return s, err
}

func (im *Importer) run(ctx context.Context, f *file, r *report, s *Summary) error {
	limit := im.Config.Limit
	if limit == 0 {
		limit = math.MaxInt64
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	batches := f.batches(reading, limit, im.Clock)
	for cut := false; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case b := <-batches:
			if b == nil {
				return ctx.Err() // which ended the reading
			}
			if err := im.deliver(ctx, b); err != nil {
				return err
			}
			s.add(b)
			cut = cut || b.cut
			if im.Progress != nil {
				im.Progress.At(b.offset, s.Read)
			}
			if err := r.write(b.rejected); err != nil {
				return err
			}
			if b.end != nil {
				s.Complete = b.failure(f.input.Name) == nil && !cut
				return b.failure(f.input.Name)
			}
		}
	}
}

// deliver sends the batch; one on its way when the context ends gets a little time.
func (im *Importer) deliver(ctx context.Context, b *batch) error {
	if im.Sender == nil || len(b.messages) == 0 {
		return nil
	}
	grace, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(drain, cancel) })()
	refused, err := im.Sender.Send(grace, b.messages)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	b.refuse(refused)
	return nil
}
