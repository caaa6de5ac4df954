package match

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/bench/shape"
	"github.com/dally-go/dally/internal/bench/ways"
)

// fake is a way that computes nothing right if wrong says so.
type fake struct {
	name  string
	wrong bool
	err   error
	opens *[]string
}

func (f fake) way() ways.Way {
	return ways.Way{Name: f.name, Open: func(g *shape.Graph, calc shape.Calc) (func() ways.Program, func()) {
		*f.opens = append(*f.opens, f.name)
		return func() ways.Program { return &program{fake: f, g: g, calc: calc, sources: g.Sources} }, func() {}
	}}
}

type program struct {
	fake
	g       *shape.Graph
	calc    shape.Calc
	sources []uint64
}

func (p *program) Run(context.Context) ([]uint64, error) {
	values := make([]uint64, len(p.sources)+len(p.g.Calls))
	copy(values, p.sources)
	p.calc.Values(p.g, values)
	if p.wrong {
		values[len(values)-1]++
	}
	return p.g.Pick(values), p.err
}

// changer is a program that can be changed, but forgets to if it is forgetful.
type changer struct {
	program
	forgetful bool
}

func (c *changer) Set(sources []uint64) {
	if !c.forgetful {
		c.sources = append([]uint64(nil), sources...)
	}
}

func graph(t *testing.T, name string, n int) *shape.Graph {
	g, err := shape.New(name, n)
	require.NoError(t, err)
	return g
}

func TestTurns(t *testing.T) {
	var opens []string
	a, b := fake{name: "a", opens: &opens}, fake{name: "b", opens: &opens}
	m := New(graph(t, "tree", 10), shape.NewCalc(0), 3, []ways.Way{a.way(), b.way()})
	require.NoError(t, m.Once(context.Background()))
	require.Equal(t, []string{"a", "b", "b", "a", "a", "b"}, opens)
	require.NoError(t, m.Again(context.Background()))
	for _, r := range m.Rows() {
		require.Positive(t, r.All)
		require.Positive(t, r.Bytes)
		require.True(t, math.IsNaN(r.Again)) // they cannot
		require.True(t, math.IsNaN(r.PerLoop))
	}
}

func TestWrongValues(t *testing.T) {
	var opens []string
	right, wrong := fake{name: "right", opens: &opens}, fake{name: "wrong", wrong: true, opens: &opens}
	m := New(graph(t, "tree", 10), shape.NewCalc(0), 3, []ways.Way{right.way(), wrong.way()})
	require.EqualError(t, m.Once(context.Background()), "tree, 9 calls: the values of wrong are not those of the plain loop")

	forgetful := ways.Way{Name: "forgetful", Open: func(g *shape.Graph, calc shape.Calc) (func() ways.Program, func()) {
		return func() ways.Program {
			return &changer{program{g: g, calc: calc, sources: g.Sources}, true}
		}, func() {}
	}}
	m = New(graph(t, "tree", 10), shape.NewCalc(0), 1, []ways.Way{forgetful})
	require.NoError(t, m.Once(context.Background()))
	require.ErrorContains(t, m.Again(context.Background()), "the values of forgetful")
}

func TestErrors(t *testing.T) {
	var opens []string
	broken := errors.New("broken")
	m := New(graph(t, "fan", 10), shape.NewCalc(0), 1, []ways.Way{fake{name: "a", err: broken, opens: &opens}.way()})
	require.ErrorIs(t, m.Once(context.Background()), broken)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, m.Once(ctx), context.Canceled)
}

func TestTooMuch(t *testing.T) {
	all := []ways.Way{{Name: "a", DepthMax: 9}, {Name: "b", DepthMax: 10}, {Name: "c", CallsMax: 9}, {Name: "d", CallsMax: 10}, {Name: "e"}}
	var names []string
	for _, r := range New(graph(t, "chain", 10), shape.NewCalc(0), 1, all).Rows() {
		names = append(names, r.Name)
	}
	require.Equal(t, []string{"b", "d", "e"}, names)
}

func TestRepeats(t *testing.T) {
	for _, tt := range []struct {
		calls, want int
		work        time.Duration
	}{
		{1, 20_000, 0},
		{1000, 20, 0},
		{100_000, 1, 0},
		{1, 2000, 10 * time.Microsecond},
		{1, 20, time.Millisecond},
		{1000, 1, time.Millisecond},
		{1, 1, time.Second},
	} {
		m := New(graph(t, "chain", tt.calls), shape.Calc{Work: tt.work}, 1, nil)
		require.Equal(t, tt.want, m.repeats(), tt)
	}
}

// All contestants, once and again.
func TestEverybody(t *testing.T) {
	calc := shape.NewCalc(0)
	calc.Work = time.Millisecond // not true, but has small laps
	for _, name := range shape.Names() {
		m := New(graph(t, name, 50), calc, 1, ways.All(1, 2))
		require.NoError(t, m.Once(context.Background()))
		require.NoError(t, m.Again(context.Background()))
		for _, r := range m.Rows() {
			require.Positive(t, r.PerLoop, r.Name)
			require.Positive(t, r.PerLimit, r.Name)
			require.Equal(t, r.Name == "sync.OnceValue", math.IsNaN(r.Again), r.Name)
		}
	}
}

