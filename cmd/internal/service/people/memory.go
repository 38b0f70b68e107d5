package people

import (
	"errors"
	"sync"
	"time"
)

// mostRemembered bounds what is remembered; wrong secrets are not.
const mostRemembered = 10_000

// memory remembers principals by the hash of their secret for a moment.
type memory struct {
	mu  sync.Mutex
	all map[string]remembered
}

type remembered struct {
	Principal
	until time.Time
}

// principal returns who has the secret, looking it up when it is not remembered. What is found is remembered for the time,
// and never beyond its own end (zero for none).
func (m *memory) principal(hash string, now time.Time, remember time.Duration, look func() (Principal, time.Time, error)) (Principal, error) {
	m.mu.Lock()
	r, ok := m.all[hash]
	m.mu.Unlock()
	if ok && now.Before(r.until) {
		return r.Principal, nil
	}
	p, end, err := look()
	if err != nil {
		if errors.Is(err, ErrNobody) {
			m.drop(hash)
		}
		return Principal{}, err
	}
	until := now.Add(remember)
	if !end.IsZero() && end.Before(until) {
		until = end
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil || len(m.all) >= mostRemembered {
		m.all = map[string]remembered{}
	}
	m.all[hash] = remembered{p, until}
	return p, nil
}

func (m *memory) drop(hash string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, hash)
}

// forget drops all that is remembered of the user or token.
func (m *memory) forget(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for hash, r := range m.all {
		if r.ID == id {
			delete(m.all, hash)
		}
	}
}
