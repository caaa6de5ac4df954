package viz

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
)

// dag is a random graph; about one link in ten is long.
func dag(n int, seed uint64) graph.Snapshot {
	r := rand.New(rand.NewPCG(seed, 2))
	s := graph.Snapshot{}
	for i := range n {
		node := graph.Node{ID: graph.ID(i + 1), Name: strings.Repeat("n", 1+r.IntN(30)), State: graph.State(1 + r.IntN(graph.NumStates-1))}
		node.Count = max(0, r.IntN(8)-5)
		node.Merged[node.State] = node.Count
		for range r.IntN(4) {
			if i > 0 {
				back := 1 + r.IntN(min(i, 1+r.IntN(8)*r.IntN(i+1)/7+5))
				node.Inputs = append(node.Inputs, graph.ID(i+1-back))
			}
		}
		s.Nodes = append(s.Nodes, node)
	}
	return s
}

type rect struct{ x0, y0, x1, y1 float64 }

func (r rect) holds(x, y float64) bool { return r.x0 < x && x < r.x1 && r.y0 < y && y < r.y1 }

// drawn is what a picture came to: borders of cards and points along the edges.
func drawn(t *testing.T, s graph.Snapshot, opts ...Option) (cards []rect, points [][2]float64) {
	t.Helper()
	o := newOptions(s, opts)
	m, err := newModel(s)
	require.NoError(t, err)
	p := newPicture(m, o)
	svg := string(p.svg())
	at := 0
	for _, part := range strings.Split(svg, `transform="translate(`)[1:] {
		var x, y float64
		_, err := fmt.Sscanf(part, "%f %f)", &x, &y)
		require.NoError(t, err)
		id := 0
		_, _ = fmt.Sscanf(strings.Split(svg, `data-id="`)[at+1], "%d", &id)
		c := &p.cards[id-1]
		cards = append(cards, rect{x, y, x + c.width, y + c.height})
		at++
	}
	for _, part := range strings.Split(svg, ` data-from="`)[1:] {
		d := part[strings.Index(part, ` d="`)+4:]
		points = append(points, pathPoints(t, d[:strings.IndexByte(d, '"')])...)
	}
	return cards, points
}

// pathPoints samples a path of M, L, C and Q.
func pathPoints(t *testing.T, d string) (points [][2]float64) {
	var from [2]float64
	for len(d) > 0 {
		end := 1 + strings.IndexAny(d[1:]+"M", "MLCQ")
		var v [][2]float64
		f := strings.Fields(d[1:end])
		for i := 0; i+1 < len(f); i += 2 {
			x, err := strconv.ParseFloat(f[i], 64)
			if err != nil {
				t.Fatal(err)
			}
			y, err := strconv.ParseFloat(f[i+1], 64)
			if err != nil {
				t.Fatal(err)
			}
			v = append(v, [2]float64{x, y})
		}
		for k := 0.0; k <= 1 && d[0] != 'M'; k += 0.02 {
			points = append(points, bezier(append([][2]float64{from}, v...), k))
		}
		from = v[len(v)-1]
		d = d[end:]
	}
	return points
}

// bezier is de Casteljau's way.
func bezier(p [][2]float64, k float64) [2]float64 {
	for ; len(p) > 1; p = p[:len(p)-1] {
		for i := range len(p) - 1 {
			p[i] = [2]float64{p[i][0] + k*(p[i+1][0]-p[i][0]), p[i][1] + k*(p[i+1][1]-p[i][1])}
		}
	}
	return p[0]
}

func TestCardsApartAndEdgesClear(t *testing.T) {
	for seed := range uint64(60) {
		for _, opts := range [][]Option{nil, {LeftToRight()}} {
			n := 2 + int(seed)*3
			cards, points := drawn(t, dag(n, seed), opts...)
			require.Len(t, cards, n)
			for i, a := range cards {
				require.GreaterOrEqual(t, a.x0, 0.0)
				require.GreaterOrEqual(t, a.y0, 0.0)
				for _, b := range cards[:i] {
					if a.x1+8 >= b.x0 && b.x1+8 >= a.x0 && a.y1+8 >= b.y0 && b.y1+8 >= a.y0 {
						t.Fatalf("seed %d: %v meets %v", seed, a, b)
					}
				}
				inner := rect{a.x0 + 1, a.y0 + 1, a.x1 - 1, a.y1 - 1}
				for _, q := range points {
					if inner.holds(q[0], q[1]) {
						t.Fatalf("seed %d: an edge runs through %v at %v", seed, a, q)
					}
				}
			}
		}
	}
}

func TestBendsAreBounded(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	n := 20_000
	var links []link
	for i := 1; i < n; i++ {
		links = append(links, link{int32(i - 1), int32(i)})
		if far := int32(r.IntN(i)); int(far) != i-1 {
			links = append(links, link{far, int32(i)})
		}
	}
	l := newLayout(make([]block, n), links, airy)
	require.LessOrEqual(t, len(l.layer), n+4*(n+len(links))+1000)
	require.NotEmpty(t, l.express)
}

func TestEveryLinkIsDrawn(t *testing.T) {
	for _, n := range []int{10, 300, 5000} { // so long that some links run beside the graph
		r := rand.New(rand.NewPCG(7, 7))
		s := graph.Snapshot{Nodes: []graph.Node{{ID: 1, Name: "x", State: graph.Source}}}
		for i := range n {
			ins := []graph.ID{graph.ID(i + 1), graph.ID(1 + r.IntN(i+1))}
			s.Nodes = append(s.Nodes, graph.Node{ID: graph.ID(i + 2), Name: "Step", State: graph.Done, Inputs: ins})
		}
		m, err := newModel(s)
		require.NoError(t, err)
		p := newPicture(m, newOptions(s, nil))
		require.Equal(t, len(p.links), strings.Count(string(p.svg()), "l-4-8h8z"), "%d calls", n)
	}
}

func TestCrossingsAgreeWithPairs(t *testing.T) {
	for seed := range uint64(30) {
		s := dag(40, seed)
		m, err := newModel(s)
		require.NoError(t, err)
		p := newPicture(m, newOptions(s, nil))
		l := &layout{blocks: make([]block, len(p.cards)), links: p.links}
		l.assignLayers()
		l.bends(l.longest())
		l.order()
		require.Equal(t, l.allPairs(), l.crossings(), "seed %d", seed)
	}
}

// allPairs counts crossings the slow way.
func (l *layout) allPairs() int {
	count := 0
	for e := range l.src {
		for f := range e {
			if l.layer[l.src[e]] != l.layer[l.src[f]] {
				continue
			}
			a := l.pos[l.src[e]] - l.pos[l.src[f]]
			b := l.pos[l.dst[e]] - l.pos[l.dst[f]]
			if a < 0 && b > 0 || a > 0 && b < 0 {
				count++
			}
		}
	}
	return count
}

func TestStraightChain(t *testing.T) {
	links := []link{{0, 1}, {1, 2}, {2, 3}}
	l := newLayout([]block{{across: 100, along: 32}, {across: 60, along: 48}, {across: 180, along: 32}, {across: 90, along: 32}}, links, airy)
	for v := range l.across {
		require.Equal(t, l.across[0], l.across[v])
	}
}

func TestConnected(t *testing.T) {
	parts := connected(6, []link{{0, 2}, {2, 4}, {1, 5}})
	var got [][]int32
	for _, p := range parts {
		got = append(got, p.cards)
	}
	require.Equal(t, [][]int32{{0, 2, 4}, {1, 5}, {3}}, got)
}
