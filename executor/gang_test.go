package executor_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
)

// mustering is what a pool can do besides executing.
type mustering interface {
	executor.Executor
	executor.Slot
	TakeAll(ctx context.Context, n int) (executor.Slot, int, error)
}

func newGangPool(n int) mustering { return executor.NewPool(n).(mustering) }

// allFree requires that the pool can run as many calls at once as it has slots: that none is lost.
func allFree(t *testing.T, p mustering, size int) {
	t.Helper()
	met := make(chan struct{}, size)
	go func() {
		w := newWork(independent(size), func(context.Context, int) error { met <- struct{}{}; time.Sleep(time.Hour); return nil })
		_ = p.Execute(context.Background(), w)
	}()
	synctest.Wait()
	require.Len(t, met, size, "slots are lost, or there are more than were made")
	time.Sleep(2 * time.Hour)
}

func TestTakeAllTakesWhatThereIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		for _, c := range []struct{ size, n, want int }{{1, 1, 1}, {1, 7, 1}, {4, 1, 1}, {4, 3, 3}, {4, 4, 4}, {4, 5, 4}} {
			p := newGangPool(c.size)
			s, k, err := p.TakeAll(t.Context(), c.n)
			require.NoError(t, err)
			require.Equal(t, c.want, k)
			for range k {
				s.Lend()
			}
			allFree(t, p, c.size)
		}
	})
}

func TestTakeAllWithAnEndedContextTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		p := newGangPool(2)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err := p.TakeAll(ctx, 2)
		require.ErrorIs(t, err, context.Canceled)
		allFree(t, p, 2)
	})
}

// A gang gets its slots though there is always another call to be run: workers leave their jobs for it.
func TestTakeAllComesBeforeJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		p := newGangPool(2)
		w := newWork(independent(1000), func(context.Context, int) error { time.Sleep(time.Second); return nil })
		done := make(chan error, 1)
		go func() { done <- p.Execute(context.Background(), w) }()
		time.Sleep(time.Second / 2)
		begin := time.Now()
		s, k, err := p.TakeAll(t.Context(), 2)
		require.NoError(t, err)
		require.Equal(t, 2, k)
		require.LessOrEqual(t, time.Since(begin), time.Second, "more than the calls that ran")
		before, _ := w.ran()
		time.Sleep(time.Minute)
		after, _ := w.ran()
		require.Equal(t, before, after, "calls ran beside the gang")
		s.Lend()
		s.Lend()
		require.NoError(t, <-done)
		allFree(t, p, 2)
	})
}

// # The model
//
// Operations are done one by one, and after each everything is given time to settle: then who holds slots must be as in a
// naive model of the pool. Jobs are works of one call.

// party is one who wants slots: a gang, or a job.
type party struct {
	want   int
	isJob  bool
	cancel context.CancelFunc
	held   int           // as the pool has it. Written before told
	told   chan error    // the end of the waiting
	end    chan struct{} // ends the job's call
}

// poolModel is a pool, and what it should be.
type poolModel struct {
	t    *testing.T
	pool mustering
	size int
	log  []string

	free    int
	line    []*party // gangs, and those who want a slot back, in order
	have    int      // of the first in line
	queue   []*party // jobs, in order
	running []*party
}

func (m *poolModel) say(format string, a ...any) { m.log = append(m.log, fmt.Sprintf(format, a...)) }

// give gives free slots to who is to have them.
func (m *poolModel) give() {
	for m.free > 0 {
		switch {
		case len(m.line) > 0:
			m.free--
			if m.have++; m.have == m.line[0].want {
				m.running = append(m.running, m.line[0])
				m.line, m.have = m.line[1:], 0
			}
		case len(m.queue) > 0:
			m.free--
			m.running = append(m.running, m.queue[0])
			m.queue = m.queue[1:]
		default:
			return
		}
	}
}

// gang has a gang want n slots.
func (m *poolModel) gang(n int) {
	m.say("gang of %d", n)
	ctx, cancel := context.WithCancel(context.Background())
	g := &party{want: min(n, m.size), cancel: cancel, told: make(chan error, 1)}
	m.line = append(m.line, g)
	go func() {
		_, k, err := m.pool.TakeAll(ctx, n)
		if err == nil {
			g.held = k
		}
		g.told <- err
	}()
}

