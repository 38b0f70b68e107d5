// Package oracle owns a second opinion: it reads the log of ratings once, from its start to its end, works out facts, panes
// and closed windows the simple way, and compares them with what is stored. It shares no code with package pipeline and is
// slow and large on purpose; tests and satisflow chaos use it.
package oracle

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Message is one record of the log.
type Message struct {
	Partition int32
	Offset    int64
	Time      time.Time
	Value     []byte
	History   bool // the record is marked as imported history
}

// Rules are what the oracle needs to know of the configuration: the defaults of the project, written down again.
type Rules struct {
	Services  []string // nil accepts all
	Horizon   time.Duration
	Future    time.Duration
	Satisfied int64                       // from this score on, hundredths
	Windows   map[string][2]time.Duration // name to length and slide
}

// DefaultRules are the project's defaults.
func DefaultRules() Rules {
	day := 24 * time.Hour
	return Rules{
		Services: []string{"data_analysis", "legal_consulting", "document_review"}, Horizon: 35 * day, Future: 5 * time.Minute, Satisfied: 400,
		Windows: map[string][2]time.Duration{"1h": {time.Hour, 5 * time.Minute}, "6h": {6 * time.Hour, 30 * time.Minute}, "24h": {day, time.Hour},
			"7d": {7 * day, 6 * time.Hour}, "28d": {28 * day, day}},
	}
}

// rating is one event as encoding/json reads it.
type rating struct {
	ID          string             `json:"rating_id"`
	Revision    int64              `json:"revision"`
	Op          string             `json:"op"`
	At          string             `json:"occurred_at"`
	Customer    any                `json:"customer_id"`
	Service     string             `json:"service"`
	Product     string             `json:"product_id"`
	Channel     string             `json:"channel"`
	Segment     string             `json:"segment"`
	Rating      json.RawMessage    `json:"rating"` // json.Number would take a text for a number
	Respondent  string             `json:"respondent"`
	Quality     map[string]float64 `json:"quality"`
	Answers     map[string]any     `json:"answers"`
	Comment     string             `json:"comment"`
	Quarantined bool               `json:"quarantined"`
}

// fact is the last word on a rating so far.
type fact struct {
	rating
	partition int32
	offset    int64
	at        time.Time
	score     int64 // hundredths
}

// columns are ClickHouse's names of the figures in Sums.
var columns = []string{"ratings", "unscored", "satisfied", "highly_satisfied", "dissatisfied", "rating_sum", "rating_sum_squares",
	"stars_1", "stars_2", "stars_3", "stars_4", "stars_5", "response_time_sum", "response_time_n", "accuracy_sum", "accuracy_n",
	"completeness_sum", "completeness_n"}

// Sums are the figures of a pane or window, in the order of columns.
type Sums [18]int64

// Get returns the figure with the column's name.
func (s *Sums) Get(column string) int64 { return *s.at(column) }

func (s *Sums) at(column string) *int64 {
	for i, c := range columns {
		if c == column {
			return &s[i]
		}
	}
	panic("no column " + column)
}

// Key says whose figures they are.
type Key struct {
	Dimension, Value string
	Partition        int32
}

// Oracle is the state after some messages.
type Oracle struct {
	rules Rules
	facts map[string]fact // by partition, time and id: what belongs together for ever
	Good  int             // messages that count
	Bad   int             // messages that do not
}

// New returns an oracle that has read nothing.
func New(rules Rules) *Oracle { return &Oracle{rules: rules, facts: map[string]fact{}} }

// Read takes the next message of its partition.
func (o *Oracle) Read(m Message) {
	f, ok := o.accept(m)
	if !ok {
		o.Bad++
		return
	}
	o.Good++
	id := fmt.Sprint(f.partition, "/", f.at.Unix()/300, "/", f.ID)
	if old, seen := o.facts[id]; !seen || f.beats(old) {
		o.facts[id] = f
	}
}

// Facts returns how many ratings there are, erased ones included.
func (o *Oracle) Facts() int { return len(o.facts) }

func (f fact) beats(old fact) bool {
	if erased, was := f.Op == "erase", old.Op == "erase"; erased != was {
		return erased
	}
	if f.Revision != old.Revision {
		return f.Revision > old.Revision
	}
	return f.offset > old.offset
}

// accept reads a message as the contract says, strictly enough for what our generator and tests write.
func (o *Oracle) accept(m Message) (fact, bool) {
	f := fact{partition: m.Partition, offset: m.Offset}
	if len(m.Value) > 900_000 || !utf8.Valid(m.Value) || json.Unmarshal(m.Value, &f.rating) != nil {
		return f, false
	}
	at, err := time.Parse(time.RFC3339Nano, f.At)
	if err != nil || f.ID == "" || len(f.ID) > 64 || f.Customer == nil || f.Customer == "" {
		return f, false
	}
	f.at = at
	age := m.Time.Sub(at.Truncate(time.Millisecond))
	if age < -o.rules.Future {
		return f, false
	}
	if f.Op == "erase" {
		return f, true
	}
	if f.Op != "" && f.Op != "put" || f.Service == "" || !o.knows(f.Service) || age > o.rules.Horizon && !m.History {
		return f, false
	}
	return f, f.readScore() && f.plausible() && allKnown(m.Value)
}

// allKnown says whether the message has no field that the contract does not have.
func allKnown(value []byte) bool {
	const names = " rating_id revision op occurred_at customer_id service product_id channel segment source attributes rating respondent quality answers comment language quarantined comment_truncated answers_truncated survey_id invitation_id "
	var fields map[string]json.RawMessage
	if json.Unmarshal(value, &fields) != nil {
		return false
	}
	for name := range fields {
		if !strings.Contains(names, " "+name+" ") {
			return false
		}
	}
	return true
}

func (o *Oracle) knows(service string) bool {
	for _, s := range o.rules.Services {
		if s == service {
			return true
		}
	}
	return o.rules.Services == nil
}

func (f *fact) readScore() bool {
	if f.Rating == nil {
		return f.Comment != "" || len(f.Answers) > 0
	}
	v, err := strconv.ParseFloat(string(f.Rating), 64)
	f.score = int64(math.Round(v * 100))
	return err == nil && v >= 1 && v <= 5 && math.Abs(v*100-float64(f.score)) < 1e-6
}

func (f *fact) plausible() bool {
	for name, v := range f.Quality {
		if v < 0 || name != "response_time_ms" && v > 1 {
			return false
		}
	}
	return !strings.ContainsAny(f.ID, " /{}") && f.Revision >= 0 && f.Revision < 1<<23
}
