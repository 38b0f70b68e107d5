//go:build unix

package devstack

import (
	"fmt"
	"syscall"
)

// requireSpace fails when fewer bytes are free than the parts need: with a full disk they would fail one by one, each in its
// own words, or go on without storing.
func requireSpace(path string, needed uint64) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(path, &fs); err != nil {
		return fmt.Errorf("ask for the free space of %s: %w", path, err)
	}
	if free := uint64(fs.Bavail) * uint64(fs.Bsize); free < needed { //nolint:unconvert // the types differ between systems
		return fmt.Errorf("only %d MB are free, %d MB are needed: %w", free>>20, needed>>20, syscall.ENOSPC)
	}
	return nil
}
