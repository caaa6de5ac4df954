package lazy_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// numberOf is the number behind a call's name.
var numberOf = regexp.MustCompile(`#\d+`)

// reasons are what Explain says of each call, without numbers, by name: "→ has no value yet".
func reasons(d lazy.Target) map[string]string {
	m := make(map[string]string)
	for _, c := range lazy.Explain(d).Calls {
		mark := ""
		switch {
		case c.Maybe:
			mark = "? "
		case c.Runs:
			mark = "→ "
		}
		m[c.Node.Name] = mark + numberOf.ReplaceAllString(c.Reason, "")
	}
	return m
}

func named1(name string, f func(int) int, opts ...lazy.Option) lazy.Func1[int, int] {
	return lazy.Pure1(f, append(opts, lazy.Name(name))...)
}

// sum <- {half <- s, square <- half, u}
func TestReasonsOfStaleCalls(t *testing.T) {
	leak.Check(t)
	s, u := lazy.Source("s", 6), lazy.Source("u", 1)
	half := named1("half", func(x int) int { return x / 2 })(s)
	square := named1("square", func(x int) int { return x * x })(half)
	sum := lazy.Pure3(func(a, b, c int) int { return a + b + c }, lazy.Name("sum"))(half, square, u)
	got(t, sum)
	require.Equal(t, map[string]string{
		"s": "is a given value", "u": "is a given value", "half": "has its value", "square": "has its value", "sum": "has its value",
	}, reasons(sum))

	s.Set(7)
	require.Equal(t, map[string]string{
		"s": "is a given value", "u": "is a given value",
		"half":   "→ input s has changed",
		"square": "? an input may change: half is stale",
		"sum":    "? inputs may change: half is stale, and 1 more",
	}, reasons(sum))
	require.Contains(t, lazy.Explain(sum).String(), "Get would run 1 of 5, and up to 2 more whose inputs may change\n")
	require.Equal(t, []string{"half", "square", "sum"}, namesOf(lazy.Plan(sum)))

	got(t, half) // is the same
	require.Equal(t, "has its value: no input of it has changed", reasons(sum)["square"])
	require.Equal(t, "has its value: no input of it has changed", reasons(sum)["sum"])
	require.Empty(t, lazy.Plan(sum).Nodes)

	s.Set(8)
	u.Set(2)
	got(t, half)
	require.Equal(t, map[string]string{
		"s": "is a given value", "u": "is a given value", "half": "has its value",
		"square": "→ input half has changed",
		"sum":    "→ inputs half and u have changed",
	}, reasons(sum))
	got(t, sum)
	require.Empty(t, lazy.Plan(sum).Nodes)
}

// b <- a <- s
func TestReasonsOfGivenAndForgottenValues(t *testing.T) {
	leak.Check(t)
	s := lazy.Source("s", 6)
	a := named1("a", func(x int) int { return x })(s)
	b := named1("b", func(x int) int { return x })(a)
	got(t, b)
	a.Set(3)
	require.Equal(t, map[string]string{
		"s": "is a given value", "a": "was given a value", "b": "→ input a has changed",
	}, reasons(b))
	got(t, b)
	require.Equal(t, "was given a value", reasons(b)["a"])
	a.Invalidate()
	require.Equal(t, map[string]string{
		"s": "is a given value", "a": "→ was invalidated", "b": "? an input may change: a was invalidated",
	}, reasons(b))
	got(t, b)
	require.Equal(t, "has its value", reasons(b)["a"])
	b.Invalidate()
	require.Equal(t, "→ was invalidated", reasons(b)["b"])
}

