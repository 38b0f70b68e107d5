package importer

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// rating is a row as its columns: numbers, texts, or nothing.
type rating map[string]any

// sparse draws ratings of which each has some of the columns only, the rare ones only after all that is read ahead.
func sparse(r *rand.Rand, count int) (rows []rating) {
	for i := range count {
		row := rating{"customer_id": fmt.Sprint("c", r.IntN(50)), "service": "s", "occurred_at": at, "rating": 1 + r.IntN(5), "no": i}
		for column, value := range map[string]any{"comment": "fine, " + fmt.Sprint(i), "product_id": "p1", "quality.accuracy": 0.5, "revision": i % 3,
			"rating_id": fmt.Sprint("r-", i), "answers.recommend": 9, "left over": "x"} {
			if rare := i > sampleRows && r.IntN(2) == 0; rare || r.IntN(100) == 0 {
				row[column] = value
			}
		}
		if i > sampleRows && r.IntN(20) == 0 {
			row["op"], row["rating_id"] = "erase", fmt.Sprint("r-", i)
		}
		rows = append(rows, row)
	}
	return rows
}

// nested returns the row as an object, with members of inner objects where columns have dots.
func (r rating) nested() map[string]any {
	out := map[string]any{}
	for name, value := range r {
		group, member, inner := strings.Cut(name, ".")
		if !inner {
			out[name] = value
			continue
		}
		if out[group] == nil {
			out[group] = map[string]any{}
		}
		out[group].(map[string]any)[member] = value
	}
	return out
}

// object writes the row with its members in any order.
func (r rating) object(random *rand.Rand) string {
	members, nested := []string(nil), r.nested()
	for name := range nested {
		value, _ := json.Marshal(nested[name])
		members = append(members, fmt.Sprintf("%q: %s", name, value))
	}
	random.Shuffle(len(members), func(i, k int) { members[i], members[k] = members[k], members[i] })
	return "{" + strings.Join(members, ", ") + "}"
}

// written are ways to write rows.
var forms = map[string]func(*rand.Rand, []rating) (name string, content []byte){
	"NDJSON": func(random *rand.Rand, rows []rating) (string, []byte) {
		var b bytes.Buffer
		for _, r := range rows {
			fmt.Fprintln(&b, r.object(random))
		}
		return "a.ndjson", b.Bytes()
	},
	"arrays": func(random *rand.Rand, rows []rating) (string, []byte) {
		var b bytes.Buffer
		for part := range slices.Chunk(rows, 1+random.IntN(len(rows))) {
			objects := []string{}
			for _, r := range part {
				objects = append(objects, r.object(random))
			}
			b.WriteString("[" + strings.Join(objects, ",\n") + "]\n")
		}
		return "a.json", b.Bytes()
	},
	"a page": func(random *rand.Rand, rows []rating) (string, []byte) {
		objects := []string{}
		for _, r := range rows {
			objects = append(objects, r.object(random))
		}
		return "a.json", []byte(`{"count": 1, "data": {"ratings": [` + strings.Join(objects, ",") + `], "next": null}}`)
	},
	"CSV": func(random *rand.Rand, rows []rating) (string, []byte) {
		columns := map[string]bool{}
		for _, r := range rows {
			for c := range r {
				columns[c] = true
			}
		}
		header := slices.Sorted(maps.Keys(columns))
		random.Shuffle(len(header), func(i, k int) { header[i], header[k] = header[k], header[i] })
		table := [][]string{header}
		for _, r := range rows {
			cells := []string{}
			for _, c := range header {
				if r[c] == nil {
					cells = append(cells, "")
				} else {
					cells = append(cells, fmt.Sprint(r[c]))
				}
			}
			table = append(table, cells)
		}
		var b bytes.Buffer
		_ = csv.NewWriter(&b).WriteAll(table)
		return "a.csv", b.Bytes()
	},
}

func TestTheEventsDependOnTheRowsAndNotOnHowTheyAreWritten(t *testing.T) {
	const rounds = 3
	random := rand.New(rand.NewPCG(1, 2))
	for range rounds {
		rows := sparse(random, sampleRows+300)
		var want map[string]string
		for form, write := range forms {
			shuffled := slices.Clone(rows)
			random.Shuffle(len(rows), func(i, k int) { shuffled[i], shuffled[k] = shuffled[k], shuffled[i] })
			got := map[string]string{}
			for part := range slices.Chunk(shuffled, 1+random.IntN(len(rows))) {
				name, content := write(random, part)
				out := run(t, Config{}, name, content)
				if out.err != nil || !out.Complete || out.Sent != int64(len(part)) {
					t.Fatalf("%s: %v %+v", form, out.err, out.Summary)
				}
				if slices.Contains(out.Unused, "comment") || !slices.Contains(out.Unused, "no") {
					t.Fatalf("%s: unused %q", form, out.Unused)
				}
				maps.Copy(got, out.set(t))
			}
			if want == nil {
				want = got
			}
			if !maps.Equal(got, want) {
				t.Fatalf("%s: %d events differ from those of another form", form, differences(got, want))
			}
		}
		if len(want) != len(rows) {
			t.Fatalf("%d events of %d rows", len(want), len(rows))
		}
	}
}

func differences(a, b map[string]string) (n int) {
	for id, value := range a {
		if b[id] != value {
			n++
		}
	}
	return n
}

