package importer

import (
	"fmt"
	"slices"
	"strings"
)

// Config says how a file becomes events.
type Config struct {
	Preset      *Preset  // what a product's export needs; the other fields win over it
	Format      string   // one of Formats; empty tells it by the file
	Encoding    string   // one of EncodingNames; empty is UTF-8, or UTF-16 where the file shows it
	Delimiter   string   // of CSV, a character or one of DelimiterNames; empty tells it by the header
	Sheet       string   // of a workbook; empty is the first
	SkipLines   int      // lines of CSV, or rows of a sheet, before the header
	HeaderRows  int      // rows of CSV or of a sheet that are the header; 0 is 1
	Rows        string   // in JSON, the dotted path of the array of rows within an object; empty tells it by the file
	Map         []string // field=column, field={column}-{column} or field==constant; field= leaves a column of that name out
	Values      []string // field:from=to; from may be * for any other value, or empty for a missing one
	Ignore      []string // column=text: rows to leave out; text may end in *, or be empty for a missing value
	IDColumns   []string // that rating_ids are made of; empty makes them of all columns
	Spread      string   // FROM..TO for rows without a time, as ParseSpan reads it; empty means that each row must have one
	TimeLayouts []string // of package time or strptime, or unix, unix-ms, excel; tried before the forms that are known
	TimeZone    string   // of times that are written without a zone; empty refuses them
	Scale       string   // MIN..MAX of the scores; empty is 1..5
	Decimal     string   // comma, point, or empty, which refuses what can be read in both ways
	IDs         string   // text, clean, or empty, which refuses ids that a spreadsheet rounded and look-alikes
	History     bool     // marks the records, so that ratings older than the horizon count
	Limit       int64    // of rows to read; 0 reads all
}

// Validate returns an error that wraps ErrUsage and names the value and what would be right. Columns are checked later, by the file.
func (c Config) Validate() error {
	if c.Format != "" && !slices.Contains(Formats(), c.Format) {
		return usage("format: %q: want %s", c.Format, strings.Join(Formats(), ", "))
	}
	if c.Encoding != "" && !slices.Contains(EncodingNames(), c.Encoding) {
		return usage("encoding: %q%s: want %s", c.Encoding, suggest(c.Encoding, EncodingNames()), strings.Join(EncodingNames(), ", "))
	}
	if _, err := delimiterNamed(c.Delimiter); err != nil {
		return usage("%w", err)
	}
	for _, n := range []struct {
		name string
		is   int
	}{{"skip-lines", c.SkipLines}, {"header-rows", c.HeaderRows}} {
		if n.is < 0 || n.is > mostHeader {
			return usage("%s: %d: want 0 to %d", n.name, n.is, mostHeader)
		}
	}
	for _, l := range c.TimeLayouts {
		if _, err := parseLayout(l); err != nil {
			return usage("%w", err)
		}
	}
	for _, rule := range c.Ignore {
		if !strings.Contains(rule, "=") {
			return usage("ignore: %q: want column=text, such as status=test; column= ignores rows without a value", rule)
		}
	}
	if !slices.Contains([]string{"", decimalComma, decimalPoint}, c.Decimal) {
		return usage("decimal: %q: want %s or %s", c.Decimal, decimalComma, decimalPoint)
	}
	if !slices.Contains([]string{"", idsText, idsClean}, c.IDs) {
		return usage("ids: %q: want %s or %s", c.IDs, idsText, idsClean)
	}
	if _, err := parseScale(c.Scale); err != nil {
		return usage("%w", err)
	}
	if c.Limit < 0 {
		return usage("limit: %d: want 0 (all rows) or more", c.Limit)
	}
	if _, err := loadZone(c.TimeZone); err != nil {
		return fmt.Errorf("%w: %w", ErrUsage, err)
	}
	return nil
}

// mostHeader bounds the lines of CSV that are read before its rows.
const mostHeader = 1000

// keyColumns returns the columns that other options than mappings name.
func (c Config) keyColumns() (names []string) {
	for _, rule := range c.Ignore {
		name, _, _ := strings.Cut(rule, "=")
		names = append(names, name)
	}
	for _, column := range c.IDColumns {
		names = append(names, strings.Split(column, alternative)...)
	}
	return names
}
