package bench

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
)

// cpu returns the CPU seconds that this process has used.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// peakMemory returns the largest resident size that this process has had, bytes.
func peakMemory() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return u.Maxrss * 1024
}

// allocations returns how many objects this process has allocated.
func allocations() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// ticksPerSecond is the unit of /proc's times; it is 100 on every Linux that Go runs on.
const ticksPerSecond = 100

// ProcessCPU returns a function that returns the CPU seconds that the process has used, as Linux tells in /proc; 0 where
// it does not.
func ProcessCPU(pid int) func() float64 {
	return func() float64 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return 0
		}
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		total := 0.0
		for _, f := range fields[11:13] { // utime and stime, the 14th and 15th of all
			n, err := strconv.ParseFloat(string(f), 64)
			if err != nil {
				return 0
			}
			total += n
		}
		return total / ticksPerSecond
	}
}

// perMillion is CPU seconds per million records.
func perMillion(seconds float64, records int) float64 { return seconds / float64(records) * 1e6 }
