package importer

import (
	"fmt"
	"slices"
	"strings"
)

// Config says how a file becomes events.
type Config struct {
	Format   string   // one of Formats; empty tells it by the file
	Encoding string   // one of EncodingNames; empty is UTF-8, or UTF-16 with its byte order mark
	Map      []string // field=column, field={column}-{column} or field==constant; field= leaves a column of that name out
	Values   []string // field:from=to; from may be * for any other value, or empty for a missing one
	Spread   string   // FROM..TO for rows without a time, as ParseSpan reads it; empty means that each row must have one
	TimeZone string   // of times that are written without a zone; empty refuses them
	History  bool     // marks the records, so that ratings older than the horizon count
	Limit    int64    // of rows to read; 0 reads all
}

// Validate returns an error that wraps ErrUsage and names the value and what would be right. Columns are checked later, by the file.
func (c Config) Validate() error {
	if c.Format != "" && !slices.Contains(Formats(), c.Format) {
		return usage("format: %q: want %s", c.Format, strings.Join(Formats(), ", "))
	}
	if c.Encoding != "" && !slices.Contains(EncodingNames(), c.Encoding) {
		return usage("encoding: %q%s: want %s", c.Encoding, suggest(c.Encoding, EncodingNames()), strings.Join(EncodingNames(), ", "))
	}
	if c.Limit < 0 {
		return usage("limit: %d: want 0 (all rows) or more", c.Limit)
	}
	if _, err := loadZone(c.TimeZone); err != nil {
		return fmt.Errorf("%w: %w", ErrUsage, err)
	}
	return nil
}
