package comm

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The inbox against a plain slice that is searched from the start.
func TestInbox(t *testing.T) {
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		var b inbox
		var plain []Message
		for i := range 300 {
			if e := (Envelope{From: rng.IntN(3), Tag: rng.IntN(3)}); rng.IntN(5) < 3 {
				b.put(Message{Envelope: e, Value: i})
				plain = append(plain, Message{Envelope: e, Value: i})
				continue
			}
			w := Want{From: rng.IntN(4) - 1, Tag: rng.IntN(4) - 1}
			at := slices.IndexFunc(plain, func(m Message) bool { return w.matches(m.Envelope) })
			x := b.find(&w)
			if at < 0 {
				require.Nil(t, x, "seed %d", seed)
				continue
			}
			require.Equal(t, plain[at], x.Message, "seed %d", seed)
			require.Equal(t, plain[at], b.take(x), "seed %d", seed)
			plain = slices.Delete(plain, at, at+1)
			require.Equal(t, len(plain), b.len)
		}
		for _, m := range plain {
			require.Equal(t, m, b.take(b.find(&Want{From: AnySource, Tag: AnyTag})))
		}
		require.Equal(t, inbox{byKey: map[Envelope]ends{}}, b, "nothing is left")
	}
}

// A message whose envelope is wanted is found without a look at those before it.
func TestInboxPassesByOthers(t *testing.T) {
	var b inbox
	const n = 200_000
	for i := range n {
		b.put(Message{Envelope: Envelope{Tag: i}})
	}
	for i := n - 1; i >= 0; i-- { // quadratic, this would take a minute
		b.take(b.find(&Want{Tag: i}))
	}
	require.Zero(t, b.len)
}

func TestWorldKeepsNothingOfWhatIsOver(t *testing.T) {
	l := NewLocal(2, LocalOptions{})
	for range 3 {
		for r := range 2 {
			_, err := Broadcast(t.Context(), l.Comm(r), 0, 1)
			require.NoError(t, err)
			require.NoError(t, Send(t.Context(), l.Comm(r), r, 0, 1))
			_, err = Recv[int](t.Context(), l.Comm(r), r, 0)
			require.NoError(t, err)
		}
		require.Empty(t, l.meetings)
		require.NoError(t, l.checkInvariants())
	}
	require.Equal(t, 3, l.met)
}

func TestInvariantsSeeWhatIsWrong(t *testing.T) {
	l := NewLocal(3, LocalOptions{})
	require.NoError(t, l.checkInvariants())
	e := l.ranks[1]
	e.waiting, e.wait.want = true, Want{From: AnySource, Tag: AnyTag}
	e.inbox.put(Message{})
	l.ranks[2].waiting, l.ranks[2].ended = true, true
	l.meetings = []*meeting{{op: Op{Name: "Barrier", Root: NoRoot}}}
	l.failed = e.endedErr()
	require.EqualError(t, l.checkInvariants(), `rank 1 waits for a message that is there: {From:-1 Tag:-1 Type:<nil> LenMax:0}
rank 1 waits in a world that has failed
rank 2 waits and has ended
rank 2 waits in a world that has failed
1 ranks run and 0 have ended, counted as 3 and 0
meeting 0, Barrier #0, is open with 0 of 3 ranks`)
}

func TestWorldKeepsNoMessagesThatNobodyCanReceive(t *testing.T) {
	l := NewLocal(3, LocalOptions{})
	send := func(to int) {
		require.NoError(t, Send(t.Context(), l.Comm(0), to, 0, 1))
	}
	send(1)
	l.Done(1, nil)
	require.Zero(t, l.ranks[1].inbox)
	send(1)
	require.Zero(t, l.ranks[1].inbox)

	send(2)
	require.Equal(t, 1, l.ranks[2].inbox.len)
	l.Done(0, errors.New("it failed"))
	require.Zero(t, l.ranks[2].inbox)
}

// Message and context come between the rank's look and its wait: it may take either, and the next wait is not ended by
// what was left of this one.
func TestMessageAndContextAtOnce(t *testing.T) {
	var l *Local
	var cancel context.CancelFunc
	deliver := func(int) func() {
		if cancel != nil {
			cancel()
			cancel = nil
			require.NoError(t, Send(t.Context(), l.Comm(1), 0, 0, "a word"))
			return nil
		}
		require.NoError(t, Send(t.Context(), l.Comm(1), 0, 1, "another"))
		return nil
	}
	for range 100 {
		l = NewLocal(2, LocalOptions{Waits: deliver})
		ctx, stop := context.WithCancel(t.Context())
		cancel = stop
		word, err := Recv[string](ctx, l.Comm(0), 1, 0)
		require.NoError(t, err, "it was handed over while the rank still waited")
		require.Equal(t, "a word", word)
		word, err = Recv[string](t.Context(), l.Comm(0), 1, 1)
		require.NoError(t, err)
		require.Equal(t, "another", word)
		require.Empty(t, l.ranks[0].wake)
		stop()
	}
}
