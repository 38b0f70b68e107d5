package importer

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones by name, on machines that have none
)

func loadZone(name string) (*time.Location, error) {
	if name == "" {
		return nil, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("time-zone: %q: want a name such as Asia/Shanghai or UTC", name)
	}
	return zone, nil
}

// Layouts of times that are numbers.
const (
	layoutUnix   = "unix"    // seconds since 1970
	layoutUnixMS = "unix-ms" // milliseconds since 1970
	layoutExcel  = "excel"   // days since 1899-12-30, of the zone
)

// timeReader reads times as spreadsheets, databases and survey tools write them. It is not safe for concurrent use.
type timeReader struct {
	zone   *time.Location // of times without one; nil refuses them
	own    []string       // layouts of the configuration, as package time has them, or by name
	bodies []string       // further layouts without a zone; the one that fitted last comes first
	uses   map[string]int64
}

// reading is what became of the text of a time.
type reading struct {
	text string // in RFC 3339 where the time is right, else as it was
	hint string // for the person, where it is not
	note string // timeGap or timeOverlap, where the zone's clocks were changed
}

// bodies are times without a zone and without the words for the halves of the day. Go reads one or two digits with each, and a
// fraction after the seconds.
var bodies = func() (out []string) {
	for _, date := range []string{"2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "2.1.2006"} {
		for _, clock := range []string{" 15:4:5", " 15:4", "T15:4:5", "T15:4", ""} {
			out = append(out, date+clock)
		}
	}
	for _, date := range []string{"Jan 2, 2006", "2 Jan 2006", "Mon Jan 2 2006", "Mon, 2 Jan 2006"} {
		out = append(out, date+" 15:4:5", date+" 15:4", date)
	}
	return append(out, "2006年1月2日 15时4分5秒", "2006年1月2日 15时4分")
}()

// newTimeReader expects layouts and a zone that are valid.
func newTimeReader(layouts []string, zone *time.Location) *timeReader {
	t := &timeReader{zone: zone, bodies: slices.Clone(bodies), uses: map[string]int64{}}
	for _, l := range layouts {
		own, err := parseLayout(l)
		if err != nil {
			panic(err) // validated
		}
		t.own = append(t.own, own)
	}
	return t
}

// parseLayout returns a layout of package time for one of strptime, or as it is.
func parseLayout(layout string) (string, error) {
	switch layout {
	case layoutUnix, layoutUnixMS, layoutExcel:
		return layout, nil
	}
	const want = "want one of Go (2006-01-02 15:04:05), of strptime (%Y-%m-%d %H:%M:%S), or " + layoutUnix + ", " + layoutUnixMS + ", " + layoutExcel
	if !strings.Contains(layout, "%") {
		if !strings.Contains(layout, "2006") && !strings.Contains(layout, "06") {
			return "", fmt.Errorf("time-layout: %q has no year: %s", layout, want)
		}
		return layout, nil
	}
	var b strings.Builder
	for i := 0; i < len(layout); i++ {
		if layout[i] != '%' {
			b.WriteByte(layout[i])
			continue
		}
		if i++; i == len(layout) {
			return "", fmt.Errorf("time-layout: %q ends in %%: %s", layout, want)
		}
		if layout[i] == '-' && i+1 < len(layout) { // %-d is %d without a leading zero
			i++
		}
		part, known := directives[layout[i]]
		if !known {
			return "", fmt.Errorf("time-layout: %q: %%%c is not known: %s", layout, layout[i], want)
		}
		b.WriteString(part)
	}
	return b.String(), nil
}

// directives of strptime, which reads numbers with and without leading zeros.
var directives = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "1", 'd': "2", 'e': "2", 'b': "Jan", 'h': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday",
	'H': "15", 'k': "15", 'I': "3", 'l': "3", 'M': "4", 'S': "5", 'f': "999999999", 'p': "PM", 'z': "-0700", 'Z': "MST",
	'F': "2006-1-2", 'T': "15:4:5", 'R': "15:4", 'D': "1/2/06", '%': "%", 'n': " ", 't': " ",
}

// read reads the text of a time.
func (t *timeReader) read(s string) reading {
	if _, err := time.Parse(time.RFC3339Nano, s); err == nil {
		t.uses["RFC 3339"]++
		return reading{text: s}
	}
	for i, layout := range t.own {
		if r, ok := t.byLayout(s, layout); ok {
			t.uses[t.own[i]]++
			return r
		}
	}
	return t.guess(s)
}

