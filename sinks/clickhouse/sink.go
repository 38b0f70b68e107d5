package clickhouse

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// Sink writes the rows of one epoch. Every call returns when its rows are durable and may be repeated: an insert that
// failed half-way is whole after it has been repeated. Calls without rows cost nothing. It is safe for concurrent use.
type Sink struct {
	facts       inserter[fact.Fact]
	panes       inserter[owner.PaneRow]
	windows     inserter[owner.WindowRow]
	deadLetters inserter[owner.DeadLetter]
	checkpoints inserter[owner.Checkpoint]
}

var _ owner.Sink = (*Sink)(nil)

// NewSink returns a sink for the epoch, which must have been registered with the definition.
func NewSink(conn driver.Conn, epoch uint32, def *window.Definition) *Sink {
	grid := def.Grid()
	return &Sink{
		facts:       inserter[fact.Fact]{conn: conn, table: factsTable, fields: factFields(epoch, &grid, def.Quality)},
		panes:       inserter[owner.PaneRow]{conn: conn, table: panesTable, fields: paneFields(epoch, &grid, def.Quality)},
		windows:     inserter[owner.WindowRow]{conn: conn, table: windowsTable, fields: windowFields(epoch, &grid, def.Quality)},
		deadLetters: inserter[owner.DeadLetter]{conn: conn, table: deadLettersTable, fields: deadLetterFields(epoch)},
		checkpoints: inserter[owner.Checkpoint]{conn: conn, table: checkpointsTable, fields: checkpointFields(epoch, &grid)},
	}
}

// InsertFacts stores facts.
func (s *Sink) InsertFacts(ctx context.Context, rows []fact.Fact) error {
	return s.facts.insert(ctx, rows)
}

// InsertPanes stores pane rows.
func (s *Sink) InsertPanes(ctx context.Context, rows []owner.PaneRow) error {
	return s.panes.insert(ctx, rows)
}

// InsertWindows stores window rows.
func (s *Sink) InsertWindows(ctx context.Context, rows []owner.WindowRow) error {
	return s.windows.insert(ctx, rows)
}

// InsertDeadLetters stores rejected records.
func (s *Sink) InsertDeadLetters(ctx context.Context, rows []owner.DeadLetter) error {
	return s.deadLetters.insert(ctx, rows)
}

// InsertCheckpoints stores checkpoints.
func (s *Sink) InsertCheckpoints(ctx context.Context, rows []owner.Checkpoint) error {
	return s.checkpoints.insert(ctx, rows)
}
