package importer

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

const encodingUTF8 = "utf-8"

// encodings are those that files are read in, beside UTF-8.
var encodings = map[string]encoding.Encoding{
	"gb18030":      simplifiedchinese.GB18030,
	"gbk":          simplifiedchinese.GBK,
	"big5":         traditionalchinese.Big5,
	"utf-16":       unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	"utf-16le":     unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	"utf-16be":     unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	"windows-1252": charmap.Windows1252,
}

// EncodingNames returns the names of the encodings that Config.Encoding takes.
func EncodingNames() []string {
	names := []string{encodingUTF8}
	for name := range encodings {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

const byteOrderMark = "\xef\xbb\xbf"

// textReader reads a file as UTF-8 without a byte order mark.
type textReader struct {
	*bufio.Reader
	name  string            // of the encoding
	from  encoding.Encoding // nil for UTF-8; else what could not be converted is U+FFFD
	wrote bool              // the encoding is the file's: a row was no UTF-8
}

// text returns the file's text in the encoding; the file's marks, and zeros where UTF-16 has them, win over an empty one.
func (in *Input) text(name string) (*textReader, error) {
	head := peek(in.plain, func(head []byte) bool { return len(head) > len(byteOrderMark) })
	t := &textReader{Reader: in.plain, name: name}
	switch {
	case bytes.HasPrefix(head, []byte(byteOrderMark)):
		t.name = encodingUTF8
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		t.name = "utf-16le"
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		t.name = "utf-16be"
	case name == "":
		t.name = withoutMark(head)
	}
	if t.from = encodings[t.name]; t.from != nil {
		t.Reader = bufio.NewReaderSize(transform.NewReader(in.plain, t.from.NewDecoder()), 256<<10)
	}
	return t, skipMark(t.Reader)
}

// withoutMark tells UTF-16 by the zeros that each character of ASCII has there, and of which other text has a stray one at most.
func withoutMark(head []byte) string {
	const share = 20 // at least one byte of so many is zero
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch {
	case zeros[1]*share >= len(head) && zeros[1] > 0 && zeros[0] == 0:
		return "utf-16le"
	case zeros[0]*share >= len(head) && zeros[0] > 0 && zeros[1] == 0:
		return "utf-16be"
	}
	return encodingUTF8
}

func skipMark(r *bufio.Reader) error {
	if head, _ := r.Peek(len(byteOrderMark)); string(head) == byteOrderMark {
		_, err := r.Discard(len(byteOrderMark))
		return err
	}
	return nil
}

// check returns a rejection if the row is not text in the encoding.
func (t *textReader) check(row []byte) *rejection {
	names := strings.Join(EncodingNames(), ", ")
	switch {
	case t.from == nil:
		return checkUTF8(row, names)
	case bytes.ContainsRune(row, utf8.RuneError):
		return reject(badEncoding, "", "bytes that are not "+t.name, "the encoding that the file has; --encoding takes "+names)
	case !t.wrote && t.isUTF8(row):
		return reject(badEncoding, "", "UTF-8 that was read as "+t.name, "the encoding that the file has: --encoding utf-8; it takes "+names)
	}
	return nil
}

// isUTF8 says whether the row was UTF-8 before it was converted. A few letters can be text in both; once a row is not, the file is
// what it was said to be.
func (t *textReader) isUTF8(row []byte) bool {
	if isASCII(row) || strings.HasPrefix(t.name, "utf-16") {
		return false
	}
	raw, err := t.from.NewEncoder().Bytes(row)
	if err != nil || !utf8.Valid(raw) {
		t.wrote = true
		return false
	}
	return true
}

func isASCII(text []byte) bool {
	return !slices.ContainsFunc(text, func(b byte) bool { return b >= utf8.RuneSelf })
}

func checkUTF8(row []byte, names string) *rejection {
	if utf8.Valid(row) {
		return nil
	}
	at := 0
	for at < len(row) {
		r, n := utf8.DecodeRune(row[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return reject(badEncoding, "", fmt.Sprintf("byte 0x%02x, the row's %d., is not UTF-8", row[at], at+1),
		"UTF-8, or --encoding with the one that the file has: gb18030 for CSV of a Chinese Excel, windows-1252 for a Western one; it takes "+names)
}
