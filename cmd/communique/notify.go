package main

import (
	"context"
	"log/slog"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"

	"communique/storage"
)

// notify tells the service manager that started us how we are (sd_notify(3)), and
// nothing where there is none.
func notify(log *slog.Logger, state string) {
	if _, err := systemd.SdNotify(false, state); err != nil {
		log.Warn("the service manager cannot be told", "state", state, "err", err)
	}
}

// watchdog tells the service manager that we live, twice as often as it wants to
// hear it, until ctx ends. It looks into the store first: where that hangs, we are
// to be started again. A store that answers with an error is no reason to.
func watchdog(ctx context.Context, store *storage.Store, log *slog.Logger) {
	every, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("the watchdog cannot be told", "err", err)
	}
	if every <= 0 {
		return
	}
	tick := time.NewTicker(every / 2)
	defer tick.Stop()
	for {
		_, _ = store.Counts() // that it answers is what counts
		notify(log, systemd.SdNotifyWatchdog)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
