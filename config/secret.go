package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Secret is a text that no log, error or page shows: as it stands, with ${NAME}
// from the environment, or file:PATH for the content of a file (at most 64 KiB,
// without the line end).
type Secret struct {
	value *string // behind a pointer, so that a dump of something around it shows an address
}

// Reveal gives the secret itself, "" when there is none, to the one who sends it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// String never gives the secret.
func (s Secret) String() string {
	if s.value == nil {
		return ""
	}
	return "[secret]"
}

// GoString never gives the secret.
func (s Secret) GoString() string { return s.String() }

// Format never gives the secret, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// LogValue never gives the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText never gives the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Headers are HTTP request headers by canonical name; each value may be a secret.
type Headers map[string]Secret

// Reveal gives the headers themselves.
func (h Headers) Reveal() map[string]string {
	if len(h) == 0 {
		return nil
	}
	out := make(map[string]string, len(h))
	for name, v := range h {
		out[name] = v.Reveal()
	}
	return out
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand puts the environment's values in place of ${NAME}; $${ stands for ${.
func expand(text string, env func(string) (string, bool)) (string, error) {
	var b strings.Builder
	for rest := text; ; {
		i := strings.Index(rest, "${")
		if i < 0 {
			b.WriteString(rest)
			return b.String(), nil
		}
		if i > 0 && rest[i-1] == '$' {
			b.WriteString(rest[:i] + "{")
			rest = rest[i+2:]
			continue
		}
		name, after, closed := strings.Cut(rest[i+2:], "}")
		switch {
		case !closed:
			return "", &wrong{msg: "${ without its }; write $${ for a plain ${"}
		case !envName.MatchString(name):
			return "", &wrong{msg: fmt.Sprintf("wants ${NAME}, not ${%s}; write $${ for a plain ${", name)}
		}
		value, ok := env(name)
		if !ok {
			return "", &wrong{msg: fmt.Sprintf("the environment variable %s is not set", name)}
		}
		b.WriteString(rest[:i] + value)
		rest = after
	}
}

const maxSecret = 64 << 10 // bytes of a file that holds a secret

// readSecret reads the file of a file: value, without the line end that editors add.
func readSecret(file string) (string, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", &wrong{msg: fmt.Sprintf("there is no file %s", file)}
	case err != nil:
		return "", &wrong{msg: fmt.Sprintf("cannot look at %s: %v", file, reason(err))}
	case !info.Mode().IsRegular():
		return "", &wrong{msg: fmt.Sprintf("%s is not a plain file", file)}
	case info.Size() > maxSecret:
		return "", &wrong{msg: fmt.Sprintf("%s is larger than 64 KiB", file)}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", &wrong{msg: fmt.Sprintf("cannot read %s: %v", file, reason(err))}
	}
	text := strings.TrimRight(string(data), "\r\n")
	if text == "" {
		return "", &wrong{msg: fmt.Sprintf("the file %s is empty", file)}
	}
	return text, nil
}

// reason is the cause of a file error without its path, which is said already.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// beside makes a path relative to the folder of the file that it stands in.
func beside(file, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(filepath.Dir(file), path)
}
