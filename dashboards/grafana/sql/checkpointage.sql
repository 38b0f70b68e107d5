SELECT if(count() = 0, 0, dateDiff('second', min(updated_at), now64(3, 'UTC'))) AS age
FROM pipeline_checkpoints FINAL
WHERE {{template "epoch"}}
