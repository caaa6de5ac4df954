package progress

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/lazy"
)

// onTerminal returns a Progress on a terminal.
func onTerminal(columns, rows int) (*Progress, *emulator) {
	e := newEmulator(columns, rows)
	p := New(e, TTY)
	p.screen.size = e.size
	return p, e
}

func session(p *Progress) *lazy.Session { return &lazy.Session{Parallelism: 2, Observer: p} }

// sleeper returns a function whose calls take as long as their argument.
func sleeper(name string, opts ...lazy.Option) lazy.Func1[time.Duration, int] {
	return lazy.Pure1(func(d time.Duration) int { time.Sleep(d); return 1 }, append(opts, lazy.Name(name))...)
}

func each(f lazy.Func1[time.Duration, int], n int, d time.Duration) []lazy.Data[int] {
	ds := make([]time.Duration, n)
	for i := range ds {
		ds[i] = d
	}
	return f.Each(ds)
}

// at has f called when so much time has passed.
func at(passed time.Duration, f func()) { time.AfterFunc(passed, f) }

var ids = regexp.MustCompile(`#\d+ *`)

// unnumbered replaces IDs, which depend on what other tests have recorded.
func unnumbered(s string) string { return ids.ReplaceAllString(s, "#n ") }

func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func TestScreens(t *testing.T) {
	bubble(t, "work", func(t *testing.T) {
		p, e := onTerminal(80, 24)
		load, count := sleeper("Load"), sleeper("Count")
		ds := append(each(load, 10, 400*time.Millisecond), each(count, 10, 200*time.Millisecond)...)
		at(200*time.Millisecond, func() { require.Empty(t, e.screen()) })
		at(360*time.Millisecond, func() {
			require.Equal(t, ""+
				"  0% ────────────────────────────────────────  0/20 · 300 ms · 2/2 busy\n"+
				"   ▶ Load#n 300 ms\n"+
				"   ▶ Load#n 300 ms", unnumbered(e.screen()))
		})
		at(1870*time.Millisecond, func() {
			require.Equal(t, ""+
				" 40% ━━━━━━━━━━━━━━━━────────────────────────  8/20 · 1 s · 2/2 busy\n"+
				"   ▶ Load#n 200 ms\n"+
				"   ▶ Load#n 200 ms", unnumbered(e.screen()))
		})
		at(2490*time.Millisecond, func() { // each half of the workers' time
			require.Equal(t, ""+
				" 70% ━━━━━━━━━━━━━━━━━━━━━━━━━━──────────── 14/20 · 2 s · < 1 s left · 2/2 busy", e.screen())
		})
		_, err := lazy.GetAll(t.Context(), ds, lazy.In(session(p)))
		require.NoError(t, err)
		require.Equal(t, "✓ 100%, 20 calls in 3 s · slowest: Load 4 s, Count 2 s", e.screen())
		e.check(t)
		require.Less(t, e.frames, 32)
		require.Zero(t, e.colours)
	})
	bubble(t, "an error", func(t *testing.T) {
		p, e := onTerminal(80, 24)
		boom := lazy.Wrap1(func(context.Context, int) (int, error) {
			time.Sleep(time.Second)
			return 0, errors.New("boom\x1b[2J\nbang")
		}, lazy.Name("Load"))
		ds := append(each(sleeper("Wait"), 9, 300*time.Millisecond), boom.Of(1))
		_, err := lazy.GetAll(t.Context(), ds, lazy.In(session(p)))
		require.Error(t, err)
		require.Regexp(t, `^✕ failed: Load#\d+: boom␛\[2J bang · \d+ of 10 calls in 2\.\d s · 1 failed`, e.screen())
		e.check(t)
	})
	bubble(t, "a long error", func(t *testing.T) {
		p, e := onTerminal(80, 24)
		boom := lazy.Wrap1(func(context.Context, int) (int, error) {
			time.Sleep(time.Second)
			return 0, errors.New(strings.Repeat("long ", 1000))
		}, lazy.Name("Load"))
		_, err := boom.Of(1).Get(t.Context(), lazy.In(session(p)))
		require.Error(t, err)
		require.Regexp(t, `^✕ failed: Load#\d+: long .*… · 1 of 1 call in 1 s$`, e.screen())
		e.check(t)
	})
	bubble(t, "an error at once", func(t *testing.T) {
		p, e := onTerminal(80, 24)
		boom := lazy.Wrap1(func(context.Context, int) (int, error) { return 0, errors.New("boom") }, lazy.Name("Load"))
		_, err := sleeper("Wait")(lazy.Const(time.Second)).Get(t.Context(), lazy.In(session(p)))
		require.NoError(t, err)
		_, err = boom.Of(1).Get(t.Context(), lazy.In(session(p)))
		require.Error(t, err)
		require.Equal(t, "✓ 100%, 1 call in 1 s · slowest: Wait 1 s\n"+
			"✕ failed: Load#n : boom · 1 of 1 call in 0 s · 1 failed", unnumbered(e.screen()))
	})
	bubble(t, "a cancel", func(t *testing.T) {
		p, e := onTerminal(80, 24)
		ctx, cancel := context.WithTimeout(t.Context(), 1050*time.Millisecond)
		defer cancel()
		wait := lazy.Wrap1(func(ctx context.Context, d time.Duration) (int, error) {
			select {
			case <-time.After(d):
				return 1, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}, lazy.Name("Wait"))
		_, err := lazy.GetAll(ctx, each(lazy.Func1[time.Duration, int](wait), 20, 300*time.Millisecond), lazy.In(session(p)))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait() // the run's end is told when its functions have returned
		require.Contains(t, e.screen(), "– cancelled after 1.1 s · 8 of 20 calls")
		require.NotContains(t, e.screen(), "100")
		e.check(t)
	})
}

func TestNothingForShortRuns(t *testing.T) {
	runs := 10_000
	if testing.Short() {
		runs = 3000 // of a millisecond: longer than any mode waits
	}
	for _, m := range []Mode{TTY, Plain, JSON} {
		bubble(t, m.String(), func(t *testing.T) {
			e := newEmulator(80, 24)
			s := session(New(e, m))
			wait := sleeper("Wait")
			for range runs {
				_, err := wait.Of(time.Millisecond).Get(t.Context(), lazy.In(s))
				require.NoError(t, err)
			}
			_, err := lazy.Const(1).Get(t.Context(), lazy.In(s))
			require.NoError(t, err)
			require.Zero(t, e.frames)
		})
	}
}

// Loops neither blink nor fill the screen.
func TestLoops(t *testing.T) {
	for _, c := range []struct {
		takes           time.Duration
		lines, framesTo int
	}{
		{300 * time.Millisecond, 1, 3}, // shown once, then no more
		{900 * time.Millisecond, 1, 9},
		{2 * time.Second, 6 + 3, 100 * 22}, // a summary each, six of them, then one a minute
	} {
		bubble(t, c.takes.String(), func(t *testing.T) {
			p, e := onTerminal(80, 24)
			for range 100 {
				_, err := sleeper("Wait").Of(c.takes).Get(t.Context(), lazy.In(session(p)))
				require.NoError(t, err)
			}
			require.Len(t, strings.Split(e.screen(), "\n"), c.lines, e.screen())
			require.LessOrEqual(t, e.frames, c.framesTo)
			e.check(t)
		})
	}
}

// What the screen shows is of the runs that go on, not of those before.
func TestEpisodesAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e := onTerminal(80, 24)
		s := session(p)
		for i := range 3 {
			_, err := lazy.GetAll(t.Context(), each(sleeper("Wait"), 4*(i+1), time.Second), lazy.In(s))
			require.NoError(t, err)
		}
		require.Equal(t, "✓ 100%, 4 calls in 2 s · slowest: Wait 4 s\n"+
			"✓ 100%, 8 calls in 4 s · slowest: Wait 8 s\n"+
			"✓ 100%, 12 calls in 6 s · slowest: Wait 12 s", e.screen())
	})
}

