package importer

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
)

// maxRow is the greatest size of a row in bytes, four times what a record may have: text in JSON may be escaped.
const maxRow = 4 << 20

// line is one line of the file.
type line struct {
	number int
	text   []byte // without its end
	long   bool   // longer than maxRow: text is the beginning of it
}

// lines reads lines of bounded length and takes back what was read too far.
type lines struct {
	r      *bufio.Reader
	number int
	end    byte   // of lines: \n, or \r where the file has no other; 0 is \n
	back   []line // to be read again, the next one last
}

// next returns the next line; its text is the caller's.
func (l *lines) next() (line, error) {
	if n := len(l.back); n > 0 {
		ln := l.back[n-1]
		l.back = l.back[:n-1]
		return ln, nil
	}
	ln := line{number: l.number + 1}
	for {
		part, err := l.r.ReadSlice(cmp.Or(l.end, '\n'))
		if room := maxRow - len(ln.text); len(part) > room {
			part, ln.long = part[:room], true
		}
		ln.text = append(ln.text, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == io.EOF && len(ln.text) > 0, err == nil:
			l.number++
			ln.text = bytes.TrimSuffix(bytes.TrimSuffix(ln.text, []byte("\n")), []byte("\r"))
			return ln, nil
		}
		return line{}, err
	}
}

// newLines tells by the beginning of the text how its lines end.
func newLines(r *bufio.Reader) lines {
	head := peek(r, func(head []byte) bool { return bytes.IndexByte(head, '\n') >= 0 })
	if bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0 {
		return lines{r: r, end: '\r'}
	}
	return lines{r: r}
}

// takeBack makes the lines the next ones.
func (l *lines) takeBack(again []line) {
	for i := len(again) - 1; i >= 0; i-- {
		l.back = append(l.back, again[i])
	}
}
