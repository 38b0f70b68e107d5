package clickhouse

import "testing"

func TestViewsProto(t *testing.T) {
	conn := migrated(t)
	for _, q := range []string{"SELECT * FROM customer_satisfaction_summary", "SELECT * FROM satisfaction_history", "SELECT * FROM pipeline_windows"} {
		exec(t, conn, q)
	}
}
