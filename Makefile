.PHONY: check test bench accuracy fuzz generate

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

# What classify gets right, on the shared labelled sets; the tables go into
# docs/accuracy.md. SHARED=dir make accuracy
SHARED ?= ../shared
accuracy:
	go run ./bench/editorial -gold $(SHARED)/eval/stream_dev.jsonl -by kind -shuffles 20 -arrival both -fill 100000 \
		-congress $(SHARED)/data/humanitarian/statements_us_congress \
		-themes $(SHARED)/data/humanitarian/reliefweb/themes_en.jsonl \
		-desks $(SHARED)/data/humanitarian/bbc_desks/items.jsonl \
		-page docs/accuracy.md

# FUZZTIME=10m make fuzz
FUZZTIME ?= 10s
fuzz:
	bench/fuzz $(FUZZTIME)

generate:
	go generate ./...
