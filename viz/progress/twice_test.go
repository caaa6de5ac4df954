package progress

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/lazy"
)

// A Progress that is told of a run twice says so, counts the run once, and goes on to work.
func TestProgressToldTwice(t *testing.T) {
	for _, m := range []Mode{TTY, Plain, JSON} {
		bubble(t, fmt.Sprint(m), func(t *testing.T) {
			l := newLog()
			p := New(l, m)
			s, f := session(p), sleeper("Load")
			_, err := f(lazy.Const(time.Second)).Get(t.Context(), lazy.In(s), lazy.Observe(p))
			require.ErrorContains(t, err, "a Progress is told of run")
			require.ErrorContains(t, err, "but only once")
			require.Len(t, l.lines, 1)
			require.NotContains(t, l.lines[0], "2 runs")
			require.NotContains(t, l.lines[0], `"runs":2`)
			require.Zero(t, p.rec.Now().Active)
			require.Nil(t, p.now)
			require.Equal(t, 1, lazy.Must(f(lazy.Const(3*time.Second)).Get(t.Context(), lazy.In(s))))
			require.Equal(t, 1, p.rec.Now().Ended())
		})
	}
}

// Nobody knows how much of a Stream is done: no line says that all is.
func TestStreamHasNoPercent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		f := sleeper("Load")
		in := slices.Repeat([]time.Duration{100 * time.Millisecond}, 2000)
		for _, err := range lazy.Stream(t.Context(), slices.Values(in), f, lazy.Observe(New(l, Plain)), lazy.LookAhead(8)) {
			require.NoError(t, err)
		}
		synctest.Wait()
		for _, line := range l.lines { // how many there are depends on whether the Stream stops in between
			require.NotContains(t, line, "%")
		}
	})
}
