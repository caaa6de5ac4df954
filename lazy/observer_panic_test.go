package lazy_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// breaking is a recorder one of whose methods does not return.
type breaking struct {
	recorder
	at     string
	breaks func()
}

func (b *breaking) hit(at string) {
	if at == b.at {
		b.breaks()
	}
}

func (b *breaking) RunStarted(i lazy.RunInfo)   { b.recorder.RunStarted(i); b.hit("RunStarted") }
func (b *breaking) CallStarted(i lazy.CallInfo) { b.recorder.CallStarted(i); b.hit("CallStarted") }
func (b *breaking) CallDone(i lazy.CallInfo)    { b.recorder.CallDone(i); b.hit("CallDone") }
func (b *breaking) RunDone(i lazy.RunInfo)      { b.recorder.RunDone(i); b.hit("RunDone") }

var observerMethods = []string{"RunStarted", "CallStarted", "CallDone", "RunDone"}

// A panic of an observer makes the Get fail; values are kept, the session goes on, the other observer is told the end.
func TestObserverThatPanics(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for _, at := range observerMethods {
			t.Run(at, func(t *testing.T) {
				var first recorder
				s.Observer = &first
				b := &breaking{at: at, breaks: func() { panic(errBoom) }}
				low, top := inc.Of(1), lazy.Data[int]{}
				top = inc(low)
				err := failure(t, top, lazy.In(s), lazy.Observe(b))
				require.ErrorIs(t, err, errBoom)
				var p *lazy.PanicError
				require.ErrorAs(t, err, &p)
				require.Contains(t, string(p.Stack), "observer_panic_test.go")
				first.check(t)
				if at != "RunStarted" {
					require.Equal(t, graph.Done, top.State(), "computed and kept all the same")
					require.Len(t, first.done, 2)
				} else {
					require.Empty(t, first.done)
				}
				s.Observer = nil
				require.Equal(t, 3, got(t, top, lazy.In(s)))
			})
		}
	})
}

// The same for one that ends its goroutine, as t.FailNow does. It may be the caller's own that ends then, but nothing
// hangs, and what was computed is kept.
func TestObserverThatExits(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for _, at := range observerMethods {
			t.Run(at, func(t *testing.T) {
				b := &breaking{at: at, breaks: runtime.Goexit}
				top := inc(inc.Of(1))
				_, err := soon(t, func() (int, error) {
					ended := make(chan error, 1)
					go func() {
						err := lazy.ErrGoexit // unless it returns
						defer func() { ended <- err }()
						_, err = top.Get(context.Background(), lazy.In(s), lazy.Observe(b))
					}()
					return 0, <-ended
				})
				require.ErrorIs(t, err, lazy.ErrGoexit)
				if at == "CallDone" || at == "RunDone" { // before, nobody is left to run the call
					require.Equal(t, graph.Done, top.State())
				}
				require.Equal(t, 4, got(t, inc(top), lazy.In(s)))
			})
		}
	})
}

// With KeepGoing, and where the call has failed, too, the call's failure is not lost.
func TestObserverThatPanicsBesideAFailure(t *testing.T) {
	leak.Check(t)
	b := &breaking{at: "CallDone", breaks: func() { panic("observer") }}
	vs, err := lazy.GetAll(t.Context(), []lazy.Data[int]{inc.Of(1), fail[int](errBoom)}, lazy.KeepGoing(), lazy.Observe(b))
	require.Error(t, err)
	require.ErrorContains(t, err, "observer")
	_ = vs
	require.Error(t, b.over[0].Err)
}