func TestColumnsThatComeLateAreNotLost(t *testing.T) {
	var head strings.Builder
	for i := range sampleRows + 10 {
		fmt.Fprintf(&head, `{"rating_id":"r%d","occurred_at":%q,"customer_id":"c","service":"s","rating":4}`+"\n", i, at)
	}
	late := `{"rating_id":"r5","occurred_at":"` + at + `","customer_id":"c","service":"s","rating":1,"revision":1,"comment":"bad"}` + "\n" +
		`{"rating_id":"r6","occurred_at":"` + at + `","customer_id":"c","op":"erase"}` + "\n" +
		`{"occurred_at":"` + at + `","customer_id":"c","service":"s","rating":2}` + "\n"
	got := run(t, Config{}, "a.ndjson", []byte(head.String()+late))
	if got.err != nil || got.Sent != sampleRows+13 || got.Rejected+got.Duplicates != 0 || len(got.Unused) != 0 {
		t.Fatalf("%v %+v", got.err, got.Summary)
	}
	values := got.values()[sampleRows+10:]
	for i, want := range []string{`"revision":1,`, `"op":"erase"`, `"rating_id":"imp-`} {
		if !strings.Contains(values[i], want) {
			t.Errorf("%s: want %s", values[i], want)
		}
	}
	// a mapped column that only a late row has: a file is looked through, a stream taken at its word
	mapped := Config{Map: []string{"comment=words"}}
	more := head.String() + `{"rating_id":"w","occurred_at":"` + at + `","customer_id":"c","service":"s","words":"late"}` + "\n"
	for name, got := range map[string]outcome{"file": run(t, mapped, "a.ndjson", []byte(more)), "stream": stream(t, mapped, more)} {
		if values := got.values(); got.err != nil || len(values) != sampleRows+11 || !strings.Contains(values[sampleRows+10], `"comment":"late"`) {
			t.Errorf("%s: %v %+v", name, got.err, got.Summary)
		}
	}
	if got := run(t, Config{Map: []string{"comment=word"}}, "a.ndjson", []byte(more)); got.err == nil || got.Sent != 0 || !strings.Contains(got.err.Error(), `no column "word"`) {
		t.Errorf("a file without the column: %v %+v", got.err, got.Summary)
	}
	if got := stream(t, Config{Map: []string{"comment=word"}}, more); got.err != nil || len(got.Warnings) != 1 || got.Warnings[0].Name != noteColumns || !strings.Contains(got.Warnings[0].Text, "word") {
		t.Errorf("a stream without the column: %v %+v", got.err, got.Warnings)
	}
}

func TestAnIdThatIsMadeDoesNotDependOnTheMapping(t *testing.T) {
	file := []byte("who,score,second score,words,occurred_at,service\nc1,1,5,fine," + at + ",s\nc1,1,5,fine," + at + ",s\nc2,3,4,," + at + ",s\n")
	wrong := run(t, Config{Map: []string{"customer_id=who", "rating=score"}}, "a.csv", file)
	right := run(t, Config{Map: []string{"customer_id=who", "rating=second score", "comment=words", "service==other"}, Values: []string{"rating:5=4.5"}}, "a.csv", file)
	if wrong.err != nil || right.err != nil || wrong.Sent != 3 {
		t.Fatal(wrong.err, right.err)
	}
	before, after := wrong.set(t), right.set(t)
	if !slices.Equal(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after))) || differences(before, after) != 3 {
		t.Errorf("imported with a wrong mapping\n%v\nand again with another\n%v", before, after)
	}
}

func TestAnIdCanBeMadeOfSomeColumns(t *testing.T) {
	header := "seen,no,customer_id,service,occurred_at,rating\n"
	cfg := Config{IDColumns: []string{"no", "occurred_at"}}
	first := run(t, cfg, "a.csv", []byte(header+"1,7,c1,s,"+at+",4\n"))
	again := run(t, cfg, "a.csv", []byte(header+"2,8,c1,s,"+at+",4\n9,7,c1,s,"+at+",4\n"))
	if first.Sent != 1 || again.Sent != 2 || differences(first.set(t), again.set(t)) != 0 {
		t.Errorf("%v\n%v", first.set(t), again.set(t))
	}
	if got := run(t, cfg, "a.csv", []byte(header+"1,7,c1,s,"+at+",4\n1,7,c1,s,"+at+",5\n1,7,c1,s,"+at+",4\n")); got.Sent != 1 || got.Reasons[duplicateID] != 1 || got.Duplicates != 1 {
		t.Errorf("rows of one id and other content: %+v", got.Summary)
	}
	if got := run(t, Config{IDColumns: []string{"nr"}}, "a.csv", []byte(header+"1,7,c1,s,"+at+",4\n")); got.err == nil && got.Sent != 0 {
		t.Errorf("a column that is not there: %v %+v", got.err, got.Summary)
	}
}

func TestNoIdIsMadeWhereARowShouldHaveItsOwn(t *testing.T) {
	file := []byte("no,op,customer_id,service,occurred_at,rating\n1,,c,s," + at + ",4\n,,c,s," + at + ",5\n")
	if got := run(t, Config{Map: []string{"rating_id=r-{no}"}}, "a.csv", file); got.Sent != 1 || got.Reasons["bad_field:rating_id"] != 1 {
		t.Errorf("a mapped id that is missing: %+v", got.Summary)
	}
	erase := []byte("op,customer_id,service,occurred_at,rating\nerase,c,s," + at + ",4\n,c,s," + at + ",5\n")
	if got := run(t, Config{}, "a.csv", erase); got.Sent != 1 || got.Reasons["bad_field:rating_id"] != 1 {
		t.Errorf("an erasure of no rating: %+v", got.Summary)
	}
}
