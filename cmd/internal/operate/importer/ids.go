package importer

import (
	"regexp"
	"strings"

	"satisflow/pipeline/event"
)

// IDs of Config: how ids are taken.
const (
	idsText  = "text"  // as they stand, also 4.6E+17
	idsClean = "clean" // without invisible characters, full-width letters and digits as plain ones, composed
)

// rounded is what spreadsheets make of an id of many digits.
var rounded = regexp.MustCompile(`^\d(\.\d+)?E\+\d{1,3}$`)

// idField says whether the field holds an id of somebody's.
func idField(name string) bool {
	switch name {
	case "rating_id", "customer_id", "product_id", "survey_id", "invitation_id":
		return true
	}
	return false
}

// readID returns the id as it is to be sent, or what is wrong with it.
func readID(name, s, ids string) (string, *problem) {
	if ids == idsClean && name == "customer_id" {
		s = event.CleanID(s)
	}
	switch {
	case ids != idsText && rounded.MatchString(s):
		return s, &problem{Field: name, Value: s, Want: "an id whose digits are all there: a spreadsheet rounded this one; export it again with the column as text, or --ids text if that is the id"}
	case name != "customer_id":
	default:
		if found := event.LookAlike(s); found != "" {
			return s, &problem{Field: name, Value: s, Found: found, Want: "an id without look-alikes: --ids clean takes them out"}
		}
	}
	return s, nil
}

// zerosAtTheEnd says whether the id has more digits than a spreadsheet keeps, and zeros in their place.
func zerosAtTheEnd(s string) bool {
	const kept = 15
	return len(s) > kept+1 && strings.Trim(s, "0123456789") == "" && strings.Trim(s[kept:], "0") == ""
}
