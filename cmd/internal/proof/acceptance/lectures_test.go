package acceptance

import (
	"fmt"
	"hash/fnv"
	"testing"
	"time"

	"satisflow/cmd/internal/proof/oracle"
	"satisflow/pipeline/source"
)

// lectures makes n ratings that look like those of a university: many lecturers, 14 departments, spread over 27 days.
func lectures(n int, now time.Time) []source.Message {
	out := make([]source.Message, n)
	for i := range out {
		student, lecturer := i*2972/n, i*7919%120
		id := fmt.Sprintf("%d-%d-%d", student, lecturer, i)
		h := fnv.New64a()
		_, _ = h.Write([]byte(id))
		at := now.Add(-time.Duration(h.Sum64()%uint64(27*24*time.Hour/time.Millisecond)) * time.Millisecond)
		out[i] = source.Message{
			Key: fmt.Appendf(nil, "student-%d", student),
			Value: fmt.Appendf(nil, `{"rating_id":%q,"occurred_at":%q,"customer_id":"student-%d","service":"department-%d","product_id":"lecturer-%d","segment":"semester-%d","channel":%q,"rating":%d}`,
				id, at.UTC().Format("2006-01-02T15:04:05.000Z"), student, lecturer%14, lecturer, 2+2*(i%4), []string{"own", "elective"}[i%3/2], 1+h.Sum64()%5),
		}
	}
	return out
}

func TestRatingsOfFourWeeksComeOutExactly(t *testing.T) {
	s := newStack(t, 4)
	s.events.Services = []string{"any"}
	p, stop := s.pipeline("one")
	begin := time.Now()
	all := lectures(6_000, begin)
	if err := s.producer.Produce(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
	produced := time.Since(begin)
	s.settle(3 * time.Minute)
	t.Logf("produced in %v, durable in %v", produced, time.Since(begin))
	for n, st := range p.View().Stats {
		t.Logf("partition %d: %+v", n, st)
	}
	rules := oracle.DefaultRules()
	rules.Services = nil
	s.verify(rules)
	stop()
}
