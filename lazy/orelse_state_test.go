package lazy

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/internal/leak"
)

var errOr = errors.New("failed")

// A function that has written to its argument is a mistake of the program, also if it has failed besides.
func TestOrElseDoesNotHideAMistake(t *testing.T) {
	for _, opts := range [][]Option{nil, {Timeout(time.Hour)}, {Retry(1)}} {
		asked := false
		f := Wrap1(func(_ context.Context, xs []int) (int, error) { xs[0]++; return 0, errOr },
			append(opts, OrElse(func(error) int { asked = true; return -1 }))...)
		_, err := f.Of([]int{1}).Get(context.Background(), In(&Session{CheckInputs: true}))
		var mistake *InputError
		require.ErrorAs(t, err, &mistake)
		require.False(t, asked)
	}
}

// A Bind whose function goes on to a graph, or fails, as its source says; what it went on to fails, or does not.
func TestOrElseOfABindThatChanges(t *testing.T) {
	leak.Check(t)
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 3))
		outer, inner, found := Source("outer", 0), Source("inner", 0), Source("found", 0)
		work := Wrap1(func(_ context.Context, x int) (int, error) {
			if x%2 == 1 {
				return 0, errOr
			}
			return x, nil
		})
		opts := []Option{OrElse(func(error) int { return -1 })}
		if seed%2 == 0 {
			opts = append(opts, Timeout(time.Hour))
		}
		d := Bind1(func(ctx context.Context, x int) (Data[int], error) {
			y, err := found.Get(ctx)
			if err != nil {
				return Data[int]{}, err
			}
			if (x+y)%3 == 1 {
				return Data[int]{}, errOr
			}
			return work(inner), nil
		}, opts...)(outer)
		user := Pure1(func(x int) int { return 10 * x })(d)
		values := [3]int{}
		for range 12 {
			k := r.IntN(3)
			values[k] = r.IntN(5)
			[]Data[int]{outer, inner, found}[k].Set(values[k])
			if r.IntN(3) == 0 {
				d.Invalidate()
			}
			want := values[1]
			if (values[0]+values[2])%3 == 1 || want%2 == 1 {
				want = -1
			}
			v, err := user.Get(context.Background(), In(&Session{Parallelism: 1 + r.IntN(2)}))
			require.NoError(t, err)
			require.Equal(t, 10*want, v, "seed %d, %v", seed, values)
		}
	}
}

// Functions that are left behind, and run again meanwhile: what comes late is never seen.
func TestOrElseAndLateResults(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			leak.Check(t)
			r := rand.New(rand.NewPCG(seed, 4))
			source := Source("x", 1)
			opts := []Option{Timeout(time.Second), OrElse(func(error) int { return -1 })}
			opts = append(opts, [][]Option{nil, {Blocking(3)}, {Retry(1)}}[seed%3]...)
			f := Wrap1(func(_ context.Context, x int) (int, error) {
				time.Sleep(time.Duration(x) * 700 * time.Millisecond)
				return x, nil
			}, opts...)
			d := f(source)
			user := Pure1(func(x int) int { return 10 * x })(d)
			x := 1
			for range 8 {
				switch r.IntN(3) {
				case 0:
					x = r.IntN(5)
					source.Set(x)
				case 1:
					d.Invalidate()
				}
				want := x
				if x > 1 {
					want = -1
				}
				s := &Session{Parallelism: 1 + r.IntN(2), CheckInputs: seed%2 == 0}
				v, err := user.Get(context.Background(), In(s))
				require.NoError(t, err)
				require.Equal(t, 10*want, v, "seed %d, x %d", seed, x)
				if r.IntN(2) == 0 {
					time.Sleep(time.Duration(r.IntN(5000)) * time.Millisecond)
				}
			}
			time.Sleep(time.Minute)
		})
	}
}

func TestOrElseOfAnUpdate(t *testing.T) {
	leak.Check(t)
	for _, give := range []bool{false, true} {
		for _, opts := range [][]Option{nil, {Timeout(time.Hour)}, {Retry(2)}} {
			old := Pure0(func() []int { return []int{1, 2, 3} }, Name("old"))()
			given := old
			if give {
				given = Donate(old)
			}
			d := Update(given, func(_ context.Context, v []int) ([]int, error) { v[0] = 9; panic(errOr) },
				append(opts, OrElse(func(error) []int { return []int{7} }))...)
			v, err := d.Get(context.Background())
			require.NoError(t, err)
			require.Equal(t, []int{7}, v)
			if !give {
				require.Equal(t, []int{1, 2, 3}, Must(old.Get(context.Background())))
			}
		}
	}
}

