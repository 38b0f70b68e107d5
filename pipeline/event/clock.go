package event

import "time"

// years that occurred_at may lie in, as written: panes and the ends of windows are Unix seconds of 32 bits, which end in 2106.
const firstYear, lastYear = 2000, 2099

var daysBefore = [13]int{0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334}

// parseTime reads an RFC 3339 time with a zone and at most nine digits of a fraction, which is cut off to milliseconds.
// It returns Unix milliseconds. A leap second is no time here, as it is none in Unix time.
func parseTime(s string) (int64, bool) {
	if len(s) < len("2006-01-02T15:04:05Z") || s[4] != '-' || s[7] != '-' || s[10]|0x20 != 't' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	year := two(s, 0)*100 + two(s, 2)
	month, day := two(s, 5), two(s, 8)
	hour, minute, second := two(s, 11), two(s, 14), two(s, 17)
	if year < firstYear || year > lastYear || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return 0, false
	}
	ms, rest, ok := parseFraction(s[19:])
	if !ok {
		return 0, false
	}
	offset, ok := parseOffset(rest)
	if !ok {
		return 0, false
	}
	seconds := ((daysSince1970(year, month, day)*24+hour)*60+minute-offset)*60 + second
	return int64(seconds)*1000 + int64(ms), true
}

// two reads two digits; the result is far below zero if they are none.
func two(s string, i int) int {
	if a, b := s[i]-'0', s[i+1]-'0'; a <= 9 && b <= 9 {
		return int(a)*10 + int(b)
	}
	return -1 << 20
}

func parseFraction(s string) (ms int, rest string, ok bool) {
	if s[0] != '.' {
		return 0, s, true
	}
	i, unit := 1, 100
	for ; i < len(s) && digit(s[i]); i++ {
		ms += int(s[i]-'0') * unit
		unit /= 10
	}
	return ms, s[i:], i > 1 && i <= 10
}

// parseOffset reads Z or ±hh:mm and returns minutes east of UTC.
func parseOffset(s string) (int, bool) {
	if len(s) == 1 && s[0]|0x20 == 'z' {
		return 0, true
	}
	if len(s) != len("+08:00") || s[3] != ':' || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	hours, minutes := two(s, 1), two(s, 4)
	if hours < 0 || hours > 23 || minutes < 0 || minutes > 59 {
		return 0, false
	}
	if s[0] == '-' {
		return -hours*60 - minutes, true
	}
	return hours*60 + minutes, true
}

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysIn(year, month int) int {
	switch month {
	case 2:
		if leap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func daysSince1970(year, month, day int) int {
	y := year - 1
	days := y*365 + y/4 - y/100 + y/400 - 719162 + daysBefore[month] + day - 1
	if month > 2 && leap(year) {
		days++
	}
	return days
}

// appendTime appends Unix milliseconds as an RFC 3339 time in UTC.
func appendTime(dst []byte, ms int64) []byte {
	return time.UnixMilli(ms).UTC().AppendFormat(dst, "2006-01-02T15:04:05.999Z")
}
