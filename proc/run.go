package proc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// The way of a command:
//
//	Command, Call ──► spec, with holes for inputs ──► CacheKey, for Memo                                kind.go, spec.go
//	                    │ the call's turn has come
//	                  task: values in place, checked; the program is found                              task.go
//	                    │
//	      stdin ──► the process, in a group of its own ──► two spools ──► Outputs                       spool.go, output.go
//	                    │ has ended; its output is closed
//	                  exit code ──► *ExitError, or the files it has made ──► Result                     result.go, file.go

// run runs the command once. It returns when the process has ended and been waited for. Nobody reads or writes for it
// any more then.
func (s *spec) run(ctx context.Context, in []any) (Result, error) {
	t, err := s.task(in)
	if err != nil {
		return Result{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stdout, stderr := newSpool(s.program, "stdout", cancel), newSpool(s.program, "stderr", cancel)
	err = t.process(ctx, stdout, stderr)
	r := Result{Stdout: stdout.output(), Stderr: stderr.output()}
	if err = t.judge(ctx, err, &r); err == nil {
		r.Files, err = t.made(ctx)
	}
	if err != nil {
		r.Stdout.discard()
		r.Stderr.discard()
		return Result{}, err
	}
	return r, nil
}

// made looks at the files that the command was to make.
func (t *task) made(ctx context.Context) (files []File, err error) {
	for _, path := range t.outputs {
		f, err := digest(ctx, path)
		if err != nil {
			return nil, fmt.Errorf("proc: %s has ended well, but a file that it was to make is not there: %w", t.line, err)
		}
		files = append(files, f)
	}
	return files, nil
}

// process starts the process and waits for it.
//
// When ctx ends, the process's group is sent SIGTERM. The process is killed a Grace later, if it is still there, and
// what is left of its group with it. A process that has ended, but left others behind that hold its output open, is
// given as long; then these are killed, and it has failed, for its output is not complete. Processes that were left
// behind by one that has not failed, and have closed its output, are left alone.
func (t *task) process(ctx context.Context, stdout, stderr io.Writer) error {
	p := t.spec.program
	cmd := exec.CommandContext(ctx, t.path)
	cmd.Args = append([]string{p.Name}, t.args...)
	cmd.Dir = t.dir
	cmd.Env = slices.Clip(t.env)
	if !p.CleanEnv {
		cmd.Env = append(os.Environ(), t.env...) // of two with one name the last one counts
	} else if t.env == nil {
		cmd.Env = []string{} // nil would be that of this process
	}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = orDefault(p.Grace, grace)
	stdin, err := t.open()
	if err != nil {
		return err
	}
	if stdin != nil {
		defer stdin.Close()
		cmd.Stdin = stdin // a *os.File as it is: the process has it for itself
	}
	group(cmd)
	defer begin()()
	if err := cmd.Start(); err != nil {
		return &startError{t.line, err}
	}
	if err = cmd.Wait(); err != nil && (ctx.Err() != nil || !t.allows(err)) {
		killGroup(cmd) // what the process has left behind: it would work for nobody
	}
	return err
}

// startError is why there was no process.
type startError struct {
	line string
	err  error
}

func (e *startError) Error() string {
	return fmt.Sprintf("proc: %s cannot be started: %v", e.line, e.err)
}

func (e *startError) Unwrap() error { return e.err }

// allows reports whether a process that has ended with err has ended with one of the program's Codes.
func (t *task) allows(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && slices.Contains(t.spec.program.Codes, exit.ExitCode())
}

// unclosed is a reader that needs no closing.
type unclosed struct{ io.Reader }

func (unclosed) Close() error { return nil }

// open opens what the command reads; nil is nothing. A file is handed to the process itself.
func (t *task) open() (io.ReadCloser, error) {
	switch v := t.stdin.(type) {
	case nil:
		return nil, nil
	case string:
		return unclosed{strings.NewReader(v)}, nil
	case []byte:
		return unclosed{bytes.NewReader(v)}, nil
	case Output:
		return v.Open(), nil
	case content:
		f, err := os.Open(v.Path)
		if err != nil {
			return nil, &startError{t.line, fmt.Errorf("stdin: %w", err)}
		}
		return f, nil
	}
	panic(fmt.Sprintf("proc: stdin is a %T", t.stdin)) // contentKinds let it pass
}

// judge says what is to be made of how the process has ended.
func (t *task) judge(ctx context.Context, err error, r *Result) error {
	var exit *exec.ExitError
	var start *startError
	switch cause := context.Cause(ctx); {
	case err == nil:
		return nil
	case cause != nil:
		return fmt.Errorf("proc: %s was stopped: %w", t.line, cause)
	case errors.As(err, &exit):
		r.ExitCode = exit.ExitCode()
		if t.allows(err) {
			return nil
		}
		return t.exitError(exit, r.Stderr)
	case errors.As(err, &start):
		return err
	case errors.Is(err, exec.ErrWaitDelay):
		return fmt.Errorf("proc: %s has ended, but a process that it has started held its output open for %v more, and was killed: %w",
			t.line, orDefault(t.spec.program.Grace, grace), err)
	}
	return fmt.Errorf("proc: %s: %w", t.line, err)
}

func (t *task) exitError(exit *exec.ExitError, stderr Output) error {
	return &ExitError{Command: t.line, Code: exit.ExitCode(), Signal: signalOf(exit), Stderr: tail(stderr)}
}
