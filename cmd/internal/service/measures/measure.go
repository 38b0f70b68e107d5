package measures

import (
	"time"

	"satisflow/pipeline/entity"
)

// Category is what kind of thing a measure is.
type Category string

const (
	ServiceTraining     Category = "service_training"     // 服务培训
	ProcessOptimisation Category = "process_optimisation" // 流程优化
	Communication       Category = "communication"        // 沟通改进
	QualityAssurance    Category = "quality_assurance"    // 质量保证
)

// Categories are all categories.
var Categories = []Category{ServiceTraining, ProcessOptimisation, Communication, QualityAssurance}

// Priority is how urgent a measure is.
type Priority string

const (
	High   Priority = "high"
	Medium Priority = "medium"
	Low    Priority = "low"
)

// Priorities are all priorities, the most urgent first.
var Priorities = []Priority{High, Medium, Low}

// Target is what a measure is about: all ratings of the dimensions' values that are set.
type Target struct {
	Service  string `json:"service,omitempty"`
	Product  string `json:"product,omitempty"`
	Segment  string `json:"segment,omitempty"`
	Customer string `json:"customer,omitempty"`
}

// Empty says whether the target is everything.
func (t Target) Empty() bool { return t == Target{} }

// Cause is why the figures are as they are, as far as is known.
type Cause struct {
	Code    string   `json:"code,omitempty"`    // a word of the configured list, such as slow_response
	Text    string   `json:"text,omitempty"`    // in words
	Drivers []string `json:"drivers,omitempty"` // names of drivers of an analysis, such as response_time
}

// Resources are what a measure takes, planned or spent.
type Resources struct {
	PersonDays float64 `json:"person_days,omitempty"`
	Budget     float64 `json:"budget,omitempty"` // in the currency of the installation
}

// Metric is the share that a measure is to raise.
type Metric string

const (
	SatisfiedShare       Metric = "satisfied_share"        // ratings of 4 and more
	HighlySatisfiedShare Metric = "highly_satisfied_share" // ratings of 4.5 and more
	DissatisfiedShare    Metric = "dissatisfied_share"     // ratings of 3 and less: it is to fall
)

// Metrics are all metrics.
var Metrics = []Metric{SatisfiedShare, HighlySatisfiedShare, DissatisfiedShare}

// Expectation is what is said before a measure starts, and frozen then.
type Expectation struct {
	Metric   Metric  `json:"metric"`
	Baseline float64 `json:"baseline"` // the metric's share when the measure was planned, 0 to 1
	Expected float64 `json:"expected"` // the share that is expected, 0 to 1
	Days     int     `json:"days"`     // how long before and after the start is compared
	Control  *Target `json:"control,omitempty"`
	// Needed is how many ratings each period needs to find the effect with a power of 80 %; it is worked out.
	Needed int64 `json:"needed"`
}

// Measure is an improvement measure.
type Measure struct {
	entity.Meta
	Title        string      `column:"title"`
	Description  string      `column:"description"`
	Category     Category    `column:"category"`
	Priority     Priority    `column:"priority"`
	State        State       `column:"state"`
	Service      string      `column:"service"` // the target, in columns, so that measures are found by it
	Product      string      `column:"product"`
	Segment      string      `column:"segment"`
	Customer     string      `column:"customer"`
	Cause        Cause       `column:"cause,json"`
	Owner        string      `column:"owner"`
	DueAt        time.Time   `column:"due_at"`
	Planned      Resources   `column:"planned,json"`
	Spent        Resources   `column:"spent,json"`
	Expectation  Expectation `column:"expectation,json"`
	Alerts       []string    `column:"alerts"` // ids of alerts that it answers
	CreatedAt    time.Time   `column:"created_at"`
	StartedAt    time.Time   `column:"started_at"`
	DoneAt       time.Time   `column:"done_at"`
	EvaluatedAt  time.Time   `column:"evaluated_at"`
	ClosedAt     time.Time   `column:"closed_at"` // standardised or dropped
	Evaluation   *Evaluation `column:"evaluation,json"`
	Verdict      Verdict     `column:"verdict"`
	Reason       string      `column:"reason"`   // why it was dropped
	Template     string      `column:"template"` // id of the measure of the library that it follows
	ReminderSent time.Time   `column:"reminder_sent"`
}

// Target is what the measure is about.
func (m *Measure) Target() Target { return Target{m.Service, m.Product, m.Segment, m.Customer} }

// Overdue says whether the measure should be done by now and is not.
func (m *Measure) Overdue(now time.Time) bool {
	return !m.DueAt.IsZero() && now.After(m.DueAt) && (m.State == Proposed || m.State == Planned || m.State == InProgress)
}

// TaskState is how far a task is.
type TaskState string

const (
	TaskOpen       TaskState = "open"
	TaskInProgress TaskState = "in_progress"
	TaskDone       TaskState = "done"
	TaskDropped    TaskState = "dropped"
)

// TaskStates are all states of a task.
var TaskStates = []TaskState{TaskOpen, TaskInProgress, TaskDone, TaskDropped}

// Task is one step of a measure.
type Task struct {
	entity.Meta
	Measure   string    `column:"measure"` // id of the measure
	Title     string    `column:"title"`
	Owner     string    `column:"owner"`
	State     TaskState `column:"state"`
	DueAt     time.Time `column:"due_at"`
	DoneAt    time.Time `column:"done_at"`
	CreatedAt time.Time `column:"created_at"`
}

// Progress is the share of a measure's tasks that are done, of those that were not dropped.
type Progress struct{ Done, All int }

// ProgressOf counts the tasks.
func ProgressOf(tasks []Task) (p Progress) {
	for _, t := range tasks {
		switch t.State {
		case TaskDropped:
		case TaskDone:
			p.Done++
			p.All++
		default:
			p.All++
		}
	}
	return p
}
