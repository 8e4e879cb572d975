package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

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
	data           string // of --data, "" when the flag was not given
	logFormat      string
	logLevel       string
	log            *slog.Logger // as the flags ask for; to stderr
}

// run executes one command line and gives its exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr}
	root := a.root()
	ran := false // cobra's own complaints come before any command runs
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) (err error) {
		ran = true
		if f := c.Flags().Lookup("data"); f != nil {
			a.data = f.Value.String()
		}
		a.log, err = newLog(stderr, a.logFormat, a.logLevel)
		return err
	}
	root.SetArgs(args)
	c, err := root.ExecuteContextC(ctx)
	var usage usageError
	var bad config.Errors
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &bad):
		fmt.Fprintln(stderr, bad.Error())
		return exitUsage
	case !ran:
		fmt.Fprintf(stderr, "communique: %v; see `%s --help`\n", err, c.CommandPath())
		return exitUsage
	case errors.As(err, &usage):
		fmt.Fprintln(stderr, "communique:", err)
		return exitUsage
	case errors.Is(err, errSaid):
		return exitFailed
	}
	fmt.Fprintln(stderr, "communique:", err)
	return exitFailed
}

// input opens a file, or gives what comes in when its name is "-".
func (a *app) input(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(a.stdin), nil
	}
	return os.Open(name)
}

// root gives the tree of all commands.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "communique",
		Short: "Merge the feeds of many offices into one entry per statement",
		Long: `communique pulls the feeds of an organisation's offices, recognises what is one
statement, tags it by region and topic, and re-publishes merged feeds.`,
		Example:       "  communique serve\n  communique check --config communique.yaml",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.PersistentFlags().StringVar(&a.configFile, "config", "", "configuration `FILE` (default \"communique.yaml\"; the built-in demonstration when there is none)")
	root.PersistentFlags().StringVar(&a.logFormat, "log-format", "text", "`FORMAT`: text or json")
	root.PersistentFlags().StringVar(&a.logLevel, "log-level", "info", "`LEVEL`: debug, info, warn or error")
	root.AddCommand(a.serve(), a.fetch(), a.check(), a.parse(), a.classify(), a.explain(), a.sources(), a.source(), a.retag(), a.plan(), a.reload(), a.moderate(), a.token(), a.config(), a.discover(), a.opml(), a.backup(), a.restore(), a.verify(), a.compact(), a.rebuild(), a.expire(), a.export(), a.importing(), a.version(), a.health())
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	return root
}

// errSaid ends a command with exit code 1 when what went wrong has been said.
var errSaid = errors.New("already said")

// newLog makes the logger that the flags ask for.
func newLog(w io.Writer, format, level string) (*slog.Logger, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, usageError{fmt.Errorf("--log-level %q: want debug, info, warn or error", level)}
	}
	o := &slog.HandlerOptions{Level: least}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return nil, usageError{fmt.Errorf("--log-format %q: want text or json", format)}
}

// isTerminal reports whether w is a terminal, where progress bars belong.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
