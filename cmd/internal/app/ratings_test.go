package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"satisflow/cmd/internal/dev/load"
	"satisflow/cmd/internal/operate/importer"
	"satisflow/deploy/testkit"
)

// ratingsFile writes a file of ratings from an hour ago, as many good rows and bad ones.
func ratingsFile(t *testing.T, good, bad int) string {
	t.Helper()
	row := ",legal_consulting," + time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	text := "customer_id,service,occurred_at,rating\n" + strings.Repeat("c-1"+row+",4\n", good) + strings.Repeat("c-1"+row+",9\n", bad)
	path := filepath.Join(t.TempDir(), "ratings.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestImportSaysByItsExitCodeWhatBecameOfTheFile(t *testing.T) {
	kafka := testkit.Kafka(t)
	to := []string{"--brokers", kafka.Brokers[0], "--topic", kafka.Topic(t, 2)}
	good, mixed := ratingsFile(t, 3, 0), ratingsFile(t, 3, 2)
	for name, tc := range map[string]struct {
		args  []string
		want  int
		sent  int64
		words string
	}{
		"all good":           {append(to, good), exitDone, 3, ""},
		"some rejected":      {append(to, mixed), exitFailed, 3, ""},
		"a dry run":          {[]string{"--dry-run", "--brokers", "127.0.0.1:1", good}, exitDone, 3, ""},
		"an unknown column":  {append(to, good, "--map", "customer_id=custmer_id"), exitUsage, 0, `did you mean "customer_id"?`},
		"an unknown service": {append(to, good, "--services", "tax_advice"), exitFailed, 0, ""},
		"no such file":       {append(to, good+"x"), exitUsage, 0, "no such file"},
		"no file":            {to, exitUsage, 0, "satisflow import FILE|-"},
		"an unknown format":  {append(to, good, "--format", "xml"), exitUsage, 0, "csv, ndjson, json"},
		"a negative wait":    {append(to, good, "--wait", "-1s"), exitUsage, 0, "wait: -1s"},
		"no Kafka":           {[]string{"--brokers", "127.0.0.1:1", good}, exitUnavailable, 0, "is Kafka running there?"},
		"no such topic":      {[]string{"--brokers", kafka.Brokers[0], "--topic", "no-such-topic", good}, exitUsage, 0, "no-such-topic"},
	} {
		code, stdout, stderr := execute(t, nil, append([]string{"import", "--json"}, tc.args...)...)
		var got importer.Summary
		if tc.want <= exitFailed {
			if err := json.Unmarshal([]byte(stdout), &got); err != nil {
				t.Errorf("%s: %v: %s", name, err, stdout)
			}
		}
		if code != tc.want || got.Sent != tc.sent || !strings.Contains(stderr, tc.words) || (tc.words == "") != (stderr == "") {
			t.Errorf("%s: exit code %d, want %d; %+v\n%s", name, code, tc.want, got, stderr)
		}
	}
	report, err := os.ReadFile(mixed + ".rejected.ndjson")
	if err != nil || strings.Count(string(report), "\n") != 2 || !strings.Contains(string(report), `{"line":5,"row_number":4,"reason":"bad_field:rating"`) {
		t.Errorf("%v: %s", err, report)
	}
}

func TestGenerateSaysWhatItSent(t *testing.T) {
	kafka := testkit.Kafka(t)
	gateway := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer gateway.Close()
	for name, tc := range map[string]struct {
		args  []string
		want  int
		sent  int64
		words string
	}{
		"to Kafka":                 {[]string{"--brokers", kafka.Brokers[0], "--topic", kafka.Topic(t, 2), "--rate", "0", "--count", "2000", "--bad", "0.1"}, exitDone, 2000, ""},
		"to an API that takes all": {[]string{"--url", gateway.URL, "--rate", "0", "--count", "100", "--bad", "0.5"}, exitFailed, 100, ""},
		"no bounds":                {[]string{"--for", "0s"}, exitUsage, 0, "say how long, or how many"},
		"no address":               {[]string{"--url", "127.0.0.1:8080"}, exitUsage, 0, "want the address of a gateway"},
		"both ways":                {[]string{"--url", gateway.URL, "--topic", "x"}, exitUsage, 0, "--url sends by the API"},
		"no Kafka":                 {[]string{"--brokers", "127.0.0.1:1"}, exitUnavailable, 0, "is Kafka running there?"},
		"no API":                   {[]string{"--url", "http://127.0.0.1:1", "--rate", "0", "--count", "1", "--wait", "10ms"}, exitUnavailable, 0, "not to be reached"},
	} {
		code, stdout, stderr := execute(t, nil, append([]string{"generate", "--json"}, tc.args...)...)
		var got load.Summary
		if tc.want <= exitFailed {
			if err := json.Unmarshal([]byte(stdout), &got); err != nil {
				t.Errorf("%s: %v: %s", name, err, stdout)
			}
		}
		if code != tc.want || got.Sent != tc.sent || got.Good+got.Bad != got.Sent || !strings.Contains(stderr, tc.words) || (tc.words == "") != (stderr == "") {
			t.Errorf("%s: exit code %d, want %d; %+v\n%s", name, code, tc.want, got, stderr)
		}
	}
}
