package alert

import (
	"encoding/json"
	"testing"
)

func TestSeveritiesAndStatesAreWords(t *testing.T) {
	type words struct {
		Severities []Severity
		States     []State
	}
	text, err := json.Marshal(words{AllSeverities(), AllStates()})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "JSON", string(text), `{"Severities":["minor","major","critical"],"States":["open","acknowledged","contacted","resolved","verified"]}`)
	var read words
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	for i, s := range AllSeverities() {
		equal(t, "severity", read.Severities[i], s)
	}
	for i, s := range AllStates() {
		equal(t, "state", read.States[i], s)
	}
}

func TestWordsThatAreNoneAreSaidWithThoseThatAre(t *testing.T) {
	_, err := ParseSeverity("Major")
	equal(t, "error", err.Error(), `severity: "Major": want minor, major or critical`)
	_, err = ParseState("")
	equal(t, "error", err.Error(), `state: "": want open, acknowledged, contacted, resolved or verified`)
	var s State
	if s.UnmarshalText([]byte("closed")) == nil {
		t.Error("closed is read as a state")
	}
	if _, err := json.Marshal(Severity(4)); err == nil {
		t.Error("severity 4 is written")
	}
	if _, err := State(0).MarshalText(); err == nil {
		t.Error("state 0 is written")
	}
	equal(t, "severity 4", Severity(4).String(), "severity 4")
	equal(t, "state 0", State(0).String(), "state 0")
}

func TestIdentitiesAreStableAndTellEverythingApart(t *testing.T) {
	s := Subject{Customer, "c-1"}
	equal(t, "id", ID(LowRating, s, "r-1"), ID(LowRating, s, "r-1"))
	all := map[string]bool{}
	for _, id := range []string{
		ID(LowRating, s, "r-1"), ID(LowMean, s, "r-1"), ID(LowRating, s, "r-2"), ID(LowRating, Subject{"service", "c-1"}, "r-1"),
		ID(LowRating, Subject{Customer, "c-1 r-1"}, ""), ID(LowRating, Subject{Customer, "c-1\" \"r-1"}, ""), ID(LowRating, Subject{Customer, "c-"}, "1r-1"),
	} {
		equal(t, "length of "+id, len(id), 20)
		all[id] = true
	}
	equal(t, "different", len(all), 7)
	// Stored alerts are found by it: it must not change.
	equal(t, "id", ID(LowRating, s, "r-1"), "goggp3s4uspw6bptvzhr")
}
