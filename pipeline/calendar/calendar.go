// Package calendar owns working time: which hours of which days people work, with weekends, public holidays and make-up days,
// and how deadlines and durations are counted in it. It reads calendars from YAML files; which calendar holds for whom is
// left to the caller.
//
// # Non-obvious
//
//   - In China a holiday is paid for with make-up days (调休): a Saturday or Sunday on which people work. A date in
//     `workdays` beats the weekend and a holiday.
//   - Hours are local times of the calendar's zone: on a day that a clock change makes shorter or longer the working
//     hours are as long as the clock says they last.
package calendar

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
)

// Calendar is the working time of one place.
type Calendar struct {
	Name  string
	Zone  *time.Location
	hours []interval      // of a working day, in order, not touching
	week  [7]bool         // which weekdays are working days, by time.Weekday
	days  map[date]bool   // exceptions: true is a working day
	names map[date]string // of holidays, for people
	until date            // the last day that the file knows exceptions for; zero where it does not say
}

// interval is a part of a day, in minutes from midnight, the end exclusive.
type interval struct{ from, to int }

// date is a day without a zone.
type date struct {
	year  int
	month time.Month
	day   int
}

func dateOf(t time.Time) date { y, m, d := t.Date(); return date{y, m, d} }

func (d date) at(minutes int, zone *time.Location) time.Time {
	return time.Date(d.year, d.month, d.day, 0, minutes, 0, 0, zone)
}

func (d date) next() date { return dateOf(time.Date(d.year, d.month, d.day+1, 0, 0, 0, 0, time.UTC)) }

func (d date) weekday() time.Weekday {
	return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC).Weekday()
}

func (d date) after(o date) bool {
	return d.year > o.year || d.year == o.year && (d.month > o.month || d.month == o.month && d.day > o.day)
}

// file is a calendar as it is written.
type file struct {
	Name     string            `yaml:"name"`
	TimeZone string            `yaml:"time_zone"`
	Weekdays []string          `yaml:"weekdays"`
	Hours    []string          `yaml:"hours"`
	Holidays map[string]string `yaml:"holidays"` // date, or first..last, to its name
	Workdays map[string]string `yaml:"workdays"` // make-up days: date to the name of what they make up for
	Until    string            `yaml:"until"`
}

