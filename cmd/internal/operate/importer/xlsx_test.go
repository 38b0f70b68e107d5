package importer

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// workbook returns a workbook with the rows on the sheet, beside an empty one.
func workbook(t *testing.T, sheet string, rows ...[]any) []byte {
	t.Helper()
	book := excelize.NewFile()
	defer func() { _ = book.Close() }()
	if sheet != "Sheet1" {
		if _, err := book.NewSheet(sheet); err != nil {
			t.Fatal(err)
		}
	}
	for i := range rows {
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			t.Fatal(err)
		}
		if err := book.SetSheetRow(sheet, at, &rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAWorkbookIsReadAsItsSheetShowsIt(t *testing.T) {
	content := workbook(t, "Sheet1", []any{"Report of March"}, []any{"customer_id", "service", "rating", "occurred_at", "comment"}, nil,
		[]any{"00071", "s", 4.1, time.Date(2026, 2, 20, 9, 30, 0, 0, time.UTC), "很满意"},
		[]any{17, "s", 5, "2026/2/20 上午9:30", nil}, []any{"c", "s", 0.1 + 2.2, "2026-02-20 09:30:00", "a\nb"}, []any{"c", "s", 9, "2026-02-20"},
		[]any{460123456789012345, "s", 5, "2026-02-20", ""})
	cfg := Config{TimeZone: "Asia/Shanghai", SkipLines: 1}
	for name, got := range map[string]outcome{"file": run(t, cfg, "a.xlsx", content), "under another name": run(t, cfg, "a.csv", content), "stream": stream(t, cfg, string(content))} {
		var sent []string
		for _, m := range got.messages {
			sent = append(sent, meaning(t, m.Value))
		}
		if want := "00071 4.1 2026-02-20T01:30:00Z, 17 5 2026-02-20T01:30:00Z, c 2.3 2026-02-20T01:30:00Z, 460123456789012345 5 2026-02-19T16:00:00Z"; got.err != nil || strings.Join(sent, ", ") != want {
			t.Errorf("%s: %v %q, want %q %+v", name, got.err, sent, want, got.report)
		}
		if got.Format != XLSX || got.Rejected != 1 || got.report[0].Line != 7 || got.Found.Header != 2 || got.Found.Sheet != "Sheet1" || !got.Complete {
			t.Errorf("%s: %+v %+v", name, got.Summary, got.report)
		}
	}
}

func TestASheetIsChosenByName(t *testing.T) {
	content := workbook(t, "答卷", []any{"customer_id", "service", "rating", "occurred_at"}, []any{"c", "s", 4, at})
	if got := run(t, Config{Sheet: "答卷"}, "a.xlsx", content); got.err != nil || got.Sent != 1 {
		t.Errorf("%v %+v", got.err, got.Summary)
	}
	if got := run(t, Config{}, "a.xlsx", content); got.err == nil || !strings.Contains(got.err.Error(), "Sheet1") {
		t.Errorf("an empty sheet: %v", got.err)
	}
	if got := run(t, Config{Sheet: "答"}, "a.xlsx", content); got.err == nil || !strings.Contains(got.err.Error(), "Sheet1, 答卷") {
		t.Errorf("no such sheet: %v", got.err)
	}
}

func TestAWorkbookThatIsTooLargeIsRefused(t *testing.T) {
	content := workbook(t, "Sheet1", []any{"customer_id"})
	if got := run(t, Config{}, "a.xlsx", content[:len(content)/2]); got.err == nil || got.Sent != 0 {
		t.Errorf("half a workbook: %v", got.err)
	}
}
