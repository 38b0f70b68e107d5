SELECT
    {{template "interval"}} AS time,
{{- range $i, $m := .Metrics}}{{if $i}},{{end}}
    if(sum({{$m.Name}}_n) = 0, NULL, sum({{$m.Name}}_sum) / ({{$m.Scale}} * sum({{$m.Name}}_n))) AS mean_{{$m.Name}},
    sum({{$m.Name}}_n) AS count_{{$m.Name}}
{{- end}}
FROM {{template "selected"}}
GROUP BY time
ORDER BY time
