package owner_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/eventgen"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/source"
	"satisflow/pipeline/window"
	"satisflow/sinks/sinktest"
)

var update = flag.Bool("update", false, "write the golden rows anew: only when stored rows are to change, with a way for states that exist")

// golden is the state that processors of version 1 write. Later ones must go on from it, and give the same rows.
const golden = "testdata/golden-v1"

// goldenEvents and goldenDefinition are what the golden log is read with. They never change.
func goldenEvents() event.Config {
	c := event.DefaultConfig()
	c.Attributes = []string{"region"}
	return c
}

func goldenDefinition() *window.Definition {
	const day = 24 * time.Hour
	return &window.Definition{Pane: time.Hour, TimezoneOffset: 8 * time.Hour, Bands: window.DefaultBands(), Partitions: 2,
		Windows:    []window.Spec{{Name: "2h", Length: 2 * time.Hour, Slide: time.Hour}, {Name: "12h", Length: 12 * time.Hour, Slide: 6 * time.Hour}, {Name: "2d", Length: 2 * day, Slide: day}},
		Dimensions: append(window.BuiltinDimensions(), "region"), Quality: []string{"response_time_ms", "accuracy", "completeness"}}
}

// entry is a record of the log.
type entry struct {
	Partition int32
	Offset    int64
	Timestamp int64
	Key       string
	Value     string         `json:",omitempty"`
	Raw       []byte         `json:",omitempty"` // in place of Value, where it is no UTF-8
	Headers   []admit.Header `json:",omitempty"`
}

func (e *entry) value() []byte {
	if len(e.Raw) > 0 {
		return e.Raw
	}
	return []byte(e.Value)
}

// goldenLog makes the log: generated records with a fixed seed and time, and amid them what the generator has not.
func goldenLog() (log []entry) {
	cfg := eventgen.DefaultConfig()
	cfg.Event = goldenEvents()
	cfg.Seed, cfg.Start, cfg.Rate, cfg.Customers = 11, time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC), 0.01, 8
	cfg.Late, cfg.Lateness, cfg.Duplicates, cfg.Corrections, cfg.Erasures, cfg.Bad = 0.15, 15*time.Hour, 0.06, 0.1, 0.05, 0.05
	g := eventgen.New(cfg)
	next := [2]int64{}
	add := func(key, value string, at time.Time, headers ...admit.Header) {
		p := source.PartitionOf([]byte(key), len(next))
		e := entry{Partition: p, Offset: next[p], Timestamp: at.UnixMilli(), Key: key, Value: value, Headers: headers}
		if !utf8.ValidString(value) {
			e.Value, e.Raw = "", []byte(value)
		}
		log = append(log, e)
		next[p]++
	}
	for len(log) < 225 {
		it := g.Next()
		if len(it.JSON) > 2000 {
			continue // huge on purpose; others are wrong in the same way
		}
		add(string(it.Key), string(it.JSON), it.At)
		if n := len(log) / 20; len(log)%20 == 0 && n < len(byHand) {
			for _, line := range byHand[n] {
				add("hand", line, it.At, admit.Header{Key: admit.HeaderHistory, Value: []byte("1")})
			}
		}
	}
	return log
}

