package event

import (
	"strconv"
	"strings"
	"unsafe"
)

// AppendJSON appends the event as one JSON object in the order of the contract's fields, without what is missing or as
// by default. A Decoder of the same configuration reads the same event from it; the event's text must be UTF-8.
func AppendJSON(dst []byte, e *Event, cfg Config) []byte {
	metrics := cfg.Metrics()
	dst = append(dst, '{')
	first := len(dst)
	for i := range fields {
		f := &fields[i]
		if e.Op == Erase && !f.identity && f.name != "revision" && f.name != "service" {
			continue
		}
		before := len(dst)
		if before > first {
			dst = append(dst, ',')
		}
		dst = appendKey(dst, f.name)
		value := len(dst)
		if dst = f.append(dst, e, metrics); len(dst) == value {
			dst = dst[:before]
		}
	}
	return append(dst, '}')
}

// append appends the value, or nothing where there is none.
func (f *field) append(dst []byte, e *Event, metrics []Metric) []byte {
	if f.text != nil {
		return appendText(dst, *f.text(e))
	}
	return f.write(dst, e, metrics)
}

func appendKey(dst []byte, key string) []byte { return append(appendString(dst, key), ':') }

func appendText(dst []byte, s string) []byte {
	if s == "" {
		return dst
	}
	return appendString(dst, s)
}

// appendString appends a JSON string, with as few escapes as are needed.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	text := unsafe.Slice(unsafe.StringData(s), len(s))
	for i := 0; ; i++ {
		end := plainEnd(text, i)
		if dst = append(dst, text[i:end]...); end == len(text) {
			return append(dst, '"')
		}
		dst, i = appendEscape(dst, text[end]), end
	}
}

func appendEscape(dst []byte, c byte) []byte {
	const hex, short = "0123456789abcdef", "\bb\tt\nn\ff\rr"
	switch i := strings.IndexByte(short, c); {
	case c == '"', c == '\\':
		return append(dst, '\\', c)
	case i >= 0 && c < 0x20:
		return append(dst, '\\', short[i+1])
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

func writeRatingID(dst []byte, e *Event, _ []Metric) []byte { return appendText(dst, e.RatingID) }

func writeRevision(dst []byte, e *Event, _ []Metric) []byte {
	if e.Revision == 0 {
		return dst
	}
	return strconv.AppendUint(dst, uint64(e.Revision), 10)
}

func writeOp(dst []byte, e *Event, _ []Metric) []byte {
	if e.Op == Put {
		return dst
	}
	return appendString(dst, e.Op.String())
}

// writeOccurredAt leaves out a time of 0, which is a draft's: no event is of 1970.
func writeOccurredAt(dst []byte, e *Event, _ []Metric) []byte {
	if e.OccurredAt == 0 {
		return dst
	}
	return append(appendTime(append(dst, '"'), e.OccurredAt), '"')
}

func writeCustomerID(dst []byte, e *Event, _ []Metric) []byte { return appendText(dst, e.CustomerID) }

func writeRating(dst []byte, e *Event, _ []Metric) []byte {
	if !e.Scored() {
		return dst
	}
	return appendScaled(dst, int64(e.Rating), 2)
}

func writeRespondent(dst []byte, e *Event, _ []Metric) []byte {
	if !e.Staff {
		return dst
	}
	return appendString(dst, "staff")
}

func writeQuarantined(dst []byte, e *Event, _ []Metric) []byte { return appendFlag(dst, e.Quarantined) }

func writeComment(dst []byte, e *Event, _ []Metric) []byte { return appendText(dst, e.Comment) }

func writeCommentTruncated(dst []byte, e *Event, _ []Metric) []byte {
	return appendFlag(dst, e.CommentTruncated)
}

func writeAnswersTruncated(dst []byte, e *Event, _ []Metric) []byte {
	return appendFlag(dst, e.AnswersTruncated)
}

func appendFlag(dst []byte, flag bool) []byte {
	if !flag {
		return dst
	}
	return append(dst, "true"...)
}

func writeLanguage(dst []byte, e *Event, _ []Metric) []byte { return appendText(dst, e.Language) }

func writeAttributes(dst []byte, e *Event, _ []Metric) []byte {
	if len(e.Attributes) == 0 {
		return dst
	}
	dst = append(dst, '{')
	for i, a := range e.Attributes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(appendKey(dst, a.Key), a.Value)
	}
	return append(dst, '}')
}

func writeQuality(dst []byte, e *Event, metrics []Metric) []byte {
	begin := len(dst)
	for i, m := range metrics {
		if e.Quality[i] == MissingQuality {
			continue
		}
		c := byte(',')
		if len(dst) == begin {
			c = '{'
		}
		dst = appendScaled(appendKey(append(dst, c), m.Name), e.Quality[i], m.Decimals)
	}
	if len(dst) == begin {
		return dst
	}
	return append(dst, '}')
}

func writeAnswers(dst []byte, e *Event, _ []Metric) []byte {
	if len(e.Answers) == 0 {
		return dst
	}
	dst = append(dst, '{')
	for i, a := range e.Answers {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendKey(dst, a.Question)
		if a.Number {
			dst = append(dst, a.Value...)
		} else {
			dst = appendString(dst, a.Value)
		}
	}
	return append(dst, '}')
}
