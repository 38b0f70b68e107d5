//go:build unix

package filelock

import (
	"errors"
	"os"
	"syscall"
)

type mode int

const (
	exclusive mode = syscall.LOCK_EX
	shared    mode = syscall.LOCK_SH
)

func lockFile(file *os.File, how mode) error {
	err := syscall.Flock(int(file.Fd()), int(how)|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrHeld
	}
	return err
}
