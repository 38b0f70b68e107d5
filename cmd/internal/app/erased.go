package app

import (
	"fmt"
	"strings"
	"time"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/service/erasure"
	"satisflow/sinks/clickhouse"
)

// foundJSON is the answer of a dry run for scripts.
type foundJSON struct {
	RatingIDs     []string `json:"rating_ids"`
	AlreadyErased int      `json:"already_erased"`
	DeadLetters   uint64   `json:"dead_letters"`
	Resembling    []string `json:"dead_letters_resembling"` // of them: they hold an id and name nobody
	Mentioning    []string `json:"dead_letters_mentioning"` // about somebody else; they stay
	Tombstones    int      `json:"rejected_ratings"`        // that dead letters would have been; erased too
}

func (s *shell) printFound(r erasure.Request, found erasure.Found, o erasing) error {
	if o.json {
		out := foundJSON{RatingIDs: []string{}, AlreadyErased: found.AlreadyErased, DeadLetters: found.DeadLetters,
			Resembling: letterPlaces(found.Resembling), Mentioning: letterPlaces(found.Mentioning), Tombstones: len(found.Tombstones)}
		for _, f := range found.Ratings {
			out.RatingIDs = append(out.RatingIDs, f.RatingID)
		}
		return s.printJSON(out)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s named: %s stored, %d erased before, %s\n",
		plural(len(r.IDs), r.Kind), plural(len(found.Ratings), "rating"), found.AlreadyErased, plural(int(found.DeadLetters), "dead letter"))
	if len(found.Resembling) > 0 {
		fmt.Fprintf(&b, "%s of them only hold an id, and name nobody in a field that could be read: %s\n", plural(len(found.Resembling), "dead letter"), strings.Join(letterPlaces(found.Resembling), ", "))
	}
	if len(found.Mentioning) > 0 {
		fmt.Fprintf(&b, "%s about others hold an id too, and stay: %s\n", plural(len(found.Mentioning), "dead letter"), strings.Join(letterPlaces(found.Mentioning), ", "))
	}
	_, err := fmt.Fprint(s.stdout, b.String())
	return err
}

// letterPlaces are the letters as dead-letters show takes them.
func letterPlaces(at []clickhouse.LetterAt) []string {
	out := make([]string, len(at))
	for i, l := range at {
		out[i] = l.Position.String()
	}
	return out
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// erasedJSON is the answer for scripts.
type erasedJSON struct {
	ID            string    `json:"id"`
	State         string    `json:"state"`
	Ratings       uint64    `json:"ratings"`
	AlreadyErased int       `json:"already_erased"`
	DeadLetters   uint64    `json:"dead_letters"`
	RequestedAt   time.Time `json:"requested_at"`
	Seconds       float64   `json:"seconds"`
}

func (s *shell) printErased(cfg *config.Config, e clickhouse.Erasure, found erasure.Found, took time.Duration, asJSON bool) error {
	if asJSON {
		return s.printJSON(erasedJSON{e.ID, string(clickhouse.ErasureFinished), e.Ratings, found.AlreadyErased, e.DeadLetters, e.RequestedAt, took.Seconds()})
	}
	_, err := fmt.Fprintf(s.stdout, `erased %s and deleted %s in %s, erasure %s
What remains:
  Kafka        the records in %s and %s, until the retention of these topics
  disk         replaced parts, which ClickHouse removes within 8 minutes; your backups
  facts        rating_id, customer_id, service and time of what was erased, so that no late copy brings it back
  erasures     who asked, when, how much, and hashes of the ids
`, plural(int(e.Ratings), "rating"), plural(int(e.DeadLetters), "dead letter"), took.Round(10*time.Millisecond), e.ID, cfg.Kafka.Topic, cfg.Kafka.DeadTopic)
	return err
}
