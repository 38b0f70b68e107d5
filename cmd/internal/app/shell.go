package app

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"satisflow/cmd/internal/config"
)

// shell is what commands know of their process.
type shell struct {
	environ        []string
	program        string // as to be typed: satisflow, ./satisflow, go run ./cmd/satisflow
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
}

func newShell(inv Invocation) *shell {
	return &shell{environ: inv.Environ, program: typed(inv.Args[0]), stdin: inv.Stdin, stdout: inv.Stdout, stderr: inv.Stderr, now: time.Now}
}

// typed is how the program was called; go run builds it in a temporary folder.
func typed(program string) string {
	if strings.HasPrefix(program, filepath.Join(os.TempDir(), "go-build")) {
		return "go run ./cmd/satisflow"
	}
	return program
}

// load merges the configuration of a command that was made withConfig.
func (s *shell) load(cmd *cobra.Command, presets ...config.Setting) (config.Loaded, error) {
	file, err := cmd.Flags().GetString(configFlag)
	if err != nil {
		return config.Loaded{}, err
	}
	return config.Load(config.Sources{Flags: configFlags(cmd), Environ: s.environ, File: file, Presets: presets})
}

// logger writes to stderr as configured.
func (s *shell) logger(cfg config.Log) zerolog.Logger {
	level, err := zerolog.ParseLevel(cfg.Level)
	if err != nil {
		panic(err) // validated
	}
	w := s.stderr
	if cfg.Format == "console" || cfg.Format == "auto" && isTerminal(s.stderr) {
		w = zerolog.ConsoleWriter{Out: s.stderr, NoColor: !s.colored(s.stderr), TimeFormat: time.TimeOnly}
	}
	return zerolog.New(zerolog.SyncWriter(w)).Level(level).With().Timestamp().Logger()
}

func isTerminal(w any) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// colored says whether to color what is written: on a terminal, unless NO_COLOR is set (see no-color.org).
func (s *shell) colored(w io.Writer) bool {
	refused := slices.ContainsFunc(s.environ, func(v string) bool { return strings.HasPrefix(v, "NO_COLOR=") && v != "NO_COLOR=" })
	return isTerminal(w) && !refused
}

func (s *shell) red(text string) string { return s.paint(s.stderr, "31", text) }

func (s *shell) bold(text string) string { return s.paint(s.stdout, "1", text) }

func (s *shell) dim(text string) string { return s.paint(s.stdout, "2", text) }

func (s *shell) paint(w io.Writer, code, text string) string {
	if !s.colored(w) {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// clock is a time for people: in their zone.
func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }
