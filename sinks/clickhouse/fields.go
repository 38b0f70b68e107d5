package clickhouse

import (
	"fmt"

	"satisflow/pipeline/event"
	"satisflow/pipeline/fact"
	"satisflow/pipeline/owner"
	"satisflow/pipeline/window"
)

// seconds returns the pane's start, Unix seconds.
func seconds(g *window.Grid, p window.Pane) int64 { return int64(p) * g.PaneMS / 1000 }

func constant[R any](v uint32) func(*R) uint32 { return func(*R) uint32 { return v } }

func factFields(epoch uint32, g *window.Grid, quality []string) []field[fact.Fact] {
	type row = fact.Fact
	text := func(name string, of func(*row) string) field[row] { return values(name, typeString, of) }
	flag := func(name string, of func(*row) bool) field[row] { return values(name, typeBool, of) }
	fields := []field[row]{
		values("epoch", typeUInt32, constant[row](epoch)),
		values("partition", typeInt32, func(r *row) int32 { return r.Partition }),
		values("pane", typeSeconds, func(r *row) int64 { return seconds(g, r.Pane) }),
		text("rating_id", func(r *row) string { return r.Event.RatingID }),
		values("version", typeUInt64, func(r *row) uint64 { return r.Version }),
		values("offset", typeInt64, func(r *row) int64 { return r.Offset }),
		values("record_timestamp", typeMillis, func(r *row) int64 { return r.Timestamp }),
		values("occurred_at", typeMillis, func(r *row) int64 { return r.Event.OccurredAt }),
		values("revision", typeUInt32, func(r *row) uint32 { return r.Event.Revision }),
		flag("erased", func(r *row) bool { return r.Event.Op == event.Erase }),
		flag("quarantined", func(r *row) bool { return r.Event.Quarantined }),
		flag("staff", func(r *row) bool { return r.Event.Staff }),
		text("customer_id", func(r *row) string { return r.Event.CustomerID }),
		text("service", func(r *row) string { return r.Event.Service }),
		text("product_id", func(r *row) string { return r.Event.ProductID }),
		text("channel", func(r *row) string { return r.Event.Channel }),
		text("segment", func(r *row) string { return r.Event.Segment }),
		text("source", func(r *row) string { return r.Event.Source }),
		values("rating_hundredths", typeUInt16, func(r *row) uint16 { return uint16(r.Event.Rating) }),
		text("comment", func(r *row) string { return r.Event.Comment }),
		text("language", func(r *row) string { return r.Event.Language }),
		text("survey_id", func(r *row) string { return r.Event.SurveyID }),
		text("invitation_id", func(r *row) string { return r.Event.InvitationID }),
		flag("comment_truncated", func(r *row) bool { return r.Event.CommentTruncated }),
		flag("answers_truncated", func(r *row) bool { return r.Event.AnswersTruncated }),
		mapping("attributes", typeTextMap, func(r *row) int { return len(r.Event.Attributes) },
			func(r *row, i int) (string, any) { return r.Event.Attributes[i].Key, r.Event.Attributes[i].Value }),
		mapping("answers", typeTextMap, func(r *row) int { return len(r.Event.Answers) },
			func(r *row, i int) (string, any) { return r.Event.Answers[i].Question, r.Event.Answers[i].Value }),
	}
	for i, name := range factQuality {
		fields = append(fields, values(name, typeInt64, func(r *row) int64 { return r.Event.Quality[i] }))
	}
	if len(quality) > event.BuiltinQuality {
		fields = append(fields, extraQuality(quality[event.BuiltinQuality:]))
	}
	return fields
}

// factQuality are the columns of the built-in quality metrics, in the order of event.Quality.
var factQuality = [event.BuiltinQuality]string{"response_time_ms", "accuracy_millionths", "completeness_millionths"}

