package lazy_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/lazy"
)

// A result that is equal to the call's last one is kept under the key of its new arguments.
func TestAResultEqualToTheLastOneIsKept(t *testing.T) {
	s, _ := remembering(cache.NewMemory(1 << 20))
	var runs atomic.Int32
	f := lazy.Pure1(func(x int) int { runs.Add(1); return x % 2 }, kept(t, "f", lazy.Equal(func(a, b int) bool { return a == b }))...)
	x := lazy.Source("x", 1)
	d := f(x)
	get(t, s, d)
	x.Set(3)
	require.Equal(t, 1, get(t, s, d))
	require.EqualValues(t, 2, runs.Load())
	require.Equal(t, 1, get(t, s, f.Of(3)))
	require.EqualValues(t, 2, runs.Load(), "f(3) has run, and nothing kept it from being kept")
}

func sameNumber(_ context.Context, x uint32) (uint32, error) { return x, nil }

func bytesOf(o binary.ByteOrder) lazy.Option {
	return lazy.Codec(func(w io.Writer, v uint32) error {
		return binary.Write(w, o, v)
	}, func(r io.Reader) (v uint32, err error) {
		err = binary.Read(r, o, &v)
		return v, err
	})
}

// Two wraps of a function at package level with different Codecs could read each other's entries.
func TestWrapsWithDifferentCodecsPanic(t *testing.T) {
	codecOnce.Do(func() { lazy.Wrap1(sameNumber, lazy.Memo(), bytesOf(binary.BigEndian)) })
	require.Panics(t, func() { lazy.Wrap1(sameNumber, lazy.Memo(), bytesOf(binary.LittleEndian)) })
}

var codecOnce sync.Once

// f returns its argument, and the cache keeps that: what an Update is given is the cache's, too.
func TestAnUpdateDoesNotWriteToWhatTheCacheHas(t *testing.T) {
	t.Run("argument", func(t *testing.T) {
		s, _ := remembering(cache.NewMemory(1 << 20))
		f := lazy.Pure1(func(v []int) []int { return v }, kept(t, "f")...)
		g := lazy.Pure0(func() []int { return []int{1, 2, 3} })
		d := g()
		func() { get(t, s, f(d)) }() // the handle goes
		runtime.GC()
		u := lazy.Update(lazy.Donate(d), func(_ context.Context, v []int) ([]int, error) { v[0] = 9; return v, nil })
		require.Equal(t, []int{9, 2, 3}, get(t, s, u))
		require.Equal(t, []int{1, 2, 3}, get(t, s, f.Of([]int{1, 2, 3})))
	})
	t.Run("result", func(t *testing.T) {
		s, _ := remembering(cache.NewMemory(1 << 20))
		f := lazy.Pure1(func(x int) []int { return []int{x, 2, 3} }, kept(t, "f")...)
		h := lazy.Pure1(func(v []int) []int { return v[:2] }, lazy.Name("h"), lazy.Equal(slices.Equal[[]int]))
		x := lazy.Source("x", 1)
		fx := f(x)
		d := h(fx)
		get(t, s, d)
		u := lazy.Update(lazy.Donate(d), func(_ context.Context, v []int) ([]int, error) { v[0] = 9; return v, nil })
		require.Equal(t, []int{9, 2}, get(t, s, u))
		require.Equal(t, []int{1, 2, 3}, get(t, s, f.Of(1)))
	})
	t.Run("result let go of", func(t *testing.T) {
		s, _ := remembering(cache.NewMemory(1 << 20))
		f := lazy.Pure1(func(x int) []int { return []int{x, 2, 3} }, kept(t, "f", lazy.Transient())...)
		h := lazy.Pure1(func(v []int) []int { return v[:2] }, lazy.Name("h"))
		d := h(f.Of(1))
		get(t, s, d)
		u := lazy.Update(lazy.Donate(d), func(_ context.Context, v []int) ([]int, error) { v[0] = 9; return v, nil })
		require.Equal(t, []int{9, 2}, get(t, s, u))
		require.Equal(t, []int{1, 2, 3}, get(t, s, f.Of(1)))
	})
	t.Run("result replaced", func(t *testing.T) {
		s, _ := remembering(cache.NewMemory(1 << 20))
		f := lazy.Pure1(func(x int) []int { return []int{x, 2, 3} }, kept(t, "f")...)
		id := lazy.Pure1(func(v []int) []int { return v[:2] }, lazy.Name("id"))
		x := lazy.Source("x", 1)
		m := f(x)
		d := id(m)
		get(t, s, d)
		m.Set([]int{7, 7}) // d is stale
		m.Set([]int{1, 2, 3})
		get(t, s, d)
		u := lazy.Update(lazy.Donate(d), func(_ context.Context, v []int) ([]int, error) { v[0] = 9; return v, nil })
		require.Equal(t, []int{9, 2}, get(t, s, u))
		require.Equal(t, []int{1, 2, 3}, get(t, s, f.Of(1)))
	})
}

