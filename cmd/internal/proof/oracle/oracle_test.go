package oracle

import (
	"fmt"
	"testing"
	"time"

	"satisflow/pipeline/eventgen"
)

func message(offset int64, json string) Message {
	return Message{Offset: offset, Time: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), Value: []byte(json)}
}

const rated = `{"rating_id":"a","occurred_at":"2026-11-01T11:58:00Z","customer_id":"c","service":"legal_consulting","rating":%s,"revision":%d}`

func TestTheLaterRevisionIsTheLastWord(t *testing.T) {
	o := New(DefaultRules())
	o.Read(message(0, fmt.Sprintf(rated, "2.5", 3)))
	o.Read(message(1, fmt.Sprintf(rated, "5", 2)))
	o.Read(message(2, `{"broken`))
	s := o.Panes()[Place{Key{"service", "legal_consulting", 0}, "", time.Date(2026, 11, 1, 11, 55, 0, 0, time.UTC).Unix()}]
	if o.Good != 2 || o.Bad != 1 || s.Get("ratings") != 1 || s.Get("rating_sum") != 250 || s.Get("dissatisfied") != 1 || s.Get("stars_3") != 1 {
		t.Fatalf("good %d, bad %d, sums %v", o.Good, o.Bad, s)
	}
}

func TestAnErasureTakesTheRatingOutOfEverySum(t *testing.T) {
	o := New(DefaultRules())
	o.Read(message(0, `{"rating_id":"a","occurred_at":"2026-11-01T11:58:00Z","customer_id":"c","op":"erase"}`))
	o.Read(message(1, fmt.Sprintf(rated, "5", 9)))
	if len(o.Panes()) != 0 || o.Facts() != 1 {
		t.Fatalf("%d panes, %d facts", len(o.Panes()), o.Facts())
	}
}

func TestWindowsEndByTheWatermark(t *testing.T) {
	o := New(DefaultRules())
	o.Read(message(0, fmt.Sprintf(rated, "4", 0)))
	w := o.Windows(map[int32]time.Time{0: time.Date(2026, 11, 1, 12, 10, 0, 0, time.UTC)})
	ends := map[string]int{}
	for at, s := range w {
		if at.Dimension == "overall" {
			ends[at.Window]++
			if s.Get("satisfied") != 1 {
				t.Errorf("%v: %v", at, s)
			}
		}
	}
	if ends["1h"] != 3 || ends["6h"] != 1 || ends["24h"] != 1 || ends["7d"] != 1 || ends["28d"] != 0 {
		t.Fatalf("ends by 12:10 of windows over 11:58: %v", ends)
	}
}

func TestTheOracleRejectsWhatTheGeneratorMakesBad(t *testing.T) {
	cfg := eventgen.DefaultConfig()
	cfg.Start, cfg.Bad, cfg.Rate, cfg.TooLarge = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), 0.5, 1, true
	g := eventgen.New(cfg)
	for i := range 4000 {
		it := g.Next()
		o := New(DefaultRules())
		o.Read(Message{Offset: int64(i), Time: it.At, Value: it.JSON})
		if (o.Bad == 1) != (it.WantReason != "") {
			t.Fatalf("record %d must be rejected for %q, the oracle admits %d: %.300s", i, it.WantReason, o.Good, it.JSON)
		}
	}
}
