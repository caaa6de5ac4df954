package lazy_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/graph/topo"
)

// The smallest complete use: calls are recorded, Get runs what is missing, and values stay.
func Example() {
	ctx := context.Background()

	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	mul := lazy.Pure2(func(x, y int) int { return x * y }, lazy.Name("Mul"))
	add := lazy.Pure2(func(x, y int) int { return x + y }, lazy.Name("Add"))

	a, b := square.Of(2), square.Of(3) // recorded: nothing has run
	c, d := mul(a, b), add(a, b)       // likewise

	v, err := c.Get(ctx) // 36: both squares at the same time, then Mul
	w, err := d.Get(ctx) // 13: Add alone, for the squares are known

	fmt.Println(v, w, err)
	// Output: 36 13 <nil>
}

// A value that is given is not copied any deeper than an assignment copies it. A call sees a slice, a map or what a
// pointer leads to as it is when the call runs; once it has run, its value stays what it was.
func ExampleConst() {
	ctx := context.Background()
	sum := lazy.Pure1(func(xs []int) (s int) {
		for _, x := range xs {
			s += x
		}
		return s
	})
	number := lazy.Pure1(func(x int) int { return x })

	xs, x := []int{1, 2, 3}, 1
	early, late, plain := sum.Of(xs), sum(lazy.Const(xs)), number.Of(x)
	fmt.Println(lazy.Must(early.Get(ctx)))

	xs[0], x = 100, 100
	fmt.Println(lazy.Must(early.Get(ctx)), "has run before the change")
	fmt.Println(lazy.Must(late.Get(ctx)), "runs after it")
	fmt.Println(lazy.Must(plain.Get(ctx)), "is a copy")
	// Output:
	// 6
	// 6 has run before the change
	// 105 runs after it
	// 1 is a copy
}

func ExampleSource() {
	length := lazy.Pure1(func(s string) int { return len(s) }, lazy.Name("Length"))
	path := lazy.Source("path", "sales.csv") // the name is what pictures show

	for _, n := range lazy.Snapshot(length(path)).Nodes {
		fmt.Println(n.Name, n.State, n.Value)
	}
	// Output:
	// path source "sales.csv"
	// Length pending
}

// Any number of goroutines may want the same call: it runs once.
func ExampleData_Get() {
	ctx := context.Background()
	var runs atomic.Int32
	load := lazy.Pure0(func() string { runs.Add(1); return "loaded" })

	data := load()
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() { lazy.Must(data.Get(ctx)) })
	}
	all.Wait()

	v, err := data.Get(ctx)
	fmt.Println(v, err, runs.Load())
	// Output: loaded <nil> 1
}

// A Get inside a wrapped function that is given the function's context waits without holding a worker: one is enough.
func ExampleData_Get_nested() {
	one := &lazy.Session{Parallelism: 1}
	var fib lazy.Func1[int, int]
	fib = lazy.Wrap1(func(ctx context.Context, n int) (int, error) {
		if n < 2 {
			return n, nil
		}
		vs, err := lazy.GetAll(ctx, fib.Each([]int{n - 1, n - 2}))
		if err != nil {
			return 0, err
		}
		return vs[0] + vs[1], nil
	}, lazy.Name("Fib"))

	fmt.Println(fib.Of(10).Get(context.Background(), lazy.In(one)))
	// Output: 55 <nil>
}

// A run that nobody waits for any more is cancelled; the caller who leaves gets its own context's error.
func ExampleData_Get_cancel() {
	started := make(chan struct{})
	wait := lazy.Wrap0(func(ctx context.Context) (int, error) {
		close(started)
		<-ctx.Done()
		return 0, context.Cause(ctx)
	})

	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-started; cancel() }()
	_, err := wait().Get(ctx)
	fmt.Println(errors.Is(err, context.Canceled))
	// Output: true
}

func ExampleData_On() {
	ctx := context.Background()
	logged := executor.Func(func(ctx context.Context, w executor.Work) error {
		fmt.Println("somewhere else")
		return executor.Serial().Execute(ctx, w)
	})
	square := lazy.Pure1(func(x int) int { return x * x })

	here := square.Of(3)
	there := here.On(logged) // a new handle: the same call, another place
	fmt.Println(lazy.Must(here.Get(ctx)))
	fmt.Println(lazy.Must(there.Get(ctx)))
	// Output:
	// 9
	// somewhere else
	// 9
}