// Why a former result was not kept is not told of the present one, which is.
func TestExplainForgetsWhyAFormerResultWasNotKept(t *testing.T) {
	m := cache.NewMemory(1 << 20)
	broken := true
	s, _ := remembering(&spoiled{Store: m, put: func(ctx context.Context, e cache.Entry, c cache.Codec) error {
		if broken {
			return errors.New("disk full")
		}
		return m.Put(ctx, e, c)
	}})
	f := lazy.Pure1(func(x int) int { return x }, kept(t, "f")...)
	x := lazy.Source("x", 1)
	d := f(x)
	get(t, s, d)
	require.Contains(t, lazy.Explain(d).String(), "disk full")
	broken = false
	x.Set(2)
	get(t, s, d)
	require.NotContains(t, lazy.Explain(d).String(), "disk full")
}

// A Transient value is let go of, though its content is known.
func TestATransientMemoValueIsReleased(t *testing.T) {
	s, _ := remembering(&spoiled{
		get: func(context.Context, cache.Key, cache.Codec) (cache.Entry, error) {
			return cache.Entry{}, cache.ErrMiss
		},
		put: func(context.Context, cache.Entry, cache.Codec) error { return nil },
	})
	var w weak.Pointer[[1 << 20]byte]
	f := lazy.Pure1(func(x int) []byte {
		p := new([1 << 20]byte)
		w = weak.Make(p)
		return p[:]
	}, kept(t, "f", lazy.Transient())...)
	d := lazy.Pure1(func(b []byte) int { return len(b) })(f.Of(1))
	get(t, s, d)
	for range 5 {
		runtime.GC()
	}
	require.True(t, w.Value() == nil, "1 MB is still reachable")
	runtime.KeepAlive(d)
}

// A codec that does not give back each bit is no reason to say that arguments were changed.
func TestACodecMayRound(t *testing.T) {
	dir, err := cache.OpenDir(t.TempDir())
	require.NoError(t, err)
	s, _ := remembering(dir)
	words := lazy.Pure1(func(x int) []string { return []string{"A", "b"} }, kept(t, "words", lazy.Codec(
		func(w io.Writer, v []string) error {
			_, err := io.WriteString(w, strings.ToLower(strings.Join(v, " ")))
			return err
		},
		func(r io.Reader) ([]string, error) { b, err := io.ReadAll(r); return strings.Fields(string(b)), err },
	))...)
	var runs atomic.Int32
	count := lazy.Pure1(func(v []string) int { runs.Add(1); return len(v) }, kept(t, "count")...)
	get(t, s, words.Of(1))
	d := count(words.Of(1))
	get(t, s, d)
	require.NotContains(t, lazy.Explain(d).String(), "changed while")
	get(t, s, count(words.Of(1)))
	require.EqualValues(t, 1, runs.Load())
}

