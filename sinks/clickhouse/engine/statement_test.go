package engine

import "testing"

func TestAStatementIsReadAsFarAsTheFrontMust(t *testing.T) {
	for name, c := range map[string]struct {
		sql  string
		want statement
	}{
		"a plain select":                           {"SELECT 1", statement{kindSelect, "SELECT 1", "", ""}},
		"a select in brackets":                     {" (SELECT 1)", statement{kindSelect, " (SELECT 1)", "", ""}},
		"a trailing format":                        {"SELECT 1 FORMAT JSON", statement{kindSelect, "SELECT 1 FORMAT JSON", "JSON", ""}},
		"a format before settings":                 {"select 1 format CSV settings a = 1", statement{kindSelect, "select 1 format CSV settings a = 1", "CSV", ""}},
		"the word format in text":                  {"SELECT 'x FORMAT JSON'", statement{kindSelect, "SELECT 'x FORMAT JSON'", "", ""}},
		"the word format in brackets":              {"SELECT (a FORMAT b)", statement{kindSelect, "SELECT (a FORMAT b)", "", ""}},
		"a format behind a comment":                {"SELECT 1 /* FORMAT CSV */ -- FORMAT TSV\n FORMAT JSON", statement{kindSelect, "SELECT 1 /* FORMAT CSV */ -- FORMAT TSV\n FORMAT JSON", "JSON", ""}},
		"an unclosed comment":                      {"SELECT 1 /* FORMAT CSV", statement{kindSelect, "SELECT 1 /* FORMAT CSV", "", ""}},
		"an unclosed text":                         {`SELECT 'a\' FORMAT CSV`, statement{kindSelect, `SELECT 'a\' FORMAT CSV`, "", ""}},
		"SHOW":                                     {"SHOW TABLES FORMAT TSV", statement{kindOther, "SHOW TABLES FORMAT TSV", "TSV", ""}},
		"nothing":                                  {"", statement{kindOther, "", "", ""}},
		"an insert whose data is the body":         {"INSERT INTO t (a, b)", statement{kindInsert, "INSERT INTO t (a, b)", "Values", ""}},
		"an insert with a format":                  {"INSERT INTO t FORMAT Native", statement{kindInsert, "INSERT INTO t ", "Native", ""}},
		"an insert with a format and data":         {"INSERT INTO t FORMAT TSV \r\n\n1", statement{kindInsert, "INSERT INTO t ", "TSV", "\n1"}},
		"an insert with values":                    {"INSERT INTO t VALUES (1), ('SELECT')", statement{kindInsert, "INSERT INTO t ", "Values", " (1), ('SELECT')"}},
		"an insert with settings and values":       {"insert into t settings x=1 values (1)", statement{kindInsert, "insert into t settings x=1 ", "Values", " (1)"}},
		"an insert into a quoted column":           {"INSERT INTO t (`values`, \"format\") VALUES (1)", statement{kindInsert, "INSERT INTO t (`values`, \"format\") ", "Values", " (1)"}},
		"an insert of a select":                    {"INSERT INTO t SELECT 1", statement{kindOther, "INSERT INTO t SELECT 1", "", ""}},
		"an insert of a select with a common part": {"WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", statement{kindOther, "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", "", ""}},
		"a select with a common part":              {"WITH x AS (SELECT 1) SELECT * FROM x", statement{kindSelect, "WITH x AS (SELECT 1) SELECT * FROM x", "", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := parseStatement(c.sql); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func FuzzParseStatement(f *testing.F) {
	for _, sql := range []string{"SELECT 1 FORMAT", "INSERT INTO t FORMAT", "/*", "'\\", "`", ")))", "WITH", "--", "#"} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if s := parseStatement(sql); len(s.sql)+len(s.inline) > len(sql) {
			t.Errorf("%q became longer: %+v", sql, s)
		}
	})
}
