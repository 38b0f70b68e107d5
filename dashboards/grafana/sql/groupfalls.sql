SELECT
    opened_at AS time,
    if(state < 'resolved', toDateTime64($__toTime, 3, 'UTC'), resolved_at) AS timeEnd,
    concat({{template "linked" .}}, {{.Colon}}, encodeXMLComponent({{template "why"}})) AS text,
    concat(toString(severity), ',', dimension) AS tags
FROM customer_satisfaction_alerts FINAL
WHERE rule = 'group_falling' AND opened_at <= $__toTime AND (state < 'resolved' OR resolved_at >= $__fromTime){{if .ByService}}
    AND $__conditionalAll((dimension = 'segment' OR value IN ({{chosen "service"}})), $service){{end}}
ORDER BY time DESC
LIMIT 200
