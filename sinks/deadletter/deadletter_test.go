package deadletter

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"satisflow/pipeline/owner"
	"satisflow/pipeline/source"
	"satisflow/sinks/sinktest"
)

// topic takes messages up to a size, and none while it is down or out of order.
type topic struct {
	limit   int
	down    bool
	refuses func(m source.Message) bool // nil for none
	got     []source.Message
}

func (t *topic) Produce(_ context.Context, messages ...source.Message) error {
	errs := make(source.ProduceErrors, len(messages))
	failed := false
	for i, m := range messages {
		switch {
		case t.down || t.refuses != nil && t.refuses(m):
			errs[i], failed = source.ErrUnavailable, true
		case size(m) > t.limit:
			errs[i], failed = fmt.Errorf("%w: %d bytes", source.ErrTooLarge, size(m)), true
		default:
			t.got = append(t.got, m)
		}
	}
	if failed {
		return errs
	}
	return nil
}

func size(m source.Message) int {
	n := len(m.Key) + len(m.Value)
	for _, h := range m.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return n
}

// unexpected fails the test when a record does not get to the topic.
func unexpected(t *testing.T) func() {
	return func() { t.Error("the topic refused a record, however short") }
}

func memory() *sinktest.Memory {
	def := sinktest.Definition()
	return sinktest.NewMemory(&def)
}

func letters() []owner.DeadLetter {
	return []owner.DeadLetter{
		{Partition: 1, Offset: 7, Timestamp: 1000, Reason: "bad_json", Detail: "why", Key: []byte("c"), Value: []byte("{"), Headers: []owner.Header{{Key: "h", Value: []byte("v")}}},
		{Partition: 1, Offset: 8, Timestamp: 1001, Reason: "too_large", Value: make([]byte, 2<<20)},
	}
}

