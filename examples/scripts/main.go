// Scripts runs child scripts side by side and gives what they have printed to one that joins it: what is otherwise a
// shell script with &, wait and temporary files. It runs them one at a time, all at once, and with one that fails.
//
//	go run ./examples/scripts -pause 300ms north east south west
//	go run ./examples/scripts -out scripts.svg
//
// So that it runs everywhere, the scripts are this program itself, with other arguments.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/proc"
	"github.com/dally-go/dally/viz"
	_ "github.com/dally-go/dally/viz/auto" // DALLY_PROGRESS, DALLY_REPORT and the like show what runs
)

func main() {
	var err error
	if len(os.Args) > 1 && os.Args[1] == "script" {
		err = script(os.Stdin, os.Stdout, os.Args[2:])
	} else {
		err = run(os.Stdout, os.Args[1:]...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "scripts:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, args ...string) error {
	f := flag.NewFlagSet("scripts", flag.ContinueOnError)
	f.SetOutput(io.Discard) // main tells the error
	pause := f.Duration("pause", 300*time.Millisecond, "how long a script waits for its station")
	out := f.String("out", "", "the `file` for a picture: .svg, .dot, .mmd")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		f.SetOutput(w)
		f.PrintDefaults()
		return nil
	} else if err != nil {
		return err
	}
	stations := f.Args()
	if len(stations) == 0 {
		stations = []string{"north", "east", "south", "west"}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return compare(w, scripts{self, *pause}, stations, *out)
}

// scripts are how the scripts are run.
type scripts struct {
	program string
	pause   time.Duration
}

// atOnce returns the program of which so many run at once. Without the Limit it would be as many as there are
// processors, for all programs together: right for scripts that compute, but these wait.
func (s scripts) atOnce(n int) *proc.Program {
	return &proc.Program{Name: s.program, Options: []lazy.Option{lazy.Name("script"), lazy.Limit(executor.NewLimit(n))}}
}

var lines = lazy.Pure1(func(texts []string) string { return strings.Join(texts, "\n") }, lazy.Name("Lines"))

// record records the scripts, one per station, and the one that joins what they print. Nothing runs.
func (s scripts) record(n int, stations []string) (measured []lazy.Data[string], report lazy.Data[string]) {
	p := s.atOnce(n)
	for _, station := range stations {
		measured = append(measured, proc.Text(p.Of("script", "measure", station, s.pause.String())))
	}
	joined := p.Call(proc.Cmd{Args: []any{"script", "join"}, Stdin: lines(lazy.Gather(measured...))})
	return measured, proc.Text(joined)
}

func compare(w io.Writer, s scripts, stations []string, out string) error {
	ctx := context.Background()
	var took [2]time.Duration
	for i, n := range []int{1, len(stations)} {
		_, report := s.record(n, stations)
		start := time.Now()
		text, err := report.Get(ctx)
		if err != nil {
			return err
		}
		took[i] = time.Since(start)
		if i == 0 {
			fmt.Fprintln(w, text)
		} else if out != "" {
			if err := viz.WriteFile(out, lazy.Snapshot(report)); err != nil {
				return err
			}
		}
		fmt.Fprintf(w, "%d at once: %.2f s\n", n, took[i].Seconds())
	}
	fmt.Fprintf(w, "speed-up %.1fx\n", took[0].Seconds()/took[1].Seconds())
	return failing(ctx, w, s, append(stations[:len(stations):len(stations)], broken))
}

// failing shows what becomes of the others if one of the scripts fails.
func failing(ctx context.Context, w io.Writer, s scripts, stations []string) error {
	_, report := s.record(len(stations), stations)
	_, err := report.Get(ctx)
	var exit *proc.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("the station %s was to fail, but: %w", broken, err)
	}
	fmt.Fprintf(w, "\nwith a station that is %s: exit code %d, saying: %s", broken, exit.Code, exit.Stderr)

	measured, _ := s.record(len(stations), stations)
	values, err := lazy.GetAll(ctx, measured, lazy.KeepGoing())
	var partial *lazy.PartialError
	if !errors.As(err, &partial) {
		return fmt.Errorf("the station %s was to fail alone, but: %w", broken, err)
	}
	for i, v := range values {
		if partial.Errs[i] == nil {
			fmt.Fprintf(w, "  kept: %s\n", v)
		}
	}
	return nil
}
