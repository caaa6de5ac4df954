package record_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

// count is what a program might do with texts.
var (
	count = lazy.Pure1(func(text string) int { return len(strings.Fields(text)) }, lazy.Name("Count"))
	add   = lazy.Pure2(func(a, b int) int { return a + b }, lazy.Name("Add"))
)

func Example() {
	rec := record.New()
	total := add(count.Of("to see"), count.Of("what runs"))
	fmt.Println(total.Get(context.Background(), lazy.Observe(rec)))
	for _, f := range rec.Record().Functions {
		fmt.Println(f.Name, f.Calls[graph.Done])
	}
	// Output:
	// 4 <nil>
	// Add 1
	// Count 2
}

// All runs of a session are recorded, whoever asks for values.
func ExampleNew() {
	rec := record.New(record.Spans(1000))
	s := &lazy.Session{Observer: rec}
	lazy.Must(count.Of("one run").Get(context.Background(), lazy.In(s)))
	lazy.Must(count.Of("and one more").Get(context.Background(), lazy.In(s)))
	fmt.Println(len(rec.Record().Runs), "runs")
	// Output: 2 runs
}

func ExampleRecorder_Record() {
	rec := record.New()
	lazy.Must(add(count.Of("a"), count.Of("b c")).Get(context.Background(), lazy.Observe(rec), lazy.Workers(1)))
	r := rec.Record()
	for _, s := range r.Spans {
		fmt.Println(s.Name, s.State)
	}
	fmt.Println(r.Dropped, "dropped")
	// Output:
	// Count done
	// Count done
	// Add done
	// 0 dropped
}

func ExampleRecorder_Now() {
	rec := record.New()
	slow := lazy.Pure0(func() int {
		now := rec.Now()
		fmt.Printf("%d of %d, %s runs\n", now.Ended(), now.Planned, now.Running[0].Name)
		return 1
	}, lazy.Name("Slow"))
	lazy.Must(add(count.Of("a b"), slow()).Get(context.Background(), lazy.Observe(rec), lazy.Workers(1)))
	now := rec.Now()
	fmt.Printf("%d of %d, %d run, %d failed\n", now.Ended(), now.Planned, len(now.Running), now.Count()[graph.Failed])
	// Output:
	// 1 of 3, Slow runs
	// 3 of 3, 0 run, 0 failed
}

// A page that shows what is new asks again and again.
func ExampleRecorder_Read() {
	rec := record.New()
	var c record.Cursor
	for _, text := range []string{"one", "two", "three"} {
		lazy.Must(count.Of(text).Get(context.Background(), lazy.Observe(rec)))
		spans, lost := rec.Read(&c, nil)
		fmt.Println(len(spans), "new,", lost, "lost")
	}
	// Output:
	// 1 new, 0 lost
	// 1 new, 0 lost
	// 1 new, 0 lost
}

func ExampleRecorder_Skip() {
	rec := record.New()
	lazy.Must(count.Of("old").Get(context.Background(), lazy.Observe(rec)))
	var c record.Cursor
	rec.Skip(&c)
	lazy.Must(count.Of("new").Get(context.Background(), lazy.Observe(rec)))
	spans, _ := rec.Read(&c, nil)
	fmt.Println(len(spans))
	// Output: 1
}

func ExampleRecorder_Start() {
	rec := record.New()
	lazy.Must(count.Of("a").Get(context.Background(), lazy.Observe(rec)))
	s := rec.Record().Spans[0]
	fmt.Println(rec.Start().Add(s.Start).Before(time.Now()))
	// Output: true
}

func ExampleRecorder_Runs() {
	rec := record.New()
	lazy.Must(count.Of("a").Get(context.Background(), lazy.Observe(rec)))
	for _, run := range rec.Runs(time.Time{}) {
		fmt.Println(run.Op, run.Calls, "calls, over:", !run.End.IsZero())
	}
	// Output: get 1 calls, over: true
}

func ExampleRecorder_Failures() {
	parse := lazy.Wrap1(func(_ context.Context, s string) (int, error) {
		return 0, fmt.Errorf("%q is no number", s)
	}, lazy.Name("Parse"))
	rec := record.New()
	_, _ = parse.Of("x").Get(context.Background(), lazy.Observe(rec))
	for _, f := range rec.Failures(0) {
		fmt.Println(f.Name+":", f.Err)
	}
	// Output: Parse: "x" is no number
}

// The graph has what two runs have computed, with what it depends on.
func ExampleRecorder_Graph() {
	rec := record.New(record.Values())
	s := &lazy.Session{Observer: rec}
	for _, text := range []string{"one", "and two"} {
		lazy.Must(count.Of(text).Get(context.Background(), lazy.In(s)))
	}
	for _, n := range rec.Graph().Nodes {
		fmt.Println(n.Name, n.State, n.Value)
	}
	// Output:
	//  source "one"
	// Count done 1
	//  source "and two"
	// Count done 2
}

func ExampleReasons() {
	rec := record.New(record.Reasons())
	text := lazy.Source("text", "a b")
	words := count(text)
	s := &lazy.Session{Observer: rec}
	lazy.Must(words.Get(context.Background(), lazy.In(s)))
	fmt.Println(rec.Graph().Nodes[1].Reason)
	// Output: has no value yet
}

// Graphs has no values: they may be secret, or large to write.
func ExampleGraphs() {
	rec := record.New(record.Graphs())
	lazy.Must(count.Of("a b").Get(context.Background(), lazy.Observe(rec)))
	n := rec.Graph().Nodes[1]
	fmt.Printf("%s %s %q\n", n.Name, n.State, n.Value)
	// Output: Count done ""
}

func ExampleValues() {
	rec := record.New(record.Values())
	lazy.Must(count.Of("a b").Get(context.Background(), lazy.Observe(rec)))
	fmt.Println(rec.Graph().Nodes[1].Value)
	// Output: 2
}

func ExampleSpans() {
	rec := record.New(record.Spans(1))
	lazy.Must(add(count.Of("a"), count.Of("b c")).Get(context.Background(), lazy.Observe(rec), lazy.Workers(1)))
	r := rec.Record()
	fmt.Println(len(r.Spans), "kept,", r.Dropped, "dropped")
	// Output: 1 kept, 2 dropped
}

func ExampleTee() {
	all, mine := record.New(), record.New()
	lazy.Must(count.Of("a").Get(context.Background(), lazy.Observe(record.Tee(all, mine))))
	fmt.Println(all.Now().Ended(), mine.Now().Ended())
	// Output: 1 1
}

func ExampleNow_Count() {
	rec := record.New()
	lazy.Must(add(count.Of("a"), count.Of("b c")).Get(context.Background(), lazy.Observe(rec)))
	fmt.Println(rec.Now().Count()[graph.Done])
	// Output: 3
}

func ExampleNow_Ended() {
	rec := record.New()
	lazy.Must(count.Of("a").Get(context.Background(), lazy.Observe(rec)))
	fmt.Println(rec.Now().Ended())
	// Output: 1
}
