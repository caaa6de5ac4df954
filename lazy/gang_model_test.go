package lazy_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/comm"
	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// # The model of gangs
//
// A program is a graph of calls: ordinary ones, gangs, and those that Get others or run gangs while they run. Its values
// are known beforehand. It is run by several Gets at once, some of which are cancelled, with few workers; all functions
// together are counted whenever they do not wait.

// gangProgram is a graph, with what its calls are to come to.
type gangProgram struct {
	m         *meter
	elsewhere executor.Executor // of others: what runs there is not counted
	calls     []lazy.Data[int]
	want      []int
	bad       []bool // it fails, or what it depends on does
	log       []string
}

// works is what functions do between waits.
func (p *gangProgram) works(n int) {
	leave := p.m.enter()
	for range n % 7 {
		runtime.Gosched()
	}
	leave()
}

// add adds a call with what it is to come to.
func (p *gangProgram) add(d lazy.Data[int], want int, bad bool, what string) {
	p.calls, p.want, p.bad = append(p.calls, d), append(p.want, want), append(p.bad, bad)
	p.log = append(p.log, fmt.Sprintf("%d: %s = %d, fails: %v", len(p.log), what, want, bad))
}

// total is the sum of what the ranks have returned.
func (p *gangProgram) total(g lazy.Data[[]int]) lazy.Data[int] {
	return lazy.Pure1(func(xs []int) (sum int) {
		p.works(1)
		for _, x := range xs {
			sum += x
		}
		return sum
	}, lazy.Name("Total"))(g)
}

// ring is a gang in which a token goes round, rank who failing first if that is one.
func (p *gangProgram) ring(n, who int) lazy.Func1[int, []int] { return p.ringOf(n, who, p.works) }

func (p *gangProgram) ringOf(n, who int, works func(int)) lazy.Func1[int, []int] {
	return lazy.Gang(n, func(ctx context.Context, c *comm.Comm, x int) (int, error) {
		works(c.Rank())
		if c.Rank() == who {
			return 0, errBoom
		}
		k, err := turn(ctx, c)
		works(k)
		return k + x, err
	}, lazy.Name("Ring"))
}

func ringTotal(n, x int) int { return n*(n+1)/2 + n*x }

// sums is a gang whose ranks Get b, and add up.
func (p *gangProgram) sums(n int, b lazy.Data[int]) lazy.Func1[int, []int] {
	return lazy.Gang(n, func(ctx context.Context, c *comm.Comm, x int) (int, error) {
		if err := c.Barrier(ctx); err != nil {
			p.works(1)
			return 0, err
		}
		p.works(x)
		y, err := b.Get(ctx)
		p.works(y)
		if err != nil {
			return 0, err
		}
		return comm.AllReduce(ctx, c, x+y, func(a, b int) int { p.works(1); return a + b })
	}, lazy.Name("Sums"))
}

// nested is a gang whose ranks run gangs.
func (p *gangProgram) nested(n int) lazy.Func1[int, []int] {
	return lazy.Gang(n, func(ctx context.Context, c *comm.Comm, x int) (int, error) {
		p.works(2)
		y, err := p.total(p.ring(2, -1).Of(x + c.Rank())).Get(ctx)
		p.works(3)
		if err != nil {
			return 0, err
		}
		return y, c.Barrier(ctx)
	}, lazy.Name("Nested"))
}

func nestedTotal(n, x int) (sum int) {
	for k := range n {
		sum += ringTotal(2, x+k)
	}
	return sum
}

// newGangProgram reads a program: three bytes a call.
func newGangProgram(m *meter, program []byte) *gangProgram {
	p := &gangProgram{m: m, elsewhere: executor.NewPool(1)}
	p.add(lazy.Const(1), 1, false, "Const")
	for ; len(program) >= 3; program = program[3:] {
		p.read(program[0], int(program[1]), int(program[2]))
	}
	return p
}

