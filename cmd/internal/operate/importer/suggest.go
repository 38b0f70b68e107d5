package importer

import (
	"fmt"
	"strings"
)

// suggest returns a question with the name that was probably meant, or nothing.
func suggest(word string, names []string) string {
	best, least := "", 2+len([]rune(word))/3
	for _, n := range names {
		if d := distance([]rune(strings.ToLower(word)), []rune(strings.ToLower(n))); d < least {
			best, least = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// distance is the Levenshtein distance.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
