package importer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"satisflow/pipeline/admit"
	"satisflow/pipeline/event"
	"satisflow/pipeline/source"
)

func TestMain(m *testing.M) {
	// the test kit waits for the supervisor that it leaves behind
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("satisflow/deploy/testkit.spawnSupervisor.func1"))
}

var now = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

// sent keeps the messages and refuses those that it is told to.
type sent struct {
	messages []source.Message
	refuse   func(source.Message) error
}

func (s *sent) Send(_ context.Context, messages []source.Message) (refused map[int]error, err error) {
	for i, m := range messages {
		if s.refuse != nil && s.refuse(m) != nil {
			if refused == nil {
				refused = map[int]error{}
			}
			refused[i] = s.refuse(m)
			continue
		}
		s.messages = append(s.messages, m)
	}
	return refused, nil
}

// outcome is what an import did.
type outcome struct {
	Summary
	err      error
	messages []source.Message
	report   []Rejected
}

// values returns the messages' values in their order.
func (o outcome) values() (out []string) {
	for _, m := range o.messages {
		out = append(out, string(m.Value))
	}
	return out
}

// set returns the content by rating_id.
func (o outcome) set(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, m := range o.messages {
		var e struct {
			RatingID string `json:"rating_id"`
		}
		if err := json.Unmarshal(m.Value, &e); err != nil {
			t.Fatal(err)
		}
		if _, twice := out[e.RatingID]; twice {
			t.Fatalf("%s was sent twice", e.RatingID)
		}
		out[e.RatingID] = string(m.Value)
	}
	return out
}

func anyService() event.Config {
	c := event.DefaultConfig()
	c.Services = []string{"any"}
	return c
}

// run imports the content as a file of the name.
func run(t *testing.T, cfg Config, name string, content []byte, change ...func(*Importer)) outcome {
	t.Helper()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	out := &sent{}
	im := &Importer{Config: cfg, Event: anyService(), Admission: admit.DefaultConfig(), Sender: out,
		Report: filepath.Join(dir, "report"), Clock: func() time.Time { return now }}
	for _, f := range change {
		f(im)
	}
	in, err := Open(path, nil)
	if err != nil {
		return outcome{err: err}
	}
	defer in.Close()
	s, err := im.Run(t.Context(), in)
	return outcome{s, err, out.messages, readReport(t, im.Report)}
}

