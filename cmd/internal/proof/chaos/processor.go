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

// processor is a place for a processor: its part of the network, and the process when one runs. A process that ends by
// itself is started again, as a supervisor would do.
type processor struct {
	number  int
	program []string
	env     []string
	log     string // path of what its processes write
	block   int    // rows of an insert at most
	kafka   *link
	store   *link
	front   *front                           // what store leads to
	excuse  func(number int, why error) bool // whether the faults explain that a process ended by itself
	failed  func(error)                      // told when they do not

	mu       sync.Mutex
	proc     *process
	wanted   bool // a process is to run here
	settings []string
}

// process is one life of a processor.
type process struct {
	child   *child.Process
	watcher *watcher
}

// start starts a process, unless one runs; the settings are in addition to the place's environment.
func (p *processor) start(settings ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wanted, p.settings = true, settings
	return p.launch()
}

// launch starts a process if one is wanted and none is there. The caller has the lock.
func (p *processor) launch() error {
	if !p.wanted || p.proc != nil {
		return nil
	}
	file, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start processor %d: %w", p.number, err)
	}
	w := &watcher{to: file, trail: trail{block: p.block}, serving: make(chan string, 1)}
	cmd := exec.Command(p.program[0], append(p.program[1:len(p.program):len(p.program)], "processor")...)
	cmd.Env = append(append(withoutSettings(os.Environ()), p.env...), p.settings...)
	cmd.Dir = filepath.Dir(p.log)
	cmd.Stderr = w
	c, err := child.Start(fmt.Sprintf("processor %d", p.number), cmd)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	p.proc = &process{c, w}
	go p.watch(c, file)
	return nil
}

// restartTime is how long a supervisor waits before it starts a process again.
const restartTime = time.Second

// watch waits for the end of a process, and starts another if nobody asked for it.
func (p *processor) watch(c *child.Process, file io.Closer) {
	err := c.Wait()
	_ = file.Close() // a log for people
	p.mu.Lock()
	unasked := p.proc != nil && p.proc.child == c
	if unasked {
		p.proc = nil
	}
	p.mu.Unlock()
	if !unasked {
		return
	}
	if err == nil {
		err = fmt.Errorf("processor %d ended without a word", p.number)
	}
	if !p.excuse(p.number, err) {
		p.failed(err)
		return
	}
	time.Sleep(restartTime)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.launch(); err != nil {
		p.failed(err)
	}
}

// running returns the process, nil when there is none.
func (p *processor) running() *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.proc
}

// take returns the process for the caller to end; from now on the place is empty, and nothing fills it but start.
func (p *processor) take() *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	proc := p.proc
	p.proc, p.wanted = nil, false
	return proc
}

// kill ends the process by SIGKILL and returns at which step it was.
func (p *processor) kill() (Step, error) {
	proc := p.take()
	if proc == nil {
		return Absent, nil
	}
	at := time.Now()
	err := proc.child.Kill()
	return proc.watcher.step(at), err
}

// stop stops the process in its tracks and returns at which step it was; resume lets it go on.
func (p *processor) stop() (step Step, resume func() error, err error) {
	proc := p.running()
	if proc == nil {
		return Absent, func() error { return nil }, nil
	}
	at := time.Now()
	if err := proc.child.Signal(syscall.SIGSTOP); err != nil {
		return "", nil, err
	}
	time.Sleep(50 * time.Millisecond) // what it wrote before is in the pipe
	return proc.watcher.step(at), func() error { return proc.child.Signal(syscall.SIGCONT) }, nil
}

// lift undoes whatever faults may have done to the place.
func (p *processor) lift() error {
	errs := []error{p.kafka.heal(), p.kafka.release(), p.store.heal(), p.store.release()}
	p.front.set(passing)
	p.front.open()
	if proc := p.running(); proc != nil {
		errs = append(errs, proc.child.Signal(syscall.SIGCONT))
	}
	return errors.Join(errs...)
}

// endTime is how long a processor may take to end in order: what the role allows itself, and what faults add to it.
const endTime = 45 * time.Second

// end asks the process to end in order; it is an error when it does not, or with another code than 0, unless faults explain
// it or it did not serve yet: what is interrupted then has done nothing.
func (p *processor) end() error {
	proc := p.take()
	if proc == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	if err := proc.child.Stop(ctx, func() error { return proc.child.Signal(syscall.SIGTERM) }); err != nil {
		return err
	}
	if err := proc.child.Wait(); err != nil && proc.watcher.hasServed() && !p.excuse(p.number, err) {
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