func TestAllCachedOrUnchanged(t *testing.T) {
	bubble(t, "unchanged", func(t *testing.T) {
		p, e := onTerminal(100, 24)
		s := session(p)
		src := lazy.Source("n", 4)
		isLarge := lazy.Pure1(func(n int) bool { time.Sleep(time.Second); return n > 100 }, lazy.Name("IsLarge"))
		draw := lazy.Pure1(func(bool) int { time.Sleep(time.Second); return 1 }, lazy.Name("Draw"))
		d := draw(isLarge(src))
		_, err := d.Get(t.Context(), lazy.In(s))
		require.NoError(t, err)
		src.Set(5)
		_, err = d.Get(t.Context(), lazy.In(s))
		require.NoError(t, err)
		require.Equal(t, "✓ 100%, 2 calls in 2 s · slowest: Draw 1 s, IsLarge 1 s\n"+
			"✓ 100%, 2 calls in 1 s · 1 did not have to run · slowest: IsLarge 1 s", e.screen())
	})
	bubble(t, "retried", func(t *testing.T) {
		p, e := onTerminal(100, 24)
		n := 0
		try := lazy.Wrap1(func(context.Context, int) (int, error) {
			time.Sleep(time.Second)
			if n++; n < 3 {
				return 0, errors.New("not yet")
			}
			return 1, nil
		}, lazy.Name("Try"), lazy.Retry(3))
		_, err := try.Of(1).Get(t.Context(), lazy.In(session(p)))
		require.NoError(t, err)
		require.Equal(t, "✓ 100%, 1 call in 3 s · slowest: Try 3 s", e.screen())
	})
}

