package importer

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// table draws rows that often repeat each other, with values that are hard on CSV.
func table(t *rapid.T) [][]string {
	value := rapid.SampledFrom([]string{"", "a", "b", "a b", `"`, `""`, "x,y", "two\nlines", "满意", "=1", "a=1;b"})
	row := rapid.Custom(func(t *rapid.T) []string {
		return []string{
			rapid.SampledFrom([]string{"c1", "c2", "17"}).Draw(t, "customer"), rapid.SampledFrom([]string{"s", "s,2"}).Draw(t, "service"),
			rapid.SampledFrom([]string{"1", "4.5", "9"}).Draw(t, "rating"), value.Draw(t, "comment"), value.Draw(t, "product"),
			fmt.Sprint(rapid.IntRange(0, 1e6).Draw(t, "left over")),
		}
	})
	return rapid.SliceOfN(row, 1, 60).Draw(t, "rows")
}

func written(t *rapid.T, rows [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(append([][]string{{"customer_id", "service", "rating", "comment", "product_id", "no"}}, rows...)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTheOrderOfRowsChangesNothing(t *testing.T) {
	cfg := Config{Spread: "-27d..0d", Scale: "1..5"}
	rapid.Check(t, func(rt *rapid.T) {
		rows := table(rt)
		first := run(t, cfg, "a.csv", written(rt, rows))
		other := run(t, cfg, "b.csv", written(rt, rapid.Permutation(rows).Draw(rt, "order")))
		if first.err != nil || other.err != nil {
			rt.Fatal(first.err, other.err)
		}
		if a, b := first.set(t), other.set(t); !maps.Equal(a, b) {
			rt.Fatalf("%v\n%v", a, b)
		}
		good := 0
		for _, r := range rows {
			if r[2] != "9" && !strings.Contains(r[4], "\n") {
				good++
			}
		}
		if first.Sent != int64(good) || first.Repeated != other.Repeated || first.Rejected != int64(len(rows)-good) {
			rt.Fatalf("%d good of %d: %+v", good, len(rows), first.Summary)
		}
	})
}

func TestRowsThatSayTheSameAreRatingsOfTheirOwn(t *testing.T) {
	row := "c1,s," + at + ",4\n"
	got := run(t, Config{}, "a.csv", []byte("customer_id,service,occurred_at,rating\n"+row+row+"c2,s,"+at+",4\n"+row))
	if len(got.set(t)) != 4 || got.Repeated != 2 {
		t.Errorf("%+v", got.Summary)
	}
	once := run(t, Config{}, "a.csv", []byte("rating,occurred_at,more,customer_id,service\n4,"+at+",,c1,s\n"))
	for id, value := range once.set(t) {
		if got.set(t)[id] != value {
			t.Errorf("%s is not among those of the other file", value)
		}
	}
}

func TestIdentitiesStayWhatTheyAre(t *testing.T) {
	// printf '\x0bcustomer_id\x02c1\x0boccurred_at\x142026-02-20T08:00:00Z\x06rating\x014\x07service\x01s' | sha256sum, then that and \x00, or \x01
	want := []string{"imp-2f523b24a3daae68d1fef376c6b75d94", "imp-ee5bedbc09a05636d4a7a73667c09534"}
	row := "c1,s," + at + ",4\n"
	got := run(t, Config{}, "a.csv", []byte("customer_id,service,occurred_at,rating\n"+row+row))
	if ids := slices.Sorted(maps.Keys(got.set(t))); !slices.Equal(ids, want) {
		t.Errorf("got %q, want %q", ids, want)
	}
}

func TestSpreadTimesDependOnIdAndSpanAlone(t *testing.T) {
	span, err := ParseSpan("2026-02-01..2026-03-01", now)
	if err != nil {
		t.Fatal(err)
	}
	const ratings, days = 28_000, 28
	var perDay [days]int
	for i := range ratings {
		ms := span.at(fmt.Sprint("r-", i))
		if ms < span.From.UnixMilli() || ms >= span.To.UnixMilli() || ms != span.at(fmt.Sprint("r-", i)) {
			t.Fatalf("r-%d: %d", i, ms)
		}
		perDay[(ms-span.From.UnixMilli())/86_400_000]++
	}
	for day, n := range perDay {
		if deviation := math.Abs(float64(n) - ratings/days); deviation > 6*math.Sqrt(ratings/days) {
			t.Errorf("day %d has %d of %d ratings", day, n, ratings)
		}
	}
}

func TestASpanIsReadAsItWasMeant(t *testing.T) {
	for text, want := range map[string]string{
		"-27d..0d":                       "2026-02-02T00:00:00Z..2026-03-01T00:00:00Z",
		"-27d..now":                      "2026-02-02T00:00:00Z..2026-03-01T09:30:00Z",
		"-6h..0h":                        "2026-03-01T03:00:00Z..2026-03-01T09:00:00Z",
		"2026-02-01..2026-02-02":         "2026-02-01T00:00:00Z..2026-02-02T00:00:00Z",
		"2026-02-01T08:00:00+08:00..-1d": "2026-02-01T00:00:00Z..2026-02-28T00:00:00Z",
		"2026-02-02..2026-02-01":         "want FROM before TO",
		"0d..0d":                         "want FROM before TO",
		"-27d":                           "want FROM..TO",
		"..now":                          `"": want a date`,
		"-27w..now":                      `"-27w": want a date`,
	} {
		span, err := ParseSpan(text, now)
		got := span.String()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
			continue
		}
		if again, err := ParseSpan(span.String(), now.Add(50*time.Hour)); !strings.Contains(want, "want") && (err != nil || again != span) {
			t.Errorf("%s is read as %s, %v", span, again, err)
		}
	}
}

func TestAllDayASpanInDaysIsTheSame(t *testing.T) {
	early, _ := ParseSpan("-27d..0d", now.Truncate(24*time.Hour))
	late, _ := ParseSpan("-27d..0d", now.Truncate(24*time.Hour).Add(24*time.Hour-1))
	if early != late {
		t.Errorf("%s and %s", early, late)
	}
}