func ExampleData_State() {
	square := lazy.Pure1(func(x int) int { return x * x })
	four := square.Of(2)
	fmt.Println(four.State())
	lazy.Must(four.Get(context.Background()))
	fmt.Println(four.State(), four.State() == graph.Done)
	// Output:
	// pending
	// done true
}

func ExampleMust() {
	ctx := context.Background()
	width, height := lazy.Const(3), lazy.Const(4)
	area := lazy.Pure2(func(w, h int) int { return w * h })(width, height)
	fmt.Println(lazy.Must(area.Get(ctx)))
	// Output: 12
}

func ExamplePure1() {
	upper := lazy.Pure1(strings.ToUpper) // its name is strings.ToUpper's: ToUpper
	fmt.Println(lazy.Must(upper.Of("dally").Get(context.Background())))
	// Output: DALLY
}

// A wrapped function may fail. The error says which call it was and how the target depends on it.
func ExampleWrap1() {
	read := lazy.Wrap1(func(_ context.Context, path string) ([]byte, error) {
		return os.ReadFile(path)
	}, lazy.Name("Read"))
	count := lazy.Pure1(func(b []byte) int { return len(b) }, lazy.Name("Count"))

	_, err := count(read.Of("no/such/file")).Get(context.Background())
	fmt.Println(errors.Is(err, os.ErrNotExist))
	if e, ok := errors.AsType[*lazy.Error](err); ok {
		failed, _, _ := strings.Cut(e.Call, "#")
		fmt.Println(failed, "failed; calls on the way to the target:", len(e.Path))
	}
	// Output:
	// true
	// Read failed; calls on the way to the target: 2
}

// A Bind looks at a value and then says how the graph goes on.
func ExampleBind1() {
	ctx := context.Background()
	half := lazy.Pure1(func(n int) int { return n / 2 }, lazy.Name("Half"))
	triple := lazy.Pure1(func(n int) int { return 3*n + 1 }, lazy.Name("Triple"))

	var steps lazy.Func2[int, int, int]
	steps = lazy.Bind2(func(_ context.Context, n, sofar int) (lazy.Data[int], error) {
		next := half
		switch {
		case n == 1:
			return lazy.Const(sofar), nil
		case n%2 == 1:
			next = triple
		}
		return steps(next.Of(n), lazy.Const(sofar+1)), nil
	}, lazy.Name("Steps"))

	fmt.Println(lazy.Must(steps.Of(27, 0).Get(ctx)), "steps from 27 to 1")
	// Output: 111 steps from 27 to 1
}

func ExampleFunc1_Each() {
	ctx := context.Background()
	size := lazy.Pure1(func(s string) int { return len(s) }, lazy.Name("Size"))

	sizes := size.Each([]string{"to", "have", "patience"})
	fmt.Println(lazy.GetAll(ctx, sizes))
	// Output: [2 4 8] <nil>
}

func ExampleFunc2_Each() {
	ctx := context.Background()
	pow := lazy.Pure2(func(x, n int) int {
		v := 1
		for range n {
			v *= x
		}
		return v
	})
	fmt.Println(lazy.GetAll(ctx, pow.Each([]int{2, 3, 10}, []int{10, 2, 3})))
	// Output: [1024 9 1000] <nil>
}

func ExampleFunc2_Outer() {
	ctx := context.Background()
	mul := lazy.Pure2(func(x, y int) int { return x * y }, lazy.Name("Mul"))

	table := mul.Outer([]int{1, 2}, []int{10, 100}) // the last argument changes fastest
	fmt.Println(lazy.GetAll(ctx, table))
	// Output: [10 100 20 200] <nil>
}

func ExampleFunc2_Fix() {
	ctx := context.Background()
	mul := lazy.Pure2(func(x, y int) int { return x * y }, lazy.Name("Mul"))

	double := mul.Fix(lazy.Const(2))
	fmt.Println(lazy.Must(double.Of(21).Get(ctx)))
	// Output: 42
}

