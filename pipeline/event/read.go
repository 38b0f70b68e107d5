package event

import "slices"

// Readers of the fields' values. Each returns false only when the text is not JSON; a value that is wrong is reported and
// left out. None is called for null.

// wrongKind skips a value that is of another kind than the field's and reports it.
func (d *Decoder) wrongKind(f *field, member, want string) bool {
	text, ok := d.value()
	if ok {
		d.reject(f, member, text, want)
	}
	return ok
}

// readString reads a string of at most max characters for which is holds, if it is not nil. The string is empty where it is wrong.
func (d *Decoder) readString(f *field, max int, is func(string) bool) (s string, ok bool) {
	if d.peek() != '"' {
		return "", d.wrongKind(f, "", f.want)
	}
	start := d.pos
	if s, ok = d.str(); !ok {
		return "", false
	}
	if tooLong(s, max) || is != nil && !is(s) {
		d.reject(f, "", d.buf[start:d.pos], f.want)
		return "", true
	}
	return s, true
}

// readName is readString for least to max characters without control characters. Only a string that had escapes, and so
// became shorter, can have any.
func (d *Decoder) readName(f *field, member, want string, least, max int) (s string, ok bool) {
	if d.peek() != '"' {
		return "", d.wrongKind(f, member, want)
	}
	start := d.pos
	if s, ok = d.str(); !ok {
		return "", false
	}
	if len(s) < least || tooLong(s, max) || len(s) < d.pos-start-2 && !isName(s) {
		d.reject(f, member, d.buf[start:d.pos], want)
		return "", true
	}
	return s, true
}

// tooLong says whether the string has more characters; it counts them only if the bytes leave room for doubt.
func tooLong(s string, max int) bool {
	if len(s) <= max {
		return false
	}
	n := 0
	for range s {
		n++
	}
	return n > max
}

// isName says whether the text has no control characters.
func isName(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 {
			return false
		}
	}
	return true
}

// readText reads a text field that has no reader of its own.
func (d *Decoder) readText(f *field, ev *Event) (ok bool) {
	to, least := f.text(ev), 0
	if f.required {
		least = 1
	}
	*to, ok = d.readName(f, "", f.want, least, f.max)
	return ok
}

// readComment cuts a comment that is too long: the rating must not be lost for what was said about it.
func readComment(d *Decoder, f *field, ev *Event) bool {
	if d.peek() != '"' {
		return d.wrongKind(f, "", f.want)
	}
	s, ok := d.str()
	if cut := truncate(s, MaxComment); len(cut) < len(s) {
		s, ev.CommentTruncated = cut, true
	}
	ev.Comment = s
	return ok
}

func readCommentTruncated(d *Decoder, f *field, ev *Event) bool {
	return d.readFlag(f, &ev.CommentTruncated)
}

func readAnswersTruncated(d *Decoder, f *field, ev *Event) bool {
	return d.readFlag(f, &ev.AnswersTruncated)
}

func isRatingID(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !digit(c) && (c|0x20 < 'a' || c|0x20 > 'z') && c != '.' && c != '_' && c != ':' && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= MaxRatingID
}

func readRatingID(d *Decoder, f *field, ev *Event) bool {
	s, ok := d.readString(f, MaxRatingID, isRatingID)
	ev.RatingID = s
	return ok
}

// readNumber reads a number times 10^decimals; text is nil when the value is none.
func (d *Decoder) readNumber(f *field, member, want string, decimals int) (v scaled, text []byte, ok bool) {
	if c := d.peek(); c != '-' && !digit(c) {
		return scaled{}, nil, d.wrongKind(f, member, want)
	}
	if text, ok = d.number(); !ok {
		return scaled{}, nil, false
	}
	return parseScaled(text, decimals), text, true
}

func readRevision(d *Decoder, f *field, ev *Event) bool {
	v, text, ok := d.readNumber(f, "", f.want, 0)
	if text == nil {
		return ok
	}
	n, valid := v.exactIn(0, MaxRevision)
	if !valid {
		d.reject(f, "", text, f.want)
		return true
	}
	ev.Revision = uint32(n)
	return true
}

func readRating(d *Decoder, f *field, ev *Event) bool {
	v, text, ok := d.readNumber(f, "", f.want, 2)
	if text == nil {
		return ok
	}
	n, valid := v.exactIn(MinRating, MaxRating)
	if !valid {
		d.reject(f, "", text, f.want)
		return true
	}
	ev.Rating = int32(n)
	return true
}

func readOp(d *Decoder, f *field, ev *Event) bool {
	s, ok := d.readString(f, MaxName, func(s string) bool { return s == "put" || s == "erase" })
	if s == "erase" {
		ev.Op = Erase
	}
	return ok
}

func readRespondent(d *Decoder, f *field, ev *Event) bool {
	s, ok := d.readString(f, MaxName, func(s string) bool { return s == "customer" || s == "staff" })
	ev.Staff = s == "staff"
	return ok
}

func readQuarantined(d *Decoder, f *field, ev *Event) bool { return d.readFlag(f, &ev.Quarantined) }

// readFlag reads a flag. It never takes away what is set already: what was cut stays so.
func (d *Decoder) readFlag(f *field, to *bool) bool {
	switch d.peek() {
	case 't':
		*to = true
		return d.literal("true")
	case 'f':
		return d.literal("false")
	}
	return d.wrongKind(f, "", f.want)
}

func readOccurredAt(d *Decoder, f *field, ev *Event) bool {
	if d.peek() != '"' {
		return d.wrongKind(f, "", f.want)
	}
	start := d.pos
	s, ok := d.str()
	if !ok {
		return false
	}
	ms, valid := parseTime(s)
	if !valid {
		d.rejectTime(f, d.buf[start:d.pos])
		return true
	}
	ev.OccurredAt = ms
	return true
}

// rejectTime reports a time; one that consists of the characters of times is shown in logs too, as it names nobody.
func (d *Decoder) rejectTime(f *field, text []byte) {
	found := describe(text)
	ofTimes := func(c byte) bool { return c >= '+' && c <= ':' || slices.Contains([]byte(`" TZtz`), c) }
	if len(text) <= len(`"2006-01-02T15:04:05.999999999+08:00"`) && !slices.ContainsFunc(text, func(c byte) bool { return !ofTimes(c) }) {
		found = string(text)
	}
	d.rejectFound(f, "", text, found, f.want)
}

// readCustomerID reads a string, or an integer as its digits.
func readCustomerID(d *Decoder, f *field, ev *Event) (ok bool) {
	if c := d.peek(); c != '-' && !digit(c) {
		if ev.CustomerID, ok = d.readName(f, "", f.want, 1, MaxCustomerID); ok {
			d.rejectLookAlike(f, ev.CustomerID)
		}
		return ok
	}
	text, ok := d.number()
	switch {
	case !ok:
		return false
	case len(text) > MaxCustomerID || slices.ContainsFunc(text[1:], func(c byte) bool { return !digit(c) }):
		d.reject(f, "", text, f.want)
	default:
		ev.CustomerID = view(text)
	}
	return true
}

// rejectLookAlike reports an id that looks like another one.
func (d *Decoder) rejectLookAlike(f *field, id string) {
	if found := LookAlike(id); found != "" {
		d.report(f, "", found, "an id that no other one looks like: Unicode NFC, without white space around it, invisible or full-width characters")
	}
}

func isLanguage(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !digit(c) && (c|0x20 < 'a' || c|0x20 > 'z') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func readLanguage(d *Decoder, f *field, ev *Event) bool {
	s, ok := d.readString(f, maxLanguage, isLanguage)
	ev.Language = s
	return ok
}
