package source

import (
	"fmt"
	"testing"
)

func TestKeyFor_leads_to_the_partition_and_keeps_a_key_that_does(t *testing.T) {
	for _, partitions := range []int{1, 3, 12, 200} {
		for i := range 50 {
			wanted := fmt.Appendf(nil, "customer-%d", i)
			if own := PartitionOf(wanted, partitions); string(KeyFor(wanted, own, partitions)) != string(wanted) {
				t.Errorf("%s was changed although it leads to %d of %d", wanted, own, partitions)
			}
			partition := int32(i % partitions)
			if got := PartitionOf(KeyFor(wanted, partition, partitions), partitions); got != partition {
				t.Errorf("%s leads to %d of %d, want %d", wanted, got, partitions, partition)
			}
		}
	}
}
