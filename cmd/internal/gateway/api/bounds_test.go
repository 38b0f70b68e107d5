package api

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// peakDuring returns by how much the heap grew at most while f ran.
func peakDuring(f func()) uint64 {
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var peak uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	f()
	close(stop)
	<-stopped
	return peak - min(peak, before.HeapAlloc)
}

// A body of 1 MiB once took 0.6 GB: whatever is in it, four at a time must not take a tenth of that each.
func TestHostileBodiesTakeLittleMemoryAndTime(t *testing.T) {
	const size = 1 << 20
	var many strings.Builder
	for i := 0; many.Len() < size-100; i++ {
		fmt.Fprintf(&many, `"x%x":1,`, i)
	}
	for name, c := range map[string]struct {
		path, contentType, body string
		status                  int
	}{
		"empty objects":  {"/record", "application/json", "[" + strings.Repeat("{},", size/3-2) + "1]", 413},
		"numbers":        {"/record", "application/json", "[" + strings.Repeat("1,", size/2-2) + "1]", 413},
		"drafts":         {"/record", "application/json", "[" + strings.Repeat(unnamed(4)+",", 9_999) + unnamed(4) + "]", 200},
		"wrong ones":     {"/record", "application/json", "[" + strings.Repeat(`{"":1},`, 9_999) + "1]", 422},
		"unknown fields": {"/record", "application/json", "{" + many.String() + `"z":1}`, 422},
		"empty lines":    {"/record", ndjson, strings.Repeat("\n", size), 200},
		"empty ones":     {"/record", ndjson, strings.Repeat("{}\n", size/3), 422},
		"nothing but [":  {"/record", "application/json", strings.Repeat("[", size), 422},
		"ids to erase":   {"/erase", "application/json", `{"rating_ids":[` + strings.Repeat("0,", size/2-20) + "0]}", 413},
		"keys to erase":  {"/erase", "application/json", `{"x":{` + strings.Repeat(`"a":[[{}]],`, 10_000) + `"z":1}}`, 400},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(o *Options) { o.Eraser = &eraser{} })
			w.log.keep = false
			answers := make([]*answer, 4)
			begin := time.Now()
			peak := peakDuring(func() {
				var all sync.WaitGroup
				for i := range answers {
					all.Go(func() { answers[i] = w.do(http.MethodPost, base+c.path, c.contentType, strings.NewReader(c.body)) })
				}
				all.Wait()
			})
			for _, a := range answers {
				if a.status != c.status || len(a.body) > 4<<20 {
					t.Errorf("%d, %d bytes: %.200s", a.status, len(a.body), a.body)
				}
			}
			t.Logf("%d MiB, %v", peak>>20, time.Since(begin))
			if peak > 160<<20 {
				t.Errorf("the heap grew by %d MiB", peak>>20)
			}
		})
	}
}
