package measures

import (
	"fmt"
	"slices"
	"strings"
)

// State is how far a measure is.
type State string

const (
	Proposed     State = "proposed"     // somebody thinks it would help
	Planned      State = "planned"      // it has an owner, a date and an expectation
	InProgress   State = "in_progress"  // it is being carried out; the expectation is frozen
	Done         State = "done"         // it is carried out; ratings after it are awaited
	Evaluated    State = "evaluated"    // its effect was compared with the expectation
	Standardised State = "standardised" // it is in the library: others may follow it
	Dropped      State = "dropped"      // it was given up, with a reason
)

// States are all states, in their order.
var States = []State{Proposed, Planned, InProgress, Done, Evaluated, Standardised, Dropped}

// Step is something that moves a measure to another state.
type Step string

const (
	Plan        Step = "plan"
	Start       Step = "start"
	Finish      Step = "finish"
	Evaluate    Step = "evaluate"
	Standardise Step = "standardise"
	Drop        Step = "drop"
)

// Steps are all steps.
var Steps = []Step{Plan, Start, Finish, Evaluate, Standardise, Drop}

// transitions are the states that each step leads from and to.
var transitions = map[Step]struct {
	from []State
	to   State
}{
	Plan:        {[]State{Proposed}, Planned},
	Start:       {[]State{Planned}, InProgress},
	Finish:      {[]State{InProgress}, Done},
	Evaluate:    {[]State{Done, Evaluated}, Evaluated}, // again when more ratings have come
	Standardise: {[]State{Evaluated}, Standardised},
	Drop:        {[]State{Proposed, Planned, InProgress, Done, Evaluated}, Dropped},
}

// StepError says that a step does not lead from the state.
type StepError struct {
	Step     Step
	State    State
	Possible []Step
}

func (e *StepError) Error() string {
	names := make([]string, len(e.Possible))
	for i, s := range e.Possible {
		names[i] = string(s)
	}
	possible := "nothing"
	if len(names) > 0 {
		possible = strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s: the measure is %s: possible is %s", e.Step, e.State, possible)
}

// Possible returns the steps that lead from the state.
func (s State) Possible() (steps []Step) {
	for _, step := range Steps {
		if slices.Contains(transitions[step].from, s) {
			steps = append(steps, step)
		}
	}
	return steps
}

// after returns the state that the step leads to.
func (s State) after(step Step) (State, error) {
	t, known := transitions[step]
	if !known || !slices.Contains(t.from, s) {
		return s, &StepError{step, s, s.Possible()}
	}
	return t.to, nil
}

// Frozen says whether the expectation may not change any more.
func (s State) Frozen() bool { return s != Proposed && s != Planned }
