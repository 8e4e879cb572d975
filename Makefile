.PHONY: check test bench fuzz generate

# What the gate does, without the demonstration at its end.
check:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go test -race ./...

test:
	go test ./...

# Benchmarks of the rooms, then the whole program against a made upstream.
bench:
	go test -run '^$$' -bench . -benchmem ./...
	bench/run

# FUZZTIME=10m make fuzz
FUZZTIME ?= 10s
fuzz:
	bench/fuzz $(FUZZTIME)

generate:
	go generate ./...
