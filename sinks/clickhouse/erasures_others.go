package clickhouse

import (
	"context"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Building returns the epochs that are being built.
func (s *Erasures) Building(ctx context.Context) ([]Epoch, error) {
	epochs, err := Epochs(ctx, s.conn)
	return slices.DeleteFunc(epochs, func(e Epoch) bool { return e.State != Building }), err
}

// What a person wrote is none of what sums are made of.
const (
	holdsText   = "(comment != '' OR notEmpty(answers) OR language != '' OR survey_id != '' OR invitation_id != '')"
	withoutText = "comment = '', answers = map(), language = '', survey_id = '', invitation_id = ''"
)

// BlankOthers removes what was written in ratings that are erased in the current epoch from all other epochs, and returns
// of how many. It returns when no active part holds it.
//
// An epoch beside the current one gets an erasure by the event on the topic, as the current one does, when a processor
// works on it: that alone takes the rating out of facts, panes and windows at once. An epoch that was filled from the facts
// and rests has not read it yet, and one for another topic never will. To delete its row, or to mark it erased, would leave
// panes that count a rating which no fact backs, until some record touches them; and then nobody could tell that it is so.
// So the rating stays, in facts and sums alike, without its text, until the event comes; and NotErased, which is asked before
// readers may follow the epoch, knows it by that.
func (s *Erasures) BlankOthers(ctx context.Context) (uint64, error) {
	ratings, err := s.textInOthers(ctx)
	if err != nil {
		return 0, err
	}
	for part := range slices.Chunk(ratings, rowsAtOnce) {
		if err := s.mutate(ctx, factsTable, "UPDATE "+withoutText+" WHERE NOT erased AND "+among(part)); err != nil {
			return 0, failed(err, "remove the text of erased ratings from epochs beside the current one")
		}
	}
	return uint64(len(ratings)), nil
}

// TextInOthers returns of how many ratings that are erased in the current epoch other epochs hold text, in any version.
func (s *Erasures) TextInOthers(ctx context.Context) (int, error) {
	ratings, err := s.textInOthers(ctx)
	return len(ratings), err
}

func (s *Erasures) textInOthers(ctx context.Context) ([]rowAt, error) {
	epochs, err := Epochs(ctx, s.conn)
	if err != nil {
		return nil, err
	}
	current, found := currentOf(epochs)
	others := slices.DeleteFunc(epochs, func(e Epoch) bool { return e.Number == current.Number })
	if !found || len(others) == 0 {
		return nil, nil
	}
	return erasedElsewhere(ctx, s.conn, current.Number, list(others, func(e Epoch) string { return integer(e.Number) }), holdsText)
}

// NotErased returns how many ratings count in an epoch that are erased in the current one: it has not read their erasures,
// or never will.
func NotErased(ctx context.Context, conn driver.Conn, current, epoch uint32) (int, error) {
	ratings, err := erasedElsewhere(ctx, conn, current, integer(epoch), "")
	return len(ratings), err
}

// erasedElsewhere returns the ratings of other epochs that are erased in the current one alone; with text, a condition,
// those that have some in any version.
func erasedElsewhere(ctx context.Context, conn driver.Conn, current uint32, others, text string) ([]rowAt, error) {
	query, err := rendered("erased_elsewhere.sql", struct {
		Current            uint32
		Others, Text, Hash string
	}{current, others, text, ratingHash})
	if err != nil {
		return nil, err
	}
	var all []rowAt
	var r rowAt
	err = each(ctx, conn, query, []any{&r.epoch, &r.partition, &r.pane, &r.hash}, func() { all = append(all, r) })
	return all, failed(err, "look for ratings that only epoch %d has erased", current)
}
