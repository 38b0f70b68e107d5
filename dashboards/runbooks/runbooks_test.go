package runbooks

import (
	"os"
	"strings"
	"testing"
)

func TestEveryFileIsARunbookInTwoLanguages(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	pages := 0
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".md") {
			if pages < len(all) && all[pages].Alert+".md" != e.Name() {
				t.Errorf("%s is of %s", e.Name(), all[pages].Alert)
			}
			pages++
		}
	}
	if pages != len(all) || pages == 0 {
		t.Errorf("%d runbooks of %d files", len(all), pages)
	}
	for _, r := range all {
		for _, text := range []Text{r.English, r.Chinese} {
			if n := strings.Count("\n"+text.Markdown, "\n## "); n != 4 || strings.Contains(text.Title, "Severity") || strings.Contains(text.Markdown, "**") {
				t.Errorf("%s: %q with %d sections:\n%s", r.Alert, text.Title, n, text.Markdown)
			}
		}
		if strings.Contains(r.English.Markdown, "中文") {
			t.Errorf("%s: the English text goes on in Chinese", r.Alert)
		}
	}
}

func TestAFileOfAnotherFormIsRefused(t *testing.T) {
	const right = "# X\n\nIt is broken. Severity: page.\n\n## What it means\n\nA.\n\n## 中文：坏了\n\n**含义：** 甲。\n"
	if r, err := parse(right); err != nil || r.Alert != "X" || r.Severity != "page" || r.English != (Text{"It is broken.", "## What it means\n\nA.\n"}) || r.Chinese != (Text{"坏了", "## 含义\n\n甲。\n"}) {
		t.Fatalf("%+v, %v", r, err)
	}
	for name, wrong := range map[string]string{
		"no severity":      strings.Replace(right, " Severity: page.", "", 1),
		"another severity": strings.Replace(right, "page", "loud", 1),
		"no Chinese":       right[:strings.Index(right, "## 中文")],
		"no sections":      strings.Replace(right, "## What it means\n\nA.\n\n", "", 1),
	} {
		if _, err := parse(wrong); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
}