func TestOrElseOfAPoll(t *testing.T) {
	leak.Check(t)
	for _, opts := range [][]Option{nil, {Timeout(time.Hour)}, {Blocking(2)}} {
		looks := 0
		fails := Poll1(func(task *Task, x int) (int, error) {
			for range task.Spin() {
				if looks++; looks == 5 {
					return 0, errOr
				}
			}
			return 0, task.Err()
		}, append(opts, OrElse(func(error) int { return -1 }))...)
		v, err := fails.Of(0).Get(context.Background(), In(&Session{Parallelism: 1}))
		require.NoError(t, err)
		require.Equal(t, []int{-1, 5}, []int{v, looks})
	}
	synctest.Test(t, func(t *testing.T) {
		waits := Poll1(func(task *Task, _ int) (int, error) {
			for range task.Spin() {
			}
			return 0, task.Err()
		}, Timeout(time.Minute), OrElse(func(err error) int {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			return -2
		}))
		require.Equal(t, -2, Must(waits.Of(0).Get(context.Background())))
	})
}

// Many calls with one key at the same time: one fails, and a value stands in for it. It is not the others' value.
func TestOrElseAndThoseWhoWaitForTheSameResult(t *testing.T) {
	leak.Check(t)
	for round := range 30 {
		var runs atomic.Int32
		f := Wrap1(func(_ context.Context, x int) (int, error) {
			runtime.Gosched()
			if runs.Add(1) == 1 {
				return 0, errOr
			}
			return x, nil
		}, Memo(), Name(fmt.Sprint("orElseFlight", round)), OrElse(func(error) int { return -1 }), Blocking(8))
		s := &Session{Cache: cache.NewMemory(1 << 20), Parallelism: 4}
		ds := f.Each([]int{5, 5, 5, 5, 5, 5})
		var wg sync.WaitGroup
		stood := new(atomic.Int32)
		for _, d := range ds {
			wg.Go(func() {
				v, err := d.Get(context.Background(), In(s))
				require.NoError(t, err)
				if v == -1 {
					stood.Add(1)
				} else {
					require.Equal(t, 5, v)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, stood.Load())
	}
}

// A random graph of calls that fail when their sum is odd, in all kinds of runs, against plain arithmetic.
func TestOrElseModel(t *testing.T) {
	leak.Check(t)
	kinds := [][]Option{nil, {Blocking(2)}, {Timeout(time.Hour)}, {Retry(1)}, {Transient()}}
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 5))
		const sources, calls = 4, 30
		values := make([]int, sources+calls)
		inputs := make([][2]int, calls)
		var ds []Data[int]
		for k := range sources {
			ds = append(ds, Source("s", k))
			values[k] = k
		}
		var fs []Func2[int, int, int]
		for _, opts := range kinds {
			opts = append(opts, OrElse(func(error) int { return 3 }))
			fs = append(fs, Wrap2(func(_ context.Context, a, b int) (int, error) {
				switch sum := a + b; sum % 5 {
				case 1:
					return 0, errOr
				case 2:
					panic(errOr)
				default:
					return sum % 100, nil
				}
			}, opts...))
		}
		for k := range calls {
			inputs[k] = [2]int{r.IntN(len(ds)), r.IntN(len(ds))}
			ds = append(ds, fs[r.IntN(len(fs))](ds[inputs[k][0]], ds[inputs[k][1]]))
		}
		for range 10 {
			if k := r.IntN(sources); r.IntN(4) > 0 {
				values[k] = r.IntN(50)
				ds[k].Set(values[k])
			}
			for k := range calls {
				sum := values[inputs[k][0]] + values[inputs[k][1]]
				if values[sources+k] = sum % 100; sum%5 == 1 || sum%5 == 2 {
					values[sources+k] = 3
				}
			}
			s := &Session{Parallelism: 1 + r.IntN(3), CheckInputs: r.IntN(2) == 0}
			got, err := GetAll(context.Background(), ds, In(s))
			require.NoError(t, err)
			require.Equal(t, values, got, "seed %d", seed)
		}
	}
}
