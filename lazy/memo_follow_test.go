package lazy_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// A call does not take the value of one with its key that has got a handle inside: it would never hear of a Set.
func TestAFollowerHearsOfWhatItsLeaderHasGot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := remembering(cache.NewMemory(1 << 20))
		hidden := lazy.Source("hidden", 1)
		f := lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
			h, err := hidden.Get(ctx)
			time.Sleep(time.Second)
			return x + h, err
		}, kept(t, "f", lazy.Blocking(0))...)
		a, b := f.Of(1), f.Of(1)
		vs, err := lazy.GetAll(context.Background(), []lazy.Data[int]{a, b}, lazy.In(s))
		require.NoError(t, err)
		require.Equal(t, []int{2, 2}, vs)
		hidden.Set(10)
		require.Equal(t, 11, get(t, s, a))
		require.Equal(t, 11, get(t, s, b), "b")
	})
}

// What came of an argument that was changed meanwhile is not for those who wait, whose arguments were not.
func TestAFollowerDoesNotTakeWhatIsNotToBeKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := remembering(cache.NewMemory(1 << 20))
		bad := []int{1, 2}
		f := lazy.Pure1(func(v []int) int {
			time.Sleep(time.Second)
			if &v[0] == &bad[0] { // somebody else writes to it meanwhile
				v[0] = 9
			}
			time.Sleep(time.Second)
			return v[0]
		}, kept(t, "f", lazy.Blocking(0))...)
		var wg sync.WaitGroup
		wg.Go(func() { get(t, s, f.Of(bad)) })
		synctest.Wait()
		good := f.Of([]int{1, 2})
		require.Equal(t, 1, get(t, s, good))
		wg.Wait()
	})
}

// A call whose run is cancelled while its result is looked up is not started.
func TestACallCancelledWhileItIsLookedUpDoesNotRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := remembering(&spoiled{
			Store: cache.NewMemory(1 << 20),
			get: func(ctx context.Context, _ cache.Key, _ cache.Codec) (cache.Entry, error) {
				<-ctx.Done()
				return cache.Entry{}, ctx.Err()
			},
		})
		lazy.Source("x", 1).Set(2) // something was Set: no fetch
		src := lazy.Source("x", 1)
		var runs atomic.Int32
		f := lazy.Pure1(func(x int) int { runs.Add(1); return x }, kept(t, "f")...)
		d := f(src)
		src.Set(2)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := d.Get(ctx, lazy.In(s))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait()
		require.Zero(t, runs.Load(), "the function was started after its only caller had left")
	})
}

// A caller leaves at once when its context ends, also while what it needs is fetched from a store that does not heed it.
func TestADeafStoreDoesNotHoldUpACallerThatLeaves(t *testing.T) {
	defer lazy.NeverChanged()()
	release := make(chan struct{})
	s, _ := remembering(&spoiled{
		Store: cache.NewMemory(1 << 20),
		get: func(context.Context, cache.Key, cache.Codec) (cache.Entry, error) {
			<-release
			return cache.Entry{}, cache.ErrMiss
		},
	})
	f := lazy.Pure1(func(x int) int { return x }, kept(t, "f")...)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := f.Of(1).Get(ctx, lazy.In(s))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	close(release)
}

// A session that has the result at hand does not wait for another session's slow store.
func TestASlowStoreHoldsUpNoOtherSession(t *testing.T) {
	lazy.Source("x", 1).Set(2)
	synctest.Test(t, func(t *testing.T) {
		slow, _ := remembering(&spoiled{
			Store: cache.NewMemory(1 << 20),
			get: func(context.Context, cache.Key, cache.Codec) (cache.Entry, error) {
				time.Sleep(time.Hour)
				return cache.Entry{}, cache.ErrMiss
			},
		})
		fast, _ := remembering(cache.NewMemory(1 << 20))
		f := lazy.Pure1(func(x int) int { return x }, kept(t, "f")...)
		get(t, fast, f.Of(1))
		src := lazy.Source("x", 0)
		d := f(src)
		src.Set(1)
		var wg sync.WaitGroup
		wg.Go(func() { get(t, slow, d) })
		synctest.Wait()
		e := f.Of(1)
		before := time.Now()
		get(t, fast, lazy.After(e, src)) // changing: no fetch
		require.Less(t, time.Since(before), time.Minute)
		wg.Wait()
	})
}

func secondsNow(_ context.Context, x int) (int64, error) { return time.Now().Unix(), nil }