// byHand are records of one customer: what changes its dimension, comes in the wrong order, counts in no share, or is old.
var byHand = [][]string{
	1: {hand("moves", "2026-03-02T01:10:00Z", `"service":"data_analysis","rating":4.5,"channel":"web","attributes":{"region":"north"}`)},
	2: {hand("gone", "2026-03-01T20:00:00Z", `"service":"data_analysis","op":"erase"`), hand("gone", "2026-03-01T20:00:00Z", `"service":"data_analysis","rating":1`)},
	3: {hand("old", "2025-12-24T18:00:00Z", `"service":"legal_consulting","rating":2`), hand("frozen", "2023-05-05T05:05:05Z", `"service":"legal_consulting","op":"erase"`)},
	4: {hand("unsure", "2026-03-02T02:00:00Z", `"service":"document_review","rating":1,"revision":3`), hand("unsure", "2026-03-02T02:00:00Z", `"service":"document_review","rating":5,"revision":2`)},
	5: {hand("odd", "2026-03-02T03:00:00Z", `"service":"document_review","rating":5`), hand("odd", "2026-03-02T03:00:00Z", `"service":"document_review","rating":5,"revision":1,"quarantined":true`)},
	6: {hand("inside", "2026-03-02T04:00:00Z", `"service":"document_review","rating":3,"respondent":"staff"`)},
	7: {hand("words", "2026-03-02T05:00:00Z", `"service":"document_review","comment":"服务很好 – danke","language":"zh","answers":{"q1":"yes","q2":7}`)},
	8: {hand("moves", "2026-03-02T01:10:00Z", `"service":"legal_consulting","rating":3,"revision":1,"channel":"phone","quality":{"response_time_ms":900,"accuracy":0.75}`)},
}

func hand(id, at, rest string) string {
	return fmt.Sprintf(`{"rating_id":"hand-%s","occurred_at":%q,"customer_id":"hand",%s}`, id, at, rest)
}

// between flushes there are flushEvery records; the processor is stopped after the record stopAfter.
const (
	flushEvery = 17
	stopAfter  = 120
)

