package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// versionNumber is set by release builds: -ldflags "-X main.versionNumber=1.2.3".
var versionNumber = "0.1.0-dev"

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print version, commit and Go version",
		Example: "  communique version",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			commit := "unknown"
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						commit = s.Value
					}
				}
			}
			_, err := fmt.Fprintf(a.stdout, "communique %s\ncommit %s\n%s %s/%s\n", versionNumber, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
