package auto

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dally-go/dally/internal/startup"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/live"
	"github.com/dally-go/dally/viz/progress"
	"github.com/dally-go/dally/viz/record"
)

// The variables.
const (
	progressVar = "DALLY_PROGRESS"
	reportVar   = "DALLY_REPORT"
	traceVar    = "DALLY_TRACE"
	liveVar     = "DALLY_LIVE"
)

var known = []string{liveVar, progressVar, reportVar, traceVar}

func init() {
	startup.Observe = func() (any, error) {
		o, f, err := start(os.Environ(), os.Stderr, slog.Default)
		if err != nil || o == nil {
			return nil, err
		}
		current.Store(f)
		return o, nil
	}
}

// settings are the variables' values.
type settings map[string]string

// settingsOf reads the variables out of an environment and tells of unknown ones.
func settingsOf(environ []string, logger *slog.Logger) settings {
	set := settings{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case !strings.HasPrefix(name, "DALLY_") || value == "":
		case slices.Contains(known, name):
			set[name] = value
		default:
			logger.Warn("dally: unknown environment variable", "name", name, "known", strings.Join(known, ", "))
		}
	}
	return set
}

// start does what the environment asks for and returns who is to observe the runs: nil for nobody.
func start(environ []string, stderr io.Writer, logger func() *slog.Logger) (lazy.Observer, *files, error) {
	set := settingsOf(environ, logger())
	if len(set) == 0 {
		return nil, nil, nil
	}
	if err := set.check(); err != nil {
		return nil, nil, err
	}
	rec := record.New(set.options()...)
	f := &files{rec: rec, report: set[reportVar], trace: set[traceVar], logger: logger}
	var shown lazy.Observer = rec
	if mode := set[progressVar]; mode != "" {
		m, _ := progress.ParseMode(mode) // check has refused what is none
		shown = progress.New(stderr, m, progress.Into(rec))
	}
	if addr := set[liveVar]; addr != "" {
		server, err := live.Listen(addr, rec)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", liveVar, err)
		}
		fmt.Fprintln(stderr, "dally: live page:", server.URL()) // not by the logger, which may want warnings alone
	}
	return record.Tee(shown, f.observer()), f, nil
}

// options are what the record has to keep.
func (s settings) options() (opts []record.Option) {
	if s[reportVar] != "" {
		opts = append(opts, record.Values(), record.Reasons())
	}
	if s[traceVar] != "" || s[liveVar] != "" {
		opts = append(opts, record.Graphs())
	}
	if len(opts) == 0 {
		opts = append(opts, record.Spans(0)) // totals are all that progress shows
	}
	return opts
}

// check returns all that is wrong at once. Files that are not there are created, to see whether they can be, and removed.
func (s settings) check() error {
	var errs []error
	if mode := s[progressVar]; mode != "" {
		if _, err := progress.ParseMode(mode); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", progressVar, err))
		}
	}
	errs = append(errs,
		s.checkName(reportVar, "a name that ends in .html, or in .json for the data alone", ".html", ".json"),
		s.checkName(traceVar, "a name that ends in .json", ".json"))
	if err := errors.Join(errs...); err != nil {
		return err
	}
	madeReport, errReport := s.create(reportVar)
	madeTrace, errTrace := s.create(traceVar)
	defer func() { // an empty file is worse than none, for a program that does not live to write it
		if madeReport {
			_ = os.Remove(s[reportVar])
		}
		if madeTrace {
			_ = os.Remove(s[traceVar])
		}
	}()
	if err := errors.Join(errReport, errTrace); err != nil {
		return err
	}
	if s[reportVar] != "" && s[traceVar] != "" && sameFile(s[reportVar], s[traceVar]) {
		return fmt.Errorf("%s and %s are both %q", reportVar, traceVar, s[traceVar])
	}
	return nil
}

// checkName checks the name of a file, and makes it absolute.
func (s settings) checkName(variable, want string, extensions ...string) error {
	path := s[variable]
	if path == "" {
		return nil
	}
	if !slices.Contains(extensions, strings.ToLower(filepath.Ext(path))) {
		return fmt.Errorf("%s is %q: want %s", variable, path, want)
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("%s: %w", variable, err)
	}
	s[variable] = full
	return nil
}

// create creates a file, if it is not there. What is there stays as it is.
func (s settings) create(variable string) (made bool, err error) {
	path := s[variable]
	if path == "" {
		return false, nil
	}
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return false, fmt.Errorf("%s is %q: want a regular file, not a device or pipe", variable, path) // to open it may block
	}
	made = errors.Is(err, fs.ErrNotExist)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return false, fmt.Errorf("%s: %w", variable, err)
	}
	return made, file.Close()
}

// sameFile reports whether two files, which are there, are one.
func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	two, err := os.Stat(b)
	return err == nil && os.SameFile(one, two)
}
