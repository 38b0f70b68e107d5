package alert

var stateNames = []string{"open", "acknowledged", "contacted", "resolved", "verified"}

// AllStates are all of them, in the order of the work.
func AllStates() []State { return []State{Open, Acknowledged, Contacted, Resolved, Verified} }

// String returns the word that the API gives.
func (s State) String() string { return name(stateNames, uint8(s), "state") }

// ParseState returns the state of the word.
func ParseState(text string) (State, error) {
	n, err := number(stateNames, text, "state")
	return State(n), err
}

// MarshalText returns the word, and an error for what is no state.
func (s State) MarshalText() ([]byte, error) { return marshal(stateNames, uint8(s), "state") }

// UnmarshalText reads the word.
func (s *State) UnmarshalText(text []byte) (err error) {
	*s, err = ParseState(string(text))
	return err
}

// possible are the actions of people in each state, those that lead on first.
var possible = map[State][]Action{
	Open:         {Acknowledge, Contact, Resolve, Assign, Comment},
	Acknowledged: {Contact, Resolve, Assign, Comment},
	Contacted:    {Resolve, Assign, Comment},
	Resolved:     {Verify, Reopen, Assign, Comment},
	Verified:     {Reopen},
}

// Possible are the actions that people may take in the state, those that lead on first.
func (s State) Possible() []Action { return append([]Action{}, possible[s]...) }