func header(m source.Message, key string) string {
	for _, h := range m.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

func TestALetterGoesToTheTopicWholeAndIsShortenedOnlyWhenItMust(t *testing.T) {
	to, table := &topic{limit: 1 << 20}, memory()
	if err := New(table, to, unexpected(t)).InsertDeadLetters(t.Context(), letters()); err != nil {
		t.Fatal(err)
	}
	if len(to.got) != 2 || len(table.DeadLetters()) != 2 || len(table.DeadLetters()[1].Value) != 2<<20 {
		t.Fatalf("%d messages, %d rows", len(to.got), len(table.DeadLetters()))
	}
	whole, short := to.got[0], to.got[1]
	if string(whole.Value) != "{" || header(whole, "h") != "v" || header(whole, HeaderReason) != "bad_json" || header(whole, HeaderPartition) != "1" ||
		header(whole, HeaderOffset) != "7" || header(whole, HeaderTimestamp) != "1000" || header(whole, HeaderBytes) != "" {
		t.Errorf("whole: %+v", whole)
	}
	if len(short.Value) != shorter[0] || header(short, HeaderBytes) != fmt.Sprint(2<<20) || header(short, HeaderReason) != "too_large" || len(short.Key) == 0 {
		t.Errorf("short: %d bytes, %+v", len(short.Value), short.Headers)
	}
}

func TestAnOutageOfTheTopicIsAnErrorAfterTheTableHasTheRows(t *testing.T) {
	to, table := &topic{limit: 1 << 20, down: true}, memory()
	err := New(table, to, unexpected(t)).InsertDeadLetters(t.Context(), letters())
	if !errors.Is(err, source.ErrUnavailable) || len(table.DeadLetters()) != 2 {
		t.Errorf("%v, %d rows", err, len(table.DeadLetters()))
	}
}

func TestNothingGoesToTheTopicWhileTheTableRefuses(t *testing.T) {
	to, table := &topic{limit: 1 << 20}, memory()
	table.Fault = func(string, int) (int, error) { return 0, errors.New("down") }
	if err := New(table, to, unexpected(t)).InsertDeadLetters(t.Context(), letters()); err == nil || len(to.got) != 0 {
		t.Errorf("%v, %d messages", err, len(to.got))
	}
}

func TestAnInsertThatIsRepeatedSendsOnlyWhatTheTopicHasNot(t *testing.T) {
	rows := make([]owner.DeadLetter, 3*produceAtOnce)
	for i := range rows {
		rows[i] = owner.DeadLetter{Partition: int32(i % 2), Offset: int64(i / 2), Timestamp: 1, Reason: "bad_json", Value: []byte("{")}
	}
	rows[1].Value = make([]byte, 2<<20) // to be shortened, while others fail
	ofPartition := func(p string) func(source.Message) bool {
		return func(m source.Message) bool { return header(m, HeaderPartition) == p }
	}
	to, table := &topic{limit: 1 << 20, refuses: ofPartition("0")}, memory()
	sink := New(table, to, unexpected(t))
	for attempt, want := range []int{produceAtOnce / 2, produceAtOnce * 3 / 4} { // the half of what is sent, each time
		if err := sink.InsertDeadLetters(t.Context(), rows); !errors.Is(err, source.ErrUnavailable) || len(to.got) != want {
			t.Fatalf("attempt %d: %v, %d messages, want %d", attempt, err, len(to.got), want)
		}
	}
	to.refuses = nil
	if err := sink.InsertDeadLetters(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	places := map[string]int{}
	for _, m := range to.got {
		places[header(m, HeaderPartition)+"/"+header(m, HeaderOffset)]++
	}
	if len(to.got) != len(rows) || len(places) != len(rows) || len(table.DeadLetters()) != len(rows) {
		t.Errorf("%d messages for %d places of %d rows, %d in the table", len(to.got), len(places), len(rows), len(table.DeadLetters()))
	}
	if err := sink.InsertDeadLetters(t.Context(), rows[:1]); err != nil || len(to.got) != len(rows)+1 || len(sink.sent) != 0 {
		t.Errorf("the same record of a later insert: %v, %d messages, %d remembered", err, len(to.got), len(sink.sent))
	}
}

func TestAnErrorWithoutWordOnEachMessageLeavesAllToBeSentAgain(t *testing.T) {
	to := &wordless{}
	sink := New(memory(), to, unexpected(t))
	if err := sink.InsertDeadLetters(t.Context(), letters()); !errors.Is(err, errWordless) || len(sink.sent) != 0 {
		t.Errorf("%v, %d remembered", err, len(sink.sent))
	}
}

var errWordless = errors.New("closed")

// wordless fails without saying which messages.
type wordless struct{}

func (*wordless) Produce(context.Context, ...source.Message) error { return errWordless }

func TestALetterIsCutUntilTheTopicTakesItAndElseLeftToTheTable(t *testing.T) {
	huge := owner.DeadLetter{Partition: 1, Offset: 7, Timestamp: 1, Reason: "bad_json", Detail: "why", Key: make([]byte, 2<<20), Value: make([]byte, 3<<20),
		Headers: []owner.Header{{Key: "h", Value: make([]byte, 1<<20)}}}
	small := owner.DeadLetter{Partition: 1, Offset: 8, Timestamp: 1, Reason: "bad_json", Key: []byte("c"), Value: []byte("{")}
	for limit, want := range map[int]int{7 << 20: 3 << 20, 1 << 20: 256 << 10, 100_000: 32 << 10, 5000: 2 << 10, 400: 64} {
		to, table := &topic{limit: limit}, memory()
		if err := New(table, to, unexpected(t)).InsertDeadLetters(t.Context(), []owner.DeadLetter{huge, small}); err != nil {
			t.Fatal(err)
		}
		found := map[string]source.Message{}
		for _, m := range to.got {
			found[header(m, HeaderOffset)] = m
		}
		m := found["7"]
		if len(to.got) != 2 || len(m.Value) != want || len(m.Key) != min(2<<20, want) || len(table.DeadLetters()) != 2 || len(table.DeadLetters()[0].Key) != 2<<20 {
			t.Errorf("limit %d: %d messages, a value of %d and a key of %d; want %d", limit, len(to.got), len(m.Value), len(m.Key), want)
		}
		if want < 3<<20 && (header(m, HeaderBytes) != fmt.Sprint(3<<20) || header(m, HeaderKeyBytes) != fmt.Sprint(2<<20) || header(m, HeaderReason) != "bad_json") {
			t.Errorf("limit %d: the headers %v do not tell what was cut", limit, m.Headers)
		}
	}
	to, table, refused := &topic{limit: 150}, memory(), 0
	sink := New(table, to, func() { refused++ })
	err := sink.InsertDeadLetters(t.Context(), []owner.DeadLetter{huge, small})
	if err != nil || refused != 1 || len(to.got) != 1 || len(table.DeadLetters()) != 2 || len(sink.sent) != 0 {
		t.Errorf("a topic that takes next to nothing: %v, %d refused, %d messages, %d rows", err, refused, len(to.got), len(table.DeadLetters()))
	}
}

func TestARefusedLetterIsCountedOnceThoughItsInsertIsRepeated(t *testing.T) {
	rows := []owner.DeadLetter{{Offset: 1, Reason: "bad_json", Value: make([]byte, 1<<20)}, {Partition: 1, Offset: 2, Reason: "bad_json", Value: []byte("{")}}
	refused := 0
	to := &topic{limit: 100, refuses: func(m source.Message) bool { return header(m, HeaderPartition) == "1" }}
	sink := New(memory(), to, func() { refused++ })
	for range 3 {
		if err := sink.InsertDeadLetters(t.Context(), rows); !errors.Is(err, source.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	if refused != 1 {
		t.Errorf("counted %d times, want once", refused)
	}
}