// extraQuality returns the column of the declared quality metrics, which hold those that were given.
func extraQuality(names []string) field[fact.Fact] {
	given := func(r *fact.Fact, nth int) (i int) {
		for i = range names {
			if r.Event.Quality[event.BuiltinQuality+i] != event.MissingQuality {
				if nth == 0 {
					return i
				}
				nth--
			}
		}
		return i
	}
	size := func(r *fact.Fact) (n int) {
		for i := range names {
			if r.Event.Quality[event.BuiltinQuality+i] != event.MissingQuality {
				n++
			}
		}
		return n
	}
	return mapping("quality_extra", typeCountMap, size, func(r *fact.Fact, i int) (string, any) {
		metric := given(r, i)
		return names[metric], r.Event.Quality[event.BuiltinQuality+metric]
	})
}

func paneFields(epoch uint32, g *window.Grid, quality []string) []field[owner.PaneRow] {
	type row = owner.PaneRow
	return append([]field[row]{
		values("epoch", typeUInt32, constant[row](epoch)),
		values("dimension", typeString, func(r *row) string { return r.Key.Dimension }),
		values("value", typeString, func(r *row) string { return r.Key.Value }),
		values("pane", typeSeconds, func(r *row) int64 { return seconds(g, r.Pane) }),
		values("partition", typeInt32, func(r *row) int32 { return r.Partition }),
		values("version", typeUInt64, func(r *row) uint64 { return uint64(r.Version) }),
	}, sumFields(quality, func(r *row) *window.Sums { return &r.Sums })...)
}

func windowFields(epoch uint32, g *window.Grid, quality []string) []field[owner.WindowRow] {
	type row = owner.WindowRow
	return append([]field[row]{
		values("epoch", typeUInt32, constant[row](epoch)),
		values("window", typeString, func(r *row) string { return r.Window }),
		values("dimension", typeString, func(r *row) string { return r.Key.Dimension }),
		values("value", typeString, func(r *row) string { return r.Key.Value }),
		values("window_end", typeSeconds, func(r *row) int64 { return seconds(g, r.End) }),
		values("partition", typeInt32, func(r *row) int32 { return r.Partition }),
		values("version", typeUInt64, func(r *row) uint64 { return uint64(r.Version) }),
	}, sumFields(quality, func(r *row) *window.Sums { return &r.Sums })...)
}

func sumFields[R any](quality []string, sums func(*R) *window.Sums) []field[R] {
	var fields []field[R]
	for _, c := range sumColumns(nil) {
		fields = append(fields, values(c.name, typeInt64, func(r *R) int64 { return *c.of(sums(r)) }))
	}
	if len(quality) > event.BuiltinQuality {
		fields = append(fields, extraSums(len(quality)-event.BuiltinQuality, sums))
	}
	return fields
}

// extraSums returns the column of the sums and counts of the declared quality metrics.
func extraSums[R any](metrics int, sums func(*R) *window.Sums) field[R] {
	buf := make([]int64, 0, 2*metrics*chunk) // goes round: the rows of one chunk never share a place
	return values("extra", typeIntegers, func(r *R) []int64 {
		if len(buf) == cap(buf) {
			buf = buf[:0]
		}
		start := len(buf)
		for _, q := range sums(r).Quality[event.BuiltinQuality:][:metrics] {
			buf = append(buf, q.Sum, q.N)
		}
		return buf[start:]
	})
}

func deadLetterFields(epoch uint32) []field[owner.DeadLetter] {
	type row = owner.DeadLetter
	return []field[row]{
		values("epoch", typeUInt32, constant[row](epoch)),
		values("partition", typeInt32, func(r *row) int32 { return r.Partition }),
		values("offset", typeInt64, func(r *row) int64 { return r.Offset }),
		values("record_timestamp", typeMillis, func(r *row) int64 { return r.Timestamp }),
		values("arrived_at", typeMillis, func(r *row) int64 { return r.Arrived }),
		values("reason", typeString, func(r *row) string { return r.Reason }),
		values("detail", typeString, func(r *row) string { return r.Detail }),
		values("key", typeString, func(r *row) string { return string(r.Key) }),
		values("value", typeString, func(r *row) string { return string(r.Value) }),
		values("header_keys", typeStrings, func(r *row) []string {
			return headers(r, func(h *owner.Header) string { return h.Key })
		}),
		values("header_values", typeStrings, func(r *row) []string {
			return headers(r, func(h *owner.Header) string { return string(h.Value) })
		}),
	}
}

