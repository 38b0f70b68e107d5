package chaos

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"satisflow/cmd/internal/proof/oracle"
	"satisflow/sinks/clickhouse"
)

// Stored is the comparison of everything that is stored with the oracle's reading of the log, and with SQL over the facts.
type Stored struct {
	Offsets     int64    `json:"offsets"`  // records in the log
	Admitted    int      `json:"admitted"` // of them, by the oracle
	Rejected    int      `json:"rejected"`
	Facts       int      `json:"facts"`
	Panes       int      `json:"panes"`
	Windows     int      `json:"windows"`
	Differences int      `json:"differences"`
	Examples    []string `json:"examples,omitempty"`

	VerifiedPanes   uint64 `json:"verified_panes"` // rows that SQL over the facts was compared with
	VerifiedWindows uint64 `json:"verified_windows"`
	Unverified      uint64 `json:"unverified"` // rows that differ from it, ids that stand twice, what could not be judged
}

// compareStored compares the rows of a database with an oracle that has read all of the log but records that are lost.
func compareStored(ctx context.Context, conn driver.Conn, o *oracle.Oracle) (*Stored, error) {
	c, err := o.Compare(ctx, conn, epoch)
	if err != nil {
		return nil, err
	}
	r, err := clickhouse.Verify(ctx, conn, epoch, clickhouse.DefaultVerifyOptions(time.Now()))
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	return &Stored{
		Offsets: int64(o.Good + o.Bad), Admitted: o.Good, Rejected: o.Bad, Facts: c.Facts, Panes: c.Panes, Windows: c.Windows,
		Differences: c.Differences, Examples: c.Examples,
		VerifiedPanes: r.PaneRows, VerifiedWindows: r.WindowRows, Unverified: r.Differing + r.ConflictCount + r.Unsettled + r.Moving + r.Misfiled + r.Replaced,
	}, nil
}

// settle waits until every partition is checkpointed at the end that the topic has when the call begins.
func (s *stack) settle(ctx context.Context, conn driver.Conn, topic string, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var behind string
	var ends map[int32]int64
	for {
		var err error
		if ends == nil {
			_, ends, err = s.client.Offsets(ctx, topic)
		}
		if err == nil {
			behind, err = s.behind(ctx, conn, ends)
		}
		if err == nil && behind == "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not read to its end within %s: %s: %w", topic, within, behind, cmp.Or(err, ctx.Err()))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// behind says which partition's checkpoint is below the offset, empty for none.
func (s *stack) behind(ctx context.Context, conn driver.Conn, ends map[int32]int64) (string, error) {
	var all []int32
	for p := range ends {
		all = append(all, p)
	}
	cps, err := clickhouse.NewStore(conn, epoch, s.definition()).Checkpoints(ctx, all)
	if err != nil {
		return "", err
	}
	for p, end := range ends {
		if c := cps[p]; c.Cut < end {
			return fmt.Sprintf("partition %d is at %d of %d", p, c.Cut, end), nil
		}
	}
	return "", nil
}
