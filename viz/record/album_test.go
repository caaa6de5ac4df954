package record

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

func limitNodes(t *testing.T, n int) {
	old := graphMax
	graphMax = n
	t.Cleanup(func() { graphMax = old })
}

// chain is a picture of n nodes from ID first on, each with the one before as its input.
func chain(first, n int, name string) graph.Snapshot {
	var s graph.Snapshot
	for i := range n {
		node := graph.Node{ID: graph.ID(first + i), Name: name}
		if i > 0 {
			node.Inputs = []graph.ID{node.ID - 1}
		}
		s.Nodes = append(s.Nodes, node)
	}
	return s
}

func TestAlbumIsBounded(t *testing.T) {
	limitNodes(t, 10)
	var a album
	a.merge(a.begin(), chain(1, 6, "a"))
	a.merge(a.begin(), chain(1, 8, "a"))
	require.Len(t, a.snapshot().Nodes, 8, "six of them are the same")
	a.merge(a.begin(), chain(100, 3, "b"))
	require.Len(t, a.snapshot().Nodes, 3, "all older ones have gone")
	a.merge(a.begin(), chain(1, 25, "a"))
	s := a.snapshot()
	require.Len(t, s.Nodes, 10)
	require.NoError(t, s.Check())
	require.Equal(t, "the first 10 of 25 calls", s.Title)
	a.merge(a.begin(), chain(200, 2, "c"))
	require.Len(t, a.snapshot().Nodes, 2)
	require.Empty(t, a.snapshot().Title)
	a.explain(chain(1, 25, ""))
	require.Len(t, a.reasons, 10)
	a.explain(chain(300, 3, ""))
	require.Len(t, a.reasons, 3)
}

// A picture that was begun early and is merged late does not hide what is known since.
func TestAlbumKeepsTheLatest(t *testing.T) {
	var a album
	early, late := a.begin(), a.begin()
	a.merge(late, chain(1, 3, "late"))
	a.merge(early, chain(1, 5, "early"))
	var names []string
	for _, n := range a.snapshot().Nodes {
		names = append(names, n.Name)
	}
	require.Equal(t, "late late late early early", strings.Join(names, " "))
}

// Pictures of graphs whose nodes change their inputs, as Binds do: whatever is merged, it is whole.
func TestAlbumIsWhole(t *testing.T) {
	limitNodes(t, 60)
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		var a album
		for range 20 {
			numbers := []uint64{a.begin(), a.begin()}
			r.Shuffle(2, func(i, k int) { numbers[i], numbers[k] = numbers[k], numbers[i] })
			for _, number := range numbers {
				a.merge(number, randomPicture(r))
				s := a.snapshot()
				require.LessOrEqual(t, len(s.Nodes), 60)
				requireWhole(t, s, "seed %d", seed)
			}
		}
	}
}

// randomPicture has some of 100 nodes; each takes some that stand before it. Their order is that of their IDs, but for
// the even ones, which come last.
func randomPicture(r *rand.Rand) (s graph.Snapshot) {
	for _, odd := range []int{1, 0} {
		for id := 1; id <= 100; id++ {
			if id%2 != odd || r.IntN(4) > 0 {
				continue
			}
			n := graph.Node{ID: graph.ID(id)}
			for range r.IntN(3) {
				if len(s.Nodes) > 0 {
					n.Inputs = append(n.Inputs, s.Nodes[r.IntN(len(s.Nodes))].ID)
				}
			}
			s.Nodes = append(s.Nodes, n)
		}
	}
	return s
}

func requireWhole(t *testing.T, s graph.Snapshot, format string, args ...any) {
	t.Helper()
	require.NoError(t, s.Check(), fmt.Sprintf(format, args...))
	seen := map[graph.ID]bool{}
	for _, n := range s.Nodes {
		for _, in := range n.Inputs {
			require.True(t, seen[in], "%s: #%d before #%d", fmt.Sprintf(format, args...), n.ID, in)
		}
		seen[n.ID] = true
	}
}

// Runs are pictured when they are over, if there is time for it, no other run goes on and nobody is at it already.
func TestWhenRunsArePictured(t *testing.T) {
	for _, row := range []struct {
		name    string
		waiting int
		alone   bool
		taking  int
		ready   time.Duration
		want    bool
	}{
		{"the first", 0, true, 0, 0, true},
		{"others go on", 0, false, 0, 0, false},
		{"others go on, and many wait", waitingMax, false, 0, 0, true},
		{"no time", 0, true, 0, time.Hour, false},
		{"no time, and many wait", waitingMax, true, 0, time.Hour, false},
		{"somebody is at it", waitingMax, true, 1, 0, false},
	} {
		k := &graphs{always: true, taking: row.taking, ready: time.Now().Add(row.ready)}
		for i := range row.waiting {
			k.waiting = append(k.waiting, lazy.RunInfo{ID: uint64(i)})
		}
		require.Equal(t, row.want, k.due(row.alone, k.over(lazy.RunInfo{ID: 1000})), row.name)
		require.Len(t, k.waiting, min(row.waiting+1, waitingMax), row.name)
		require.Equal(t, row.taking+map[bool]int{true: 1}[row.want], k.taking, row.name)
		var ids []uint64
		for _, i := range k.waiting {
			ids = append(ids, i.ID)
		}
		require.Contains(t, ids, uint64(1000), row.name)
	}
}

// To picture takes at most a twentieth of the time, as long as nobody asks.
func TestPicturesWait(t *testing.T) {
	k := &graphs{always: true, taking: 1}
	before := time.Now()
	k.take()
	after := time.Now()
	require.Zero(t, k.taking)
	require.False(t, k.ready.Before(before))
	require.False(t, k.ready.After(after.Add(gapMin*after.Sub(before))))
}

func TestNamesAreBounded(t *testing.T) {
	r := New(Spans(0))
	for i := range functionsMax + 10 {
		r.CallDone(lazy.CallInfo{Worker: -1, ID: graph.ID(i), Name: fmt.Sprint("f", i), State: graph.Done})
	}
	n := r.Now()
	require.Len(t, n.Functions, functionsMax+1)
	require.Equal(t, functionsOther, n.Functions[0].Name)
	require.Equal(t, 10, n.Functions[0].Calls[graph.Done])
	require.Equal(t, functionsMax+10, n.Ended())
}
