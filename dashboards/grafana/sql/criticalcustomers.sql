SELECT
    opened_at AS time,
    concat({{template "linked" .}}, {{.Colon}}, {{template "rulewords" .}}, {{.Comma}}, encodeXMLComponent({{template "why"}})) AS text,
    'critical' AS tags
FROM customer_satisfaction_alerts FINAL
WHERE dimension = 'customer' AND severity = 'critical' AND $__timeFilter(opened_at){{if .ByService}}
    AND $__conditionalAll(service IN ({{chosen "service"}}), $service){{end}}
ORDER BY time DESC
LIMIT 200
