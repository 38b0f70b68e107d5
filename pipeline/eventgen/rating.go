package eventgen

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"satisflow/pipeline/event"
)

// customer is one customer: the first ones are the large ones.
type customer struct {
	id         string
	segment    string
	service    string // the one that is used most
	chinese    bool   // writes Chinese
	bias       float64
	attributes []event.Pair
}

var (
	attributeValues = map[string][]string{
		"industry": {"manufacturing", "finance", "retail", "healthcare", "education", "technology", "energy", "logistics"},
		"region":   {"north", "east", "south", "west", "central"},
		"store":    {"s-01", "s-02", "s-03", "s-04", "s-05", "s-06", "s-07", "s-08", "s-09", "s-10"},
	}
	otherValues = []string{"a", "b", "c", "d"}
	products    = map[string][]string{
		"data_analysis":    {"sales-forecast", "risk-report", "market-study", "dashboard"},
		"legal_consulting": {"contract-advice", "labor-law", "compliance-check", "dispute"},
		"document_review":  {"contract-review", "translation-check", "due-diligence"},
	}
	otherProducts = []string{"basic", "standard", "premium"}
	sources       = []string{"crm", "web-widget", "app", "survey"}
)

func newCustomer(r *rand.Rand, i, n int, services, attributes []string) customer {
	c := customer{id: fmt.Sprintf("c-%06d", i+1), service: services[r.IntN(len(services))], chinese: r.Float64() < 0.65, bias: r.Float64()*0.03 - 0.015}
	switch {
	case i*50 < n:
		c.segment = "enterprise"
	case i*5 < n:
		c.segment = "mid_market"
	default:
		c.segment = "small_business"
	}
	for _, key := range sortedCopy(attributes) {
		values := attributeValues[key]
		if values == nil {
			values = otherValues
		}
		c.attributes = append(c.attributes, event.Pair{Key: key, Value: values[r.IntN(len(values))]})
	}
	return c
}

// rating draws a rating that occurred at the time.
func (g *Generator) rating(at time.Time) event.Event {
	g.count++
	who := int(g.zipf.Uint64())
	c := &g.customers[who]
	e := event.Event{RatingID: fmt.Sprintf("%s-%08d", g.prefix, g.count), OccurredAt: at.UnixMilli(), CustomerID: c.id, Segment: c.segment,
		Attributes: c.attributes, Quality: event.NoQuality(), Service: c.service}
	if g.rand.Float64() < 0.4 {
		e.Service = pick(g, g.services)
	}
	e.ProductID, e.Channel, e.Source = pick(g, productsOf(e.Service)), g.channel(), pick(g, sources)
	likely := g.satisfaction(e.Service, at) + c.bias
	if g.cfg.Mood != nil {
		likely += g.cfg.Mood(who, at)
	}
	satisfied := g.rand.Float64() < likely
	e.Rating = g.score(satisfied)
	e.Staff = g.rand.Float64() < 0.01
	if g.rand.Float64() < 0.85 {
		g.measure(&e)
	}
	g.say(&e, c)
	return e
}

func productsOf(service string) []string {
	if p := products[service]; p != nil {
		return p
	}
	return otherProducts
}

// satisfaction is the share of satisfied ratings.
func (g *Generator) satisfaction(service string, at time.Time) float64 {
	if g.cfg.Satisfied != nil {
		return g.cfg.Satisfied(service, at)
	}
	h := fnv.New32a()
	h.Write([]byte(service))
	return 0.95 + float64(h.Sum32()%21)/1000
}

// score draws a rating in hundredths: whole stars for the most part, halves and finer ones sometimes.
func (g *Generator) score(satisfied bool) int32 {
	u := g.rand.Float64()
	switch fine := int32(g.rand.IntN(100)); {
	case satisfied && u < 0.05:
		return 400 + fine
	case satisfied && u < 0.17:
		return 450
	case satisfied && u < 0.42:
		return 400
	case satisfied:
		return 500
	case u < 0.05:
		return 300 + min(fine, 99)
	case u < 0.20:
		return 350
	case u < 0.60:
		return 300
	case u < 0.85:
		return 200
	}
	return 100
}

func (g *Generator) channel() string {
	u := g.rand.Float64()
	for _, c := range [...]struct {
		name  string
		share float64
	}{{"web", .34}, {"app", .24}, {"email", .16}, {"phone", .14}, {"chat", .07}} {
		if u -= c.share; u < 0 {
			return c.name
		}
	}
	return "in_person"
}

// measure draws the quality of the service that leads to the score: poor scores come with slow, wrong or incomplete work.
func (g *Generator) measure(e *event.Event) {
	lack := 4.5 - float64(e.Rating)/100
	set := func(i int, v float64) {
		m := g.metrics[i]
		e.Quality[i] = int64(math.Round(min(max(v, m.Min), m.Max) * math.Pow10(m.Decimals)))
	}
	thousandths := func(v float64) float64 { return math.Round(v*1000) / 1000 }
	set(event.QualityResponseMS, 1800*math.Exp(0.35*lack+0.4*g.rand.NormFloat64()))
	set(event.QualityAccuracy, thousandths(0.965-0.04*lack+0.015*g.rand.NormFloat64()))
	set(event.QualityComplete, thousandths(0.95-0.05*lack+0.02*g.rand.NormFloat64()))
	for i, m := range g.cfg.Event.Quality {
		middle := 0.5 + 0.1*g.rand.NormFloat64()
		if m.Better == "lower" {
			middle += 0.1 * lack
		} else {
			middle -= 0.1 * lack
		}
		set(event.BuiltinQuality+i, m.Min+(m.Max-m.Min)*middle)
	}
}

// say adds what the customer wrote: a comment more often with a poor score, the answers of a survey now and then, and
// sometimes a comment alone.
func (g *Generator) say(e *event.Event, c *customer) {
	likely := 0.15
	if e.Rating < 400 {
		likely = 0.45
	}
	scoreless := g.rand.Float64() < 0.01
	if scoreless || g.rand.Float64() < likely {
		e.Comment = g.comment(e, c.chinese)
		if g.rand.Float64() < 0.6 {
			e.Language = map[bool]string{true: "zh-CN", false: "en"}[c.chinese]
		}
	}
	if g.rand.Float64() < 0.06 {
		e.SurveyID, e.InvitationID = "after-delivery", "inv-"+strconv.Itoa(g.count)
		e.Answers = g.answers(e, c.chinese)
	}
	if scoreless {
		e.Rating = 0
	}
}

func (g *Generator) answers(e *event.Event, chinese bool) []event.Answer {
	recommend := min(10, max(0, int(e.Rating)/50+g.rand.IntN(3)-1))
	a := []event.Answer{
		{Question: "recommend", Value: strconv.Itoa(recommend), Number: true},
		{Question: "ease", Value: strconv.Itoa(min(5, max(1, int(e.Rating)/100+g.rand.IntN(3)-1))), Number: true},
	}
	if g.rand.Float64() < 0.3 {
		a = append(a, event.Answer{Question: "improve", Value: g.comment(e, chinese)})
	}
	return a
}

// pick draws one of the values.
func pick[T any](g *Generator, values []T) T { return values[g.rand.IntN(len(values))] }
