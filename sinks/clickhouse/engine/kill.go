//go:build linux && !noengine

package engine

import (
	"context"
	"crypto/rand"
	"time"
)

// killInterval is how soon KILL QUERY is sent again: the statement may not have begun when the first one arrived.
const killInterval = 100 * time.Millisecond

// killOnDisconnect gives a comment to put in front of a statement, by which it is found and killed when ctx ends before
// release is called.
func (f *front) killOnDisconnect(ctx context.Context) (tag string, release func()) {
	tag = "/* " + rand.Text() + " */ "
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		for {
			if err := f.kill(tag); err != nil {
				f.log.Warn().Err(err).Msg("kill statement of a client that has gone")
			}
			select {
			case <-ended:
				return
			case <-time.After(killInterval):
			}
		}
	})
	return tag, func() {
		stop()
		close(ended)
	}
}

func (f *front) kill(tag string) error {
	c, err := f.connect()
	if err != nil {
		return err
	}
	defer c.close()
	return c.exec("KILL QUERY WHERE startsWith(query, " + quoteText(tag) + ") ASYNC")
}
