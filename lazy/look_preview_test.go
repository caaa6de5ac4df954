package lazy_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

type panics struct{ n int }

func (panics) String() string { panic("in String") }

type nilPanics struct{ n int }

func (p *nilPanics) String() string { return fmt.Sprint(p.n) }

type errorPanics struct{}

func (errorPanics) Error() string { panic(errBoom) }

type long struct{ n int }

func (l long) String() string { return strings.Repeat("длинно", l.n) }

type cyclic struct {
	Self *cyclic
	Any  any
	List []any
}

// hidden has unexported fields whose methods a preview must not call.
//
//lint:ignore U1000 only a preview reads the fields
type hidden struct {
	a int
	b panics
	c *nilPanics
	d error
}

// values are what a preview may meet, with what it is to contain.
func values() map[string][]lazy.Target {
	loop := &cyclic{}
	loop.Self, loop.Any, loop.List = loop, loop, []any{loop}
	var nilMap map[string]int
	var nilErr error
	var nilFunc func()
	one := func(vs ...lazy.Target) []lazy.Target { return vs }
	return map[string][]lazy.Target{
		"36":          one(lazy.Const(36)),
		`"text"`:      one(lazy.Const("text")),
		`\n`:          one(lazy.Const("a\nb")),
		`\x00`:        one(lazy.Const("\x00")),
		"[1 2 3]":     one(lazy.Const([]int{1, 2, 3})),
		"len 10000":   one(lazy.Const(make([]int, 10_000)), lazy.Const(make([]byte, 10_000))),
		"len 1048576": one(lazy.Const(make([][64]int, 1<<20))),
		"map":         one(lazy.Const(map[string]int{"a": 1}), lazy.Const(nilMap)),
		"nil": one(lazy.Const(nilErr), lazy.Const[any](nil), lazy.Const((*nilPanics)(nil)), lazy.Const((*int)(nil)), lazy.Const(nilFunc),
			lazy.Const((*panics)(nil))),
		"panics":      one(lazy.Const(&panics{}), lazy.Const[fmt.Stringer](&panics{})),
		"n:1":         one(lazy.Const(panics{1})),
		"errorPanics": one(lazy.Const[error](&errorPanics{})),
		"boom":        one(lazy.Const(errBoom), lazy.Const(errors.Join(errBoom, errBoom))),
		"…":           one(lazy.Const(long{1000}), lazy.Const(strings.Repeat("x", 1<<20)), lazy.Const(strings.Repeat("é\n", 1000))),
		"1m30s":       one(lazy.Const(90 * time.Second)),
		"NaN":         one(lazy.Const(math.NaN())),
		"func":        one(lazy.Const(func() {})),
		"chan":        one(lazy.Const(make(chan int))),
		"Self":        one(lazy.Const(*loop)),
		"cyclic":      one(lazy.Const(loop), lazy.Const([]*cyclic{loop})),
		"a:1":         one(lazy.Const(hidden{a: 1})),
		"\uFFFD":      one(lazy.Const(fmt.Errorf("bad \xff\xfe text"))),
		"First:1":     one(lazy.Const(lazy.MakePair(1, "x"))),
		"":            one(lazy.Const(struct{}{}), lazy.Const([0]int{}), lazy.Const(reverse("\u202Eevil\u2028line\u0085next\u2029end"))),
	}
}

type reverse string

func (r reverse) String() string { return string(r) }

// A preview is one short line of valid text, whatever the value; it never panics and never costs the value's size.
func TestPreviewOfHostileValues(t *testing.T) {
	leak.Check(t)
	for want, targets := range values() {
		for _, target := range targets {
			s, err := soon(t, func() (graph.Snapshot, error) { return lazy.Snapshot(target), nil })
			require.NoError(t, err)
			value := s.Nodes[0].Value
			require.Contains(t, value, want)
			requireOneLine(t, value, 60)
			text := target.String()
			require.Contains(t, text, value)
			requireOneLine(t, text, 100)
		}
	}
}

func requireOneLine(t *testing.T, s string, runes int) {
	t.Helper()
	require.LessOrEqual(t, utf8.RuneCountInString(s), runes, s)
	require.True(t, utf8.ValidString(s), "%q", s)
	for _, r := range s {
		require.False(t, unicode.IsControl(r) || r == '\u2028' || r == '\u2029', "%q has %U", s, r)
	}
}

// The same holds for names and errors, which users choose, too.
func TestStringOfHostileNames(t *testing.T) {
	for _, name := range []string{"a\nb", "nul\x00", "bad\xff", strings.Repeat("long", 2500), "\u2028"} {
		d := lazy.Wrap0(func(context.Context) (int, error) { return 0, errors.New("x\n" + name) }, lazy.Name(name))()
		requireOneLine(t, d.String(), 400)
		failure(t, d)
		requireOneLine(t, d.String(), 400)
		requireOneLine(t, lazy.Source(name, 1).String(), 400)
		for _, line := range strings.Split(strings.TrimSuffix(lazy.Explain(d).String(), "\n"), "\n") {
			requireOneLine(t, line, 800)
		}
	}
}

// String and State through a call's life.
func TestStringAndState(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		src := lazy.Source("src", 1)
		require.Regexp(t, `^src#\d+ = 1$`, src.String())
		require.Equal(t, graph.Source, src.State())
		require.Regexp(t, `^const#\d+ = "x"$`, lazy.Const("x").String())

		var inside []graph.State
		var d lazy.Data[int]
		tries := 0
		d = lazy.Wrap0(func(context.Context) (int, error) {
			inside = append(inside, d.State())
			if tries++; tries == 1 {
				return 0, errBoom
			}
			return 36, nil
		}, lazy.Name("Mul"))()
		user := inc(d)
		require.Regexp(t, `^Mul#\d+ pending$`, d.String())
		require.Equal(t, graph.Pending, d.State())
		failure(t, user, lazy.In(s))
		require.Regexp(t, `^Mul#\d+ failed: boom$`, d.String())
		require.Equal(t, graph.Failed, d.State())
		require.Regexp(t, `^Inc#\d+ skipped$`, user.String())
		require.Equal(t, graph.Skipped, user.State())
		got(t, user, lazy.In(s))
		require.Regexp(t, `^Mul#\d+ = 36$`, d.String())
		require.Equal(t, []graph.State{graph.Done, graph.Done}, []graph.State{d.State(), user.State()})
		require.Equal(t, []graph.State{graph.Running, graph.Running}, inside)
	})
}

// Handles that nobody holds are collected, with the values that only they needed – after a failure, too.
func TestDroppedHandlesAreCollected(t *testing.T) {
	leak.Check(t)
	for name, bad := range map[string]bool{"done": false, "failed": true} {
		t.Run(name, func(t *testing.T) {
			collected := make(chan struct{}, 1)
			func() {
				big := lazy.Pure0(func() *[1 << 16]int {
					p := new([1 << 16]int)
					runtime.AddCleanup(p, func(int) { collected <- struct{}{} }, 0)
					return p
				}, lazy.RunsOn(executor.Serial()))()
				top := lazy.Wrap1(func(_ context.Context, p *[1 << 16]int) (int, error) {
					if bad {
						return 0, errBoom
					}
					return len(p), nil
				})(big)
				_, err := top.Get(t.Context())
				require.Equal(t, bad, err != nil)
			}()
			until(t, "the value is collected", func() bool {
				runtime.GC()
				return len(collected) == 1
			})
		})
	}
}
