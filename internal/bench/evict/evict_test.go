package main

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func requestsOf(t *testing.T) int {
	t.Helper()
	if testing.Short() {
		return 5000
	}
	return 20_000
}

// TestEachTrace checks what holds for every cache, and where ours has to be ahead of LRU. Nothing is timed.
func TestEachTrace(t *testing.T) {
	for _, tr := range workloads(requestsOf(t), 7) {
		t.Run(tr.name, func(t *testing.T) {
			uncached := tr.uncached()
			needs := make(map[string]float64)
			for _, way := range ways() {
				r, err := replay(tr, way.open(tr.room))
				require.NoError(t, err, way.name)
				require.Positive(t, r.puts)
				require.Greater(t, r.seconds, 0.0)
				require.LessOrEqual(t, r.seconds, uncached*(1+1e-9), way.name)
				needs[way.name] = r.seconds / uncached
			}
			require.Less(t, needs["Dally"], needs["LRU"])
			r, err := replay(tr, nothing{})
			require.NoError(t, err)
			require.InEpsilon(t, uncached, r.seconds, 1e-9)
			require.Zero(t, r.hits)
		})
	}
}

func TestTracesAreTheSame(t *testing.T) {
	require.Equal(t, workloads(500, 3), workloads(500, 3))
	require.NotEqual(t, workloads(500, 3), workloads(500, 4))
}

func TestTracesAreWhatTheySay(t *testing.T) {
	for _, tr := range workloads(2000, 1) {
		require.Greater(t, tr.bytes(), tr.room, tr.name)
		for _, i := range tr.requests {
			require.Less(t, i, len(tr.objects), tr.name)
		}
		for i, o := range tr.objects {
			require.Positive(t, o.size)
			require.Positive(t, o.cost)
			for _, in := range o.inputs {
				require.Less(t, in, i, tr.name)
			}
		}
	}
}

// nothing keeps nothing.
type nothing struct{}

func (nothing) get(int) (int, bool)   { return 0, false }
func (nothing) put(int, object) error { return nil }

// liar has a value for everything: that of the object itself, or of another.
type liar struct{ shift int }

func (l liar) get(i int) (int, bool) { return i + l.shift, true }
func (l liar) put(int, object) error { return nil }

func TestReplayFindsWrongAnswers(t *testing.T) {
	tr := workloads(100, 1)[0]
	_, err := replay(tr, liar{})
	require.ErrorContains(t, err, "given: false")
	_, err = replay(tr, liar{1})
	require.ErrorContains(t, err, "equal: object")
}

// TestLRU compares with a list of numbers, the latest last.
func TestLRU(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const room = 100
	c := newLRU(room)
	var want []int
	size := func(i int) int64 { return int64(i%7*5 + 1) }
	for range 5000 {
		i := r.IntN(30)
		at := slices.Index(want, i)
		_, ok := c.get(i)
		require.Equal(t, at >= 0, ok)
		if at >= 0 {
			want = append(slices.Delete(want, at, at+1), i)
			continue
		}
		require.NoError(t, c.put(i, object{size: size(i)}))
		want = append(want, i)
		for taken(want, size) > room {
			want = want[1:]
		}
		require.Equal(t, taken(want, size), c.taken)
	}
	require.NoError(t, c.put(99, object{size: room + 1}))
	_, ok := c.get(99)
	require.False(t, ok)
}

func taken(objects []int, size func(int) int64) (sum int64) {
	for _, i := range objects {
		sum += size(i)
	}
	return sum
}

func TestZipf(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	z := newZipf(10, 1)
	counts := make([]float64, 10)
	for range 100_000 {
		counts[z.next(r)]++
	}
	for i := range counts {
		require.InEpsilon(t, counts[0]/float64(i+1), counts[i], 0.1)
	}
}

func TestRun(t *testing.T) {
	var b strings.Builder
	require.NoError(t, run(&b, "-requests", "200"))
	for _, want := range []string{"| trace | LRU | otter | Dally |", "| large and small |", "- graph: "} {
		require.Contains(t, b.String(), want)
	}
	b.Reset()
	require.NoError(t, run(&b, "-h"))
	require.Contains(t, b.String(), "-seed")
	require.ErrorContains(t, run(&b, "-requests", "7"), "-requests is 7")
	require.ErrorContains(t, run(&b, "more"), `unexpected arguments: ["more"]`)
	require.Error(t, run(&b, "-nope"))
}