// job has a job want a worker.
func (m *poolModel) job() {
	m.say("job")
	j := &party{want: 1, isJob: true, cancel: func() {}, told: make(chan error, 1), end: make(chan struct{})}
	m.queue = append(m.queue, j)
	go func() {
		w := newWork(independent(1), func(context.Context, int) error {
			j.held = 1
			j.told <- nil
			<-j.end
			return nil
		})
		_ = m.pool.Execute(context.Background(), w)
	}()
}

// leave has somebody who runs give up a slot; a gang its last ones one by one.
func (m *poolModel) leave(k int) {
	if len(m.running) == 0 {
		return
	}
	k %= len(m.running)
	p := m.running[k]
	m.say("%d gives up a slot", k)
	m.free++
	p.held--
	if p.held == 0 {
		m.running = slices.Delete(m.running, k, k+1)
		p.cancel()
	}
	if p.isJob {
		close(p.end)
		return
	}
	m.pool.Lend()
}

// lend has somebody in a gang lend a slot, and at once want it back: behind those in line.
func (m *poolModel) lend(k int) {
	if len(m.running) == 0 || m.running[k%len(m.running)].isJob {
		return
	}
	m.leave(k)
	m.give()
	synctest.Wait()
	m.say("and wants it back")
	g := &party{want: 1, cancel: func() {}, told: make(chan error, 1)}
	m.line = append(m.line, g)
	go func() {
		m.pool.Reclaim()
		g.held = 1
		g.told <- nil
	}()
}

// drop has a gang in line give up waiting.
func (m *poolModel) drop(k int) {
	var gangs []int
	for i, p := range m.line {
		if p.want > 1 {
			gangs = append(gangs, i)
		}
	}
	if len(gangs) == 0 {
		return
	}
	i := gangs[k%len(gangs)]
	p := m.line[i]
	m.say("%d in line leaves", i)
	p.cancel()
	m.line = slices.Delete(m.line, i, i+1)
	if i == 0 {
		m.free, m.have = m.free+m.have, 0
	}
	synctest.Wait()
	require.ErrorIs(m.t, <-p.told, context.Canceled, strings.Join(m.log, "\n"))
}

// check compares.
func (m *poolModel) check() {
	m.give()
	synctest.Wait()
	used := m.have
	for _, p := range m.running {
		if p.told != nil {
			require.Len(m.t, p.told, 1, "should have its slots:\n%s", strings.Join(m.log, "\n"))
			require.NoError(m.t, <-p.told)
			require.Equal(m.t, p.want, p.held)
			p.told = nil
		}
		used += p.held
	}
	for _, p := range slices.Concat(m.line, m.queue) {
		require.Empty(m.t, p.told, "should wait:\n%s", strings.Join(m.log, "\n"))
	}
	require.Equal(m.t, m.size, used+m.free)
}

// play does what the bytes say, and ends with an idle pool.
func (m *poolModel) play(program []byte) {
	for _, b := range program {
		k := int(b / 8)
		switch b % 8 {
		case 0, 1:
			m.gang(1 + k%(m.size+1))
		case 2, 3:
			m.job()
		case 4, 5:
			m.leave(k)
		case 6:
			m.lend(k)
		case 7:
			m.drop(k)
		}
		m.check()
	}
	for len(m.running) > 0 {
		m.leave(0)
		m.check()
	}
	require.Empty(m.t, m.line)
	require.Empty(m.t, m.queue)
	allFree(m.t, m.pool, m.size)
}

func playPool(t *testing.T, size int, program []byte) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		m := &poolModel{t: t, pool: newGangPool(size), size: size, free: size}
		m.play(program)
	})
}

func TestTakeAllModel(t *testing.T) {
	programs := 200
	if testing.Short() {
		programs = 40
	}
	for k := range programs {
		rng := rand.New(rand.NewPCG(uint64(k), 0))
		program := make([]byte, 5+rng.IntN(60))
		for i := range program {
			program[i] = byte(rng.Uint32())
		}
		size := 1 + k%5
		if !t.Run(fmt.Sprintf("seed %d size %d", k, size), func(t *testing.T) { playPool(t, size, program) }) {
			return
		}
	}
}

func FuzzTakeAll(f *testing.F) {
	f.Add(byte(2), []byte{0, 8, 2, 4, 15, 6})
	f.Fuzz(func(t *testing.T, size byte, program []byte) {
		if len(program) < 200 {
			playPool(t, 1+int(size%6), program)
		}
	})
}