// byLayout reads the text by a layout of the configuration.
func (t *timeReader) byLayout(s, layout string) (reading, bool) {
	switch layout {
	case layoutUnix, layoutUnixMS, layoutExcel:
		return t.number(s, layout)
	}
	if strings.Contains(layout, "PM") {
		s = strings.NewReplacer("上午", "AM", "下午", "PM", "a.m.", "AM", "p.m.", "PM", " am", " AM", " pm", " PM").Replace(s)
	}
	s = squeeze(s)
	const sentinel = "satisflow" // the zone of a text that names none
	none := time.FixedZone(sentinel, 0)
	at, err := time.ParseInLocation(layout, s, none)
	if err != nil {
		return reading{}, false
	}
	switch name, _ := at.Zone(); {
	case name == sentinel:
		return t.local(at, s), true
	case strings.Contains(layout, "MST") && !strings.HasPrefix(name, "UTC") && !strings.HasPrefix(name, "GMT"):
		return t.abbreviated(at, name, s), true
	}
	return reading{text: at.UTC().Format(time.RFC3339Nano)}, true
}

// number reads a time that is a number.
func (t *timeReader) number(s, layout string) (reading, bool) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || math.Abs(n) > 1e14 {
		return reading{}, false
	}
	switch layout {
	case layoutUnix:
		n *= 1000
	case layoutExcel:
		const day = 24 * 60 * 60 * 1000
		at := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).Add(time.Duration(math.Round(n*day)) * time.Millisecond)
		if n < 1 || n > 2_958_465 { // the year 9999
			return reading{}, false
		}
		return t.local(at, s), true
	}
	return reading{text: time.UnixMilli(int64(math.Round(n))).UTC().Format(time.RFC3339Nano)}, true
}

var (
	offset      = regexp.MustCompile(`^(.*:.*?) ?(?:(Z|UTC|GMT)|(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?)$`)
	zoneName    = regexp.MustCompile(`^(.*:.*?) ([A-Z]{2,5})$`)
	parentheses = regexp.MustCompile(` ?\([^)]*\)$`)
	halfBefore  = regexp.MustCompile(`^(.*?) ?(上午|下午|凌晨|早上|中午|晚上) ?(\d{1,2}:.*)$`)
	halfBehind  = regexp.MustCompile(`(?i)^(.*\d) ?([ap])\.?m\.?$`)
	slashes     = regexp.MustCompile(`^\d{1,2}[/-]\d{1,2}[/-]\d{2,4}( |$)`)
	digits      = regexp.MustCompile(`^\d+(\.\d+)?$`)
)

// guess reads the forms that can mean one thing only.
func (t *timeReader) guess(s string) reading {
	body := squeeze(strings.Map(plainBlank, s))
	body = parentheses.ReplaceAllString(body, "")
	var zone *time.Location
	if m := offset.FindStringSubmatch(body); m != nil && !strings.Contains(m[5], ":") {
		body, zone = m[1], zoneOf(m)
	}
	name := ""
	if m := zoneName.FindStringSubmatch(body); m != nil && zone == nil && m[2] != "AM" && m[2] != "PM" {
		body, name = m[1], m[2]
	}
	body, half := halfOfDay(body)
	at, layout, ok := t.body(body)
	if ok {
		at, ok = half.apply(at)
	}
	if !ok {
		return reading{text: s, hint: t.hint(s)}
	}
	t.uses[layout]++
	switch {
	case zone != nil:
		at = time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), zone)
		return reading{text: at.UTC().Format(time.RFC3339Nano)}
	case name != "":
		return t.abbreviated(at, name, s)
	}
	return t.local(at, s)
}

// plainBlank makes one of the blanks that tools put before AM and PM.
func plainBlank(r rune) rune {
	switch r {
	case '\u00a0', '\u202f', '\u2009', '\u3000':
		return ' '
	}
	return r
}

// zoneOf returns the zone of a match of offset.
func zoneOf(m []string) *time.Location {
	if m[3] == "" {
		return time.UTC
	}
	hours, _ := strconv.Atoi(m[4])
	minutes, _ := strconv.Atoi(m[5])
	seconds := hours*3600 + minutes*60
	if m[3] == "-" {
		seconds = -seconds
	}
	return time.FixedZone("", seconds)
}

