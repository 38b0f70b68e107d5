package api

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"satisflow/cmd/internal/api/problem"
	"satisflow/pipeline/admit"
	"satisflow/pipeline/source"
)

// chunkRows and chunkBytes bound what is produced at one time.
const (
	chunkRows  = 1000
	chunkBytes = 1 << 20
)

// lines is the state of one NDJSON body.
type lines struct {
	api      *API
	intake   *intake
	body     *body
	read     *bufio.Reader
	line     int // number of the last line read
	accepted int
	bad      int
	entries  []problem.Entry

	chunk []source.Message
	first int // line of the chunk's first message
	bytes int // of the chunk
}

// recordLines takes a streamed body: memory is bounded by a line and a chunk, whatever its length.
func (a *API) recordLines(ctx context.Context, b *body) (*recordOutput, error) {
	l := &lines{api: a, intake: a.intakes.get(), body: b, read: bufio.NewReaderSize(b, int(min(64<<10, a.Config.MaxBody)))}
	defer a.intakes.put(l.intake)
	if err := l.all(ctx); err != nil {
		return nil, err
	}
	if l.bad > 0 {
		return nil, refusal(l.bad, l.accepted, l.entries)
	}
	return &recordOutput{Recorded{Accepted: l.accepted, Ratings: []Rating{}}}, nil
}

func (l *lines) all(ctx context.Context) error {
	l.body.extend()
	for {
		text, err := l.next()
		switch {
		case errors.Is(err, errLongLine):
			l.refuse([]problem.Entry{{Reason: admit.TooLarge, Detail: fmt.Sprintf("a line of more than %d bytes: want a rating", l.api.Config.MaxBody)}})
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
		if len(l.entries) >= maxEntries {
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
	message, _, wrong := l.intake.take(text, 0, nil, l.api.Now())
	if len(wrong) > 0 {
		l.refuse(wrong)
		return
	}
	if len(l.chunk) == 0 {
		l.first = l.line
	}
	l.chunk = append(l.chunk, message)
	l.bytes += len(message.Key) + len(message.Value)
}

func (l *lines) refuse(wrong []problem.Entry) {
	inLine(wrong, l.line)
	l.api.metrics.refused.WithLabelValues(wrong[0].Reason).Inc()
	l.bad++
	l.entries = append(l.entries, wrong...)
}

// flush produces the chunk. It is not used again, as a producer that failed may still hold it.
func (l *lines) flush(ctx context.Context) error {
	if len(l.chunk) == 0 {
		return nil
	}
	errs := l.api.produce(ctx, l.chunk)
	done := len(l.chunk) - failures(errs)
	l.accepted += done
	l.api.metrics.accepted.WithLabelValues("ndjson").Add(float64(done))
	if errs != nil {
		return l.stop(unavailable(l.accepted), l.first)
	}
	l.chunk, l.bytes = make([]source.Message, 0, chunkRows), 0
	l.body.extend()
	return nil
}

// stop ends before the body does: the lines from resume on are to be sent again.
func (l *lines) stop(p *RecordProblem, resume int) *RecordProblem {
	p.ResumeLine, p.Accepted = resume, l.accepted
	p.Errors = l.entries
	return p
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
	l.body.extend()
	_, _ = io.Copy(io.Discard, l.read) // bounded by the deadline
	p := refusal(l.bad, l.accepted, nil)
	p.Detail = fmt.Sprintf("%s wrong and %d accepted up to line %d, where this was given up: mend the lines that are listed, and send the rest from there on",
		count(l.bad), l.accepted, l.line)
	return l.stop(p, l.line+1)
}
