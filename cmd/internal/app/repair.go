package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/service/erasure"
	"satisflow/sinks/clickhouse"
)

// repairAtOnce bounds the conflicts that are repaired before it is looked again.
const repairAtOnce = 5000

// repair erases the lesser places of the rating ids that stand at several, until there are none.
func (s *shell) repair(cmd *cobra.Command) error {
	loaded, err := s.load(cmd)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	conn, err := connectMigrated(ctx, &loaded)
	if err != nil {
		return err
	}
	defer conn.Close()
	return s.repairConflicts(ctx, &loaded.Config, conn)
}

func (s *shell) repairConflicts(ctx context.Context, cfg *config.Config, conn driver.Conn) (err error) {
	current, found, err := clickhouse.CurrentEpoch(ctx, conn)
	switch {
	case err != nil:
		return err
	case !found:
		return usageError(erasure.ErrNoEpoch)
	}
	e, err := newEraser(cfg, conn, clickhouse.NewAlerts(conn), erasure.DefaultConfig())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close(ctx)) }()
	before := uint64(0)
	for {
		conflicts, all, err := clickhouse.Conflicts(ctx, conn, current.Number, repairAtOnce)
		switch {
		case err != nil || all == 0:
			return err
		case before > 0 && all >= before:
			return fmt.Errorf("%d rating ids still stand at more than one place: their producer keeps sending them, stop it first", all)
		}
		before = all
		places := lesserPlaces(conflicts)
		fmt.Fprintf(s.stderr, "%d rating ids stand at more than one place: erasing %d of the places\n", all, len(places))
		if err := e.At(ctx, places, func(text string) { fmt.Fprintln(s.stderr, text) }); err != nil {
			return erasingError(err)
		}
	}
}

// lesserPlaces are the ratings to erase.
func lesserPlaces(conflicts []clickhouse.Conflict) (out []clickhouse.StoredRating) {
	for i := range conflicts {
		for _, p := range conflicts[i].Lesser() {
			out = append(out, clickhouse.StoredRating{Partition: p.Partition, RatingID: conflicts[i].RatingID, CustomerID: p.CustomerID,
				Service: p.Service, OccurredAt: p.OccurredAt.UnixMilli(), Revision: p.Revision})
		}
	}
	return out
}
