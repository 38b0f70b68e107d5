-- Compares the stored sums of one table with sums made anew from the facts, for the times from From up to To.
-- One row comes back: how much was compared, and the differences as JSON.
-- A difference counts only where it is settled: where no fact and no stored row of the same partition and time lies beyond
-- the checkpoint that was read before this query. Elsewhere a flush may be under way.
SELECT
    count() AS compared,
    sumIf(facts, dimension IN ('overall', 'staff')) AS facts,
    countIf(differs AND settled) AS differing,
    uniqExactIf((partition, at), differs AND NOT settled) AS unsettled,
    groupUniqArrayIf(partition, differs AND NOT settled) AS unsettled_partitions,
    toJSONString(groupArrayIf({{.Most}})(tuple(partition, at, dimension, value, stored_rows, stored, recomputed), differs AND settled)) AS differences
FROM
(
    SELECT
        *,
        stored != recomputed AS differs,
        max(last_offset) OVER (PARTITION BY partition, at) < {{.Cut}} AND max(last_version) OVER (PARTITION BY partition, at) <= {{.Cut}} AS settled
    FROM
    (
        SELECT
            partition, at, dimension, value,
            sum(is_stored) AS stored_rows,
            sum(facts) AS facts,
            arrayResize(sumForEachIf(sums, is_stored), {{.Width}}) AS stored,
            arrayResize(sumForEachIf(sums, NOT is_stored), {{.Width}}) AS recomputed,
            max(last_offset) AS last_offset,
            max(last_version) AS last_version
        FROM
        (
            SELECT partition, toInt64(toUnixTimestamp({{.Time}})) AS at, toString(dimension) AS dimension, value, true AS is_stored, toUInt64(0) AS facts,
                [{{.Columns}}] AS sums,
                toInt64(-1) AS last_offset, toInt64(version) AS last_version
            FROM {{.Table}} FINAL
            PREWHERE epoch = {{.Epoch}}{{with .Window}} AND `window` = {{.}}{{end}} AND {{.Time}} >= {{.From}} AND {{.Time}} < {{.To}}
            WHERE toInt64(toUnixTimestamp({{.Time}})) <= {{.Watermark}}

            UNION ALL

            -- Level by level: facts of one slide and one combination of values, keys of one slide, keys of one time.
            SELECT partition, at, dimension, value, false AS is_stored, sum(facts) AS facts,
                sumForEach(sums) AS sums, max(last_offset) AS last_offset, toInt64(-1) AS last_version
            FROM
            (
                SELECT partition, first, key.1 AS dimension, key.2 AS value, sum(facts) AS facts, sumForEach(sums) AS sums, max(last_offset) AS last_offset
                FROM
                (
                    SELECT
                        partition,
                        {{.First}} AS first,
                        if(staff, [('staff', toString(service))],
                            arrayFilter(key -> (key.1 IN ('overall', 'service') OR key.2 != '') AND key.1 IN ({{.Dimensions}}),
                                [('overall', ''), ('service', toString(service)), ('product', product_id), ('channel', toString(channel)), ('segment', toString(segment)),
                                 ('service_channel', if(channel = '', '', concat(replaceAll(replaceAll(service, '%', '%25'), '/', '%2F'), '/', channel))){{range .Attributes}}, ({{.}}, attributes[{{.}}]){{end}}])) AS keys,
                        count() AS facts,
                        max(offset) AS last_offset,
                        [
{{template "fact_sums.sql" .}}
                        ] AS sums
                    FROM (SELECT *, NOT erased AND NOT quarantined AS counts FROM enterprise_customer_satisfaction FINAL
                        PREWHERE epoch = {{.Epoch}} AND pane >= {{.FactsFrom}} AND pane < {{.To}})
                    GROUP BY partition, first, keys
                )
                ARRAY JOIN keys AS key
                GROUP BY partition, first, dimension, value
            )
            ARRAY JOIN arrayMap(i -> first + i * {{.Slide}}, range({{.Slides}})) AS at
            WHERE at >= {{.From}} AND at < {{.To}} AND at <= {{.Watermark}}
            GROUP BY partition, at, dimension, value
        )
        GROUP BY partition, at, dimension, value
    )
)
SETTINGS output_format_json_quote_64bit_integers = 0, output_format_json_named_tuples_as_objects = 0, max_bytes_before_external_group_by = 1000000000
