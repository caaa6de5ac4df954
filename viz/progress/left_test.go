package progress

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

// Of graphs whose functions take as long as they always do, the time left is right within a fifth once each has run, and
// never far below what the rest must take.
func TestTimeLeft(t *testing.T) {
	for _, c := range []struct {
		name     string
		workers  int
		load     int
		count    int
		shift    float64 // of the time at which to begin to look
		accuracy float64
	}{
		{"one function", 4, 400, 0, 0.05, 0.1},
		{"two in turn", 2, 200, 200, 0.6, 0.2},
		{"one worker", 1, 60, 60, 0.6, 0.2},
	} {
		bubble(t, c.name, func(t *testing.T) {
			rec := record.New()
			p := New(newEmulator(80, 24), Plain, Into(rec))
			watch := newLog()
			var mu sync.Mutex
			type told struct{ at, left time.Duration }
			var all []told
			d := &display{p: p, over: make(chan struct{}), shape: make(chan shape, 1)}
			stop := make(chan struct{})
			go func() {
				for tick := time.NewTicker(97 * time.Millisecond); ; {
					select {
					case <-stop:
						tick.Stop()
						return
					case <-tick.C:
					}
					p.mu.Lock()
					d.e = p.now
					p.mu.Unlock()
					if d.e == nil {
						continue
					}
					v := d.look(time.Now())
					require.GreaterOrEqual(t, v.left, time.Duration(0))
					if v.leftKnown && !v.leftOpen {
						mu.Lock()
						all = append(all, told{v.elapsed, v.left})
						mu.Unlock()
					}
				}
			}()
			ds := append(each(sleeper("Load"), c.load, 200*time.Millisecond), each(sleeper("Count"), c.count, time.Second)...)
			s := &lazy.Session{Parallelism: c.workers, Observer: p}
			_, err := lazy.GetAll(t.Context(), ds, lazy.In(s))
			require.NoError(t, err)
			total := time.Since(watch.start)
			close(stop)
			mu.Lock()
			defer mu.Unlock()
			require.NotEmpty(t, all)
			for _, x := range all {
				if x.at.Seconds() < c.shift*total.Seconds() {
					continue
				}
				require.InDelta(t, (total - x.at).Seconds(), x.left.Seconds(), c.accuracy*total.Seconds(), fmt.Sprint(x.at))
			}
		})
	}
}

// Whatever the numbers: finite, not negative, and no jump that the smoothing would not allow.
func TestTimeLeftOfAnything(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		var e estimate
		now := time.Now()
		v := &view{}
		for range 20 {
			passed := time.Duration(rng.IntN(2000)) * time.Millisecond
			now, v.elapsed, v.since = now.Add(passed), v.elapsed+passed, v.since+passed
			v.planned += rng.IntN(100)
			v.functions, v.running = nil, nil
			v.ended = 0
			for i := range rng.IntN(4) {
				f := graph.Function{Name: fmt.Sprint(i), Total: time.Duration(rng.Int64N(1 << rng.IntN(50)))}
				f.Calls[rng.IntN(graph.NumStates)] = rng.IntN(50)
				f.Calls[graph.Done] = rng.IntN(50)
				v.functions = append(v.functions, f)
				v.ended += endedOf(&f)
				v.running = append(v.running, graph.Span{Name: f.Name, Start: time.Duration(rng.Int64N(int64(v.since + 1)))})
			}
			v.planned = max(v.planned, v.ended)
			v.known = v.functions
			if rng.IntN(3) == 0 {
				e.learnt(shape{todo: map[string]int{"0": rng.IntN(100), "9": rng.IntN(100)}, ended: map[string]int{"0": rng.IntN(10)}})
			}
			left, known, _ := e.of(v, now)
			require.GreaterOrEqual(t, left, time.Duration(0))
			require.Equal(t, known, left > 0)
			v.left, v.leftKnown = left, known
			require.NotContains(t, v.leftText(), "-")
		}
	}
}

// The shape is asked for when the run has gone on for a while, and costs a hundredth of the time at most.
func TestShaper(t *testing.T) {
	now := time.Now()
	var s shaper
	v := &view{planned: 10_000, elapsed: 100 * time.Millisecond}
	require.False(t, s.isWorth(v, now))
	v.elapsed = time.Second
	require.True(t, s.isWorth(v, now))
	s.begun(v)
	require.False(t, s.isWorth(v, now))
	s.learnt(shape{took: 20 * time.Millisecond}, now)
	require.False(t, s.isWorth(v, now.Add(time.Hour)), "nothing has changed")
	v.planned++
	require.False(t, s.isWorth(v, now.Add(time.Second)))
	require.True(t, s.isWorth(v, now.Add(2*time.Second)))
	require.False(t, s.isWorth(&view{planned: shapedMax, elapsed: 2 * time.Second}, now.Add(time.Hour)), "it would take too long")
	require.False(t, s.isWorth(&view{planned: 5 * shapedMax, elapsed: time.Hour}, now.Add(time.Hour)))
}
