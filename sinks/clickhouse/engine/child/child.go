// Package child owns processes that must not outlive this one: it starts them so that the kernel kills them with us,
// keeps the end of what they write to stderr, and ends them. What they do is their caller's.
//
// # Non-obvious
//
//   - The kernel's "kill me with my parent" (Pdeathsig) means the parent's thread, not its process, and the Go runtime
//     ends threads. So a goroutine that is locked to its thread starts the child and stays until the child has ended.
//   - A child is in a process group of its own: Ctrl-C in a terminal reaches only us, and we end the children in order.
//   - On systems other than Linux the kernel does not help; a child should watch its standard input as well.
package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// Process is a started child.
type Process struct {
	name string
	cmd  *exec.Cmd
	tail *tail
	done chan struct{}
	err  error // set before done is closed
}

// Start starts cmd, whose Stderr may be set and receives everything. The name is what errors call the child.
func Start(name string, cmd *exec.Cmd) (*Process, error) {
	p := &Process{name: name, cmd: cmd, tail: newTail(cmd.Stderr), done: make(chan struct{})}
	cmd.Stderr = p.tail
	cmd.SysProcAttr = dieWithParent()
	// A grandchild that holds the pipe of stderr must not keep Wait from returning.
	cmd.WaitDelay = time.Second
	started := make(chan error)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	p.err = p.cmd.Wait()
	close(p.done)
}

// PID is the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait returns when the child has ended: nil if its exit code was 0, else an error with the last lines of its stderr.
func (p *Process) Wait() error {
	<-p.done
	if p.err == nil {
		return nil
	}
	if last := p.tail.String(); last != "" {
		return fmt.Errorf("%s ended: %w; its last lines:\n%s", p.name, p.err, last)
	}
	return fmt.Errorf("%s ended: %w", p.name, p.err)
}

// Signal sends a signal; to a child that has ended it does nothing.
func (p *Process) Signal(signal os.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %v to %s: %w", signal, p.name, err)
	}
	return nil
}

// Stop asks the child to end, by calling ask, and kills it if it is there when ctx ends. It returns when it is gone;
// the error says that it had to be killed, not how it ended.
func (p *Process) Stop(ctx context.Context, ask func() error) error {
	if err := ask(); err != nil && !errors.Is(err, os.ErrClosed) {
		return errors.Join(fmt.Errorf("ask %s to end: %w", p.name, err), p.Kill())
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("%s did not end and is killed: %w", p.name, ctx.Err()), p.Kill())
	}
}

// Kill ends the child by SIGKILL and returns when it is gone.
func (p *Process) Kill() error {
	err := p.Signal(os.Kill)
	<-p.done
	return err
}
