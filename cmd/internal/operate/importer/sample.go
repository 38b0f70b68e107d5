package importer

import (
	"slices"
)

// sample is the beginning of a file, read ahead to know its columns. It hands its rows out again.
type sample struct {
	rows
	text    *textReader
	read    []row
	err     error // that ended the reading ahead
	columns []string
}

// How many rows, and bytes of them, are read ahead.
const (
	sampleRows  = 1000
	sampleBytes = 4 << 20
)

// newSample reads ahead. In each row that is read, prepare fills in the columns or what is wrong with it.
func newSample(r rows, text *textReader, prepare func(*row)) *sample {
	s := &sample{text: text}
	var columns columnSet
	for size := 0; len(s.read) < sampleRows && size < sampleBytes; {
		next, err := r.next()
		if err != nil {
			s.err = err
			break
		}
		prepare(&next)
		size += len(next.raw)
		s.read = append(s.read, next)
		columns.add(next.columns)
	}
	s.columns = columns.names
	switch r := r.(type) { // also columns of the same name, and those of a file without rows
	case *csvRows:
		s.columns = r.columns
	case *xlsxRows:
		s.columns = r.columns
	}
	s.rows = &prepared{r, prepare}
	slices.Reverse(s.read)
	return s
}

// first returns the rejection of the first row that has one of the reason.
func (s *sample) first(reason string) *row {
	for i := len(s.read) - 1; i >= 0; i-- {
		if w := s.read[i].wrong; w != nil && w.reason == reason {
			return &s.read[i]
		}
	}
	return nil
}

func (s *sample) next() (row, error) {
	if n := len(s.read); n > 0 {
		r := s.read[n-1]
		s.read = s.read[:n-1]
		return r, nil
	}
	if s.err != nil {
		return row{}, s.err
	}
	return s.rows.next()
}

// prepared prepares each row that is read.
type prepared struct {
	rows
	prepare func(*row)
}

func (p *prepared) next() (row, error) {
	r, err := p.rows.next()
	if err == nil {
		p.prepare(&r)
	}
	return r, err
}
