package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"satisflow/sinks/clickhouse/engine/child"
)

// processor is a place for a processor: its part of the network, and the process when one runs.
type processor struct {
	number  int
	program []string
	env     []string
	log     string // path of what its processes write
	block   int    // rows of an insert at most
	kafka   *link
	store   *link
	failed  func(error) // told when a process ends by itself

	mu    sync.Mutex
	proc  *process
	asked bool // the process was asked to end, or killed
}

// process is one life of a processor.
type process struct {
	child   *child.Process
	watcher *watcher
}

// start starts a process; the settings are in addition to the place's environment.
func (p *processor) start(settings ...string) error {
	file, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start processor %d: %w", p.number, err)
	}
	w := &watcher{to: file, trail: trail{block: p.block}, serving: make(chan string, 1)}
	cmd := exec.Command(p.program[0], append(p.program[1:len(p.program):len(p.program)], "processor")...)
	cmd.Env = append(append(withoutSettings(os.Environ()), p.env...), settings...)
	cmd.Dir = filepath.Dir(p.log)
	cmd.Stderr = w
	c, err := child.Start(fmt.Sprintf("processor %d", p.number), cmd)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	w.setSignal(c.Signal)
	p.mu.Lock()
	p.proc, p.asked = &process{c, w}, false
	p.mu.Unlock()
	go p.watch(c, file)
	return nil
}

// watch reports the end of a process that nobody asked for.
func (p *processor) watch(c *child.Process, file io.Closer) {
	err := c.Wait()
	_ = file.Close() // a log for people
	p.mu.Lock()
	unasked := !p.asked && p.proc != nil && p.proc.child == c
	if unasked {
		p.proc = nil
	}
	p.mu.Unlock()
	if unasked {
		if err == nil {
			err = fmt.Errorf("processor %d ended without a word", p.number)
		}
		p.failed(err)
	}
}

// running returns the process, nil when there is none.
func (p *processor) running() *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.proc
}

// ask notes that the process is to end, and returns it.
func (p *processor) ask() *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = true
	return p.proc
}

func (p *processor) ended() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.proc = nil
}

// kill ends the process by SIGKILL when its log tells of the step, or when ctx ends, and returns at which step it was.
func (p *processor) kill(ctx context.Context, aim Step) (Step, error) {
	proc := p.ask()
	if proc == nil {
		return Absent, nil
	}
	defer p.ended()
	at := proc.watcher.strike(ctx, aim, syscall.SIGKILL)
	err := proc.child.Kill()
	return proc.watcher.step(at), err
}

// stop stops the process in its tracks at a step, or when ctx ends; resume lets it go on.
func (p *processor) stop(ctx context.Context, aim Step) (step Step, resume func() error) {
	proc := p.running()
	if proc == nil {
		return Absent, func() error { return nil }
	}
	at := proc.watcher.strike(ctx, aim, syscall.SIGSTOP)
	time.Sleep(50 * time.Millisecond) // what it wrote before is in the pipe
	return proc.watcher.step(at), func() error { return proc.child.Signal(syscall.SIGCONT) }
}

// endTime is how long a processor may take to end in order: what the role allows itself, and what faults add to it.
const endTime = 45 * time.Second

// end asks the process to end in order; it is an error when it does not, or with another code than 0, unless it did
// not serve yet: what is interrupted then has done nothing.
func (p *processor) end() error {
	proc := p.ask()
	if proc == nil {
		return nil
	}
	defer p.ended()
	ctx, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	if err := proc.child.Stop(ctx, func() error { return proc.child.Signal(syscall.SIGTERM) }); err != nil {
		return err
	}
	if err := proc.child.Wait(); err != nil && proc.watcher.hasServed() {
		return err
	}
	return nil
}

// step is where the process is now.
func (p *processor) step() Step {
	proc := p.running()
	if proc == nil {
		return Absent
	}
	return proc.watcher.step(time.Now())
}
