package chaos

import (
	"encoding/json"
	"time"
)

// Step is where in its work a processor was.
type Step string

const (
	Starting         Step = "before its first flush" // since it was assigned partitions, or without any
	BetweenFlushes   Step = "between flushes"
	AmidFacts        Step = "amid the facts"
	AfterFacts       Step = "after the facts"
	AmidPanes        Step = "amid the panes"
	AfterPanes       Step = "after the panes"
	AmidWindows      Step = "amid the windows"
	BeforeCheckpoint Step = "before the checkpoint"
	BeforeCommit     Step = "before the commit"
	Absent           Step = "no processor" // none was running
)

// windows are the steps that must have been hit by kill -9, as the promise is made of them.
var windows = []Step{AfterFacts, AmidPanes, BeforeCheckpoint, BeforeCommit}

// logLine is what matters of a line that a processor logs.
type logLine struct {
	Message string `json:"message"`
	Table   string `json:"table"`
	Rows    int    `json:"rows"`
	Error   string `json:"error"`
	Address string `json:"address"`
	Records int64  `json:"records"`
}

func parseLine(text []byte) (l logLine, ok bool) {
	return l, json.Unmarshal(text, &l) == nil
}

// step is where a processor is that just logged the line; false when the line does not tell. A block that is full has
// others behind it, or the next table at once.
func (l *logLine) step(block int) (Step, bool) {
	switch {
	case l.Message == "committing":
		return BeforeCommit, true
	case l.Message == "assignment ended":
		return Starting, true // with the next one; until then it owns nothing
	case l.Message != "inserted" || l.Error != "":
		return "", false
	}
	full := l.Rows >= block
	switch l.Table {
	case "facts":
		return choose(full, AmidFacts, AfterFacts), true
	case "panes":
		return choose(full, AmidPanes, AfterPanes), true
	case "windows":
		return choose(full, AmidWindows, BeforeCheckpoint), true
	case "dead_letters":
		return BeforeCheckpoint, true
	case "checkpoints":
		return BeforeCommit, true
	}
	return "", false
}

func choose[T any](is bool, yes, no T) T {
	if is {
		return yes
	}
	return no
}

// trail is what a processor's lines have told so far.
type trail struct {
	block int
	held  bool // commits do not arrive
	last  Step
	at    time.Time
}

// commitTime is for how long after the checkpoint a commit has not arrived for sure, when nothing holds it up.
const commitTime = time.Millisecond

func (t *trail) note(l *logLine, at time.Time) {
	if step, ok := l.step(t.block); ok {
		t.last, t.at = step, at
	}
}

// step is where the processor was at a time.
func (t *trail) step(at time.Time) Step {
	switch {
	case t.last == "":
		return Starting
	case t.last == BeforeCommit && !t.held && at.Sub(t.at) > commitTime:
		return BetweenFlushes
	}
	return t.last
}