func ExampleName() {
	anonymous := lazy.Pure0(func() int { return 1 })
	named := lazy.Pure0(func() int { return 1 }, lazy.Name("One"))
	for _, n := range lazy.Plan(anonymous(), named()).Nodes {
		fmt.Println(n.Name)
	}
	// Output:
	// ExampleName.func1
	// One
}

func ExampleRetry() {
	tries := 0
	fetch := lazy.Wrap1(func(_ context.Context, url string) (string, error) {
		if tries++; tries < 3 {
			return "", errors.New("connection refused")
		}
		return "page of " + url, nil
	}, lazy.Retry(2))

	page, err := fetch.Of("example.org").Get(context.Background())
	fmt.Println(page, err, "after", tries, "tries")
	// Output: page of example.org <nil> after 3 tries
}

func ExampleTimeout() {
	slow := lazy.Wrap0(func(ctx context.Context) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}, lazy.Timeout(time.Millisecond))

	_, err := slow().Get(context.Background())
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	// Output: true
}

// Calls that wait for something outside hold no worker: a session that runs one function at a time waits for all of
// them at once.
func ExampleBlocking() {
	const pages = 8
	var waiting sync.WaitGroup
	waiting.Add(pages)
	fetch := func(_ context.Context, url string) (int, error) {
		waiting.Done()
		waiting.Wait() // for all the others: no server answers before
		return len(url), nil
	}

	load := lazy.Wrap1(fetch, lazy.Blocking(8), lazy.Retry(2), lazy.Timeout(time.Minute))
	serial := &lazy.Session{Parallelism: 1}
	urls := strings.Fields(strings.Repeat("example.org ", pages))
	fmt.Println(lazy.GetAll(context.Background(), load.Each(urls), lazy.In(serial)))
	// Output: [11 11 11 11 11 11 11 11] <nil>
}

// Functions that need the same scarce thing share a limit.
func ExampleLimit() {
	var now, most atomic.Int32
	use := func(x int) int {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		return x
	}
	gpu := executor.NewLimit(1)
	train := lazy.Pure1(use, lazy.Name("Train"), lazy.Limit(gpu))
	infer := lazy.Pure1(use, lazy.Name("Infer"), lazy.Limit(gpu))

	calls := append(train.Each([]int{1, 2, 3}), infer.Each([]int{4, 5, 6})...)
	values, err := lazy.GetAll(context.Background(), calls, lazy.In(&lazy.Session{Parallelism: 8}))
	fmt.Println(values, err, "at most", most.Load(), "at once")
	// Output: [1 2 3 4 5 6] <nil> at most 1 at once
}

func ExampleRunsOn() {
	remote := executor.Func(func(ctx context.Context, w executor.Work) error {
		fmt.Println("sent away:", w.Len(), "call")
		return executor.Serial().Execute(ctx, w)
	})
	render := lazy.Pure1(func(frame int) string { return fmt.Sprintf("frame %d", frame) }, lazy.RunsOn(remote))
	fmt.Println(lazy.Must(render.Of(7).Get(context.Background())))
	// Output:
	// sent away: 1 call
	// frame 7
}

func ExamplePriority() {
	say := func(s string) string { fmt.Println(s); return s }
	low := lazy.Pure1(say, lazy.Priority(-1))
	high := lazy.Pure1(say, lazy.Priority(1))

	all := []lazy.Data[string]{low.Of("can wait"), high.Of("first")}
	_, _ = lazy.GetAll(context.Background(), all, lazy.Workers(1))
	// Output:
	// first
	// can wait
}

func ExampleGather() {
	ctx := context.Background()
	size := lazy.Pure1(func(s string) int { return len(s) }, lazy.Name("Size"))
	largest := lazy.Pure1(func(sizes []int) (m int) {
		for _, s := range sizes {
			m = max(m, s)
		}
		return m
	}, lazy.Name("Largest"))

	m := largest(lazy.Gather(size.Each([]string{"to", "have", "patience"})...))
	fmt.Println(lazy.Must(m.Get(ctx)))
	// Output: 8
}

