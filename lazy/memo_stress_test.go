package lazy_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

func TestFlightsUnderStress(t *testing.T) {
	leak.Check(t)
	s, _ := remembering(cache.NewMemory(10 << 10))
	s2, _ := remembering(cache.NewMemory(10 << 10))
	s.Parallelism, s2.Parallelism = 3, 2
	var seed atomic.Uint64
	errBad := errors.New("bad")
	body := func(ctx context.Context, x int) (int, error) {
		r := rand.New(rand.NewPCG(seed.Add(1), 3))
		switch r.IntN(12) {
		case 0:
			return 0, errBad
		case 1:
			return 0, lazy.Permanent(errBad)
		case 2:
			panic("bad")
		case 3:
			select {
			case <-ctx.Done():
				return 0, ctx.Err()
			case <-time.After(time.Duration(r.IntN(3000)) * time.Microsecond):
			}
		case 4:
			time.Sleep(time.Duration(r.IntN(2000)) * time.Microsecond)
		}
		return x + 1, nil
	}
	fs := []lazy.Func1[int, int]{
		lazy.Wrap1(body, kept(t, "plain")...),
		lazy.Wrap1(body, kept(t, "blocking", lazy.Blocking(2))...),
		lazy.Wrap1(body, kept(t, "timeout", lazy.Timeout(time.Millisecond))...),
		lazy.Wrap1(body, kept(t, "limit", lazy.Limit(executor.NewLimit(1)))...),
		lazy.Wrap1(body, kept(t, "retry", lazy.Retry(1))...),
		lazy.Wrap1(body, kept(t, "transient", lazy.Transient())...),
	}
	bind := lazy.Bind1(func(_ context.Context, x int) (lazy.Data[int], error) { return fs[x%len(fs)].Of(x % 3), nil })
	nest := lazy.Wrap1(func(ctx context.Context, x int) (int, error) { return fs[x%len(fs)].Of(x % 3).Get(ctx) }, kept(t, "nest")...)
	src := lazy.Source("x", 1)
	var wg sync.WaitGroup
	stop := time.Now().Add(time.Second)
	var done atomic.Int64
	for w := range 6 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 5))
			var old []lazy.Data[int]
			for time.Now().Before(stop) {
				var ds []lazy.Data[int]
				for range 1 + r.IntN(12) {
					in := lazy.Const(r.IntN(4))
					if len(ds) > 0 && r.IntN(2) == 0 {
						in = ds[r.IntN(len(ds))]
					}
					if r.IntN(6) == 0 {
						in = src
					}
					switch k := r.IntN(len(fs) + 3); k {
					case len(fs):
						ds = append(ds, bind(in))
					case len(fs) + 1:
						ds = append(ds, nest(in))
					case len(fs) + 2:
						if len(old) > 0 {
							ds = append(ds, old[r.IntN(len(old))])
						}
					default:
						ds = append(ds, fs[k](in))
					}
				}
				old = append(old[max(0, len(old)-10):], ds...)
				ctx, cancel := context.Background(), func() {}
				if r.IntN(4) == 0 {
					ctx, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(2000))*time.Microsecond)
				}
				opts := []lazy.RunOption{lazy.In(s)}
				if r.IntN(3) == 0 {
					opts[0] = lazy.In(s2)
				}
				if r.IntN(2) == 0 {
					opts = append(opts, lazy.KeepGoing())
				}
				if r.IntN(20) == 0 {
					opts = append(opts, lazy.Refresh())
				}
				if r.IntN(10) == 0 {
					src.Set(r.IntN(4))
				}
				_, _ = lazy.GetAll(ctx, ds, opts...)
				cancel()
				done.Add(1)
			}
		})
	}
	wg.Wait() // if it hangs, the tests' time limit tells where
	require.Positive(t, done.Load())
}