// An entry with a content that is none does not end the process.
func TestAStoreWithAStrangeContentEndsNoProcess(t *testing.T) {
	defer lazy.NeverChanged()()
	m := cache.NewMemory(1 << 20)
	s, _ := remembering(&spoiled{Store: m, get: func(ctx context.Context, k cache.Key, c cache.Codec) (cache.Entry, error) {
		e, err := m.Get(ctx, k, c)
		if err == nil {
			meta := *e.Meta
			meta.Content = cache.Content(strings.Repeat("x", 100))
			v, _ := e.Value(ctx)
			e = cache.NewEntry(&meta, v)
		}
		return e, err
	}})
	f := lazy.Pure1(func(x int) string { return "x" }, kept(t, "f")...)
	g := lazy.Pure1(func(all []string) int { return len(all) }, kept(t, "g")...)
	get(t, s, f.Of(1))
	require.Equal(t, 1, get(t, s, g(lazy.Gather(f.Of(1)))))
}

// A value from the cache stays the cache's when a later run finds that it is still right.
func TestVerifiedHitIsNotGivenAway(t *testing.T) {
	s, _ := remembering(cache.NewMemory(1 << 20))
	f := lazy.Pure1(func(x int) []int { return []int{x, x} }, kept(t, "f")...)
	require.Equal(t, []int{1, 1}, get(t, s, f.Of(1)))
	x := lazy.Source("x", 10)
	x.Set(11)
	d := f(lazy.Pure1(func(x int) int { return x / 10 }).Of(0))
	_ = d
	tenth := lazy.Pure1(func(x int) int { return x / 10 })
	d = f(tenth(x))
	require.Equal(t, []int{1, 1}, get(t, s, d)) // a hit
	x.Set(12)
	require.Equal(t, []int{1, 1}, get(t, s, d)) // verified
	t.Log(d.State())
	u := lazy.Update(lazy.Donate(d), func(_ context.Context, v []int) ([]int, error) { v[0] = 99; return v, nil })
	require.Equal(t, []int{99, 1}, get(t, s, u))
	require.Equal(t, []int{1, 1}, get(t, s, f.Of(1)), "what is kept was written to")
}

// Explain and Plan know Memo calls that have failed for good, of which the inputs are not planned.
func TestExplainOfAMemoCallThatHasFailedForGood(t *testing.T) {
	was := lazy.Default
	defer func() { lazy.Default = was }()
	s, _ := remembering(cache.NewMemory(1 << 20))
	lazy.Default = s
	f := lazy.Wrap1(func(context.Context, int) (int, error) { return 0, lazy.Permanent(errors.New("boom")) }, kept(t, "f")...)
	d := f.Of(1)
	_, err := d.Get(context.Background())
	require.Error(t, err)
	require.NotPanics(t, func() { _ = lazy.Explain(d).String() })
	require.NotPanics(t, func() { lazy.Plan(d) })
}

// Invalidate has the call run again, whatever is kept.
func TestInvalidateHasAMemoCallRunAgain(t *testing.T) {
	s, _ := remembering(cache.NewMemory(1 << 20))
	var runs atomic.Int32
	f := lazy.Pure1(func(x int) int32 { return runs.Add(1) }, kept(t, "f")...)
	d := f.Of(1)
	get(t, s, d)
	d.Invalidate()
	require.EqualValues(t, 2, get(t, s, d))
}

// After has the call run again when what it comes after has run again.
func TestAMemoCallAfterOneThatHasRunAgain(t *testing.T) {
	s, _ := remembering(cache.NewMemory(1 << 20))
	var runs atomic.Int32
	f := lazy.Pure1(func(x int) int32 { return runs.Add(1) }, kept(t, "f")...)
	x := lazy.Source("x", 1)
	write := lazy.Pure1(func(int) int { return 0 }, lazy.Name("write"))(x)
	d := lazy.After(f.Of(1), write)
	get(t, s, d)
	x.Set(2)
	require.EqualValues(t, 2, get(t, s, d))
}