func ExampleZip() {
	ctx := context.Background()
	name, size := lazy.Const("sales.csv"), lazy.Const(84)
	p := lazy.Must(lazy.Zip(name, size).Get(ctx))
	fmt.Println(p.First, p.Second)
	// Output: sales.csv 84
}

// A function with two results returns a pair, and runs once, whichever half is wanted.
func ExampleSplit() {
	ctx := context.Background()
	runs := 0
	divMod := lazy.Pure2(func(a, b int) lazy.Pair[int, int] {
		runs++
		return lazy.MakePair(a/b, a%b)
	}, lazy.Name("DivMod"))

	quotient, remainder := lazy.Split(divMod.Of(17, 5))
	fmt.Println(lazy.Must(quotient.Get(ctx)), lazy.Must(remainder.Get(ctx)), runs)
	// Output: 3 2 1
}

// Map is for slices whose length is known only when they have been computed.
func ExampleMap() {
	ctx := context.Background()
	list := lazy.Pure1(strings.Fields, lazy.Name("List"))
	size := lazy.Pure1(func(s string) int { return len(s) }, lazy.Name("Size"))

	sizes := lazy.Map(size, list.Of("to have patience"))
	fmt.Println(lazy.Must(sizes.Get(ctx)))
	// Output: [2 4 8]
}

func ExampleReduce() {
	ctx := context.Background()
	join := lazy.Pure2(func(a, b string) string { return "(" + a + b + ")" }, lazy.Name("Join"))

	var letters []lazy.Data[string]
	for _, s := range strings.Split("abcde", "") {
		letters = append(letters, lazy.Const(s))
	}
	word := lazy.Reduce(join, letters...)
	fmt.Println(lazy.Must(word.Get(ctx)))
	// Output: (((ab)(cd))e)
}

func ExampleIf() {
	ctx := context.Background()
	say := lazy.Pure1(func(s string) string { fmt.Println("computing", s); return s })
	isLarge := lazy.Pure1(func(n int) bool { return n > 1000 })

	fast, exact := say.Of("the estimate"), say.Of("all of it")
	answer := lazy.If(isLarge.Of(5000), fast, exact)
	fmt.Println(lazy.Must(answer.Get(ctx)))
	// Output:
	// computing the estimate
	// the estimate
}

// After is order without data.
func ExampleAfter() {
	ctx := context.Background()
	var file string
	write := lazy.Pure1(func(text string) bool { file = text; return true }, lazy.Name("Write"))
	read := lazy.Pure0(func() string { return file }, lazy.Name("Read"))

	content := lazy.After(read(), write.Of("hello"))
	fmt.Println(lazy.Must(content.Get(ctx)))
	// Output: hello
}

// A session of its own bounds what one part of a program takes, over all its Gets together.
func ExampleSession() {
	ctx := context.Background()
	square := lazy.Pure1(func(x int) int { return x * x })

	background := &lazy.Session{Parallelism: 2}
	values, err := lazy.GetAll(ctx, square.Each([]int{1, 2, 3}), lazy.In(background))
	fmt.Println(values, err)
	// Output: [1 4 9] <nil>
}

// A loop without end: every thousand steps, those so far are run, and forgotten.
func ExampleSetMaxTrace() {
	defer lazy.SetMaxTrace(lazy.SetMaxTrace(1000))
	step := lazy.Pure1(func(x float64) float64 { return (x + 2/x) / 2 }, lazy.Name("Newton"))
	x := lazy.Const(1.0)
	for range 1_000_000 {
		x = step(x)
	}
	fmt.Printf("%.6f from at most 1000 calls: %t\n", lazy.Must(x.Get(context.Background())), len(lazy.Snapshot(x).Nodes) <= 1001)
	// Output: 1.414214 from at most 1000 calls: true
}

func ExampleSetParallelism() {
	defer lazy.SetParallelism(lazy.SetParallelism(1)) // serial until the function returns

	say := lazy.Pure1(func(s string) string { fmt.Println(s); return s })
	_, _ = lazy.GetAll(context.Background(), say.Each([]string{"one", "after", "another"}))
	// Output:
	// one
	// after
	// another
}

