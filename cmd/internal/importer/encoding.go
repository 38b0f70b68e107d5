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
	names := []string{"utf-8"}
	for name := range encodings {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

const byteOrderMark = "\xef\xbb\xbf"

// text returns the file as UTF-8 without a byte order mark, and whether it was converted: what could not be is U+FFFD then.
func (in *Input) text(name string) (r *bufio.Reader, converted bool, err error) {
	head, _ := in.plain.Peek(len(byteOrderMark))
	utf16 := bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff})
	switch from := encodings[name]; {
	case from != nil && !bytes.HasPrefix(head, []byte(byteOrderMark)):
		r, converted = convert(in.plain, from), true
	case utf16:
		r, converted = convert(in.plain, encodings["utf-16"]), true
	default:
		r = in.plain
	}
	return r, converted, skipMark(r)
}

func convert(r *bufio.Reader, from encoding.Encoding) *bufio.Reader {
	return bufio.NewReaderSize(transform.NewReader(r, from.NewDecoder()), 256<<10)
}

func skipMark(r *bufio.Reader) error {
	if head, _ := r.Peek(len(byteOrderMark)); string(head) == byteOrderMark {
		_, err := r.Discard(len(byteOrderMark))
		return err
	}
	return nil
}

// checkText returns a rejection if the row is not text in the encoding.
func checkText(row []byte, encodingName string, converted bool) *rejection {
	if converted {
		if bytes.ContainsRune(row, utf8.RuneError) {
			return reject(badEncoding, "", "bytes that are not "+encodingName, "the encoding that the file has; --encoding takes "+strings.Join(EncodingNames(), ", "))
		}
		return nil
	}
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
		"UTF-8, or --encoding with the one that the file has: gb18030 for CSV of a Chinese Excel, windows-1252 for a Western one; it takes "+strings.Join(EncodingNames(), ", "))
}