var weekdays = map[string]time.Weekday{"sunday": 0, "monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6}

// Always is the calendar of those who work around the clock, on every day.
func Always() *Calendar {
	return &Calendar{Name: "24x7", Zone: time.UTC, hours: []interval{{0, 24 * 60}}, week: [7]bool{true, true, true, true, true, true, true}}
}

//go:embed china.yaml
var china []byte

// China is the calendar of the mainland's offices: Monday to Friday from 9 to 12 and from 13 to 18 o'clock in Shanghai, with the
// holidays and make-up days that the State Council has published.
func China() *Calendar {
	c, err := Parse(china)
	if err != nil {
		panic(err) // embedded: a test reads it
	}
	return c
}

// ChinaFile is the calendar of China as a file, for those who start from it.
func ChinaFile() []byte { return slices.Clone(china) }

// Parse reads a calendar; the error lists everything that is wrong.
func Parse(text []byte) (*Calendar, error) {
	var f file
	if err := yaml.UnmarshalWithOptions(text, &f, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read the calendar: %w", err)
	}
	c := &Calendar{Name: f.Name, days: map[date]bool{}, names: map[date]string{}}
	errs := []error{c.readZone(f.TimeZone), c.readWeek(f.Weekdays), c.readHours(f.Hours)}
	if f.Name == "" {
		errs = append(errs, errors.New("name: it is missing"))
	}
	for text, name := range f.Holidays {
		errs = append(errs, c.readDays("holidays", text, name, false))
	}
	for text, name := range f.Workdays {
		errs = append(errs, c.readDays("workdays", text, name, true))
	}
	if f.Until != "" {
		var err error
		if c.until, err = readDate("until", f.Until); err != nil {
			errs = append(errs, err)
		}
	}
	return c, errors.Join(errs...)
}

func (c *Calendar) readZone(name string) (err error) {
	if name == "" || name == "Local" {
		return fmt.Errorf("time_zone: %q: want a name such as Asia/Shanghai", name)
	}
	if c.Zone, err = time.LoadLocation(name); err != nil {
		return fmt.Errorf("time_zone: %q: want a name such as Asia/Shanghai", name)
	}
	return nil
}

func (c *Calendar) readWeek(names []string) error {
	if len(names) == 0 {
		return errors.New("weekdays: none: want at least one, such as monday")
	}
	for _, name := range names {
		day, ok := weekdays[name]
		if !ok {
			return fmt.Errorf("weekdays: %q: want monday to sunday", name)
		}
		c.week[day] = true
	}
	return nil
}

func (c *Calendar) readHours(texts []string) error {
	for _, text := range texts {
		var h, m, h2, m2 int
		n, err := fmt.Sscanf(text, "%d:%d-%d:%d", &h, &m, &h2, &m2)
		i := interval{h*60 + m, h2*60 + m2}
		if err != nil || n != 4 || text != fmt.Sprintf("%02d:%02d-%02d:%02d", h, m, h2, m2) || m > 59 || m2 > 59 || i.to > 24*60 || i.from >= i.to {
			return fmt.Errorf("hours: %q: want from-to within a day, such as 09:00-12:00", text)
		}
		c.hours = append(c.hours, i)
	}
	slices.SortFunc(c.hours, func(a, b interval) int { return a.from - b.from })
	for i := range c.hours {
		if i > 0 && c.hours[i].from < c.hours[i-1].to {
			return errors.New("hours: two of them overlap")
		}
	}
	if len(c.hours) == 0 {
		return errors.New("hours: none: want at least one, such as 09:00-18:00")
	}
	return nil
}

// readDays notes a date or a run of dates as working days or not.
func (c *Calendar) readDays(field, text, name string, working bool) error {
	first, last := text, text
	if i := len("2006-01-02"); len(text) == 2*i+2 && text[i:i+2] == ".." {
		first, last = text[:i], text[i+2:]
	}
	from, err := readDate(field, first)
	if err != nil {
		return err
	}
	to, err := readDate(field, last)
	if err != nil {
		return err
	}
	if from.after(to) || to.at(0, time.UTC).Sub(from.at(0, time.UTC)) > 60*24*time.Hour {
		return fmt.Errorf("%s: %q: want the first day, then the last, at most 60 days later", field, text)
	}
	for d := from; !d.after(to); d = d.next() {
		if was, known := c.days[d]; known && was != working && !working {
			continue // a make-up day within a run of holidays stays one
		}
		c.days[d], c.names[d] = working, name
	}
	return nil
}

func readDate(field, text string) (date, error) {
	t, err := time.Parse("2006-01-02", text)
	if err != nil {
		return date{}, fmt.Errorf("%s: %q: want a date such as 2026-10-01, or first..last", field, text)
	}
	return dateOf(t), nil
}

// working says whether people work on the day.
func (c *Calendar) working(d date) bool {
	if working, known := c.days[d]; known {
		return working
	}
	return c.week[d.weekday()]
}

// Working says whether people work at the time.
func (c *Calendar) Working(t time.Time) bool {
	t = t.In(c.Zone)
	d := dateOf(t)
	if !c.working(d) {
		return false
	}
	return slices.ContainsFunc(c.hours, func(i interval) bool {
		return !t.Before(d.at(i.from, c.Zone)) && t.Before(d.at(i.to, c.Zone))
	})
}

// Day returns the name of the holiday or make-up day that the time falls on, empty for any other day, and whether it is a
// working day.
func (c *Calendar) Day(t time.Time) (name string, working bool) {
	d := dateOf(t.In(c.Zone))
	return c.names[d], c.working(d)
}

// Known says whether the file knows the exceptions of the day; beyond its end only weekends are days off.
func (c *Calendar) Known(t time.Time) bool {
	return c.until == date{} || !dateOf(t.In(c.Zone)).after(c.until)
}

// farthest bounds how many days are looked at: a calendar whose working days have an end must not be searched for ever.
const farthest = 20 * 366

// each calls yield with each stretch of working time from the time on, in order, until that returns false. It reports false
// when there is no more working time within 20 years.
func (c *Calendar) each(from time.Time, yield func(begin, end time.Time) bool) bool {
	d := dateOf(from.In(c.Zone))
	for range farthest {
		if c.working(d) {
			for _, i := range c.hours {
				begin, end := d.at(i.from, c.Zone), d.at(i.to, c.Zone)
				if begin.Before(from) {
					begin = from
				}
				if begin.Before(end) && !yield(begin, end) {
					return true
				}
			}
		}
		d = d.next()
	}
	return false
}

// Add returns the time when that much working time, 0 or more, has passed since the start: the end of a limit. A limit that
// ends with a working day ends on that day, not on the next morning. It is the zero time when there is not that much
// within 20 years.
func (c *Calendar) Add(start time.Time, limit time.Duration) (end time.Time) {
	if limit <= 0 {
		return start
	}
	done := c.each(start, func(from, to time.Time) bool {
		if length := to.Sub(from); length < limit {
			limit -= length
			return true
		}
		end = from.Add(limit)
		return false
	})
	if !done {
		return time.Time{}
	}
	return end
}

// Between returns how much working time lies between the times; negative when to is before from.
func (c *Calendar) Between(from, to time.Time) (total time.Duration) {
	if to.Before(from) {
		return -c.Between(to, from)
	}
	c.each(from, func(begin, end time.Time) bool {
		if !begin.Before(to) {
			return false
		}
		if end.After(to) {
			end = to
		}
		total += end.Sub(begin)
		return true
	})
	return total
}
