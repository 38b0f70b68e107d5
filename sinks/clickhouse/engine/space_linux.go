package engine

import (
	"fmt"
	"syscall"
)

// neededBytes is the tarball in npm's cache and beside it, and what is unpacked.
const neededBytes = 2*tarballBytes + libraryBytes

// checkFreeSpace fails before a download that can't be unpacked.
func checkFreeSpace(dir string) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("ask for the free space of %s: %w", dir, err)
	}
	if free := int64(fs.Bavail) * fs.Bsize; free < neededBytes {
		return fmt.Errorf("the disk is too full to fetch the clickhouse engine: %s has %d MB free, %d MB are needed; free some, or %s",
			dir, free>>20, neededBytes>>20, remedy)
	}
	return nil
}
