{{- /* Parts of the queries. Nothing but SQL may remain when they are rendered: the data source expands macros in comments too. */ -}}
{{define "epoch"}}epoch = (SELECT epoch FROM pipeline_current_epoch){{end}}

{{define "selected"}}satisfaction_panes FINAL
WHERE {{template "epoch"}} AND dimension = 'service' AND $__timeFilter(pane)
    AND $__conditionalAll(value IN ({{chosen "service"}}), $service){{end}}

{{define "low"}}if({{.N}} = 0, NULL, greatest(0, ({{.K}} / {{.N}} + {{.Z}} * {{.Z}} / (2 * {{.N}})
    - {{.Z}} * sqrt(({{.K}} / {{.N}} * (1 - {{.K}} / {{.N}}) + {{.Z}} * {{.Z}} / (4 * {{.N}})) / {{.N}})) / (1 + {{.Z}} * {{.Z}} / {{.N}}))){{end}}

{{define "high"}}if({{.N}} = 0, NULL, least(1, ({{.K}} / {{.N}} + {{.Z}} * {{.Z}} / (2 * {{.N}})
    + {{.Z}} * sqrt(({{.K}} / {{.N}} * (1 - {{.K}} / {{.N}}) + {{.Z}} * {{.Z}} / (4 * {{.N}})) / {{.N}})) / (1 + {{.Z}} * {{.Z}} / {{.N}}))){{end}}

{{define "verdict"}}multiIf({{.N}} = 0, 'no_data',
    {{template "high" oneSided .K .N}} < {{target}}, 'below',
    {{template "low" oneSided .K .N}} >= {{target}}, 'met',
    'undetermined'){{end}}

{{define "why"}}if(rule IN ('falling', 'group_falling'),
    concat({{template "told" twoSided "round(figure * ratings)" "ratings"}}, ' < ', {{template "told" twoSided "round(figure_before * ratings_before)" "ratings_before"}}),
    printf('%.2f (n = %d) < %.2f', figure, ratings, threshold)){{end}}

{{define "told"}}assumeNotNull(printf('%.1f %% (%.1f–%.1f, n = %d)', 100 * {{.K}} / {{.N}},
    100 * {{template "low" .}}, 100 * {{template "high" .}}, {{.N}})){{end}}

{{define "rulewords"}}transform(rule, ['low_rating', 'low_mean', 'falling'], {{.Rules}}){{end}}

{{define "linked"}}{{if .Base}}concat('<a href="{{.Base}}/', dimension, 's/', encodeURLComponent(value), '">', {{template "named" .}}, '</a>'){{else}}{{template "named" .}}{{end}}{{end}}

{{define "named"}}concat(transform(dimension, ['customer', 'service', 'segment'], {{.Kinds}}), encodeXMLComponent(value)){{end}}

{{define "interval"}}$__timeInterval(pane{{zoned "+"}}){{zoned "-"}}{{end}}