func TestMedian(t *testing.T) {
	require.True(t, math.IsNaN(median(nil)))
	require.InDelta(t, 3, median([]float64{3}), 0)
	require.InDelta(t, 2, median([]float64{9, 1, 2}), 0)
	require.InDelta(t, 2.5, median([]float64{9, 1, 2, 3}), 0)
	all := []float64{3, 1, 2}
	median(all)
	require.Equal(t, []float64{3, 1, 2}, all)
}

func TestCompare(t *testing.T) {
	rows := []Row{
		{Kind: ways.Loop, All: 2},
		{Kind: ways.Handles, All: 3},
		{Kind: ways.Limit, All: 5},
		{Kind: ways.Limit, All: 4},
		{Kind: ways.Dally, All: 8},
	}
	compare(rows)
	require.InDelta(t, 4, rows[4].PerLoop, 0)
	require.InDelta(t, 2, rows[4].PerLimit, 0)
}

var table = Table{Shape: "chain", Calls: 1000, Work: time.Microsecond, Rounds: 5, Rows: []Row{
	{Name: "plain loop", Kind: ways.Loop, Record: 0.5, Run: 4.5, All: 5, First: 5, Again: 5, Bytes: 8, PerLoop: 1, PerLimit: 0.5},
	{Name: "sync.OnceValue", Record: 80, Run: 219, All: 299, First: math.NaN(), Again: math.NaN(), Bytes: 144, Allocs: 4, PerLoop: 59.8, PerLimit: 29.9},
	{Name: "limit", Kind: ways.Limit, Record: 5, Run: 5, All: 10, First: 4, Again: 4, Bytes: 25, PerLoop: 2, PerLimit: 1},
	{Name: "dally, 1 worker", Kind: ways.Dally, Record: 50, Run: 150.4, All: 200.4, First: 1234, Again: 400, Bytes: 80, Allocs: 0.14, PerLoop: 40.08, PerLimit: 20.04},
	{Name: "dally, 2 workers", Kind: ways.Dally, Record: 50, Run: 250, All: 300, First: 999, Again: 500, Bytes: 80, Allocs: 0.14, PerLoop: 60, PerLimit: 30},
	{Name: "nearly", Record: 50, Run: 149, All: 199, First: 999, Again: 399, Bytes: 80, Allocs: 0.14, PerLoop: 60, PerLimit: 30},
}}

func TestText(t *testing.T) {
	var b strings.Builder
	require.NoError(t, table.Text(&b))
	require.Equal(t, `chain: 1000 calls, 1µs of work each; ns per call, median of 5

                  record   run   all  ×loop  ×limit  changed  again     B  allocs
plain loop          0.50  4.50  5.00   1.00    0.50     5.00   5.00  8.00    0.00
sync.OnceValue      80.0   219   299   59.8    29.9        –      –   144    4.00
limit               5.00  5.00  10.0   2.00    1.00     4.00   4.00  25.0    0.00
dally, 1 worker     50.0   150   200   40.1    20.0     1234    400  80.0    0.14
dally, 2 workers    50.0   250   300   60.0    30.0      999    500  80.0    0.14
nearly              50.0   149   199   60.0    30.0      999    399  80.0    0.14

Dally loses, all in all, to: plain loop (×40.1); limit (×20.0)
Dally loses, again, to: limit (×100); plain loop (×80.0)

`, b.String())
}

func TestMarkdown(t *testing.T) {
	small := table
	small.Calls, small.Work, small.Rows = 1, 0, table.Rows[3:5]
	var b strings.Builder
	require.NoError(t, small.Markdown(&b))
	require.Equal(t, `**chain: 1 call, a multiplication each; ns per call, median of 5**

|  | record | run | all | ×loop | ×limit | changed | again | B | allocs |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|
| dally, 1 worker | 50.0 | 150 | 200 | 40.1 | 20.0 | 1234 | 400 | 80.0 | 0.14 |
| dally, 2 workers | 50.0 | 250 | 300 | 60.0 | 30.0 | 999 | 500 | 80.0 | 0.14 |

Dally loses, all in all, to: nobody`+"  "+`
Dally loses, again, to: nobody

`, b.String())
}

// Only what was measured of Dally can be lost.
func TestLosses(t *testing.T) {
	rows := []Row{{Name: "loop", Kind: ways.Loop, All: 1, Again: 1}, {Name: "dally", Kind: ways.Dally, All: 2, Again: math.NaN()}}
	require.Equal(t, []string{"Dally loses, all in all, to: loop (×2.00)"}, Table{Rows: rows}.losses())
	require.Empty(t, Table{Rows: rows[:1]}.losses())
	rows[1].Again = 0.5
	require.Equal(t, []string{"Dally loses, all in all, to: loop (×2.00)", "Dally loses, again, to: nobody"}, Table{Rows: rows}.losses())
}
