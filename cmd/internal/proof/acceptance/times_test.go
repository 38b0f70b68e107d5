package acceptance

import "time"

// daysAgo is a time so many days ago, as events have it.
func daysAgo(n int) string { return time.Now().UTC().AddDate(0, 0, -n).Format(time.RFC3339) }
