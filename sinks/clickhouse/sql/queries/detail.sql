-- Sums of the facts of one value that is not rolled, by service and step of time. The customer is a part of the identity
-- of a rating, so it may be filtered before FINAL, by its index; any other column only after it.
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
    PREWHERE epoch = {{.Epoch}} AND pane >= {{.FirstPane}} AND pane < {{.To}}{{with .Customer}} AND customer_id = {{.}}{{end}}
)
WHERE counts AND occurred_at >= fromUnixTimestamp64Milli(toInt64({{.FromMS}}), 'UTC') AND occurred_at < fromUnixTimestamp64Milli(toInt64({{.ToMS}}), 'UTC'){{with .Condition}} AND {{.}}{{end}}
GROUP BY at, staff, service_name
ORDER BY at, staff, service_name
