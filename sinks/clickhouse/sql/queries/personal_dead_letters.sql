{{/* Condition on dead letters that name one of the ids: in the field that holds it, plain or in a CloudEvent; in the key or
a header; and anywhere in quotes where the record is no JSON. */ -}}
`key` IN ({{.IDs}})
OR arrayExists(v -> v IN ({{.IDs}}), header_values)
{{- range .Fields}}
OR JSONExtractString(value, {{.}}) IN ({{$.IDs}}) OR JSONExtractRaw(value, {{.}}) IN ({{$.IDs}})
OR JSONExtractString(value, 'data', {{.}}) IN ({{$.IDs}}) OR JSONExtractRaw(value, 'data', {{.}}) IN ({{$.IDs}})
OR JSONExtractString(tryBase64Decode(JSONExtractString(value, 'data_base64')), {{.}}) IN ({{$.IDs}})
{{- end}}
OR NOT isValidJSON(value) AND multiSearchAny(value, [{{.Quoted}}])
