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
