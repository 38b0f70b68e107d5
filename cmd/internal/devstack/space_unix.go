//go:build unix

package devstack

import (
	"fmt"
	"syscall"
)

// checkSpace fails when the parts could not even begin: with a full disk they would fail one by one, each in its own words.
func checkSpace(path string) error {
	const needed = 128 << 20
	var fs syscall.Statfs_t
	if err := syscall.Statfs(path, &fs); err != nil {
		return fmt.Errorf("ask for the free space of %s: %w", path, err)
	}
	if free := uint64(fs.Bavail) * uint64(fs.Bsize); free < needed {
		return fmt.Errorf("only %d MB are free, %d MB are needed: %w", free>>20, needed>>20, syscall.ENOSPC)
	}
	return nil
}
