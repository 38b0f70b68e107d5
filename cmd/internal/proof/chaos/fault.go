package chaos

import "slices"

// Kind is a kind of fault.
type Kind string

const (
	KillProcessor Kind = "kill -9 of a processor"
	Zombie        Kind = "a processor stopped for longer than its session, then continued"
	Leave         Kind = "a processor leaves and comes back"
	Join          Kind = "one more processor joins and goes"

	KillBroker     Kind = "kill -9 of the broker"
	StopBroker     Kind = "the broker stopped, then continued"
	KillEngine     Kind = "kill -9 of ClickHouse"
	StopEngine     Kind = "ClickHouse stopped, then continued"
	RefuseInserts  Kind = "ClickHouse refuses inserts"
	LoseAnswers    Kind = "inserts are stored and their answers lost"
	TearInserts    Kind = "connections to ClickHouse break amid inserts"
	DelayKafka     Kind = "Kafka is slow"
	DelayStore     Kind = "ClickHouse is slow"
	CutKafka       Kind = "connections to Kafka are cut"
	CutStore       Kind = "connections to ClickHouse are cut"
	HalfOpenKafka  Kind = "connections to Kafka are half-open"
	HalfOpenStore  Kind = "connections to ClickHouse are half-open"
	RetentionAhead Kind = "retention overtakes a stopped processor" // a scenario of its own, never drawn
)

// Fault is what is to be done, and at which step of a processor; an empty one means whenever.
type Fault struct {
	Kind Kind
	Aim  Step
}

// ofProcessors says that the fault is made by the loop that starts and ends processors; the other loop has the rest.
func (f Fault) ofProcessors() bool {
	return slices.Contains([]Kind{KillProcessor, Zombie, Leave, Join}, f.Kind)
}

// AllFaults is every kind, kills and zombies at every step that the promise names.
func AllFaults() []Fault {
	all := []Fault{{KillProcessor, ""}, {Zombie, ""}, {Leave, ""}, {Join, ""}}
	for _, step := range windows {
		all = append(all, Fault{KillProcessor, step}, Fault{Zombie, step})
	}
	for _, kind := range []Kind{KillBroker, StopBroker, KillEngine, StopEngine, RefuseInserts, LoseAnswers, TearInserts,
		DelayKafka, DelayStore, CutKafka, CutStore, HalfOpenKafka, HalfOpenStore} {
		all = append(all, Fault{kind, ""})
	}
	return all
}

// tally counts what was hit: kinds, and the steps that processors were at.
type tally map[Fault]int

// has says whether the fault was hit: at its step, or at any when it has none.
func (t tally) has(f Fault) bool {
	for hit, n := range t {
		if hit.Kind == f.Kind && (f.Aim == "" || f.Aim == hit.Aim) && n > 0 {
			return true
		}
	}
	return false
}

// missing returns the faults that were not hit.
func (t tally) missing(of []Fault) (left []Fault) {
	for _, f := range of {
		if !t.has(f) {
			left = append(left, f)
		}
	}
	return left
}
