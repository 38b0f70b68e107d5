package app

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"satisflow/cmd/internal/operate/importer"
)

// exports writes the exports of the test data into a folder, with their dates on the day before, which stand there as layouts in
// braces.
func exports(t *testing.T) (dir string) {
	t.Helper()
	dir, day := t.TempDir(), time.Now().UTC().AddDate(0, 0, -1)
	files, err := filepath.Glob("../operate/importer/testdata/exports/*")
	if err != nil || len(files) != 8 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text = regexp.MustCompile(`\{[0-9/-]+\}`).ReplaceAllFunc(text, func(layout []byte) []byte {
			return []byte(day.Format(strings.Trim(string(layout), "{}")))
		})
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// commands returns the import commands of a page.
func commands(t *testing.T, page string) (lines []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "deploy", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ satisflow "); ok {
			lines = append(lines, command)
		}
	}
	return lines
}

// words splits a command line at blanks, as a shell does with single quotes.
func words(line string) (out []string) {
	for _, m := range regexp.MustCompile(`'([^']*)'|(\S+)`).FindAllStringSubmatch(line, -1) {
		out = append(out, m[1]+m[2])
	}
	return out
}

func TestTheCommandsOfThePageOnImportingDoWhatItSays(t *testing.T) {
	page := commands(t, "importing.md")
	if !slices.Equal(page, commands(t, "importing.zh.md")) {
		t.Error("the commands of the Chinese page are others")
	}
	t.Chdir(exports(t))
	if err := os.WriteFile("ratings.csv", []byte("customer_id,service,occurred_at,rating\n"+strings.Repeat("c-1,data_analysis,"+time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)+",5\n", 1)+
		"c-2,data_analysis,"+time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)+",2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, line := range page {
		command, to, redirected := strings.Cut(line, " > ")
		args := words(command)
		isImport := slices.ContainsFunc(args, func(a string) bool { return strings.HasSuffix(a, ".csv") || strings.HasSuffix(a, ".json") })
		if isImport {
			args = append(args, "--json")
			if !slices.Contains(args, "--dry-run") {
				args = append(args, "--dry-run")
			}
		}
		code, stdout, stderr := execute(t, nil, args...)
		if code != exitDone || stderr != "" {
			t.Errorf("%s: exit code %d\n%s%s", line, code, stdout, stderr)
			continue
		}
		if redirected {
			if err := os.WriteFile(to, []byte(stdout), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if !isImport {
			continue
		}
		tried++
		var got importer.Summary
		if err := json.Unmarshal([]byte(stdout), &got); err != nil {
			t.Fatal(err)
		}
		var scores []float64
		for _, p := range got.Preview {
			var e struct {
				Rating   float64 `json:"rating"`
				Customer string  `json:"customer_id"`
			}
			if err := json.Unmarshal(p, &e); err != nil || e.Customer == "" {
				t.Errorf("%s: %v %s", line, err, p)
			}
			scores = append(scores, e.Rating)
		}
		low := 2.0
		if strings.Contains(line, "zendesk") {
			low = 1
		}
		if got.Sent != 2 || !slices.Equal(scores, []float64{5, low}) || len(got.Warnings) > 0 || !got.Complete {
			t.Errorf("%s: %+v", line, got)
		}
	}
	if tried != 10 {
		t.Errorf("%d imports are on the page", tried)
	}
}

func TestPresetsAreListedShownAndCompleted(t *testing.T) {
	for name, tc := range map[string]struct {
		args  []string
		code  int
		words []string
	}{
		"list":                   {[]string{"import", "presets", "list"}, exitDone, []string{"chatwoot ", "wjx ", "Zendesk Support"}},
		"without a word":         {[]string{"import", "presets"}, exitDone, []string{"chatwoot "}},
		"show":                   {[]string{"import", "presets", "show", "zendesk"}, exitDone, []string{"rating_id: zd-{id}"}},
		"show another":           {[]string{"import", "presets", "show", "zendsk"}, exitUsage, []string{`did you mean "zendesk"?`}},
		"an unknown preset":      {[]string{"import", "x.csv", "--preset", "zendsk"}, exitUsage, []string{`did you mean "zendesk"?`}},
		"both":                   {[]string{"import", "x.csv", "--preset", "wjx", "--preset-file", "y"}, exitUsage, []string{"want one of them"}},
		"no such file":           {[]string{"import", "x.csv", "--preset-file", "/nonexistent"}, exitUsage, []string{"no such file"}},
		"completion":             {[]string{"__complete", "import", "--preset", ""}, exitDone, []string{"google-forms\n", "limesurvey\n", ":4"}},
		"completion of show":     {[]string{"__complete", "import", "presets", "show", ""}, exitDone, []string{"qualtrics\n"}},
		"completion of encoding": {[]string{"__complete", "import", "--encoding", ""}, exitDone, []string{"gb18030\n"}},
		"help":                   {[]string{"import", "--help"}, exitDone, []string{"--preset-file", "Exit codes: 0", "presets show NAME", "--scale 0..10"}},
	} {
		code, stdout, stderr := execute(t, nil, tc.args...)
		for _, want := range tc.words {
			if code != tc.code || !strings.Contains(stdout+stderr, want) {
				t.Errorf("%s: exit code %d, want %d with %q\n%s%s", name, code, tc.code, want, stdout, stderr)
			}
		}
	}
}
