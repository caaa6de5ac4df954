package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz"
	"github.com/dally-go/dally/viz/live"
	"github.com/dally-go/dally/viz/progress"
	"github.com/dally-go/dally/viz/record"
)

// seen is what there is to see of the job while it runs, and afterwards. A nil seen shows nothing.
type seen struct {
	rec      *record.Recorder
	observer lazy.Observer
	page     *live.Server // nil: none
	report   string       // "": none
}

// look begins to show what the options ask for.
func (o options) look(w, stderr io.Writer) (*seen, error) {
	if o.compare { // this is about time
		return nil, nil
	}
	mode, err := progress.ParseMode(o.progress)
	if err != nil {
		return nil, err
	}
	s := &seen{report: o.report}
	switch {
	case o.report != "":
		file, err := os.OpenFile(o.report, os.O_CREATE|os.O_WRONLY, 0o666) // rather now than after the job
		if err != nil {
			return nil, fmt.Errorf("-report: %w", err)
		}
		_ = file.Close() // nothing was written
		s.rec = record.New(record.Values(), record.Reasons())
	case o.live != "":
		s.rec = record.New(record.Graphs())
	default:
		s.rec = record.New(record.Spans(0))
	}
	s.observer = progress.New(stderr, mode, progress.Into(s.rec))
	if o.live != "" {
		if s.page, err = live.Listen(o.live, s.rec, live.Title("gostat")); err != nil {
			return nil, err
		}
		fmt.Fprintf(w, "Live page: %s\n", s.page.URL())
	}
	return s, nil
}

// watch has s see what runs in a session.
func (s *seen) watch(session *lazy.Session) *lazy.Session {
	if s != nil {
		session.Observer = s.observer
	}
	return session
}

// finish writes the report, and leaves the page open until the context ends.
func (s *seen) finish(ctx context.Context, w io.Writer) error {
	if s == nil {
		return nil
	}
	if s.report != "" {
		err := viz.WriteFile(s.report, s.rec.Graph(), viz.Ran(s.rec.Record()), viz.Title("gostat"))
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "Report: %s\n", s.report)
	}
	if s.page != nil {
		fmt.Fprintln(w, "The live page stays until Ctrl-C.")
		<-ctx.Done()
	}
	return nil
}

// close ends the live page.
func (s *seen) close() error {
	if s == nil || s.page == nil {
		return nil
	}
	return s.page.Close()
}