// Run computes handles of any types and leaves the values in them.
func ExampleRun() {
	ctx := context.Background()
	name := lazy.Pure0(func() string { return "dally" })()
	size := lazy.Pure1(func(s string) int { return len(s) })(name)

	err := lazy.Run(ctx, []lazy.Target{name, size})
	fmt.Println(err, name.State(), size.State())
	// Output: <nil> done done
}

func ExampleGetAll() {
	ctx := context.Background()
	runs := 0
	load := lazy.Pure0(func() int { runs++; return 10 }, lazy.Name("Load"))
	add := lazy.Pure2(func(x, y int) int { return x + y }, lazy.Name("Add"))

	base := load()
	sums := []lazy.Data[int]{add(base, lazy.Const(1)), add(base, lazy.Const(2))}
	values, err := lazy.GetAll(ctx, sums)
	fmt.Println(values, err, "Load ran", runs, "time")
	// Output: [11 12] <nil> Load ran 1 time
}

func ExampleGet2() {
	ctx := context.Background()
	name := lazy.Pure0(func() string { return "dally" })()
	size := lazy.Pure1(func(s string) int { return len(s) })(name)

	n, s, err := lazy.Get2(ctx, name, size)
	fmt.Println(n, s, err)
	// Output: dally 5 <nil>
}

// Without KeepGoing the first failure ends the run; with it, everything that does not depend on the failure is done.
func ExampleKeepGoing() {
	ctx := context.Background()
	parse := lazy.Wrap1(func(_ context.Context, s string) (n int, err error) {
		_, err = fmt.Sscan(s, &n)
		return n, err
	}, lazy.Name("Parse"))

	numbers := parse.Each([]string{"1", "two", "3"})
	values, err := lazy.GetAll(ctx, numbers, lazy.KeepGoing())
	fmt.Println(values)
	if partial, ok := errors.AsType[*lazy.PartialError](err); ok {
		for i, err := range partial.Errs {
			fmt.Println(i, "failed:", err != nil)
		}
	}
	// Output:
	// [1 0 3]
	// 0 failed: false
	// 1 failed: true
	// 2 failed: false
}

func ExampleWorkers() {
	ctx := context.Background()
	square := lazy.Pure1(func(x int) int { return x * x })
	fmt.Println(square.Of(3).Get(ctx, lazy.Workers(1)))

	_, err := square.Of(3).Get(ctx, lazy.Workers(0))
	_, reason, _ := strings.Cut(err.Error(), ": Workers")
	fmt.Println("Workers" + reason)
	// Output:
	// 9 <nil>
	// Workers(0): want 1 or more
}

// A callCounter counts calls by name and outcome. Observers are called from many goroutines.
type callCounter struct{ done sync.Map }

func (*callCounter) RunStarted(lazy.RunInfo)   {}
func (*callCounter) RunDone(lazy.RunInfo)      {}
func (*callCounter) CallStarted(lazy.CallInfo) {}

func (c *callCounter) CallDone(call lazy.CallInfo) {
	n, _ := c.done.LoadOrStore(fmt.Sprint(call.Name, " ", call.State), new(atomic.Int32))
	n.(*atomic.Int32).Add(1)
}

func ExampleObserver() {
	ctx := context.Background()
	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	squares := square.Each([]int{1, 2, 3})

	var counter callCounter
	for range 2 { // the second time there is nothing left to do
		_, _ = lazy.GetAll(ctx, squares, lazy.Observe(&counter))
	}
	counter.done.Range(func(call, n any) bool {
		fmt.Println(call, n.(*atomic.Int32).Load())
		return true
	})
	// Output: Square done 3
}

// A snapshot is plain data; package viz draws it, here as Mermaid for a Markdown file.
func ExampleSnapshot() {
	ctx := context.Background()
	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	add := lazy.Pure2(func(x, y int) int { return x + y }, lazy.Name("Add"))

	a, b := square.Of(2), square.Of(3)
	sum := add(a, b)
	lazy.Must(a.Get(ctx))

	snapshot := lazy.Snapshot(sum)
	for _, n := range snapshot.Nodes {
		if n.State != graph.Source {
			fmt.Println(n.Name, n.State)
		}
	}
	var picture strings.Builder
	err := viz.WriteMermaid(&picture, snapshot)
	fmt.Println(err, strings.Count(picture.String(), ":::pending"), "pending")
	// Output:
	// Square done
	// Square pending
	// Add pending
	// <nil> 2 pending
}