// read adds the call that the bytes stand for.
func (p *gangProgram) read(kind byte, x, y int) {
	i, j, n := x%len(p.calls), y%len(p.calls), 1+(x+y)%5
	a, b, wa, wb, bad := p.calls[i], p.calls[j], p.want[i]%1000, p.want[j]%1000, p.bad[i] || p.bad[j]
	small := lazy.Pure1(func(v int) int { p.works(v); return v % 1000 })
	switch kind % 8 {
	case 0:
		p.add(lazy.Pure2(func(a, b int) int { p.works(a); return a + b })(small(a), small(b)), wa+wb, bad, fmt.Sprint("Sum ", i, j))
	case 1, 2:
		p.add(p.total(p.ring(n, -1)(small(a))), ringTotal(n, wa), p.bad[i], fmt.Sprint("Ring ", n, i))
	case 3:
		p.add(p.total(p.sums(n, small(b))(small(a))), n*n*(wa+wb), bad, fmt.Sprint("Sums ", n, i, j))
	case 4:
		p.add(p.total(p.nested(n)(small(a))), nestedTotal(n, wa), p.bad[i], fmt.Sprint("Nested ", n, i))
	case 5:
		get := lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
			p.works(x)
			y, err := p.total(p.ring(n, -1)(b)).Get(ctx)
			p.works(y)
			return x + y, err
		})
		p.add(get(small(a)), wa+ringTotal(n, p.want[j]), bad, fmt.Sprint("Get ", n, i, j))
	case 6:
		p.add(lazy.Wrap1(func(ctx context.Context, x int) (int, error) { return small(b).Get(ctx) }, lazy.Blocking(2))(a),
			wb, bad, fmt.Sprint("Blocking ", i, j))
	case 7:
		if y%3 == 0 {
			p.add(p.total(p.ring(n, y%n)(small(a))), 0, true, fmt.Sprint("Bad ring ", n, y%n, i))
			return
		}
		p.add(p.total(p.ringOf(n, -1, func(int) {})(small(a)).On(p.elsewhere)), ringTotal(n, wa), p.bad[i], fmt.Sprint("Ring elsewhere ", n, i))
	}
}

// get runs a part of the program, and says what was wrong.
func (p *gangProgram) get(rng *rand.Rand, s *lazy.Session) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if rng.IntN(3) == 0 {
		after := rng.IntN(300)
		go func() {
			for range after {
				runtime.Gosched()
			}
			cancel()
		}()
	}
	opts := []lazy.RunOption{lazy.In(s)}
	if rng.IntN(3) == 0 {
		opts = append(opts, lazy.Workers(1+rng.IntN(4)))
	}
	if rng.IntN(2) == 0 {
		opts = append(opts, lazy.KeepGoing())
	}
	k := len(p.calls) - 1 - rng.IntN(min(3, len(p.calls)))
	v, err := p.calls[k].Get(ctx, opts...)
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
	case p.bad[k] && errors.Is(err, errBoom):
	case !p.bad[k] && err == nil && v == p.want[k]:
	default:
		return fmt.Errorf("call %d: %d, %w", k, v, err)
	}
	return nil
}

func playGangs(t *testing.T, seed uint64, program []byte) {
	leak.Check(t)
	rng := rand.New(rand.NewPCG(seed, 1))
	workers := 1 + int(seed%4)
	s := quiet(workers)
	p := newGangProgram(&meter{}, program)
	_, err := soon(t, func() (int, error) {
		var mu sync.Mutex
		var all []error
		var wg sync.WaitGroup
		for range 3 {
			mine := rand.New(rand.NewPCG(rng.Uint64(), 2))
			wg.Go(func() {
				for range 2 {
					if err := p.get(mine, s); err != nil {
						mu.Lock()
						all = append(all, err)
						mu.Unlock()
					}
				}
			})
		}
		wg.Wait()
		return 0, errors.Join(all...)
	})
	require.NoError(t, err, "seed %d: %q", seed, p.log)
	until(t, "functions that are cancelled return", func() bool { return p.m.now.Load() == 0 })
	allRun(t, s, workers)
	require.LessOrEqual(t, int(p.m.most.Load()), workers, "seed %d: %q", seed, p.log)
}

func TestGangModel(t *testing.T) {
	programs := 400
	if testing.Short() {
		programs = 60
	}
	for k := range programs {
		rng := rand.New(rand.NewPCG(uint64(k), 3))
		program := make([]byte, 3*(1+rng.IntN(12)))
		for i := range program {
			program[i] = byte(rng.Uint32())
		}
		if !t.Run(fmt.Sprint("seed ", k), func(t *testing.T) { playGangs(t, uint64(k), program) }) {
			return
		}
	}
}

func FuzzGangs(f *testing.F) {
	f.Add(uint64(3), []byte{1, 0, 3, 3, 1, 1, 4, 2, 2, 5, 0, 3, 7, 2, 0})
	f.Fuzz(func(t *testing.T, seed uint64, program []byte) {
		if len(program) <= 60 {
			playGangs(t, seed, program)
		}
	})
}
