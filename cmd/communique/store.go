package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"communique/config"
	"communique/storage"
)

// dataFlag gives a command its --data.
func dataFlag(c *cobra.Command, dir *string) {
	c.Flags().StringVar(dir, "data", "", "`DIR` of the store, over the configuration's storage.dir")
}

// storeFile gives the path of the store: the flag's folder, else the
// configuration's. The demonstration has a folder of its own, so that it never
// mixes with an operator's statements.
func storeFile(cfg *config.Config, isDemo bool, dir string) string {
	if dir == "" {
		dir = string(cfg.Storage.Dir)
		if isDemo {
			dir = filepath.Join(dir, "demonstration")
		}
	}
	return filepath.Join(dir, "communique.db")
}

// openStore opens the store and makes its folder.
func openStore(file string, log *slog.Logger) (*storage.Store, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	store, err := storage.Open(file, storage.Options{Log: log})
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		err = fmt.Errorf("%w; nothing can be changed while it can only be read", err)
	}
	return store, err
}

// openToServe is openStore for the daemon, which serves what it can read also
// while it cannot write.
func openToServe(file string, log *slog.Logger) (*storage.Store, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	return storage.Open(file, storage.Options{Log: log, Wait: true})
}

// errNoStore means that nothing has been stored yet.
var errNoStore = errors.New("nothing has been pulled yet, or another --data is meant")

// openToRead opens the store beside other readers.
func openToRead(file string) (*storage.Store, error) {
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no store at %s: %w", file, errNoStore)
	}
	return storage.Open(file, storage.Options{ReadOnly: true})
}