func readReport(t *testing.T, path string) (rows []Rejected) {
	t.Helper()
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for dec := json.NewDecoder(bytes.NewReader(content)); ; {
		var r Rejected
		err := dec.Decode(&r)
		if err == io.EOF {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
}

const at = `2026-02-20T08:00:00Z`

func TestARowBecomesTheEventThatItsColumnsSay(t *testing.T) {
	cfg := Config{
		Map: []string{"rating_id=r-{no}", "customer_id=Kunde", "service==legal_consulting", "channel={kind}/{sub?}", "comment={{{note}}}",
			"quality.accuracy=acc", "answers.recommend=nps", "occurred_at=at", "language="},
		Values: []string{"respondent:intern=staff", "respondent:*=customer", "segment:=unknown", "rating:满意=5"},
	}
	file := `no,Kunde,kind,sub,note,acc,nps,at,rating,respondent,segment,language,quarantined,left over` + "\n" +
		`1,c 1,mail,in,"said ""hi"", and left",0.95,9, 2026-02-20T08:00:00Z ,4.5,intern,big,??,TRUE,x` + "\n" +
		`2,2,web,,,,very,2026-02-20T08:00:00Z,满意,extern,,,,` + "\n"
	got := run(t, cfg, "a.csv", []byte(file))
	want := []string{
		`{"rating_id":"r-1","occurred_at":"2026-02-20T08:00:00Z","customer_id":"c 1","service":"legal_consulting","channel":"mail/in","segment":"big","rating":4.5,` +
			`"respondent":"staff","quality":{"accuracy":0.95},"answers":{"recommend":9},"comment":"{said \"hi\", and left}","quarantined":true}`,
		`{"rating_id":"r-2","occurred_at":"2026-02-20T08:00:00Z","customer_id":"2","service":"legal_consulting","channel":"web/","segment":"unknown","rating":5,` +
			`"respondent":"customer","answers":{"recommend":"very"}}`,
	}
	if got.err != nil || !slices.Equal(got.values(), want) {
		t.Errorf("%v %+v\ngot  %s\nwant %s", got.err, got.report, strings.Join(got.values(), "\n     "), strings.Join(want, "\n     "))
	}
	if string(got.messages[0].Key) != "c 1" || !got.messages[0].Time.Equal(now) {
		t.Errorf("key %s, time %s", got.messages[0].Key, got.messages[0].Time)
	}
	if want := []string{"language", "left over"}; !slices.Equal(got.Unused, want) {
		t.Errorf("unused %q, want %q", got.Unused, want)
	}
}

func TestAMappingThatCannotWorkIsRefusedBeforeAnythingIsSent(t *testing.T) {
	header, fits := "student,lecturer,rating,date,date\n", []string{"customer_id=student", "service==s"}
	for name, tc := range map[string]struct {
		cfg  Config
		want []string
	}{
		"a column that is not there":          {Config{Map: []string{"customer_id=studnet"}}, []string{`no column "studnet"`, `mean "student"`, "student, lecturer, rating"}},
		"a column of a template":              {Config{Map: []string{"customer_id=s-{studen}"}}, []string{`no column "studen"`, `mean "student"`}},
		"a field that is not there":           {Config{Map: []string{"custmer_id=student"}}, []string{`field "custmer_id"`, `mean "customer_id"`}},
		"a whole map":                         {Config{Map: []string{"quality=student"}}, []string{`field "quality"`, "quality.accuracy"}},
		"an attribute that is not declared":   {Config{Map: []string{"attributes.store=student"}}, []string{"no attributes are declared"}},
		"a metric that is not declared":       {Config{Map: []string{"quality.acuracy=student"}}, []string{`mean "accuracy"`}},
		"a field twice":                       {Config{Map: []string{"customer_id=student", "customer_id=lecturer"}}, []string{"mapped twice"}},
		"no equals sign":                      {Config{Map: []string{"customer_id"}}, []string{"want field=column"}},
		"an empty constant":                   {Config{Map: []string{"customer_id=="}}, []string{"empty"}},
		"an open brace":                       {Config{Map: []string{"customer_id={student"}}, []string{"doubled braces"}},
		"a lone closing brace":                {Config{Map: []string{"customer_id=student}"}}, []string{"doubled braces"}},
		"a column that is there twice":        {Config{Map: append(fits, "occurred_at=date")}, []string{`"date" is there twice`}},
		"no customer":                         {Config{}, []string{"nothing gives customer_id", "student, lecturer"}},
		"no time":                             {Config{Map: fits}, []string{"nothing gives occurred_at", "--spread"}},
		"no service":                          {Config{Map: fits[:1], Spread: "-3d..0d"}, []string{"nothing gives service"}},
		"no rating":                           {Config{Map: append(fits, "rating="), Spread: "-3d..0d"}, []string{"nothing gives rating or comment"}},
		"a value of a field without a column": {Config{Map: fits, Values: []string{"channel:1=a"}}, []string{`"channel" gets no column`}},
		"a value twice":                       {Config{Map: fits, Values: []string{"service:1=a", "service:1=b"}}, []string{"replaced twice"}},
		"a value without a field":             {Config{Map: fits, Values: []string{"1=a"}}, []string{"field:from=to"}},
		"a span that is none":                 {Config{Map: fits, Spread: "yesterday"}, []string{"FROM..TO"}},
		"a span that ends too late":           {Config{Map: fits, Spread: "-3d..1d"}, []string{"in the future"}},
		"a span that begins too early":        {Config{Map: fits, Spread: "-36d..0d"}, []string{"more than 35 days ago", "--history"}},
		"history that begins too early":       {Config{Map: fits, Spread: "2020-01-01..2020-01-02", History: true}, []string{"more than 775 days ago"}},
	} {
		got := run(t, tc.cfg, "a.csv", []byte(header+"1,2,3,4,5\n"))
		if !errors.Is(got.err, ErrUsage) || len(got.messages) > 0 {
			t.Errorf("%s: %v, %d sent", name, got.err, len(got.messages))
			continue
		}
		for _, want := range tc.want {
			if !strings.Contains(got.err.Error(), want) {
				t.Errorf("%s: %v: want %q in it", name, got.err, want)
			}
		}
	}
}

func TestConfigurationsThatCannotWorkAreRefused(t *testing.T) {
	for _, c := range []Config{{Format: "xls"}, {Encoding: "gb2312"}, {Limit: -1}, {TimeZone: "Mars/Olympus"}, {TimeZone: "Local"}} {
		if err := c.Validate(); !errors.Is(err, ErrUsage) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestRowsThatAreWrongAreReportedAndSpoilNoOthers(t *testing.T) {
	file := strings.Join([]string{
		"rating_id,customer_id,service,occurred_at,rating,comment,revision",
		"r1,c1,s," + at + ",4,,",
		"r2,c1,s," + at + ",6,,",                     // out of range
		"r3,c1,s,2026/02/20 08:00,4,,",               // no zone
		"r4,,s," + at + ",4,,",                       // no customer
		`r5,c1,s,` + at + `,4,"not closed,`,          // and what follows is a row
		"r6,c1,s," + at + ",4,,,too,many",            //
		"r7,c1,s,2026-03-01T10:00:00Z,4,,",           // in the future
		"r8,c1,s,2025-01-20T08:00:00Z,4,,",           // too old
		"r1,c1,s," + at + ",4,,",                     // again
		"r1,c1,s," + at + ",5,,",                     // another score
		"r1,c1,s," + at + ",5,,1",                    // a correction
		"r1,c2,s," + at + ",5,,2",                    // another customer
		"r 9,c1,s," + at + ",4.555,,",                // two fields
		"r11,c1,s," + at + `,4,"two` + "\nlines\",0", // fine
		"r12,c1,s," + at + ",4,",                     // fine: fewer values
	}, "\n")
	got := run(t, Config{}, "a.csv", []byte(file))
	if got.err != nil {
		t.Fatal(got.err)
	}
	type row struct {
		line   int
		reason string
		fields string
	}
	var rows []row
	for _, r := range got.report {
		fields := []string{}
		for _, p := range r.Problems {
			fields = append(fields, p.Field)
			if p.Want == "" || p.Value == "" && p.Found == "" {
				t.Errorf("line %d: problem %+v", r.Line, p)
			}
		}
		rows = append(rows, row{r.Line, r.Reason, strings.Join(fields, ",")})
	}
	want := []row{{3, "bad_field:rating", "rating"}, {4, "bad_field:occurred_at", "occurred_at"}, {5, "bad_field:customer_id", "customer_id"},
		{6, "bad_csv", ""}, {7, "bad_csv", ""}, {8, "in_future", "occurred_at"}, {9, "too_old", "occurred_at"},
		{11, "duplicate_id", "rating_id"}, {13, "identity_conflict", "rating_id"}, {14, "bad_field:rating_id", "rating_id,rating"}}
	if !slices.Equal(rows, want) {
		t.Errorf("got  %v\nwant %v", rows, want)
	}
	if got.Read != 15 || got.Sent != 4 || got.Rejected != 10 || got.Duplicates != 1 || got.Reasons["bad_csv"] != 2 || !got.Complete {
		t.Errorf("%+v", got.Summary)
	}
	if r := got.report[0]; r.Row != "r2,c1,s,"+at+",6,," || r.Problems[0].Value != "6" {
		t.Errorf("%+v", r)
	}
	if !strings.Contains(got.report[1].Problems[0].Want, "--time-zone") {
		t.Errorf("%+v", got.report[1])
	}
	if values := got.values(); !strings.Contains(values[2], `"comment":"two\nlines"`) {
		t.Errorf("%s", values[2])
	}
}

func TestWhatKafkaRefusesIsReported(t *testing.T) {
	file := "customer_id,service,occurred_at,rating\nc1,s," + at + ",4\nc2,s," + at + ",4\n"
	got := run(t, Config{}, "a.csv", []byte(file), func(im *Importer) {
		im.Sender.(*sent).refuse = func(m source.Message) error {
			if string(m.Key) == "c2" {
				return fmt.Errorf("it is: %w", source.ErrTooLarge)
			}
			return nil
		}
	})
	if got.err != nil || got.Sent != 1 || got.Reasons["too_large"] != 1 || got.report[0].Line != 3 || !strings.HasPrefix(got.report[0].Row, "c2,") {
		t.Errorf("%v %+v %+v", got.err, got.Summary, got.report)
	}
}

func TestADryRunSendsNothingAndSaysTheSame(t *testing.T) {
	file := []byte("customer_id,service,occurred_at,rating\nc1,s," + at + ",4\nc2,s," + at + ",9\n")
	real := run(t, Config{}, "a.csv", file)
	dry := run(t, Config{}, "a.csv", file, func(im *Importer) { im.Sender = nil })
	if dry.err != nil || dry.Sent != real.Sent || dry.Rejected != 1 || len(dry.messages) != 0 || len(dry.report) != 1 || !dry.DryRun {
		t.Errorf("%v %+v", dry.err, dry.Summary)
	}
}

func TestHistoryIsMarkedAndLimitsHold(t *testing.T) {
	file := []byte("customer_id,service,occurred_at,rating\nc1,s,2025-03-01T00:00:00Z,4\nc2,s,2025-03-01T00:00:00Z,9\nc3,s," + at + ",4\n")
	got := run(t, Config{History: true, Limit: 2}, "a.csv", file)
	if got.err != nil || got.Read != 2 || got.Sent != 1 || got.Rejected != 1 || !got.Complete {
		t.Errorf("%v %+v", got.err, got.Summary)
	}
	if h := got.messages[0].Headers; len(h) != 1 || h[0].Key != "satisflow-history" || string(h[0].Value) != "1" {
		t.Errorf("headers %v", h)
	}
}

func TestAnEndedContextStopsBetweenBatches(t *testing.T) {
	var file bytes.Buffer
	file.WriteString("customer_id,service,occurred_at,rating\n")
	for i := range 10 * batchRows {
		fmt.Fprintf(&file, "c%d,s,%s,4\n", i, at)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out := &sent{refuse: func(source.Message) error { cancel(); return nil }}
	im := &Importer{Event: anyService(), Admission: admit.DefaultConfig(), Sender: out, Clock: func() time.Time { return now }}
	in, err := Open("-", &file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := im.Run(ctx, in)
	if !errors.Is(err, context.Canceled) || s.Complete || s.Sent != int64(len(out.messages)) || s.Sent == 0 || s.Sent >= 10*batchRows {
		t.Errorf("%v %+v, %d messages", err, s, len(out.messages))
	}
	var text strings.Builder
	s.Write(&text)
	if want := fmt.Sprintf("up to line %d are dealt with", s.Sent+1); !strings.Contains(text.String(), want) {
		t.Errorf("%s: want %q", text.String(), want)
	}
}
