SELECT countIf(now64(3, 'UTC') > contact_due) AS overdue
FROM customer_satisfaction_alerts FINAL
WHERE dimension = 'customer' AND severity = 'critical' AND state < 'contacted'
