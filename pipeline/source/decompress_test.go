package source

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// bomb is n messages of one batch that are as many bytes when they are decompressed.
func bomb(n, bytesEach int) []Message {
	messages := make([]Message, n)
	for i := range messages {
		messages[i] = Message{Key: fmt.Appendf(nil, "customer-%d", i), Value: bytes.Repeat([]byte(" "), bytesEach)}
	}
	return messages
}

// What stands for an oversized batch comes by its internals' leave: this holds for the client as it is in go.mod.
func TestABatchThatIsTooLargeIsOneRecordAndTheNextIsRead(t *testing.T) {
	for _, codec := range []string{"gzip", "snappy", "lz4", "zstd"} {
		t.Run(codec, func(t *testing.T) {
			_, cluster := fake(t, 1, kfake.BrokerConfigs(map[string]string{"message.max.bytes": "20000000"}))
			p := producer(t, cluster, func(c *ProducerConfig) {
				c.Compression, c.MaxMessageBytes, c.WriteTimeout = codec, 100<<20, 30*time.Second
			})
			produce(t, p, "before", 10)
			for _, messages := range [][]Message{bomb(3, 8<<20), bomb(1, 20<<20), bomb(2, MaxBatchBytes/3)} {
				if err := p.Produce(t.Context(), messages...); err != nil {
					t.Fatal(err)
				}
			}
			produce(t, p, "after", 5)
			w := watch(t, cluster, quick(), 0)
			w.until("the end", func() bool { return w.ends > 0 })
			w.stop()
			var got []string
			for _, r := range w.got {
				switch {
				case r.Oversized:
					got = append(got, fmt.Sprintf("%d oversized", r.Offset))
					if r.Key != nil || r.Value != nil || r.Timestamp.IsZero() {
						t.Errorf("the record of an oversized batch: key %q, value %q, at %v", r.Key, r.Value, r.Timestamp)
					}
				default:
					name, _, _ := strings.Cut(string(r.Value[:min(len(r.Value), 20)]), "-")
					got = append(got, fmt.Sprintf("%d %s", r.Offset, strings.TrimSpace(name)))
				}
			}
			want := "0 before|1 before|2 before|3 before|4 before|5 before|6 before|7 before|8 before|9 before|10 oversized|13 oversized|14 |15 |16 after|17 after|18 after|19 after|20 after"
			if all := strings.Join(got, "|"); all != want {
				t.Errorf("read %s\nwant %s", all, want)
			}
			if w.errs != 0 {
				t.Errorf("%d errors", w.errs)
			}
			amid := watch(t, cluster, quick(), 12) // a restart amid the batch
			amid.until("the end", func() bool { return amid.ends > 0 })
			amid.stop()
			if len(amid.got) != 8 || amid.got[0].Offset != 13 || amid.errs != 0 {
				t.Errorf("from the middle of the batch on: %d records, %d errors, want the 8 behind it", len(amid.got), amid.errs)
			}
		})
	}
}

func TestADecompressedBatchIsBounded(t *testing.T) {
	_, cluster := fake(t, 1)
	p := producer(t, cluster, func(c *ProducerConfig) {
		c.Compression, c.MaxMessageBytes, c.WriteTimeout = "gzip", 100<<20, 30*time.Second
	})
	if err := p.Produce(t.Context(), bomb(1, 90<<20)...); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w := watch(t, cluster, quick(), 0)
	w.until("the end", func() bool { return w.ends > 0 })
	w.stop()
	runtime.ReadMemStats(&after)
	// Unbounded it would be twice 90 MiB or more; a slow machine may read the batch a second time.
	if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 10*MaxBatchBytes>>20 {
		t.Errorf("reading 90 MiB of blanks allocated %d MiB, want about twice the bound of %d MiB", n, MaxBatchBytes>>20)
	}
}