func TestGrowth(t *testing.T) {
	bubble(t, "bind", func(t *testing.T) {
		p, e := onTerminal(80, 24)
		wait := sleeper("Wait")
		bind := lazy.Bind1(func(_ context.Context, d time.Duration) (lazy.Data[[]int], error) {
			time.Sleep(d)
			return lazy.Gather(each(wait, 10, d)...), nil
		}, lazy.Name("Bind"))
		at(1950*time.Millisecond, func() { require.Contains(t, e.screen(), "/12+") })
		_, err := bind.Of(time.Second).Get(t.Context(), lazy.In(session(p)))
		require.NoError(t, err)
		require.Contains(t, e.screen(), "✓ 100%, 12 calls in 6 s")
		e.check(t)
	})
	bubble(t, "stream", func(t *testing.T) {
		p, e := onTerminal(80, 24)
		s := session(p)
		in := func(yield func(time.Duration) bool) {
			for range 300 {
				if !yield(100 * time.Millisecond) {
					return
				}
			}
		}
		at(7120*time.Millisecond, func() {
			require.NotContains(t, e.screen(), "%", e.screen())
			require.NotContains(t, e.screen(), "left", e.screen())
			require.Regexp(t, `^1\d\d calls · 20/s · 7 s · 2/2 busy`, e.screen())
		})
		n := 0
		for v, err := range lazy.Stream(t.Context(), in, sleeper("Wait"), lazy.In(s)) {
			require.NoError(t, err)
			n += v
		}
		require.Equal(t, 300, n)
		e.check(t)
		require.Contains(t, e.screen(), "calls in")
	})
}

// Whatever names, widths and sizes: no line is broken, nothing is left over.
func TestHostileWidths(t *testing.T) {
	names := []string{
		"", " ", "\x1b[31mred\x1b[0m", "two\nlines\r\x00", "日本語の関数名", "e\u0301\u0302\u0303\u0304", "\u0301\u0301",
		"\u202eevil", "👩‍👩‍👧‍👦 family", "🇩🇪", strings.Repeat("long", 1000), "\xff\xfe", "a\u200bb", "한국어", "ﾊﾝｶｸ", "#3", "😀😀😀",
	}
	sizes := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 25, 33, 40, 60, 79, 80, 81, 120, 200}
	for _, columns := range sizes {
		bubble(t, fmt.Sprint(columns), func(t *testing.T) {
			rows := 1 + columns%7
			p, e := onTerminal(columns, rows)
			p.colour = columns%2 == 0
			var ds []lazy.Data[int]
			for i, name := range names {
				ds = append(ds, sleeper(name).Of(time.Duration(i)*100*time.Millisecond))
			}
			_, err := lazy.GetAll(t.Context(), ds, lazy.In(session(p)))
			require.NoError(t, err)
			e.check(t)
			require.LessOrEqual(t, len(strings.Split(e.screen(), "\n")), 1, e.screen())
			require.Equal(t, p.colour, e.colours > 0)
		})
	}
}

