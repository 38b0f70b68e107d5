package api

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"satisflow/cmd/internal/gateway/guard"
	"satisflow/cmd/internal/gateway/problem"
	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
)

// chunkRows and chunkBytes bound what is produced at one time.
const (
	chunkRows  = 1000
	chunkBytes = 1 << 20
)

// lines is the state of one NDJSON body.
type lines struct {
	api        *API
	intake     *intake
	request    *http.Request
	read       *bufio.Reader
	identities identities
	line       int // number of the last line read
	accepted   int
	named      []Rating // accepted ones whose identity the gateway made
	findings   findings

	chunk []taken
	made  int // ratings whose identity the gateway made, those of the chunk too
	bytes int // of the chunk
}

// recordLines takes a streamed body: memory is bounded by a line, a chunk, and what the gateway names, whatever its length.
func (a *API) recordLines(ctx context.Context, r *http.Request) (*recordOutput, error) {
	l := &lines{api: a, intake: a.intakes.get(), request: r, read: bufio.NewReaderSize(r.Body, int(min(64<<10, a.Config.MaxBody))),
		identities: identities{most: a.Config.MaxRatings}}
	defer a.intakes.put(l.intake)
	if err := l.all(ctx); err != nil {
		return nil, err
	}
	if l.findings.bad > 0 {
		return nil, l.withNamed(l.findings.refusal(l.accepted))
	}
	return &recordOutput{Recorded{Accepted: l.accepted, Ratings: append([]Rating{}, l.named...)}}, nil
}

// withNamed adds what the gateway named to a problem.
func (l *lines) withNamed(p *RecordProblem) *RecordProblem {
	p.AcceptedRatings = append(p.AcceptedRatings, l.named...)
	return p
}

func (l *lines) all(ctx context.Context) error {
	for {
		text, err := l.next()
		switch {
		case errors.Is(err, errLongLine):
			l.refuse([]problem.Entry{l.intake.tooLarge(int(l.api.Config.MaxBody) + 1)})
		case errors.Is(err, io.EOF):
			return l.flush(ctx)
		case err != nil:
			return l.brokenOff(ctx, err)
		case len(text) > 0:
			l.take(text)
		}
		if len(l.chunk) >= chunkRows || l.bytes >= chunkBytes {
			if err := l.flush(ctx); err != nil {
				return err
			}
		}
		if len(l.findings.entries) >= maxEntries {
			return l.giveUp(ctx)
		}
	}
}

var errLongLine = errors.New("line is too long")

// next returns the next line without the white space around it. The text is valid until the next call; io.EOF comes after
// the last line.
func (l *lines) next() ([]byte, error) {
	l.line++
	text, err := l.read.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		text, err = l.long(text)
	}
	if errors.Is(err, io.EOF) && len(text) > 0 {
		err = nil // the last line needs no end
	}
	return bytes.TrimSpace(text), err
}

// long reads the rest of a line that does not fit the buffer, and forgets it when it is longer than allowed.
func (l *lines) long(begin []byte) ([]byte, error) {
	text, whole := bytes.Clone(begin), true
	for {
		part, err := l.read.ReadSlice('\n')
		if whole = whole && int64(len(text)+len(part)) <= l.api.Config.MaxBody; whole {
			text = append(text, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case !whole && (err == nil || errors.Is(err, io.EOF)):
			return nil, errLongLine
		default:
			return text, err
		}
	}
}

func (l *lines) take(text []byte) {
	t, wrong := l.intake.take(text, 0, nil, l.api.Now())
	switch {
	case len(wrong) > 0:
	case t.made && l.made >= l.api.Config.MaxRatings:
		wrong = []problem.Entry{entry("rating_id", "missing", event.BadField+"rating_id",
			fmt.Sprintf("one of your own: the gateway names %d ratings of a body at most, as its answer has to list them", l.api.Config.MaxRatings))}
	default:
		wrong = l.identities.check(&l.intake.ev, l.line, "line")
	}
	if len(wrong) > 0 {
		l.refuse(wrong)
		return
	}
	if t.made {
		l.made++
	}
	t.stored.Line = l.line
	l.chunk = append(l.chunk, t)
	l.bytes += len(t.message.Key) + len(t.message.Value)
}

func (l *lines) refuse(wrong []problem.Entry) {
	inLine(wrong, l.line)
	l.api.metrics.refused.WithLabelValues(wrong[0].Reason).Inc()
	l.findings.add(wrong)
}

// flush produces the chunk.
func (l *lines) flush(ctx context.Context) error {
	if len(l.chunk) == 0 {
		return nil
	}
	first := l.chunk[0].stored.Line
	messages := make([]source.Message, len(l.chunk)) // not used again, as a producer that failed may still hold them
	for i := range l.chunk {
		messages[i] = l.chunk[i].message
	}
	errs := l.api.produce(ctx, messages)
	done := len(l.chunk) - failures(errs)
	l.accepted += done
	l.api.metrics.accepted.WithLabelValues("ndjson").Add(float64(done))
	if errs != nil {
		p := unavailable(l.accepted)
		for i := range l.chunk {
			p.unacknowledged(&l.chunk[i], errs[i])
		}
		return l.stop(p, first)
	}
	for i := range l.chunk {
		if l.chunk[i].made {
			l.named = append(l.named, l.chunk[i].stored)
		}
	}
	l.chunk, l.bytes = l.chunk[:0], 0
	guard.Extend(l.request)
	return nil
}

// stop ends before the body does: the lines from resume on are to be sent again.
func (l *lines) stop(p *RecordProblem, resume int) *RecordProblem {
	p.ResumeLine, p.Accepted = resume, l.accepted
	p.Errors = l.findings.entries
	return l.withNamed(p)
}

// brokenOff keeps what came whole.
func (l *lines) brokenOff(ctx context.Context, cause error) error {
	if err := l.flush(ctx); err != nil {
		return err
	}
	return l.stop(l.api.broken(cause), l.line)
}

// giveUp stops when so much is wrong that the rest need not be looked at. The rest is read, else the client would see a
// broken connection in place of the answer.
func (l *lines) giveUp(ctx context.Context) error {
	if err := l.flush(ctx); err != nil {
		return err
	}
	guard.Extend(l.request)
	_, _ = io.Copy(io.Discard, l.read) // bounded by the deadline
	p := l.findings.refusal(l.accepted)
	p.Detail = fmt.Sprintf("%s wrong and %d accepted up to line %d, where this was given up: mend the lines that are listed, and send the rest from there on",
		count(l.findings.bad), l.accepted, l.line)
	return l.stop(p, l.line+1)
}
