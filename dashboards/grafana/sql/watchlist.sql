WITH now64(3, 'UTC') AS moment
SELECT
    customer,
    toString(max(level)) AS severity,
    arrayStringConcat(arraySort(groupUniqArray(reason)), '+') AS reasons,
    argMin(why, (-urgency, begun, id)) AS figure,
    toUnixTimestamp64Milli(min(begun)) AS since,
    toString(min(stage)) AS state,
    arrayStringConcat(arraySort(groupUniqArrayIf(worker, worker != '')), ', ') AS assignee,
    toUnixTimestamp64Milli(min(if(stage < 'contacted', least(contact_due, resolve_due), resolve_due))) AS due,
    multiIf(max(late_resolve), 'resolve', max(late_contact), 'contact', 'in_time') AS overdue,
    sum(urgency) AS score
FROM
(
    SELECT
        id, value AS customer, severity AS level, state AS stage, rule AS reason, opened_at AS begun, assignee AS worker, service,
        contact_due, resolve_due,
        state < 'contacted' AND moment > contact_due AS late_contact,
        moment > resolve_due AS late_resolve,
        exp2(toInt8(severity) - 1) * weight * (1 + 0.5 * (state = 'open') + (late_contact OR late_resolve)) AS urgency,
        {{template "why"}} AS why
    FROM customer_satisfaction_alerts FINAL
    WHERE dimension = 'customer' AND state < 'resolved'
)
GROUP BY customer
HAVING $__conditionalAll(countIf(service IN ({{chosen "service"}})) > 0, $service)
ORDER BY score DESC, since, customer
LIMIT {{.Most}}
