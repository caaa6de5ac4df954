package proc

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"os"
)

// spool takes what a process writes to one of its streams: into memory, and into a file once that is too much. One
// goroutine writes to it at a time.
type spool struct {
	program *Program
	stream  string
	cancel  context.CancelCauseFunc // stops the command

	mem  []byte
	file *os.File // nil as long as all is in mem
	n    int64    // bytes written
	sum  hash.Hash
	err  error // why nothing more is taken
}

func newSpool(p *Program, stream string, cancel context.CancelCauseFunc) *spool {
	return &spool{program: p, stream: stream, cancel: cancel, sum: sha256.New()}
}

// outputError is why a command's output is not kept.
type outputError struct {
	text string
	err  error // nil, or what has gone wrong
}

func (e *outputError) Error() string { return e.text }

func (e *outputError) Unwrap() []error {
	if e.err == nil {
		return []error{ErrOutput}
	}
	return []error{ErrOutput, e.err}
}

// Write takes b. Where it cannot, it stops the command: who ignores that nobody reads could go on for ever.
func (s *spool) Write(b []byte) (int, error) {
	if s.err == nil {
		s.err = s.take(b)
		if s.err != nil {
			s.cancel(s.err)
		}
	}
	if s.err != nil {
		return 0, s.err
	}
	return len(b), nil
}

func (s *spool) take(b []byte) error {
	if most := orDefault(s.program.OutputMax, outputMax); s.n+int64(len(b)) > most {
		return &outputError{text: fmt.Sprintf(
			"it has written more than %d bytes to %s, which is the OutputMax of the Program", most, s.stream)}
	}
	if err := s.store(b); err != nil {
		return &outputError{fmt.Sprintf("its %s cannot be kept: %v", s.stream, err), err}
	}
	s.n += int64(len(b))
	s.sum.Write(b)
	return nil
}

func (s *spool) store(b []byte) error {
	if s.file == nil {
		if s.n+int64(len(b)) <= orDefault(s.program.MemoryMax, memoryMax) {
			s.mem = append(s.mem, b...)
			return nil
		}
		f, err := createTemp(s.program.TempDir)
		if err != nil {
			return err
		}
		s.file = f
		if _, err := f.Write(s.mem); err != nil {
			return err
		}
		s.mem = nil
	}
	_, err := s.file.Write(b)
	return err
}

// output returns all that was taken. The spool must not be used any more.
func (s *spool) output() Output {
	if s.file == nil && s.n == 0 && s.mem == nil {
		return Output{}
	}
	o := &output{mem: s.mem, file: s.file, n: s.n}
	s.sum.Sum(o.sum[:0])
	o.cleanUp()
	return Output{o}
}
