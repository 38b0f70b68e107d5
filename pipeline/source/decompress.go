package source

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"io"
	"sync"

	"github.com/segmentio/kafka-go/compress"
)

// MaxBatchBytes bounds what a compressed batch of records may be when it is decompressed. Producers bound their batches
// before they compress them, by 1 MB in most clients; without a bound 100 kB of gzip are 100 MB in memory.
const MaxBatchBytes = 16 << 20

// The client decompresses a batch as a whole, by a codec from its table, and has no bound. So the codecs of the table are
// wrapped: of a batch that is too large a bounded codec gives a single record, which stands for all of them and is told by
// a key that nobody can know. The client takes the rest of the batch for compacted away and goes on behind it.
func init() {
	for i, codec := range compress.Codecs {
		if codec != nil {
			compress.Codecs[i] = boundedCodec{codec}
		}
	}
}

// oversizedKey is the key of the record that stands for an oversized batch.
var oversizedKey = func() []byte {
	key := make([]byte, 16)
	_, _ = rand.Read(key) // never fails: it ends the process where there is no randomness
	return key
}()

// boundedCodec is a codec whose readers give at most MaxBatchBytes.
type boundedCodec struct{ compress.Codec }

// buffers are those of batches that were read.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// NewReader returns the decompressed batch, or the record that stands for one that is too large.
func (c boundedCodec) NewReader(r io.Reader) io.ReadCloser {
	size := int64(0)
	if limited, ok := r.(*io.LimitedReader); ok {
		size = limited.N
	}
	plain := c.Codec.NewReader(r)
	buf, _ := buffers.Get().(*bytes.Buffer)
	buf.Reset()
	n, err := buf.ReadFrom(io.LimitReader(plain, MaxBatchBytes+1))
	if cerr := plain.Close(); err == nil {
		err = cerr
	}
	if err == nil && n > MaxBatchBytes {
		buf.Reset()
		_, err = io.Copy(io.Discard, r) // the client counts on all being read
		buf.Write(standIn(size))
	}
	return &bounded{buf, err}
}

// bounded is a decompressed batch.
type bounded struct {
	*bytes.Buffer
	err error
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	return b.Buffer.Read(p)
}

// Close returns the buffer for the next batch.
func (b *bounded) Close() error {
	if b.Buffer.Cap() <= MaxBatchBytes/4 {
		buffers.Put(b.Buffer)
	}
	b.Buffer = new(bytes.Buffer)
	return nil
}

// standIn returns the record that stands for a batch of as many compressed bytes: the first of the batch, with a length
// that says that nothing of it is left, so that the client goes on behind the batch.
func standIn(size int64) []byte {
	const lengthBytes = 5
	length := uint64(max(size-lengthBytes, 0)) << 1 // zigzag
	b := make([]byte, 0, 64)
	for i := range lengthBytes {
		part := byte(length>>(7*i)) & 0x7f
		if i < lengthBytes-1 {
			part |= 0x80
		}
		b = append(b, part)
	}
	b = append(b, 0, 0, 0) // attributes, timestamp and offset as of the batch
	b = binary.AppendVarint(b, int64(len(oversizedKey)))
	b = append(b, oversizedKey...)
	b = binary.AppendVarint(b, -1) // no value
	return binary.AppendVarint(b, 0)
}
