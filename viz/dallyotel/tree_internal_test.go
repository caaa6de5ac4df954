package dallyotel

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
)

// What a tree keeps is what sorting all of it would keep.
func TestTreeKeepsTheHeaviest(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		limit := 1 + rnd.IntN(20)
		r := &run{}
		tree := newTree(r, limit)
		r.tree = tree
		var all []*note
		for id := range rnd.IntN(60) {
			took, failed := time.Duration(rnd.IntN(1000)), rnd.IntN(10) == 0
			n := &note{run: r, id: graph.ID(id % 50), weight: weight(took, failed)}
			if rnd.IntN(5) == 0 {
				n.nested = &run{}
			}
			all = append(all, n)
			if tree.wants(n.weight) {
				tree.add(n)
			} else if n.nested != nil {
				r.untracedRuns.Add(1)
			}
		}
		slices.SortStableFunc(all, func(a, b *note) int { return -cmp.Compare(a.weight, b.weight) })
		want := all[:min(limit, len(all))]
		require.Equal(t, weights(want), weights(tree.notes), seed)
		nested, noted := 0, map[graph.ID]int{}
		for _, n := range tree.notes {
			if n.nested == nil {
				noted[n.id]++
			}
		}
		for _, n := range all {
			if n.nested != nil && !slices.Contains(tree.notes, n) {
				nested++
			}
		}
		require.Equal(t, len(noted), len(tree.noted), seed)
		for id, n := range noted {
			require.Equal(t, n, tree.noted[id], seed)
		}
		require.Equal(t, int64(nested), r.untracedRuns.Load(), seed)
	}
}

func weights(notes []*note) (all []time.Duration) {
	for _, n := range notes {
		all = append(all, n.weight)
	}
	slices.Sort(all)
	return all
}

func TestWeight(t *testing.T) {
	longest := time.Duration(1<<63 - 1)
	inOrder := []time.Duration{
		weight(-5, false), weight(1, false), weight(time.Hour, false), weight(0, true), weight(time.Hour, true), weight(longest, true),
	}
	require.True(t, slices.IsSorted(inOrder))
	require.Zero(t, inOrder[0])
	require.Positive(t, inOrder[5])
}

// A tree that is over takes no more runs.
func TestTreeJoin(t *testing.T) {
	tree := newTree(&run{}, 1)
	require.True(t, tree.join())
	require.False(t, tree.leave())
	require.True(t, tree.leave())
	require.False(t, tree.join())
}

type rude struct{}

func (rude) Error() string { panic("rude") }

func TestFailure(t *testing.T) {
	require.Equal(t, &failure{kind: "<nil>"}, newFailure(nil))
	require.Equal(t, &failure{kind: "*errors.errorString", text: "a\uFFFDb"}, newFailure(errors.New("a\xffb")))
	require.Contains(t, newFailure(rude{}).text, "dallyotel.rude, whose methods panic")
	long := newFailure(errors.New(strings.Repeat("é", 1<<20)))
	require.LessOrEqual(t, len(long.text), errMax+len("…"))
	require.True(t, utf8.ValidString(long.text))
	require.True(t, utf8.ValidString(newFailure(fmt.Errorf("x%s", strings.Repeat("é", errMax))).text))
}
