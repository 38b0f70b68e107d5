package child

import (
	"io"
	"strings"
	"sync"
)

// tailBytes bounds what is kept of a child's stderr.
const tailBytes = 4 << 10

// tail keeps the end of what is written, and passes all of it on.
type tail struct {
	next io.Writer
	mu   sync.Mutex
	kept []byte
}

func newTail(next io.Writer) *tail {
	if next == nil {
		next = io.Discard
	}
	return &tail{next: next}
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	t.kept = append(t.kept, p...)
	if excess := len(t.kept) - tailBytes; excess > 0 {
		t.kept = append(t.kept[:0], t.kept[excess:]...)
	}
	t.mu.Unlock()
	return t.next.Write(p)
}

// String is the last whole lines, without blanks at the ends.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := string(t.kept)
	if _, lines, cut := strings.Cut(kept, "\n"); cut && len(kept) == tailBytes {
		kept = lines
	}
	return strings.TrimSpace(kept)
}
