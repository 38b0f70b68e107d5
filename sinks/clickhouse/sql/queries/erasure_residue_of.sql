{{/* Months in which versions of ratings of the ids are in a part that FINAL does not return, and which are not erased; of epochs
that are being built, whose ratings keep counting until a processor reads the erasure, those with text. */ -}}
SELECT epoch, toYYYYMM(pane) AS month, count()
FROM enterprise_customer_satisfaction
PREWHERE {{.Column}} IN ({{.IDs}})
WHERE NOT erased
    AND (epoch GLOBAL NOT IN (SELECT epoch FROM pipeline_epochs FINAL WHERE state = 'building') OR {{.Text}})
    AND (epoch, `partition`, pane, rating_id, version) GLOBAL NOT IN
    (
        SELECT epoch, `partition`, pane, rating_id, version
        FROM enterprise_customer_satisfaction FINAL
        PREWHERE (epoch, `partition`, pane, rating_id) GLOBAL IN
            (SELECT epoch, `partition`, pane, rating_id FROM enterprise_customer_satisfaction PREWHERE {{.Column}} IN ({{.IDs}}))
    )
GROUP BY epoch, month
ORDER BY epoch, month
