SELECT
    toString(severity) AS level,
    countIf(dimension = 'customer') AS customers,
    countIf(dimension != 'customer') AS groups,
    countIf(state = 'open') AS unseen,
    countIf(now64(3, 'UTC') > if(state < 'contacted', least(contact_due, resolve_due), resolve_due)) AS overdue,
    toUnixTimestamp64Milli(min(opened_at)) AS oldest
FROM customer_satisfaction_alerts FINAL
WHERE state < 'resolved'
    AND $__conditionalAll((dimension != 'segment' AND if(dimension = 'customer', service, value) IN ({{chosen "service"}})), $service)
GROUP BY severity
ORDER BY severity DESC