// process folds the log into the store, from its checkpoints on, up to the record to.
func process(t *testing.T, store *sinktest.Memory, log []entry, to int) *rig {
	t.Helper()
	r := newRig(t, goldenDefinition(), goldenEvents(), store, 20_000)
	admitter, err := admit.NewAdmitter(goldenEvents(), admit.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	r.assign(log[0].Timestamp)
	for i, e := range log[:to] {
		if e.Offset < r.next(e.Partition) {
			continue
		}
		record := owner.Record{Offset: e.Offset, Timestamp: e.Timestamp, Bytes: len(e.value())}
		rec := admit.Record{Partition: e.Partition, Offset: e.Offset, Timestamp: event.RecordTime(e.Timestamp), Key: []byte(e.Key), Value: e.value(), Headers: e.Headers}
		if rej := admitter.Admit(&rec, &record.Event); rej != nil {
			record.Rejected = &owner.DeadLetter{Partition: e.Partition, Offset: e.Offset, Timestamp: e.Timestamp, Reason: rej.Reason, Detail: rej.Detail, Key: rec.Key, Value: rec.Value}
		}
		r.fold(e.Partition, []owner.Record{record}, e.Timestamp)
		if (i+1)%flushEvery == 0 {
			r.write(e.Timestamp, false)
		}
	}
	if to == len(log) {
		r.end(log[to-1].Timestamp + (50 * time.Hour).Milliseconds())
	} else {
		r.write(log[to-1].Timestamp, true)
	}
	return r
}

func TestStateOfVersion1GivesTheSameRowsAndIsContinued(t *testing.T) {
	log := readLog(t)
	whole := sinktest.NewMemory(goldenDefinition())
	r := process(t, whole, log, len(log))
	compareGolden(t, "end", rowsOf(t, r))

	amid := sinktest.NewMemory(goldenDefinition())
	if *update {
		writeGolden(t, "amid", rowsOf(t, process(t, amid, log, stopAfter)))
	}
	continued := loadState(t, filepath.Join(golden, "amid"))
	for p, c := range newRig(t, goldenDefinition(), goldenEvents(), continued, 1).checkpoints() {
		if c.Cut < 20 {
			t.Fatalf("the state of partition %d is stopped at offset %d: too near to the start", p, c.Cut)
		}
	}
	compareGolden(t, "end", rowsOf(t, process(t, continued, log, len(log))))
}

// readLog reads the log, after writing it where rows are updated.
func readLog(t *testing.T) []entry {
	t.Helper()
	path := filepath.Join(golden, "log.ndjson")
	if *update {
		writeLines(t, path, lines(t, goldenLog()))
	}
	return decoded[entry](t, path)
}

// factLine is a fact in a file: what the table holds of it, the event as JSON.
type factLine struct {
	Partition int32
	Offset    int64
	Timestamp int64
	Pane      window.Pane
	Version   uint64
	Event     json.RawMessage
}

// sumLine is a row of panes or windows in a file: an array of its fields.
type sumLine struct {
	Partition int32
	Window    string // empty for panes
	At        window.Pane
	Key       string
	Version   int64
	Sums      []int64 // ratings, unscored, satisfied, highly, dissatisfied, sum, squares, five stars, sum and count of each metric; without zeros at the end
}

func (l *sumLine) fields() []any {
	return []any{&l.Partition, &l.Window, &l.At, &l.Key, &l.Version, &l.Sums}
}

func (l sumLine) MarshalJSON() ([]byte, error) { return json.Marshal(l.fields()) }

func (l *sumLine) UnmarshalJSON(text []byte) error {
	fields := l.fields()
	return json.Unmarshal(text, &fields)
}

// rowsOf are all rows of the rig's store as lines of files, in an order of their own.
func rowsOf(t *testing.T, r *rig) map[string][]string {
	var facts []factLine
	for _, f := range r.store.Facts() {
		facts = append(facts, factLine{f.Partition, f.Offset, f.Timestamp, f.Pane, f.Version, event.AppendJSON(nil, &f.Event, goldenEvents())})
	}
	var panes, windows []sumLine
	for _, p := range r.store.Panes() {
		panes = append(panes, sumLine{p.Partition, "", p.Pane, p.Key.Dimension + "=" + p.Key.Value, p.Version, flat(&p.Sums)})
	}
	for _, w := range r.store.Windows() {
		windows = append(windows, sumLine{w.Partition, w.Window, w.End, w.Key.Dimension + "=" + w.Key.Value, w.Version, flat(&w.Sums)})
	}
	var dead []string
	for _, d := range r.store.DeadLetters() {
		dead = append(dead, fmt.Sprintf("%d/%d %s", d.Partition, d.Offset, d.Reason))
	}
	checkpoints := r.checkpoints()
	return map[string][]string{"facts": lines(t, facts), "panes": lines(t, panes), "windows": lines(t, windows), "dead_letters": lines(t, dead),
		"checkpoints": lines(t, []owner.Checkpoint{checkpoints[0], checkpoints[1]})}
}

func flat(s *window.Sums) []int64 {
	out := append([]int64{s.Ratings, s.Unscored, s.Satisfied, s.Highly, s.Dissatisfied, s.Sum, s.SumSquares}, s.Stars[:]...)
	for _, q := range s.Quality {
		out = append(out, q.Sum, q.N)
	}
	for len(out) > 0 && out[len(out)-1] == 0 {
		out = out[:len(out)-1]
	}
	return out
}

func unflat(in []int64) (s window.Sums) {
	in = append(slices.Clone(in), make([]int64, 12+2*event.MaxQuality-len(in))...)
	s = window.Sums{Ratings: in[0], Unscored: in[1], Satisfied: in[2], Highly: in[3], Dissatisfied: in[4], Sum: in[5], SumSquares: in[6], Stars: [5]int64(in[7:12])}
	for i := range s.Quality {
		s.Quality[i] = window.QualitySum{Sum: in[12+2*i], N: in[13+2*i]}
	}
	return s
}

// loadState fills a store with the rows of files.
func loadState(t *testing.T, dir string) *sinktest.Memory {
	t.Helper()
	m := sinktest.NewMemory(goldenDefinition())
	decoder := event.NewDecoder(goldenEvents())
	var facts []fact.Fact
	for _, l := range decoded[factLine](t, filepath.Join(dir, "facts.ndjson")) {
		f := fact.Fact{Partition: l.Partition, Offset: l.Offset, Timestamp: l.Timestamp, Pane: l.Pane, Version: l.Version}
		if err := decoder.Decode(l.Event, nil, &f.Event); err != nil {
			t.Fatal(err)
		}
		facts = append(facts, f)
	}
	var panes []owner.PaneRow
	for _, l := range decoded[sumLine](t, filepath.Join(dir, "panes.ndjson")) {
		panes = append(panes, owner.PaneRow{Partition: l.Partition, Pane: l.At, Key: keyOf(l.Key), Version: l.Version, Sums: unflat(l.Sums)})
	}
	var windows []owner.WindowRow
	for _, l := range decoded[sumLine](t, filepath.Join(dir, "windows.ndjson")) {
		windows = append(windows, owner.WindowRow{Partition: l.Partition, Window: l.Window, End: l.At, Key: keyOf(l.Key), Version: l.Version, Sums: unflat(l.Sums)})
	}
	var dead []owner.DeadLetter
	for _, l := range decoded[string](t, filepath.Join(dir, "dead_letters.ndjson")) {
		var d owner.DeadLetter
		if _, err := fmt.Sscanf(l, "%d/%d %s", &d.Partition, &d.Offset, &d.Reason); err != nil {
			t.Fatal(err)
		}
		dead = append(dead, d)
	}
	ctx := t.Context()
	for _, err := range []error{m.InsertFacts(ctx, facts), m.InsertPanes(ctx, panes), m.InsertWindows(ctx, windows), m.InsertDeadLetters(ctx, dead),
		m.InsertCheckpoints(ctx, decoded[owner.Checkpoint](t, filepath.Join(dir, "checkpoints.ndjson")))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func keyOf(text string) window.Key {
	dimension, value, _ := strings.Cut(text, "=")
	return window.Key{Dimension: dimension, Value: value}
}

// compareGolden holds rows against those of the files: what they say, whenever they were written. Versions of panes and
// windows, and rows that are all zero, depend on when a flush comes.
func compareGolden(t *testing.T, dir string, rows map[string][]string) {
	t.Helper()
	if *update {
		writeGolden(t, dir, rows)
	}
	for _, name := range []string{"facts", "panes", "windows", "dead_letters", "checkpoints"} {
		want := readLines(t, filepath.Join(golden, dir, name+".ndjson"))
		got := rows[name]
		if name == "panes" || name == "windows" {
			want, got = meaning(t, want), meaning(t, got)
		}
		if len(want) == 0 {
			t.Errorf("%s/%s is empty", dir, name)
		}
		for _, line := range got {
			if !slices.Contains(want, line) {
				t.Fatalf("%s/%s: not in the golden rows: %s", dir, name, line)
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%s/%s: %d rows, want %d", dir, name, len(got), len(want))
		}
	}
}

func meaning(t *testing.T, rows []string) []string {
	t.Helper()
	var out []sumLine
	for _, text := range rows {
		var l sumLine
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		if l.Version = 0; len(l.Sums) > 0 {
			out = append(out, l)
		}
	}
	return lines(t, out)
}

func writeGolden(t *testing.T, dir string, rows map[string][]string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(golden, dir), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, all := range rows {
		writeLines(t, filepath.Join(golden, dir, name+".ndjson"), all)
	}
}

func lines[T any](t *testing.T, rows []T) []string {
	t.Helper()
	out := make([]string, len(rows))
	for i := range rows {
		text, err := json.Marshal(rows[i])
		if err != nil {
			t.Fatal(err)
		}
		out[i] = string(text)
	}
	return out
}

func writeLines(t *testing.T, path string, all []string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Join(all, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readLines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(bytes.TrimSpace(text)), "\n")
}

func decoded[T any](t *testing.T, path string) []T {
	t.Helper()
	text := readLines(t, path)
	out := make([]T, len(text))
	for i := range text {
		if err := json.Unmarshal([]byte(text[i]), &out[i]); err != nil {
			t.Fatalf("%s, line %d: %v", path, i+1, err)
		}
	}
	return out
}