// What comes of a refreshed call replaces what was kept, also if it is equal: its TTL begins anew.
func TestRefreshRenewsWhatIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := remembering(cache.NewMemory(1 << 20))
		var runs atomic.Int32
		f := lazy.Pure1(func(x int) int { runs.Add(1); return x }, kept(t, "f", lazy.TTL(time.Hour))...)
		d := f.Of(1)
		get(t, s, d)
		time.Sleep(50 * time.Minute)
		_, err := d.Get(context.Background(), lazy.In(s), lazy.Refresh())
		require.NoError(t, err)
		require.EqualValues(t, 2, runs.Load())
		time.Sleep(30 * time.Minute)
		get(t, s, f.Of(1))
		require.EqualValues(t, 2, runs.Load(), "it was computed half an hour ago")
	})
}

// Every call that the targets depend on runs again, also one that another call gets while it runs.
func TestRefreshWithANestedGet(t *testing.T) {
	s, _ := remembering(cache.NewMemory(1 << 20))
	var runs atomic.Int32
	f := lazy.Pure1(func(x int) int { runs.Add(1); return x }, kept(t, "f")...)
	d := f.Of(1)
	nest := lazy.Wrap1(func(ctx context.Context, x int) (int, error) { v, err := d.Get(ctx); return v + x, err })
	inc := lazy.Pure1(func(x int) int { return x + 1 })
	n := nest.Of(5)
	total := lazy.Pure2(func(a, b int) int { return a + b })(n, inc(d))
	require.Equal(t, 8, get(t, s, total))
	require.EqualValues(t, 1, runs.Load())
	for i := range 20 {
		get(t, &lazy.Session{Cache: s.Cache, Parallelism: 1}, total, lazy.Refresh())
		require.EqualValues(t, 2+i, runs.Load())
	}
}

// What somebody has written to is found where hits are verified: the function comes to what it came to before.
func TestVerifyHitsFindsAResultThatWasWrittenTo(t *testing.T) {
	s, w := remembering(cache.NewMemory(1 << 20))
	s.VerifyHits = 1
	f := lazy.Pure1(func(x int) []int { return []int{x, x} }, kept(t, "f")...)
	get(t, s, f.Of(1))[0] = 99
	require.Equal(t, []int{1, 1}, get(t, s, f.Of(1)))
	require.Len(t, w.all(), 1)
	require.Contains(t, w.all()[0], "somebody has written to it")
}

// What is never kept is told of once, and to those who ask about another call.
func TestWhyResultsAreNotKeptIsToldOnce(t *testing.T) {
	s, w := remembering(cache.NewMemory(1 << 20))
	hidden := lazy.Source("hidden", 1)
	f := lazy.Wrap1(func(ctx context.Context, x int) (int, error) { return hidden.Get(ctx) }, kept(t, "f")...)
	for i := range 3 {
		get(t, s, f.Of(i))
	}
	require.Len(t, w.all(), 1)
	require.Contains(t, w.all()[0], "Get inside")
	require.Contains(t, s.Explain(f.Of(9)).String(), "Get inside")
}

// A call that has failed for good, and is cancelled when it runs again, still knows what it has failed with.
func TestACancelledCallKeepsItsPermanentFailure(t *testing.T) {
	x := lazy.Source("x", 1)
	ctx, cancel := context.WithCancel(context.Background())
	f := lazy.Wrap1(func(c context.Context, n int) (int, error) {
		if n == 2 {
			cancel()
			<-c.Done()
			return 0, c.Err()
		}
		return 0, lazy.Permanent(errBoom)
	})
	d := f(x)
	_, err := d.Get(context.Background())
	require.ErrorIs(t, err, errBoom)
	x.Set(2)
	_, err = d.Get(ctx)
	require.ErrorIs(t, err, context.Canceled)
	x.Set(1)
	_, err = d.Get(context.Background())
	require.ErrorIs(t, err, errBoom)
	require.Contains(t, d.String(), "boom")
}