// Two wraps of one function at package level share keys, whatever their TTLs: who waits for the other does not take
// what is too old.
func TestAFollowerHeedsItsOwnTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := cache.NewMemory(1 << 20)
		hold := false
		s, _ := remembering(&spoiled{Store: m, get: func(ctx context.Context, k cache.Key, c cache.Codec) (cache.Entry, error) {
			if hold {
				time.Sleep(time.Second)
			}
			return m.Get(ctx, k, c)
		}})
		long := lazy.Wrap1(secondsNow, lazy.Memo(), lazy.Blocking(0))
		short := lazy.Wrap1(secondsNow, lazy.Memo(), lazy.TTL(time.Minute), lazy.Blocking(0))
		was := get(t, s, long.Of(1))
		time.Sleep(time.Hour)
		hold = true
		src := lazy.Source("x", 0)
		src.Set(1)
		var wg sync.WaitGroup
		wg.Go(func() { get(t, s, long(src)) })
		synctest.Wait()
		now := get(t, s, short(src))
		wg.Wait()
		require.Greater(t, now, was+60)
	})
}

// one runs works one after another, and tells when it has got one.
type one struct {
	mu  sync.Mutex
	got chan struct{}
}

func (o *one) Execute(ctx context.Context, w executor.Work) error {
	o.got <- struct{}{}
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range w.Len() {
		if err := w.Run(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// A call that waits for its executor leads no others, which do not need that executor and which the executor is waiting for.
func TestACallThatIsQueuedElsewhereHoldsUpNobody(t *testing.T) {
	leak.Check(t)
	s, _ := remembering(cache.NewMemory(1 << 20))
	s.Parallelism = 4
	ex := &one{got: make(chan struct{})}
	f := lazy.Pure1(func(x int) int { return x }, kept(t, "f")...)
	led := f.Of(1).On(ex)
	goOn := make(chan struct{})
	outer := lazy.Wrap0(func(ctx context.Context) (int, error) {
		<-goOn
		return f.Of(1).Get(ctx, lazy.In(s))
	}, lazy.RunsOn(ex))
	var wg sync.WaitGroup
	wg.Go(func() { require.Equal(t, 1, get(t, s, outer())) })
	<-ex.got
	wg.Go(func() { require.Equal(t, 1, get(t, s, led)) })
	<-ex.got
	close(goOn)
	wg.Wait()
}

// lost is an executor that returns without having run anything, after a second.
type lost struct{}

func (lost) Execute(context.Context, executor.Work) error { time.Sleep(time.Second); return nil }

// A failure that is not the function's own – of the executor that the leader was to run on – is not for those with its key.
func TestAFollowerDoesNotShareTheFailureOfAnExecutor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := remembering(cache.NewMemory(1 << 20))
		f := lazy.Pure1(func(x int) int { return x }, kept(t, "f")...)
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := f.Of(1).On(lost{}).Get(context.Background(), lazy.In(s))
			require.Error(t, err)
		})
		synctest.Wait()
		v, err := f.Of(1).Get(context.Background(), lazy.In(s))
		require.NoError(t, err)
		require.Equal(t, 1, v)
		wg.Wait()
	})
}

func slowly(ctx context.Context, x int) (int, error) {
	select {
	case <-time.After(time.Minute):
		return x, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// A wrap of the same function that has a Timeout does not end the calls of one that has none.
func TestAFollowerDoesNotShareTheTimeoutOfAnotherWrap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := remembering(cache.NewMemory(1 << 20))
		hasty := lazy.Wrap1(slowly, lazy.Memo(), lazy.Blocking(0), lazy.Timeout(time.Second))
		patient := lazy.Wrap1(slowly, lazy.Memo(), lazy.Blocking(0))
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = hasty.Of(1).Get(context.Background(), lazy.In(s)) })
		synctest.Wait()
		require.Equal(t, 1, get(t, s, patient.Of(1)))
		wg.Wait()
	})
}

// What a session with CheckInputs finds is not for a session without.
func TestAFollowerDoesNotShareAnInputError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		strict, _ := remembering(cache.NewMemory(1 << 20))
		strict.CheckInputs = true
		s, _ := remembering(cache.NewMemory(1 << 20))
		bad := []int{1, 2}
		f := lazy.Pure1(func(v []int) int {
			time.Sleep(time.Second)
			if &v[0] == &bad[0] {
				v[1] = 7
			}
			return len(v)
		}, kept(t, "f", lazy.Blocking(0))...)
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = f.Of(bad).Get(context.Background(), lazy.In(strict)) })
		synctest.Wait()
		v, err := f.Of([]int{1, 2}).Get(context.Background(), lazy.In(s))
		require.NoError(t, err)
		require.Equal(t, 2, v)
		wg.Wait()
	})
}
