package progress_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/progress"
	"github.com/dally-go/dally/viz/record"
)

func Example() {
	s := &lazy.Session{Observer: progress.New(os.Stderr)} // or lazy.Default.Observer = …

	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	v, err := square.Of(3).Get(context.Background(), lazy.In(s)) // over at once: nothing is shown
	fmt.Println(v, err)
	// Output: 9 <nil>
}

func ExampleNew() {
	p := progress.New(io.Discard, progress.Plain) // whole lines, as for a log
	s := &lazy.Session{Observer: p}

	load := lazy.Wrap1(func(_ context.Context, file string) (string, error) {
		return "", fmt.Errorf("%s is empty", file)
	}, lazy.Name("Load"))
	_, err := lazy.GetAll(context.Background(), load.Each([]string{"sales.csv"}), lazy.In(s))
	fmt.Println(p.Mode(), err != nil)
	// Written: dally: failed: Load#2: sales.csv is empty, 1 of 1 call in 0 s, 1 failed

	// Output: plain true
}

func ExampleInto() {
	rec := record.New() // for reports, timelines and pages, too
	s := &lazy.Session{Observer: progress.New(os.Stderr, progress.Into(rec))}

	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	_, err := lazy.GetAll(context.Background(), square.Each([]int{1, 2, 3}), lazy.In(s))
	fmt.Println(len(rec.Record().Spans), err)
	// Output: 3 <nil>
}

func ExampleParseMode() {
	for _, text := range []string{"plain", "TTY", "", "loud"} {
		m, err := progress.ParseMode(text)
		fmt.Println(m, err)
	}
	// Output:
	// plain <nil>
	// tty <nil>
	// auto <nil>
	// auto progress: unknown mode "loud": want auto, tty, plain, json or quiet
}

func ExampleMode_String() {
	fmt.Println(progress.JSON)
	// Output: json
}

// Log lines go above the bar, and the bar stays whole.
func ExampleProgress_Write() {
	p := progress.New(os.Stdout, progress.TTY)
	log := slog.New(slog.NewTextHandler(p, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Time(slog.TimeKey, time.Unix(0, 0).UTC())
			}
			return a
		},
	}))
	log.Info("read", "file", "sales.csv")
	// Output: time=1970-01-01T00:00:00.000Z level=INFO msg=read file=sales.csv
}

func ExampleProgress_Mode() {
	fmt.Println(progress.New(os.Stderr, progress.Quiet).Mode())
	// Output: quiet
}
