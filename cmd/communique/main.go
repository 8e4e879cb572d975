// Command communique merges the feeds of an organisation's many offices into
// clean, deduplicated, tagged feeds in every language.
//
// One file holds one subcommand; root.go holds what they share, wire.go turns
// the configuration into the rooms' options, store.go and admin.go are the two
// ways to what is stored: the file, and the daemon that holds it.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // whoever presses Ctrl-C again does not want to wait
	paceGarbage()
	log.SetOutput(io.Discard) // net/http quotes there what an origin sends unasked, in no format of ours; our own log is slog's
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
