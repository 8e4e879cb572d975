// Command communique merges the feeds of an organisation's many offices into
// clean, deduplicated, tagged feeds in every language.
//
// One file holds one subcommand; root.go holds what they share, wire.go turns
// the configuration into the rooms' options.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
