package clickhouse

import (
	"fmt"
	"testing"
	"time"

	"satisflow/pipeline/alert"
	"satisflow/sinks/sinktest"
)

// BenchmarkAlerts measures what the watch for alerts reads, with four weeks of facts stored as live: 560,000 of 20,000
// customers, and 5 million of 100,000.
//
//	go test ./sinks/clickhouse -run xxx -bench Alerts -benchtime 10x
func BenchmarkAlerts(b *testing.B) {
	for _, size := range []struct{ facts, customers int }{{560_000, 20_000}, {5_000_000, 100_000}} {
		b.Run(fmt.Sprint(size.facts), func(b *testing.B) { benchmarkAlerts(b, size.facts, size.customers) })
	}
}

func benchmarkAlerts(b *testing.B, facts, customers int) {
	conn, def, now := migrated(b), sinktest.Definition(), time.Now()
	if _, err := EnsureEpoch(b.Context(), conn, &def, now); err != nil {
		b.Fatal(err)
	}
	const days = 28
	for day := range days { // oldest first, a part each
		exec(b, conn, fmt.Sprintf(`INSERT INTO enterprise_customer_satisfaction
(epoch, partition, pane, rating_id, version, offset, record_timestamp, occurred_at, customer_id, service, product_id, channel, segment, rating_hundredths, comment, inserted_at)
SELECT 1, customer %% 4, toDateTime(intDiv(ms, 300000) * 300, 'UTC'), lower(hex(sipHash64(n))), n + 1, n, at, at, concat('c-', toString(customer)),
  ['data_analysis', 'legal_consulting', 'document_review'][n %% 3 + 1], concat('p', toString(n %% 20)), 'web', 'smb', 100 + 50 * (sipHash64(n, 1) %% 9), 'as expected', at
FROM
(
    SELECT number + %[1]d AS n, %[2]d - intDiv((%[3]d - n) * %[4]d, %[3]d) AS ms, fromUnixTimestamp64Milli(toInt64(ms), 'UTC') AS at, cityHash64(n) %% %[5]d AS customer
    FROM numbers(%[6]d)
)`, day*facts/days, now.UnixMilli(), facts, days*24*time.Hour.Milliseconds(), customers, facts/days))
	}
	s := NewAlerts(conn)
	e, err := EpochNumber(b.Context(), conn, 1)
	if err != nil {
		b.Fatal(err)
	}
	names := make([]string, 12)
	for i := range names {
		names[i] = fmt.Sprint("c-", i*customers/20)
	}
	look := func(b *testing.B, last int) {
		from := alert.Seen{Next: make([]int64, 4)}
		for p := range from.Next {
			from.Next[p] = int64(facts - last)
		}
		to := alert.Seen{Next: []int64{int64(facts), int64(facts), int64(facts), int64(facts)}}
		for b.Loop() {
			all, err := s.Stored(b.Context(), &e, Look{From: from, To: to, Arrived: now.Add(-time.Hour), Rated: now.Add(-57 * 24 * time.Hour)})
			if err != nil || len(all) == 0 {
				b.Fatal(len(all), err)
			}
			b.ReportMetric(float64(len(all)), "found")
		}
	}
	b.Run("Stored/100", func(b *testing.B) { look(b, 100) })
	b.Run("Stored/1000", func(b *testing.B) { look(b, 1000) })
	b.Run("Ratings/12", func(b *testing.B) {
		for b.Loop() {
			all, err := s.Ratings(b.Context(), &e, names, now.AddDate(0, 0, -2*days), now)
			if err != nil || len(all) != len(names) {
				b.Fatal(len(all), err)
			}
		}
	})
	b.Run("FreshGroup/7d", func(b *testing.B) {
		const week = 7 * 24 * time.Hour
		for b.Loop() {
			g, err := s.FreshGroup(b.Context(), &e, alert.Subject{Dimension: "service", Value: "data_analysis"}, now.Truncate(6*time.Hour), week, 24*time.Hour)
			if err != nil || g.Ratings == 0 || g.BeforeRatings == 0 {
				b.Fatal(g, err)
			}
		}
	})
}