// body parses a time without zone.
func (t *timeReader) body(s string) (at time.Time, layout string, ok bool) {
	for i, layout := range t.bodies {
		at, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if i > 0 {
			t.bodies[0], t.bodies[i] = t.bodies[i], t.bodies[0]
		}
		return at, layout, true
	}
	return time.Time{}, "", false
}

// half is a half of the day that a time is said with, or nothing.
type half string

const (
	morning half = "AM"
	later   half = "PM"
	noon    half = "noon" // 中午: 11, 12, 1
)

// halfOfDay takes the word for the half of the day out of the text.
func halfOfDay(s string) (string, half) {
	if m := halfBehind.FindStringSubmatch(s); m != nil {
		return m[1], half(strings.ToUpper(m[2]) + "M")
	}
	m := halfBefore.FindStringSubmatch(s)
	if m == nil {
		return s, ""
	}
	which := later
	switch m[2] {
	case "上午", "凌晨", "早上":
		which = morning
	case "中午":
		which = noon
	}
	return m[1] + " " + m[3], which
}

// apply moves a time on a clock of twelve hours to its half of the day.
func (h half) apply(at time.Time) (time.Time, bool) {
	const twelve = 12
	hour := at.Hour()
	switch {
	case h == "":
		return at, true
	case hour > twelve: // 下午 15:05 has the word for nothing
		return at, h != morning
	case h == noon && hour >= 11:
		return at, true
	case h == morning:
		return at.Add(time.Duration(hour%twelve-hour) * time.Hour), true
	}
	return at.Add(time.Duration(hour%twelve+twelve-hour) * time.Hour), true
}

// local returns the time that clocks of the reader's zone showed. Where they were set back the first of two times counts; one
// that they jumped over is read as if they had not been set yet.
func (t *timeReader) local(at time.Time, s string) reading {
	if t.zone == nil {
		return reading{text: s, hint: "--time-zone says which zone times without one are of"}
	}
	const day = 24 * time.Hour
	utc := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC)
	first, second := utc.Add(-t.offset(utc.Add(-day))), utc.Add(-t.offset(utc.Add(day)))
	right := func(c time.Time) bool { return c.Add(t.offset(c)).Equal(utc) }
	out, note := first, ""
	switch {
	case first.Equal(second):
	case right(first) && right(second):
		note = timeOverlap
	case right(second):
		out = second
	case !right(first):
		note = timeGap
	}
	return reading{text: out.UTC().Format(time.RFC3339Nano), note: note}
}

// offset returns how far the zone's clocks are before UTC at the time.
func (t *timeReader) offset(at time.Time) time.Duration {
	_, seconds := at.In(t.zone).Zone()
	return time.Duration(seconds) * time.Second
}

// abbreviated returns the time in the reader's zone if that has the abbreviation then: CST is Chicago's and Shanghai's.
func (t *timeReader) abbreviated(at time.Time, name, s string) reading {
	if t.zone != nil {
		r := t.local(at, s)
		parsed, err := time.Parse(time.RFC3339Nano, r.text)
		if err == nil && parsed.In(t.zone).Format("MST") == name {
			return r
		}
	}
	return reading{text: s, hint: name + " can mean several zones: --time-zone with the one that is meant, such as Asia/Shanghai"}
}

// hint says which option reads the text, as far as that can be told.
func (t *timeReader) hint(s string) string {
	s = strings.TrimSpace(s)
	switch n, _ := strconv.ParseFloat(s, 64); {
	case slashes.MatchString(s):
		return "--time-layout says which number is the month: '%m/%d/%Y %I:%M %p' and '%d/%m/%Y %H:%M' are examples"
	case !digits.MatchString(s):
		return "--time-layout names another form, as Go or strptime do: '%Y-%m-%d %H:%M:%S'"
	case n >= 1e11:
		return "--time-layout " + layoutUnixMS + " reads milliseconds since 1970"
	case n >= 1e8:
		return "--time-layout " + layoutUnix + " reads seconds since 1970"
	case n >= 20_000 && n < 80_000:
		return "--time-layout " + layoutExcel + " reads the day numbers of a spreadsheet"
	}
	return ""
}