// The terminal is made wider and narrower all the time.
func TestResize(t *testing.T) {
	seeds := uint64(30)
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		bubble(t, fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			p, e := onTerminal(80, 24)
			for i := range 30 { // never at the moment of a frame: what happens while one is written cannot be mended
				columns := 20 + rng.IntN(100)
				at(time.Duration(7+i*173)*time.Millisecond, func() { e.resize(columns) })
			}
			at(5220*time.Millisecond, func() { e.resize(100) })
			ds := append(each(sleeper("Wait"), 40, 300*time.Millisecond), each(sleeper("LongLongLongLongLong"), 10, time.Second)...)
			_, err := lazy.GetAll(t.Context(), ds, lazy.In(session(p)))
			require.NoError(t, err)
			require.Equal(t, "✓ 100%, 50 calls in 11 s · slowest: Wait 12 s, LongLongLongLongLong 10 s", e.screen())
			e.check(t)
		})
	}
}

func TestUnknownSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEmulator(80, 24)
		p := New(e, TTY) // it is no terminal, so nobody knows its size
		_, err := lazy.GetAll(t.Context(), each(sleeper(strings.Repeat("x", 100)), 3, time.Second), lazy.In(session(p)))
		require.NoError(t, err)
		e.check(t)
		require.Zero(t, e.colours)
	})
}

// Log lines stand above the bar, whole, and in order.
func TestWriteAboveTheBar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e := onTerminal(60, 24)
		say := func(passed time.Duration, text string) {
			at(passed, func() {
				n, err := p.Write([]byte(text))
				require.NoError(t, err)
				require.Equal(t, len(text), n)
			})
		}
		say(100*time.Millisecond, "before anything is drawn\nand not")
		say(410*time.Millisecond, "one\ntwo\n")
		say(510*time.Millisecond, "thr")
		say(620*time.Millisecond, "ee\nfo")
		say(990*time.Millisecond, "")
		at(700*time.Millisecond, func() {
			require.Equal(t, "before anything is drawn\nand not\none\ntwo\nthree\n"+
				"  0% ────────────────────────────── 0/2 · 600 ms · 2/2 busy\n   ▶ Wait#n 600 ms\n   ▶ Wait#n 600 ms", unnumbered(e.screen()))
		})
		_, err := lazy.GetAll(t.Context(), each(sleeper("Wait"), 2, time.Second), lazy.In(session(p)))
		require.NoError(t, err)
		_, err = p.Write([]byte("ur\n"))
		require.NoError(t, err)
		require.Equal(t, "before anything is drawn\nand not\none\ntwo\nthree\n✓ 100%, 2 calls in 1 s · slowest: Wait 2 s\nfour", e.screen())
		e.check(t)
	})
}

// A line without an end does not fill the memory.
func TestWriteWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e := onTerminal(80, 24)
		at(500*time.Millisecond, func() {
			for range 3 * heldMax / 1000 {
				_, err := p.Write([]byte(strings.Repeat("x", 1000)))
				require.NoError(t, err)
				require.LessOrEqual(t, len(p.screen.held), heldMax)
			}
		})
		_, err := sleeper("Wait").Of(time.Second).Get(t.Context(), lazy.In(session(p)))
		require.NoError(t, err)
		require.Equal(t, 3*heldMax/1000*1000, strings.Count(e.screen(), "x"))
		require.Contains(t, e.screen(), "✓ 100%, 1 call in 1 s")
	})
}

// The bar shows what is there, is full at the end and not before, and is as wide as it should be.
func TestBar(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5_000 {
		v := &view{planned: 1 + rng.IntN(1000)}
		for state := range v.states {
			if rng.IntN(2) == 0 {
				n := rng.IntN(v.planned - v.ended + 1)
				v.states[state], v.ended = n, v.ended+n
			}
		}
		columns := 1 + rng.IntN(50)
		bar := v.bar(columns)
		require.Equal(t, columns, bar.width())
		require.Less(t, v.percent(), 100)
	}
}
