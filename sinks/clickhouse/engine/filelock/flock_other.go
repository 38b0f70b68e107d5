//go:build !unix

package filelock

import (
	"errors"
	"os"
)

type mode int

const (
	exclusive mode = iota
	shared
)

func lockFile(*os.File, mode) error { return errors.ErrUnsupported }
