package source

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxPartition bounds ParsePartitions, so that a slip such as 0-1000000000 is an error.
const maxPartition = 99_999

// ParsePartitions reads partition numbers and ranges, such as "0-3" or "0,2,5-7"; both
// ends of a range belong to it. The result is sorted; a number may come only once.
func ParsePartitions(text string) ([]int32, error) {
	var out []int32
	for part := range strings.SplitSeq(text, ",") {
		first, last, err := parseRange(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("partitions %q: %w", text, err)
		}
		for p := first; p <= last; p++ {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	for i := 1; i < len(out); i++ {
		if out[i] == out[i-1] {
			return nil, fmt.Errorf("partitions %q: %d comes twice", text, out[i])
		}
	}
	return out, nil
}

func parseRange(text string) (first, last int32, err error) {
	low, high, isRange := strings.Cut(text, "-")
	if first, err = parsePartition(low); err != nil || !isRange {
		return first, first, err
	}
	if last, err = parsePartition(high); err != nil {
		return 0, 0, err
	}
	if last < first {
		return 0, 0, fmt.Errorf("the range %q runs backwards: want %d-%d", text, last, first)
	}
	return first, last, nil
}

func parsePartition(text string) (int32, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31)
	if err != nil || n > maxPartition {
		return 0, fmt.Errorf("%q is no partition: want a number from 0 to %d, or a range such as 0-3", text, maxPartition)
	}
	return int32(n), nil
}