// Gonum's algorithms run over a snapshot.
func ExampleSnapshot_gonum() {
	report := exampleReport()
	order, err := topo.Sort(lazy.Snapshot(report).Directed())
	fmt.Println(len(order), "nodes, inputs first:", err)
	// Output: 4 nodes, inputs first: <nil>
}

// What stands in the README for those who know other libraries.
func Example_comingFrom() {
	ctx := context.Background()
	fn := func(x int) int { return x }
	x, y, xs, ys := 1, 2, []int{1, 2}, []int{3, 4}

	f := lazy.Pure1(fn)
	g := lazy.Pure1(fn)
	ds := []lazy.Data[int]{f.Of(x), f(g.Of(x))}
	_, _ = lazy.GetAll(ctx, f.Each(xs))
	_, _ = lazy.GetAll(ctx, f.Each(xs), lazy.Workers(4))
	_, _ = lazy.GetAll(ctx, f.Each(xs), lazy.In(&lazy.Session{Parallelism: 4}))
	{
		f := lazy.Pure2(func(x, y int) int { return x + y })
		_, _ = lazy.GetAll(ctx, f.Each(xs, ys))
		_, _ = lazy.GetAll(ctx, f.Fix(lazy.Const(y)).Each(xs))
	}
	{
		y, z := ds[0], ds[1]
		_, _ = y.Get(ctx)
		_, _, _ = lazy.Get2(ctx, y, z)
		_ = viz.WriteFile("y.svg", lazy.Snapshot(y))
	}
	{
		fn := func(_ context.Context, x int) (int, error) { return x, nil }
		ds := lazy.Wrap1(fn).Each(xs)
		vs, err := lazy.GetAll(ctx, ds)
		fmt.Println(vs, err)
	}
}

// exampleReport records Report(Clean(Load(path))).
func exampleReport() lazy.Data[string] {
	load := lazy.Pure1(func(path string) []string { return []string{path, "NA"} }, lazy.Name("Load"))
	clean := lazy.Pure1(func(rows []string) []string { return rows[:1] }, lazy.Name("Clean"))
	report := lazy.Pure1(func(rows []string) string { return strings.Join(rows, "\n") }, lazy.Name("Report"))
	return report(clean(load(lazy.Source("path", "sales.csv"))))
}

// Package viz draws a snapshot into a file.
func ExampleSnapshot_picture() {
	report := exampleReport()
	err := viz.WriteFile("report.svg", lazy.Snapshot(report))
	fmt.Println(err)
}

func ExamplePlan() {
	report := exampleReport()
	for _, n := range lazy.Plan(report).Nodes {
		fmt.Println(n.Name, n.Reason)
	}
	lazy.Must(report.Get(context.Background()))
	fmt.Println(len(lazy.Plan(report).Nodes), "calls to run now")
	// Output:
	// Load has no value yet
	// Clean has no value yet
	// Report has no value yet
	// 0 calls to run now
}

func ExampleExplain() {
	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	add := lazy.Pure2(func(x, y int) int { return x + y }, lazy.Name("Add"))
	a, b := square.Of(2), square.Of(3)
	lazy.Must(a.Get(context.Background()))

	for _, call := range lazy.Explain(add(a, b)).Calls {
		if call.Node.State != graph.Source {
			fmt.Println(call.Node.Name, call.Runs, "-", call.Reason)
		}
	}
	// Output:
	// Square false - has its value
	// Square true - has no value yet
	// Add true - has no value yet
}

// After a change, an explanation tells which inputs have changed, and which may turn out not to have.
func ExampleExplain_change() {
	price := lazy.Source("Price", 16)
	dozens := lazy.Pure1(func(p int) int { return p / 12 }, lazy.Name("Dozens"))(price)
	total := lazy.Pure1(func(d int) int { return 100 * d }, lazy.Name("Total"))(dozens)
	lazy.Must(total.Get(context.Background()))

	price.Set(20)
	for _, call := range lazy.Explain(total).Calls {
		reason := regexp.MustCompile(`#\d+`).ReplaceAllString(call.Reason, "") // calls are numbered
		fmt.Println(call.Node.Name, call.Runs, call.Maybe, "-", reason)
	}
	// Output:
	// Price false false - is a given value
	// Dozens true false - input Price has changed
	// Total true true - an input may change: Dozens is stale
}

