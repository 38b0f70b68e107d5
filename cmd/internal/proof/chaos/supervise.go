package chaos

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// faults remembers when faults were on, and which processors ended by themselves meanwhile.
type faults struct {
	mu    sync.Mutex
	on    int
	last  time.Time // the end of the last one
	ended []string  // which processor, and its last line
}

func (f *faults) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on++
}

func (f *faults) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on--
	f.last = time.Now()
}

// lingering is for how long after a fault it explains that a processor gave up.
const lingering = time.Minute

// explain says whether a fault explains that a processor ended by itself, and notes it then. No fault explains that one
// crashed, was killed by others, or finds its configuration wrong.
func (f *faults) explain(why error, now time.Time) bool {
	var exit *exec.ExitError
	if !errors.As(why, &exit) || exit.ExitCode() != 1 && exit.ExitCode() != 3 {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.on == 0 && now.Sub(f.last) > lingering {
		return false
	}
	lines := strings.Split(why.Error(), "\n")
	f.ended = append(f.ended, lines[0]+" "+lines[len(lines)-1])
	return true
}

// restarted are the processors that ended by themselves.
func (f *faults) restarted() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.ended)
}

// excuse says whether a processor that ended by itself may be started again as if nothing had been.
func (s *stack) excuse(number int, why error) bool {
	if !s.faults.explain(why, time.Now()) {
		return false
	}
	s.say("processor %d ended by itself, a supervisor starts it again", number)
	return true
}

// lift undoes all that faults may have left.
func (s *stack) lift() error {
	errs := []error{s.broker.signal(syscall.SIGCONT), s.engine.Signal(syscall.SIGCONT)}
	for _, p := range s.processors {
		errs = append(errs, p.lift())
	}
	return errors.Join(errs...)
}