func headers(r *owner.DeadLetter, part func(*owner.Header) string) []string {
	parts := make([]string, len(r.Headers))
	for i := range r.Headers {
		parts[i] = part(&r.Headers[i])
	}
	return parts
}

func checkpointFields(epoch uint32, g *window.Grid) []field[owner.Checkpoint] {
	type row = owner.Checkpoint
	return []field[row]{
		values("epoch", typeUInt32, constant[row](epoch)),
		values("partition", typeInt32, func(r *row) int32 { return r.Partition }),
		values("version", typeUInt64, func(r *row) uint64 { return r.Version(g) }),
		values("cut", typeInt64, func(r *row) int64 { return r.Cut }),
		values("watermark", typeMillis, func(r *row) int64 { return r.Watermark }),
		values("fresh_at", typeMillis, func(r *row) int64 { return r.FreshAt }),
		values("log_time", typeMillis, func(r *row) int64 { return int64(r.Log) }),
		values("cluster", typeString, func(r *row) string { return r.Topic.Cluster }),
		values("topic", typeString, func(r *row) string { return r.Topic.Topic }),
		values("topic_id", typeString, func(r *row) string { return r.Topic.TopicID }),
		values("last_offset", typeInt64, func(r *row) int64 {
			if !r.Last.Known {
				return -1
			}
			return r.Last.Offset
		}),
		values("last_sum", typeUInt32, func(r *row) uint32 { return r.Last.Sum }),
		values("definition", typeString, func(r *row) string { return r.Definition }),
		values("owner", typeString, func(r *row) string { return r.Owner }),
	}
}

// sumColumn is one of the sums: how it is read and its place in window.Sums.
type sumColumn struct {
	name string // for people; of the plain sums also the column
	expr string // of the stored value
	of   func(*window.Sums) *int64
}

func plainSum(name string, of func(*window.Sums) *int64) sumColumn { return sumColumn{name, name, of} }

// builtinQuality are the stems of the columns of the built-in quality metrics, in the order of window.Sums.
var builtinQuality = [event.BuiltinQuality]string{"response_time", "accuracy", "completeness"}

// sumColumns returns the sums of a definition with the quality metrics: those of the built-in ones have columns of their
// own, the declared ones share an array.
func sumColumns(quality []string) []sumColumn {
	columns := []sumColumn{
		plainSum("ratings", func(s *window.Sums) *int64 { return &s.Ratings }),
		plainSum("unscored", func(s *window.Sums) *int64 { return &s.Unscored }),
		plainSum("satisfied", func(s *window.Sums) *int64 { return &s.Satisfied }),
		plainSum("highly_satisfied", func(s *window.Sums) *int64 { return &s.Highly }),
		plainSum("dissatisfied", func(s *window.Sums) *int64 { return &s.Dissatisfied }),
		plainSum("rating_sum", func(s *window.Sums) *int64 { return &s.Sum }),
		plainSum("rating_sum_squares", func(s *window.Sums) *int64 { return &s.SumSquares }),
	}
	for i := range (window.Sums{}).Stars {
		columns = append(columns, plainSum(fmt.Sprint("stars_", i+1), func(s *window.Sums) *int64 { return &s.Stars[i] }))
	}
	for i, stem := range builtinQuality {
		columns = append(columns,
			plainSum(stem+"_sum", func(s *window.Sums) *int64 { return &s.Quality[i].Sum }),
			plainSum(stem+"_n", func(s *window.Sums) *int64 { return &s.Quality[i].N }))
	}
	for i := event.BuiltinQuality; i < len(quality); i++ {
		at := 2*(i-event.BuiltinQuality) + 1
		columns = append(columns,
			sumColumn{quality[i] + "_sum", fmt.Sprintf("extra[%d]", at), func(s *window.Sums) *int64 { return &s.Quality[i].Sum }},
			sumColumn{quality[i] + "_n", fmt.Sprintf("extra[%d]", at+1), func(s *window.Sums) *int64 { return &s.Quality[i].N }})
	}
	return columns
}
