package eventgen

import "time"

// office is the time zone of the working day.
var office = time.FixedZone("UTC+8", 8*3600)

// busyByHour is how busy each hour of a working day is, compared with the busiest.
var busyByHour = [24]float64{.06, .04, .03, .03, .03, .05, .12, .3, .65, .95, 1, .95, .7, .75, .95, 1, .95, .85, .6, .45, .4, .35, .2, .1}

// weekend is how busy a day of the weekend is, compared with a working day.
const weekend = 0.35

// busyness returns how busy the time is, 0 to 1.
func busyness(at time.Time) float64 {
	t := at.In(office)
	b := busyByHour[t.Hour()]
	if d := t.Weekday(); d == time.Saturday || d == time.Sunday {
		b *= weekend
	}
	return b
}

// meanBusyness is the mean of busyness over a week.
var meanBusyness = func() float64 {
	sum := 0.0
	for _, b := range busyByHour {
		sum += b
	}
	return sum / 24 * (5 + 2*weekend) / 7
}()
