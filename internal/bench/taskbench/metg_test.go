package taskbench

import (
	"bytes"
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Where each task costs a fixed overhead, the METG is twice that, wherever the sweep has its points.
func TestFindFixedOverhead(t *testing.T) {
	for _, overhead := range []float64{3, 100, 2500} {
		for _, factor := range []float64{1.2, 1.5, 2} {
			var sweep []Point
			for work := 40_000.0; work > 1; work /= factor {
				sweep = append(sweep, Point{work + overhead, work / (work + overhead)})
			}
			m := Find(sweep)
			require.Equal(t, Exact, m.Bound)
			require.InEpsilon(t, 2*overhead, m.NS, 0.03)
		}
	}
}

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		sweep []Point
		want  METG
	}{
		"on a point":        {[]Point{{800, 0.9}, {400, 0.5}, {300, 0.3}}, METG{400, Exact}},
		"half way, in logs": {[]Point{{400, 1}, {100, 0.25}}, METG{200, Exact}},
		"a bad moment":      {[]Point{{800, 0.1}, {400, 1}, {100, 0.25}}, METG{200, Exact}},
		"never":             {[]Point{{800, 0.4}, {400, 0.3}}, METG{800, More}},
		"always":            {[]Point{{800, 0.9}, {400, 0.8}}, METG{400, Less}},
	} {
		got := Find(c.sweep)
		require.Equal(t, c.want.Bound, got.Bound, name)
		require.InEpsilon(t, c.want.NS, got.NS, 1e-9, name)
	}
	require.True(t, math.IsNaN(Find(nil).NS))
}

func TestMETGString(t *testing.T) {
	for want, m := range map[string]METG{
		"0.012": {12.4, Exact}, "< 0.100": {100, Less}, "> 1.23": {1234, More}, "12.3": {12_345, Exact},
		"123": {123_456, Exact}, "–": {math.NaN(), More},
	} {
		require.Equal(t, want, m.String())
	}
}

func TestIsBehind(t *testing.T) {
	good, bad := Point{1, 0.5}, Point{1, 0.49}
	require.False(t, (&contestant{points: []Point{good}}).isBehind())
	require.False(t, (&contestant{points: []Point{bad, bad}}).isBehind())
	require.False(t, (&contestant{points: []Point{bad, bad, good, bad, bad}}).isBehind())
	require.True(t, (&contestant{points: []Point{good, bad, bad, bad}}).isBehind())
}

// A sweep measures every grid and way, in order, and every point of a curve belongs to a smaller task than the one before.
func TestSweep(t *testing.T) {
	s := Sweep{Ways: Ways(), Workers: 2, Rounds: 1, Largest: time.Microsecond, Factor: 4}
	for _, name := range []string{"trivial", "dom"} {
		g, err := New(name, 2, 10)
		require.NoError(t, err)
		s.Grids = append(s.Grids, g)
	}
	report, err := s.Run(context.Background())
	require.NoError(t, err)
	require.Greater(t, report.PeakMin, 0.0)
	require.LessOrEqual(t, report.PeakMin, 1.0)
	require.Len(t, report.Results, 2*len(s.Ways))
	for i, r := range report.Results {
		require.Equal(t, s.Grids[i/len(s.Ways)], r.Grid)
		require.Equal(t, s.Ways[i%len(s.Ways)].Name, r.Way)
		require.NotEmpty(t, r.Points)
		for _, p := range r.Points {
			require.Positive(t, p.Granularity)
			require.Positive(t, p.Efficiency)
		}
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = s.Run(stopped)
	require.ErrorIs(t, err, context.Canceled)
}

func TestSweepFindsMistakes(t *testing.T) {
	g, err := New("dom", 2, 10)
	require.NoError(t, err)
	g.Tasks[3].In[0]--
	s := Sweep{Grids: []*Grid{g}, Ways: Ways()[:1], Workers: 1, Rounds: 1, Largest: 1, Factor: 2}
	_, err = s.Run(context.Background())
	require.ErrorContains(t, err, "dom, loop: the task at ")
}

func TestTable(t *testing.T) {
	a, b := &Grid{Name: "fft"}, &Grid{Name: "dom"}
	results := []Result{
		{a, "limit", []Point{{1500, 0.75}}, METG{200, Exact}},
		{a, "dally", nil, METG{1500, Exact}},
		{b, "limit", nil, METG{10, Less}},
		{b, "dally", nil, METG{40_000, More}},
	}
	var out bytes.Buffer
	require.NoError(t, Table(&out, results))
	require.Equal(t, `| | limit | dally |
|---|---:|---:|
| fft | 0.200 | 1.50 |
| dom | < 0.010 | > 40.0 |
`, out.String())
	out.Reset()
	require.NoError(t, Curves(&out, results))
	require.Equal(t, "fft            limit     1.50 µs   75.0 %\n", out.String())
}
