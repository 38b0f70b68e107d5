SELECT
    if(count() = 0, NULL, toUnixTimestamp64Milli(min(fresh_at))) AS fresh,
    if(count() = 0, NULL, toUnixTimestamp64Milli(min(watermark))) AS complete_to,
    any(c.partitions) - count() AS missing
FROM pipeline_checkpoints AS p FINAL
INNER JOIN pipeline_current_epoch AS c ON p.epoch = c.epoch
