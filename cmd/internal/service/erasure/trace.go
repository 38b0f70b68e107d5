package erasure

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"

	"satisflow/sinks/clickhouse"
)

// Trace says how a rejected record is about somebody.
type Trace int

const (
	// NoTrace is a record that does not hold the id.
	NoTrace Trace = iota
	// Mentioned is a record that holds the id, and names somebody else whom it is about: it stays, and is reported.
	Mentioned
	// Resembles is a record that holds the id and names nobody in a field that could be read: it is deleted, and counted apart.
	Resembles
	// Named is a record that names the id as its customer or rating.
	Named
)

// tracer finds the ids of an erasure in rejected records, whatever these look like.
type tracer struct {
	ids    map[string]bool
	fields map[string]bool     // names of fields that hold such an id, in small letters and digits
	others map[string]bool     // names of fields that hold something else
	hash   func(string) string // gives the stored form of an id as producers send it; nil for none
	starts map[string][]string // ids by their first bytes
	widths []int               // of these
}

// customerFields and ratingFields are what producers call the fields, right or wrong.
var (
	customerFields = []string{"customerid", "customer", "custid", "customerno", "customernumber", "clientid"}
	ratingFields   = []string{"ratingid", "id", "ceid", "eventid", "reviewid"}
	// otherFields are those of a rating that hold neither: an id that equals a channel is none.
	otherFields = []string{"revision", "op", "occurredat", "service", "productid", "channel", "segment", "source", "rating", "respondent", "language",
		"quarantined", "surveyid", "invitationid", "specversion", "type", "datacontenttype"}
)

func newTracer(of clickhouse.Subjects, hash func(string) string) *tracer {
	t := &tracer{ids: map[string]bool{}, fields: map[string]bool{}, others: map[string]bool{}, starts: map[string][]string{}, hash: hash}
	ids, fields, others := of.Customers, customerFields, ratingFields
	if len(of.Ratings) > 0 {
		ids, fields, others, t.hash = of.Ratings, ratingFields, customerFields, nil
	}
	for _, f := range fields {
		t.fields[f] = true
	}
	for _, f := range slices.Concat(others, otherFields) {
		t.others[f] = true
	}
	widths := map[int]bool{}
	for _, id := range ids {
		start := id[:min(len(id), 4)]
		t.ids[id], widths[len(start)] = true, true
		t.starts[start] = append(t.starts[start], id)
	}
	t.widths = slices.Sorted(maps.Keys(widths))
	return t
}

// of says how the letter is about one of the ids.
func (t *tracer) of(l *clickhouse.Letter) Trace {
	if t.is(string(l.Key)) {
		return Named
	}
	for _, h := range l.Headers {
		if t.is(string(h.Value)) {
			return Named
		}
	}
	record := string(l.Value)
	leaves, named, equal := leavesOf(record), false, false
	for i := range leaves {
		is, name := t.is(leaves[i].value), plain(leaves[i].name)
		switch own := t.fields[name] || t.fields[plain(leaves[i].around)+name]; {
		case own && is:
			return Named
		case own:
			named = named || strings.TrimSpace(leaves[i].value) != ""
		case !t.others[name]:
			equal = equal || is
		}
	}
	switch held := equal || t.held(record, leaves); {
	case !held:
		return NoTrace
	case named || !equal && json.Valid(l.Value):
		return Mentioned
	}
	return Resembles
}

// is says whether the text is one of the ids, with blanks around it or not yet hashed.
func (t *tracer) is(text string) bool {
	text = strings.TrimSpace(text)
	return t.ids[text] || t.hash != nil && text != "" && t.ids[t.hash(text)]
}

// held says whether an id stands in the record or in what any of it decodes to.
func (t *tracer) held(record string, leaves []leaf) bool {
	for _, text := range append(decodings(record), unescaped(unescaped(record))) {
		if t.within(text) {
			return true
		}
	}
	return slices.ContainsFunc(leaves, func(l leaf) bool { return t.within(l.value) })
}

// within says whether an id stands in the text, not as a part of a longer word.
func (t *tracer) within(text string) bool {
	for i := range len(text) {
		for _, width := range t.widths {
			if i+width > len(text) {
				break
			}
			for _, id := range t.starts[text[i:i+width]] {
				if strings.HasPrefix(text[i:], id) && isWord(text, i, i+len(id)) {
					return true
				}
			}
		}
	}
	return false
}

// isWord says whether the part of the text is no part of a longer word. In a script that has no blanks between its words
// every part is.
func isWord(text string, from, to int) bool {
	inner := func(i int) bool { return i >= 0 && i < len(text) && isAlphanumeric(text[i]) }
	return !(isAlphanumeric(text[from]) && inner(from-1)) && !(isAlphanumeric(text[to-1]) && inner(to))
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// plain is the name in small letters and digits: customerId, customer_id and Customer-ID are one.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r = unicode.ToLower(r); unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, name)
}
