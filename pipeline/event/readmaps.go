package event

import "slices"

// Readers of the fields that are objects.

const wantOnce = "each key once"

// readAttributes keeps the declared attributes, sorted by key.
func readAttributes(d *Decoder, f *field, ev *Event) bool {
	if d.peek() != '{' {
		return d.wrongKind(f, "", f.want)
	}
	var values [MaxAttributes]string
	seen := 0
	ok := d.members(func(key string) bool {
		i := slices.Index(d.attributes, key)
		if i < 0 {
			if !d.lenient {
				d.reportUnknown(f, key, d.attributes)
			}
			return d.skip()
		}
		if seen&(1<<i) != 0 {
			d.report(f, key, "given twice", wantOnce)
		}
		seen |= 1 << i
		if d.peek() == 'n' {
			return d.literal("null")
		}
		s, ok := d.readName(f, d.attributes[i], wantName, 0, MaxName)
		values[i] = s
		return ok
	})
	begin := len(d.pairs)
	for i, key := range d.attributes {
		if values[i] != "" {
			d.pairs = append(d.pairs, Pair{key, values[i]})
		}
	}
	if end := len(d.pairs); end > begin {
		ev.Attributes = d.pairs[begin:end:end]
	}
	return ok
}

// readQuality keeps the metrics of the configuration.
func readQuality(d *Decoder, f *field, ev *Event) bool {
	if d.peek() != '{' {
		return d.wrongKind(f, "", f.want)
	}
	seen := 0
	return d.members(func(key string) bool {
		i := slices.IndexFunc(d.metrics, func(b bounds) bool { return b.Name == key })
		if i < 0 {
			if !d.lenient {
				d.reportUnknown(f, key, d.metricNames())
			}
			return d.skip()
		}
		if seen&(1<<i) != 0 {
			d.report(f, key, "given twice", wantOnce)
		}
		seen |= 1 << i
		if d.peek() == 'n' {
			return d.literal("null")
		}
		return d.readMetric(f, i, ev)
	})
}

func (d *Decoder) metricNames() []string {
	names := make([]string, len(d.metrics))
	for i := range d.metrics {
		names[i] = d.metrics[i].Name
	}
	return names
}

func (d *Decoder) readMetric(f *field, i int, ev *Event) bool {
	m := &d.metrics[i]
	v, text, ok := d.readNumber(f, m.Name, m.want, m.Decimals)
	if text == nil {
		return ok
	}
	n, valid := v.roundedIn(m.least, m.greatest)
	if !valid {
		d.reject(f, m.Name, text, m.want)
		return true
	}
	ev.Quality[i] = n
	return true
}

// readAnswers keeps the answers in their order; null and the empty string are none.
func readAnswers(d *Decoder, f *field, ev *Event) bool {
	if d.peek() != '{' {
		return d.wrongKind(f, "", f.want)
	}
	begin, n := len(d.answers), 0
	var names []string // of questions without an answer, against doubles
	ok := d.members(func(question string) bool {
		n++
		given := d.answers[begin:]
		if slices.ContainsFunc(given, func(a Answer) bool { return a.Question == question }) || slices.Contains(names, question) {
			d.report(f, shorten([]byte(question)), "given twice", wantOnce)
			return d.skip()
		}
		if n > MaxAnswers {
			return d.skip()
		}
		before := len(d.answers)
		ok := d.readAnswer(f, question, ev)
		if len(d.answers) == before {
			names = append(names, question)
		}
		return ok
	})
	if n > MaxAnswers {
		d.report(f, "", "too many answers", f.want)
	}
	if end := len(d.answers); end > begin {
		ev.Answers = d.answers[begin:end:end]
	}
	return ok
}

// readAnswer cuts a text that is too long, as a comment's.
func (d *Decoder) readAnswer(f *field, question string, ev *Event) bool {
	if question == "" || tooLong(question, MaxName) || !isName(question) {
		d.report(f, "", "a question's id that is empty, too long or has control characters", "ids of 1 to 128 characters")
		return d.skip()
	}
	switch c := d.peek(); {
	case c == 'n':
		return d.literal("null")
	case c == '-' || digit(c):
		text, ok := d.number()
		switch {
		case ok && len(text) > maxAnswerNumber:
			d.reject(f, question, text, wantAnswer)
		case ok:
			d.answers = append(d.answers, Answer{Question: question, Value: view(text), Number: true})
		}
		return ok
	case c != '"':
		return d.wrongKind(f, question, wantAnswer)
	}
	s, ok := d.str()
	if cut := truncate(s, MaxComment); len(cut) < len(s) {
		s, ev.AnswersTruncated = cut, true
	}
	if s != "" {
		d.answers = append(d.answers, Answer{Question: question, Value: s})
	}
	return ok
}

const wantAnswer = "a number of at most 32 characters or a string"
