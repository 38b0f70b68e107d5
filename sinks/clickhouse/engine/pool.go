//go:build linux

package engine

import "context"

// pool keeps a few unused connections open, so that a request does not wait for one. A connection serves one request.
type pool struct {
	connect func() (*connection, error)
	warm    chan *connection
}

func newPool(connect func() (*connection, error), size int) *pool {
	return &pool{connect: connect, warm: make(chan *connection, size)}
}

// run fills the pool until ctx ends, and then closes what is in it.
func (p *pool) run(ctx context.Context) error {
	defer p.drain()
	for {
		c, err := p.connect()
		if err != nil {
			return err
		}
		select {
		case p.warm <- c:
		case <-ctx.Done():
			c.close()
			return nil
		}
	}
}

func (p *pool) drain() {
	for {
		select {
		case c := <-p.warm:
			c.close()
		default:
			return
		}
	}
}

// take gives a connection that its caller closes.
func (p *pool) take() (*connection, error) {
	select {
	case c := <-p.warm:
		return c, nil
	default:
		return p.connect()
	}
}
