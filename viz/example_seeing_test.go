package viz_test

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz"
	"github.com/dally-go/dally/viz/live"
	"github.com/dally-go/dally/viz/progress"
	"github.com/dally-go/dally/viz/record"
	"github.com/dally-go/dally/viz/trace"
)

// What runs can be seen in the terminal and in a browser while it runs, and in files afterwards.
func Example() {
	defer inTempDir()()
	ctx := context.Background()
	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	sum := lazy.Pure2(func(x, y int) int { return x + y }, lazy.Name("Sum"))
	total := lazy.Reduce(sum, square.Each([]int{1, 2, 3, 4})...)

	rec := record.New(record.Values(), record.Reasons())
	session := &lazy.Session{Observer: progress.New(os.Stderr, progress.Into(rec))}
	http.Handle("/debug/dally/", live.Handler(rec))

	v, err := total.Get(ctx, lazy.In(session))
	fmt.Println(v, err)

	snapshot, ran := rec.Graph(), rec.Record()
	err = viz.WriteFile("report.html", snapshot, viz.Ran(ran))
	fmt.Println(err)

	file, err := os.Create("trace.json")
	if err != nil {
		panic(err)
	}
	fmt.Println(trace.Write(file, ran, snapshot), file.Close())

	path := trace.Critical(trace.Timed(snapshot, ran))
	fmt.Println(len(path.Calls), "calls decided how long it took")
	// Output:
	// 30 <nil>
	// <nil>
	// <nil> <nil>
	// 3 calls decided how long it took
}

// inTempDir goes into a new directory until back is called.
func inTempDir() (back func()) {
	was, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "dally")
	if err != nil {
		panic(err)
	}
	if err := os.Chdir(dir); err != nil {
		panic(err)
	}
	return func() {
		_ = os.Chdir(was)
		_ = os.RemoveAll(dir)
	}
}
