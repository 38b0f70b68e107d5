package source

import (
	"encoding/binary"
	"fmt"
)

// PartitionOf is the partition that Java's default partitioner, librdkafka's
// murmur2_random and our Producer give a record with this key; partitions must be 1 or more.
func PartitionOf(key []byte, partitions int) int32 {
	return int32(murmur2(key) & 0x7fffffff % uint32(partitions))
}

// murmur2 is the hash of org.apache.kafka.common.utils.Utils.
func murmur2(data []byte) uint32 {
	const (
		seed  = 0x9747b28c
		mix   = 0x5bd1e995
		shift = 24
	)
	h := seed ^ uint32(len(data))
	for ; len(data) >= 4; data = data[4:] {
		k := binary.LittleEndian.Uint32(data) * mix
		h = h*mix ^ (k^k>>shift)*mix
	}
	switch len(data) {
	case 3:
		h ^= uint32(data[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(data[1]) << 8
		fallthrough
	case 1:
		h = (h ^ uint32(data[0])) * mix
	}
	h = (h ^ h>>13) * mix
	return h ^ h>>15
}

// KeyFor returns a key that every producer which hashes keys as ours does puts on the partition: the wanted one if it
// does, else the wanted one with # and a number. It is for records that belong to others which are already there.
func KeyFor(wanted []byte, partition int32, partitions int) []byte {
	key := wanted
	for n := 0; PartitionOf(key, partitions) != partition; n++ {
		key = fmt.Appendf(nil, "%s#%d", wanted, n)
	}
	return key
}
