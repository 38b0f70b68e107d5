package testkit

import "testing"

func TestADatabaseIsEmptyAndTheTestsOwn(t *testing.T) {
	db := ClickHouse(t)
	logServer(t, db)
	conn := db.Open()
	var name string
	var tables uint64
	row := conn.QueryRow(t.Context(), "SELECT currentDatabase(), count() FROM system.tables WHERE database = currentDatabase()")
	if err := row.Scan(&name, &tables); err != nil {
		t.Fatal(err)
	}
	if name != db.Name || tables != 0 {
		t.Errorf("got %d tables in %s, want 0 in %s", tables, name, db.Name)
	}
}