// An explanation prints as a table: a line per call.
func ExampleExplanation_String() {
	report := exampleReport()
	fmt.Print(lazy.Explain(report))
}

func ExampleDump() {
	kept := lazy.Pure0(func() int { return 1 }, lazy.Name("StillWanted"))()
	for _, n := range lazy.Dump().Nodes { // of the whole program
		if n.Name == "StillWanted" {
			fmt.Println(n.Name, n.State)
		}
	}
	lazy.Must(kept.Get(context.Background()))
	// Output: StillWanted pending
}

func ExampleError() {
	load := lazy.Wrap1(func(_ context.Context, path string) (string, error) {
		return "", errors.New("no such file")
	}, lazy.Name("Load"))
	clean := lazy.Pure1(strings.TrimSpace, lazy.Name("Clean"))

	_, err := clean(load.Of("sales.csv")).Get(context.Background())
	e, _ := errors.AsType[*lazy.Error](err)
	for _, call := range e.Path {
		name, _, _ := strings.Cut(call, "#")
		fmt.Println(name)
	}
	fmt.Println(e.Err)
	// Output:
	// Load
	// Clean
	// no such file
}

// A panic in a wrapped function is the error of those who wait for it. The process lives.
func ExamplePanicError() {
	at := lazy.Pure2(func(xs []int, i int) int { return xs[i] }, lazy.Name("At"))
	_, err := at.Of([]int{1, 2, 3}, 3).Get(context.Background())
	if p, ok := errors.AsType[*lazy.PanicError](err); ok {
		fmt.Println(p)
		fmt.Println(strings.Contains(string(p.Stack), "example_test.go"))
	}
	// Output:
	// At panicked: runtime error: index out of range [3] with length 3
	// true
}

func ExampleCycleError() {
	var self lazy.Data[int]
	again := lazy.Bind0(func(context.Context) (lazy.Data[int], error) { return self, nil }, lazy.Name("Again"))
	self = again()

	_, err := self.Get(context.Background())
	cycle, ok := errors.AsType[*lazy.CycleError](err)
	fmt.Println(ok, len(cycle.Calls))
	// Output: true 1
}

// TestStringOfHandles is no example: the numbers depend on what was recorded before.
func TestStringOfHandles(t *testing.T) {
	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	nine := square.Of(3)
	require.Regexp(t, `^Square#\d+ pending$`, nine.String())
	lazy.Must(nine.Get(context.Background()))
	require.Regexp(t, `^Square#\d+ = 9$`, nine.String())
}

// TestREADME checks that the Go code in the README stands in the examples, word for word: blocks of Go, and what is in
// the last columns of tables.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	require.NoError(t, err)
	files, err := filepath.Glob("example*_test.go")
	require.NoError(t, err)
	files = append(files, filepath.Join("..", "proc", "example_test.go"), filepath.Join("..", "comm", "example_test.go"))
	for _, shown := range []string{"example*_test.go", "*/example_test.go"} {
		more, err := filepath.Glob(filepath.Join("..", "viz", shown))
		require.NoError(t, err)
		files = append(files, more...)
	}
	code := ""
	for _, file := range files {
		here, err := os.ReadFile(file)
		require.NoError(t, err)
		code += trimLines(string(here)) + "\n"
	}
	for k, block := range strings.Split(string(readme), "```go\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		require.True(t, strings.Contains(code, trimLines(block)), "no example reads like block %d", k+1)
	}
	snippets := 0
	for line := range strings.Lines(string(readme)) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 { // not a row of a table
			continue
		}
		for k, snippet := range strings.Split(cells[len(cells)-2], "`") {
			if k%2 == 1 && strings.Contains(snippet, "(") {
				snippets++
				require.True(t, strings.Contains(code, snippet), "no example reads %s", snippet)
			}
		}
	}
	require.Greater(t, snippets, 30)
}

// trimLines removes the indentation.
func trimLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}
