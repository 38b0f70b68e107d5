package clickhouse

// Names of the tables and views.
const (
	factsTable       = "enterprise_customer_satisfaction"
	customersTable   = "customer_ratings"
	panesTable       = "satisfaction_panes"
	windowsTable     = "satisfaction_windows"
	deadLettersTable = "dead_letters"
	checkpointsTable = "pipeline_checkpoints"
	epochsTable      = "pipeline_epochs"
)

// Types of columns as they are sent.
const (
	typeString   = "String"
	typeStrings  = "Array(String)"
	typeIntegers = "Array(Int64)"
	typeBool     = "Bool"
	typeInt32    = "Int32"
	typeInt64    = "Int64"
	typeUInt16   = "UInt16"
	typeUInt32   = "UInt32"
	typeUInt64   = "UInt64"
	typeSeconds  = "DateTime('UTC')"      // sent from int64, Unix seconds
	typeMillis   = "DateTime64(3, 'UTC')" // sent from int64, Unix milliseconds
	typeTextMap  = "Map(String, String)"
	typeCountMap = "Map(String, Int64)"
)
