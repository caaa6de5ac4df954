package viz

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
)

// However long its calls take on average, which the page learns from the record, a name that is within bounds shows
// whole, with ×count and the time.
func TestCardsHaveRoomForTimes(t *testing.T) {
	s := graph.Snapshot{Nodes: []graph.Node{{ID: 1, Name: "file"}}}
	for i := range 70 {
		s.Nodes = append(s.Nodes, graph.Node{ID: graph.ID(i + 2), Name: "ComputeTheThing", State: graph.Done, Inputs: []graph.ID{1}})
	}
	rec := graph.Record{Functions: []graph.Function{{Name: "ComputeTheThing", Total: 70 * 999 * time.Millisecond}}}
	rec.Functions[0].Calls[graph.Done] = 70
	p, err := newPageData(s, newOptions(s, []Option{Ran(rec)}))
	require.NoError(t, err)
	c := p.groups.cards[len(p.groups.cards)-1]
	require.Equal(t, 70, c.count)
	want := 2*padSide + glyphRoom + faceName.width(c.name) + 7 + faceTimes.width("×70") + 10 + faceSmall.width("999 ms")
	require.GreaterOrEqual(t, c.width, pageScale*want)
	require.LessOrEqual(t, c.width, pageScale*want+12)

	p, err = newPageData(s, newOptions(s, nil))
	require.NoError(t, err)
	require.Less(t, p.groups.cards[len(p.groups.cards)-1].width, c.width, "nothing ran: no time will stand there")
}

// Rows of the page stand close where edges run straight, farther apart where they curve, and as before in an SVG.
func TestSpacing(t *testing.T) {
	blocks := []block{{across: 100, along: 50}, {across: 100, along: 50}, {across: 100, along: 50}}
	chain, fan := []link{{0, 1}, {1, 2}}, []link{{0, 2}, {1, 2}}
	for _, c := range []struct {
		links []link
		rows  spacing
		want  float64
	}{
		{chain, dense, 24}, {fan, dense, 36}, {chain, airy, 44}, {fan, airy, 44},
	} {
		l := newLayout(blocks, c.links, c.rows)
		require.Equal(t, c.want, l.top[1]-l.end[0], "%v %v", c.links, c.rows)
	}
}

// Time that calls wait for calls of their own, as those of Bind do, is no time that they ran at once: the facts say so.
func TestFactsOfNestedCalls(t *testing.T) {
	factsOf := func(spans ...graph.Span) map[string]string {
		begin := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
		rec := graph.Record{
			Start: begin, Spans: spans, Runs: []graph.Run{{ID: 1, Workers: 2, Start: begin, End: begin.Add(100)}},
			Functions: []graph.Function{{Name: "f", Total: 150}},
		}
		p, err := newPageData(graph.Snapshot{}, newOptions(graph.Snapshot{}, []Option{Ran(rec)}))
		require.NoError(t, err)
		facts := map[string]string{}
		for _, f := range p.facts() {
			facts[f[0]] = f[1]
		}
		return facts
	}
	span := func(worker int, start, end time.Duration) graph.Span {
		return graph.Span{Name: "f", Run: 1, Worker: worker, Start: start, End: end, State: graph.Done}
	}
	facts := factsOf(span(0, 0, 100), span(0, 10, 60), span(1, 20, 80))
	require.Equal(t, "150 ns, with waiting for calls of their own", facts["time in calls"])
	require.NotContains(t, facts, "calls at once")

	for name, spans := range map[string][]graph.Span{
		"one after another": {span(0, 0, 50), span(1, 0, 100), span(0, 50, 100)},
		"without a worker":  {span(-1, 0, 100), span(-1, 0, 100)},
	} {
		facts = factsOf(spans...)
		require.Equal(t, "150 ns", facts["time in calls"], name)
		require.Equal(t, "1.5 on average", facts["calls at once"], name)
	}
}
