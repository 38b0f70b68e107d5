package clickhouse

import "fmt"

// keysOf returns the condition that a row has the key of a rating of which some version holds one of the ids in the column;
// more, where it is not empty, narrows down the versions that are looked at, and begins with AND. It stands before FINAL in
// place of the condition on the column itself, which belongs behind it as well: versions of one key differ in the customer
// where a producer breaks the identity of ratings, and whoever filters before FINAL gets one that was replaced.
func keysOf(epoch uint32, column, ids, more string) string {
	return fmt.Sprintf("(`partition`, pane, rating_id) GLOBAL IN (SELECT `partition`, pane, rating_id FROM %s PREWHERE epoch = %d AND %s IN (%s)%s)",
		factsTable, epoch, column, ids, more)
}
