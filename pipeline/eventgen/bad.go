package eventgen

import (
	"bytes"
	"strings"
	"time"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
)

// badKind is one way in which records are wrong in real life.
type badKind struct {
	weight int
	reason string
	make   func(g *Generator, e *event.Event) []byte
}

// badKinds returns the kinds that the configuration allows.
func badKinds(cfg Config) []badKind {
	field := func(name string) string { return event.BadField + name }
	kinds := []badKind{
		{300, event.BadJSON, cutOff},
		{200, event.BadJSON, trailingComma},
		{200, event.BadJSON, singleQuotes},
		{200, event.BadJSON, notANumber},
		{300, event.BadJSON, otherEncoding},
		{100, event.BadJSON, plainText},
		{300, field("rating"), ratingOutOf},
		{300, field("rating"), ratingOutOfRange},
		{100, field("rating"), ratingTooFine},
		{200, field("rating_id"), idWithBlanks},
		{200, field("customer_id"), withoutCustomer},
		{100, field("service"), withoutService},
		{300, field("occurred_at"), localTime},
		{100, field("revision"), revisionOfTime},
		{100, field("op"), unknownOp},
		{200, field("quality"), percent},
		{100, field("quarantined"), quarantinedAsText},
		{200, field("comment"), commentOfNumber},
		{50, admit.TooLarge, hugeComment},
		{100, event.UnknownField, unknownField},
		{400, admit.InFuture, inFuture},
		{400, admit.TooOld, tooOld},
	}
	if !cfg.Event.AnyService() {
		kinds = append(kinds, badKind{400, admit.UnknownService, unknownService})
	}
	if cfg.TooLarge {
		kinds = append(kinds, badKind{50, admit.TooLarge, tooLarge})
	}
	return kinds
}

func (g *Generator) badItem() Item {
	total := 0
	for _, k := range g.bad {
		total += k.weight
	}
	n := g.rand.IntN(total)
	for _, k := range g.bad {
		if n -= k.weight; n < 0 {
			e := g.rating(g.at.Add(-g.delay()))
			it := Item{Kind: Bad, Event: e, Key: []byte(e.CustomerID), At: g.at, WantReason: k.reason}
			it.JSON = k.make(g, &e)
			return it
		}
	}
	panic("eventgen: the weights of bad records do not add up")
}

func (g *Generator) json(e *event.Event) []byte {
	const usual = 512 // bytes of a record, comments aside
	return event.AppendJSON(make([]byte, 0, usual+len(e.Comment)), e, g.cfg.Event)
}

// with returns the event's JSON with one more member, which the event itself must lack.
func (g *Generator) with(e *event.Event, member string) []byte {
	text := g.json(e)
	return append(append(append(text[:len(text)-1], ','), member...), '}')
}

func cutOff(g *Generator, e *event.Event) []byte {
	text := g.json(e)
	return text[:1+g.rand.IntN(len(text)-1)]
}

func trailingComma(g *Generator, e *event.Event) []byte {
	text := g.json(e)
	return append(text[:len(text)-1], ",}"...)
}

func singleQuotes(g *Generator, e *event.Event) []byte {
	return bytes.ReplaceAll(g.json(e), []byte{'"'}, []byte{'\''})
}

func notANumber(g *Generator, e *event.Event) []byte {
	e.Rating = 0
	return g.with(e, `"rating":NaN`)
}

// otherEncoding sends 满意 in GBK.
func otherEncoding(g *Generator, e *event.Event) []byte {
	e.Comment = ""
	return g.with(e, "\"comment\":\"\xc2\xfa\xd2\xe2\"")
}

func plainText(*Generator, *event.Event) []byte { return []byte("rating=5;service=legal_consulting") }

func ratingOutOf(g *Generator, e *event.Event) []byte {
	e.Rating = 0
	return g.with(e, pick(g, []string{`"rating":"5/5"`, `"rating":"4"`, `"rating":"五星"`, `"rating":true`}))
}

func ratingOutOfRange(g *Generator, e *event.Event) []byte {
	e.Rating = 0
	return g.with(e, pick(g, []string{`"rating":0`, `"rating":6`, `"rating":10`, `"rating":-1`, `"rating":0.99`, `"rating":5.01`, `"rating":1e300`}))
}

func ratingTooFine(g *Generator, e *event.Event) []byte {
	e.Rating = 0
	return g.with(e, `"rating":3.999`)
}

func idWithBlanks(g *Generator, e *event.Event) []byte {
	e.RatingID = strings.ReplaceAll(e.RatingID, "-", " ")
	return g.json(e)
}

func withoutCustomer(g *Generator, e *event.Event) []byte {
	e.CustomerID = ""
	return g.json(e)
}

func withoutService(g *Generator, e *event.Event) []byte {
	e.Service = ""
	return g.json(e)
}

func localTime(g *Generator, e *event.Event) []byte {
	at := time.UnixMilli(e.OccurredAt).In(office)
	e.OccurredAt = 0
	return g.with(e, `"occurred_at":"`+at.Format(pick(g, []string{time.DateTime, "2006-01-02T15:04:05", "2006/1/2 15:04", "2006年01月02日"}))+`"`)
}

func revisionOfTime(g *Generator, e *event.Event) []byte {
	return g.with(e, pick(g, []string{`"revision":1772357400000`, `"revision":-1`, `"revision":"2"`, `"revision":1.5`}))
}

func unknownOp(g *Generator, e *event.Event) []byte { return g.with(e, `"op":"delete"`) }

func percent(g *Generator, e *event.Event) []byte {
	e.Quality = event.NoQuality()
	return g.with(e, pick(g, []string{`"quality":{"accuracy":97.5}`, `"quality":{"completeness":-0.1}`, `"quality":{"response_time_ms":"12"}`, `"quality":0.9`}))
}

func quarantinedAsText(g *Generator, e *event.Event) []byte { return g.with(e, `"quarantined":"no"`) }

func commentOfNumber(g *Generator, e *event.Event) []byte {
	e.Comment = ""
	return g.with(e, `"comment":5`)
}

func unknownField(g *Generator, e *event.Event) []byte {
	return g.with(e, pick(g, []string{`"mood":"good"`, `"Rating":5`, `"customerId":"c"`}))
}

// hugeComment sends a comment of 1 MB, which a broker just takes by default.
func hugeComment(g *Generator, e *event.Event) []byte {
	e.Comment = strings.Repeat("!", 1_000_000)
	return g.json(e)
}

func tooLarge(g *Generator, e *event.Event) []byte {
	e.Comment = strings.Repeat("!", 1<<20)
	return g.json(e)
}

func inFuture(g *Generator, e *event.Event) []byte {
	e.OccurredAt = g.at.Add(10*time.Minute + time.Duration(g.rand.IntN(48*60))*time.Minute).UnixMilli()
	return g.json(e)
}

func tooOld(g *Generator, e *event.Event) []byte {
	e.OccurredAt = g.at.AddDate(0, 0, -36-g.rand.IntN(300)).UnixMilli()
	return g.json(e)
}

func unknownService(g *Generator, e *event.Event) []byte {
	e.Service = pick(g, []string{"tax_advice", "Legal_Consulting", "legal-consulting", "测试服务"})
	return g.json(e)
}
