package owner

import "satisflow/pipeline/window"

// paneSet is a set of panes, one bit each, growing in both directions: 25 months are 220,000 panes, 27 kB.
type paneSet struct {
	first int32 // number of the first word
	words []uint64
}

func (s *paneSet) add(p window.Pane) {
	w := p >> 6
	switch {
	case len(s.words) == 0:
		s.first, s.words = w, make([]uint64, 1)
	case w < s.first:
		s.words = append(make([]uint64, s.first-w), s.words...)
		s.first = w
	case int(w-s.first) >= len(s.words):
		s.words = append(s.words, make([]uint64, int(w-s.first)+1-len(s.words))...)
	}
	s.words[w-s.first] |= 1 << (p & 63)
}

func (s *paneSet) has(p window.Pane) bool {
	w := p>>6 - s.first
	return w >= 0 && int(w) < len(s.words) && s.words[w]&(1<<(p&63)) != 0
}
