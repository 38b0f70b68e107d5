# `just update` writes every generated file; `just test` is the README's test command.

# list the recipes
default:
    @just --list

# write all generated files: references, OpenAPI document, schema, rules, dashboards, golden files
update:
    go test -count=1 $(grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -n1 dirname | sort -u) -update

test:
    go test ./...

lint:
    golangci-lint run ./...

dev:
    go run ./cmd/satisflow dev --demo
