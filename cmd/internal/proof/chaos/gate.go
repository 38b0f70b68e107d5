package chaos

import (
	"context"
	"net/http"
	"strings"
	"sync"
)

// Tables that tell where in a flush a processor is.
const (
	factsTable       = "enterprise_customer_satisfaction"
	panesTable       = "satisfaction_panes"
	windowsTable     = "satisfaction_windows"
	lettersTable     = "dead_letters"
	checkpointsTable = "pipeline_checkpoints"
)

// gate holds up one insert of a processor, so that it stands at a step for as long as it takes to strike at it there.
type gate struct {
	mu     sync.Mutex
	last   string // table of the insert that was answered last
	latest *catch
}

// catch is the insert that a gate is to hold up: the next one that follows a step.
type catch struct {
	gate *gate
	step Step
	held chan struct{} // closed when it is there
	let  chan struct{} // closed by lift
	pass bool          // whether it goes on then; set before let is closed
	done bool          // it came, or the gate was opened
}

// catch arms the gate until the insert has come and lift is called.
func (g *gate) catch(step Step) *catch {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.latest = &catch{gate: g, step: step, held: make(chan struct{}), let: make(chan struct{})}
	return g.latest
}

// wait says whether the insert came before ctx ended.
func (c *catch) wait(ctx context.Context) bool {
	select {
	case <-c.held:
		return true
	case <-ctx.Done():
		return false
	}
}

// lift passes the insert on or breaks it off, if it came, and opens the gate in any case. Only the first call counts.
func (c *catch) lift(pass bool) {
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	select {
	case <-c.let:
		return
	default:
	}
	c.pass, c.done = pass, true
	close(c.let)
}

// open lets an insert that is held up go on, and catches no other.
func (g *gate) open() {
	g.mu.Lock()
	c := g.latest
	g.mu.Unlock()
	if c != nil {
		c.lift(true)
	}
}

// enter returns when an insert may go on, false when it must not.
func (g *gate) enter(ctx context.Context, table string) bool {
	g.mu.Lock()
	c := g.latest
	if c == nil || c.done || !c.step.leadsTo(g.last, table) {
		g.mu.Unlock()
		return true
	}
	c.done = true
	close(c.held)
	g.mu.Unlock()
	select {
	case <-c.let:
		return c.pass
	case <-ctx.Done():
		return false
	}
}

func (g *gate) answered(table string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last = table
}

// leadsTo says whether a processor is at the step that inserted into one table and is about to insert into the next. A
// checkpoint after a checkpoint is the beat of one that had nothing to write.
func (s Step) leadsTo(last, next string) bool {
	switch s {
	case AfterFacts:
		return last == factsTable && next == panesTable
	case AmidPanes:
		return last == panesTable && next == panesTable
	case BeforeCheckpoint:
		return next == checkpointsTable && (last == windowsTable || last == lettersTable)
	case BeforeCommit:
		return next == checkpointsTable && last != checkpointsTable
	}
	return false
}

// tableOf is the table of an insert, empty for any other request.
func tableOf(r *http.Request) string {
	words := strings.Fields(r.URL.Query().Get("query"))
	if r.Method != http.MethodPost || len(words) < 3 || words[0] != "INSERT" {
		return ""
	}
	return words[2]
}
