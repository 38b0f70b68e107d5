SELECT DISTINCT value FROM satisfaction_panes WHERE {{template "epoch"}} AND dimension = 'service' AND $__timeFilter(pane) ORDER BY value