// c <- b <- a! <- s
func TestReasonsOfFailures(t *testing.T) {
	leak.Check(t)
	s := lazy.Source("s", -1)
	a := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
		if x < 0 {
			return 0, lazy.Permanent(fmt.Errorf("%d: %w", x, errBoom))
		}
		return x, nil
	}, lazy.Name("a"))(s)
	b := named1("b", func(x int) int { return x })(a)
	c := named1("c", func(x int) int { return x })(b)
	failure(t, c)
	require.Equal(t, map[string]string{
		"s": "is a given value",
		"a": "failed for good: -1: boom; it stands until an input changes",
		"b": "is skipped: a has failed for good",
		"c": "is skipped: b has failed for good",
	}, reasons(c))
	require.Empty(t, lazy.Plan(c).Nodes)
	s.Set(-2)
	require.Equal(t, "→ failed for good: -1: boom; input s has changed", reasons(c)["a"])
	require.Equal(t, "→ was skipped last time, for a failure before it", reasons(c)["b"])
	failure(t, c)
	s.Set(4)
	require.Equal(t, 4, got(t, c))
	s.Set(-3)
	failure(t, c)
	require.Equal(t, "is skipped: a has failed for good", reasons(c)["b"])
	s.Set(4)
	require.Equal(t, "→ failed for good: -3: boom; input s has changed", reasons(c)["a"])
	require.Equal(t, "? was skipped last time, for a failure before it", reasons(c)["b"])
}

// read comes after write <- text
func TestReasonOfACallThatComesAfter(t *testing.T) {
	leak.Check(t)
	text := lazy.Source("text", 1)
	write := named1("write", func(x int) int { return 0 })(text)
	read := lazy.After(lazy.Pure0(func() int { return 1 }, lazy.Name("read"))(), write)
	got(t, read)
	text.Set(2)
	require.Equal(t, "? an input may change: write is stale", reasons(read)["read"])
	got(t, write)
	require.Equal(t, "→ must come after write, which ran again", reasons(read)["read"])
	got(t, read)
	require.Equal(t, "has its value", reasons(read)["read"])
}

// What a nested Get found is an input like others.
func TestReasonsOfFoundInputs(t *testing.T) {
	leak.Check(t)
	s := lazy.Source("s", 1)
	f := named1("f", func(x int) int { return x })(s)
	outer := lazy.Wrap0(func(ctx context.Context) (int, error) { return f.Get(ctx) }, lazy.Name("outer"))()
	got(t, outer)
	s.Set(2)
	require.Equal(t, "? an input may change: f is stale", reasons(outer)["outer"])
	require.Equal(t, "is stale, and not known to be needed", reasons(outer)["f"])
	got(t, f)
	require.Equal(t, "→ input f has changed", reasons(outer)["outer"])
}

func TestReasonsNameAFewInputs(t *testing.T) {
	leak.Check(t)
	var ds []lazy.Data[int]
	for i := range 6 {
		ds = append(ds, lazy.Source(fmt.Sprint("s", i), i))
	}
	all := lazy.Gather(append(ds, ds[5])...)
	got(t, all)
	for i, want := range []string{
		"input s0 has changed", "inputs s0 and s1 have changed", "inputs s0, s1 and s2 have changed",
		"inputs s0, s1, s2 and 1 more have changed", "inputs s0, s1, s2 and 2 more have changed", "inputs s0, s1, s2 and 3 more have changed",
	} {
		ds[i].Set(-1)
		require.Equal(t, "→ "+want, reasons(all)["Gather"])
	}
}

// Explaining disturbs nobody: Sets, Gets and Explains at the same time.
func TestExplainWhileThingsChange(t *testing.T) {
	leak.Check(t)
	s := lazy.Source("s", 0)
	top := sum(inc(inc(s)), inc(s))
	done := make(chan error)
	go func() {
		var wrong []error
		for i := range 500 {
			s.Set(i)
			if v, err := top.Get(context.Background()); v != 2*i+3 || err != nil {
				wrong = append(wrong, err, fmt.Errorf("%d: %d", i, v))
			}
		}
		done <- errors.Join(wrong...)
	}()
	for {
		select {
		case err := <-done:
			require.NoError(t, err)
			require.Equal(t, 2*499+3, got(t, top))
			return
		default:
			require.NotEmpty(t, lazy.Explain(top).String())
			_ = lazy.Plan(top)
		}
	}
}
