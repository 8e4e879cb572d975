package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"communique/config"
)

// Exit codes (CONTRACT.md).
const (
	exitDone   = 0
	exitFailed = 1 // it ran and failed
	exitUsage  = 2 // the command line or the configuration is wrong
)

// usageError marks an error of the command line or the configuration.
type usageError struct{ error }

// app is what every subcommand is given.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	configFile     string // "" when the flag was not given
	logFormat      string
	logLevel       string
}

// run executes one command line and gives its exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr}
	root := &cobra.Command{
		Use:   "communique",
		Short: "Merge the feeds of many offices into one entry per statement",
		Long: `communique pulls the feeds of an organisation's offices, recognises what is one
statement, tags it by region and topic, and re-publishes merged feeds.`,
		Example:       "  communique serve\n  communique check --config communique.yaml",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.PersistentFlags().StringVar(&a.configFile, "config", "", `configuration file (default "communique.yaml"; the built-in demonstration when there is none)`)
	root.PersistentFlags().StringVar(&a.logFormat, "log-format", "text", "text or json")
	root.PersistentFlags().StringVar(&a.logLevel, "log-level", "info", "debug, info, warn or error")
	root.AddCommand(a.serve(), a.fetch(), a.check(), a.parse(), a.classify(), a.explain(), a.sources(), a.config(), a.verify(), a.version(), a.health())
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see `%s --help`", err, c.CommandPath())}
	})
	ran := false // cobra's own complaints come before any command runs
	root.PersistentPreRun = func(*cobra.Command, []string) { ran = true }
	err := root.ExecuteContext(ctx)
	var usage usageError
	var bad config.Errors
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &bad):
		fmt.Fprintln(stderr, bad.Error())
		return exitUsage
	case errors.As(err, &usage) || !ran:
		fmt.Fprintln(stderr, "communique:", err)
		return exitUsage
	case errors.Is(err, errSaid):
		return exitFailed
	}
	fmt.Fprintln(stderr, "communique:", err)
	return exitFailed
}

// errSaid ends a command with exit code 1 when what went wrong has been said.
var errSaid = errors.New("already said")

// log makes the logger that the flags ask for. It writes to stderr.
func (a *app) log() (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(a.logLevel)); err != nil {
		return nil, usageError{fmt.Errorf("--log-level %q: want debug, info, warn or error", a.logLevel)}
	}
	o := &slog.HandlerOptions{Level: level}
	switch a.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(a.stderr, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(a.stderr, o)), nil
	}
	return nil, usageError{fmt.Errorf("--log-format %q: want text or json", a.logFormat)}
}

// isTerminal reports whether w is a terminal, where progress bars belong.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// quiet keeps warnings and errors of a log: a command that ends with a table
// says the rest there.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(atLeast{log.Handler(), slog.LevelWarn}) }

type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}
