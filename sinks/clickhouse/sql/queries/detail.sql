-- Sums of the facts of one value that is not rolled, by service and step of time. Versions of a rating may differ in every
-- column, so that it is filtered after FINAL; the keys that hold a customer are found by the index before.
SELECT
    {{.Step}} AS at,
    staff,
    toString(service) AS service_name,
    [
{{template "fact_sums.sql" .}}
    ] AS sums
FROM
(
    SELECT *, NOT erased AND NOT quarantined AS counts
    FROM enterprise_customer_satisfaction FINAL
    PREWHERE epoch = {{.Epoch}} AND pane >= {{.FirstPane}} AND pane < {{.To}}{{with .Keys}} AND {{.}}{{end}}
)
WHERE counts AND occurred_at >= fromUnixTimestamp64Milli(toInt64({{.FromMS}}), 'UTC') AND occurred_at < fromUnixTimestamp64Milli(toInt64({{.ToMS}}), 'UTC'){{with .Condition}} AND {{.}}{{end}}
GROUP BY at, staff, service_name
ORDER BY at, staff, service_name
