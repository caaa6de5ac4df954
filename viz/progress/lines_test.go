package progress

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

// log is a writer that remembers when each line came.
type log struct {
	mu    sync.Mutex
	start time.Time
	lines []string
	times []time.Duration
	err   error
}

func newLog() *log { return &log{start: time.Now()} }

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(string(p)) {
		l.lines = append(l.lines, line)
		l.times = append(l.times, time.Since(l.start))
		if !strings.HasSuffix(line, "\n") || strings.ContainsFunc(line[:len(line)-1], func(r rune) bool { return r < ' ' || 0x7f <= r && r < 0xa0 }) {
			l.err = fmt.Errorf("not a clean line: %q", line)
		}
	}
	return len(p), nil
}

func (l *log) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.lines...)
}

func (l *log) text() string { return unnumbered(strings.Join(l.all(), "")) }

// failing returns a function whose calls fail after their argument, with a text that is not fit for a log.
func failing(name string) lazy.Func1[time.Duration, int] {
	return lazy.Func1[time.Duration, int](lazy.Wrap1(func(_ context.Context, d time.Duration) (int, error) {
		time.Sleep(d)
		return 0, errors.New("no\x1b[31m such\nfile")
	}, lazy.Name(name)))
}

func TestPlain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		ds := append(each(sleeper("Load"), 100, 700*time.Millisecond), each(sleeper("Count"), 100, 1900*time.Millisecond)...)
		_, err := lazy.GetAll(t.Context(), ds, lazy.In(session(New(l, Plain))))
		require.NoError(t, err)
		require.NoError(t, l.err)
		require.Equal(t, ""+
			"dally: 7%, 14 of 200 calls, 5 s, 2/2 busy, longest running: Load#n 100 ms, Load#n 100 ms\n"+
			"dally: 14%, 28 of 200 calls, 10 s, 2/2 busy, longest running: Load#n 200 ms, Load#n 200 ms\n",
			strings.Join(strings.SplitAfter(l.text(), "\n")[:2], ""))
		require.Equal(t, "dally: 100%, 200 calls in 2m 10s, slowest: Count 3m 10s, Load 1m 10s\n", l.lines[len(l.lines)-1])
		seconds := []time.Duration{5, 10, 20, 40, 60, 120, 130}
		for i := range seconds {
			seconds[i] *= time.Second
		}
		require.Equal(t, seconds, l.times)
	})
}

func TestHour(t *testing.T) {
	for _, m := range []Mode{Plain, JSON} {
		for _, failures := range []int{0, 3, 3600} {
			bubble(t, fmt.Sprint(m, failures), func(t *testing.T) {
				l := newLog()
				ds := each(sleeper("Wait"), 3600*2-failures, time.Second)
				ds = append(each(failing("Fail"), failures, time.Second), ds...)
				_, err := lazy.GetAll(t.Context(), ds, lazy.In(session(New(l, m))), lazy.KeepGoing())
				require.Equal(t, failures > 0, err != nil)
				require.NoError(t, l.err)
				require.LessOrEqual(t, len(l.lines), 70)
				require.Greater(t, len(l.lines), 60)
				if failures > 0 {
					require.Contains(t, l.lines[len(l.lines)-1], "failed")
				}
			})
		}
	}
}

// Thousands of runs that take long are not told one by one either.
func TestHourOfRuns(t *testing.T) {
	for _, takes := range []time.Duration{3 * time.Second, 6 * time.Second, 20 * time.Second} {
		bubble(t, takes.String(), func(t *testing.T) {
			l := newLog()
			s := session(New(l, Plain))
			for range time.Hour / takes / 2 {
				_, err := sleeper("Wait").Of(takes).Get(t.Context(), lazy.In(s))
				require.NoError(t, err)
				time.Sleep(takes / 2)
				_, err = failing("Fail").Of(takes/2).Get(t.Context(), lazy.In(s))
				require.Error(t, err)
			}
			require.NoError(t, l.err)
			require.LessOrEqual(t, len(l.lines), 70)
			require.Greater(t, len(l.lines), 30)
		})
	}
}

func TestPlainFailure(t *testing.T) {
	bubble(t, "while it goes on", func(t *testing.T) {
		l := newLog()
		ds := append(each(sleeper("Wait"), 5, 3*time.Second), failing("Fail").Of(time.Second))
		_, err := lazy.GetAll(t.Context(), ds, lazy.In(&lazy.Session{Parallelism: 8, Observer: New(l, Plain)}), lazy.KeepGoing())
		require.Error(t, err)
		require.Equal(t, "dally: failed after 1 s: Fail#n : no␛[31m such file\n"+
			"dally: failed: Fail#n : no␛[31m such file, 6 of 6 calls in 3 s, 1 failed, slowest: Wait 15 s, Fail 1 s\n", l.text())
		require.Equal(t, []time.Duration{1100 * time.Millisecond, 3 * time.Second}, l.times)
	})
	bubble(t, "at once", func(t *testing.T) {
		l := newLog()
		_, err := sleeper("User")(lazy.Const(time.Second)).Get(t.Context(), lazy.In(session(New(l, Plain))))
		require.NoError(t, err)
		s := session(New(l, Plain))
		for range 1000 {
			_, err := failing("Fail").Of(0).Get(t.Context(), lazy.In(s))
			require.Error(t, err)
		}
		require.Len(t, l.lines, atOnceMax)
		require.Equal(t, "dally: failed: Fail#n : no␛[31m such file, 1 of 1 call in 0 s, 1 failed\n", unnumbered(l.lines[0]))
	})
	bubble(t, "an error that panics", func(t *testing.T) {
		l := newLog()
		f := lazy.Wrap0(func(context.Context) (int, error) { return 0, panicking{} }, lazy.Name("Fail"))
		_, err := f().Get(t.Context(), lazy.In(session(New(l, Plain))))
		require.Error(t, err)
		require.Contains(t, l.text(), "whose Error method panics")
	})
}

type panicking struct{}

func (panicking) Error() string { panic("no") }

func TestJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		ds := append([]lazy.Data[int]{failing("Fail").Of(time.Second)}, each(sleeper("Wait\x1b<b>"), 4, 12*time.Second)...)
		_, err := lazy.GetAll(t.Context(), ds, lazy.In(&lazy.Session{Parallelism: 8, Observer: New(l, JSON)}), lazy.KeepGoing())
		require.Error(t, err)
		_, err = lazy.GetAll(t.Context(), each(sleeper("Wait"), 8, time.Second), lazy.In(session(New(l, JSON))))
		require.NoError(t, err)
		require.NoError(t, l.err)
		var kinds []string
		for _, line := range l.lines {
			var e map[string]any
			require.NoError(t, json.Unmarshal([]byte(line), &e), line)
			kinds = append(kinds, e["event"].(string))
			for _, field := range []string{
				"time", "percent", "done", "planned", "grows", "cached", "failed", "skipped", "elapsed_s",
				"left_s", "busy", "workers", "runs", "running", "slowest",
			} {
				require.Contains(t, e, field, line)
			}
			_, err := time.Parse(time.RFC3339Nano, e["time"].(string))
			require.NoError(t, err)
		}
		require.Equal(t, []string{"failure", "progress", "progress", "done", "done"}, kinds, l.text())
		require.Contains(t, l.lines[1], `"percent":20,"done":1,"planned":5,"grows":false,"cached":0,"failed":1,"skipped":0,"elapsed_s":5,"left_s":null,"busy":4,"workers":8,"runs":1,`)
		require.Contains(t, l.lines[0], `"running":[{"name":"Wait␛\u003cb\u003e","id":`)
		require.Contains(t, l.lines[3], `"outcome":"failed","error":"Fail#`)
		require.Contains(t, l.lines[4], `"percent":100,"done":8,"planned":8,`)
		require.Contains(t, l.lines[4], `"left_s":null,"busy":0,"workers":2,"runs":1,"running":[],"slowest":[{"name":"Wait","calls":8,"seconds":8}],"outcome":"ok"}`)
	})
}

func TestQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		_, err := failing("Fail").Of(time.Minute).Get(t.Context(), lazy.In(session(New(&b, Quiet))))
		require.Error(t, err)
		require.Empty(t, b.String())
		_, err = sleeper("Zero").Of(time.Minute).Get(t.Context(), lazy.In(session(new(Progress))))
		require.NoError(t, err)
		_, err = new(Progress).Write([]byte("x"))
		require.ErrorIs(t, err, errNoWriter)
	})
}

// Long or many: whatever the episodes, no more lines than there may be, and never two summaries' worth for one.
func TestBudget(t *testing.T) {
	var due []time.Duration
	for d := time.Duration(0); len(due) < 7; {
		d = after(d)
		due = append(due, d/time.Second)
	}
	require.Equal(t, []time.Duration{5, 10, 20, 40, 60, 120, 180}, due)

	var b budget
	now := time.Now()
	b.begin(now)
	lines := 0
	for now := now; now.Before(b.began.Add(time.Hour)); now = now.Add(time.Second) {
		if b.atOnce(now) {
			lines++
		}
		if !now.Before(b.due(now)) && b.scheduled(now) {
			lines++
		}
	}
	require.LessOrEqual(t, lines, linesMax)
}

// What the writer does must not reach the runs.
func TestBadWriters(t *testing.T) {
	for name, w := range map[string]func([]byte) (int, error){
		"fails":         func([]byte) (int, error) { return 0, io.ErrClosedPipe },
		"panics":        func([]byte) (int, error) { panic("no") },
		"writes half":   func(p []byte) (int, error) { return len(p) / 2, nil },
		"lies":          func(p []byte) (int, error) { return 10 * len(p), nil },
		"lies, too":     func(p []byte) (int, error) { return -1, nil },
		"takes a while": func(p []byte) (int, error) { time.Sleep(333 * time.Millisecond); return len(p), nil },
	} {
		for _, m := range []Mode{TTY, Plain, JSON} {
			bubble(t, name+" "+m.String(), func(t *testing.T) {
				p := New(writer(w), m)
				began := time.Now()
				_, err := lazy.GetAll(t.Context(), each(sleeper("Wait"), 20, time.Second), lazy.In(session(p)))
				require.NoError(t, err)
				require.LessOrEqual(t, time.Since(began), 10*time.Second+awaitMax)
				time.Sleep(time.Second) // of the bubble: a slow writer has to come to an end
				_, _ = p.Write([]byte("text"))
			})
		}
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// A writer that blocks, as a terminal that was stopped does, holds a run up once, for a moment. When it goes on, so
// does the display.
func TestBlockedWriter(t *testing.T) {
	for _, m := range []Mode{TTY, Plain} {
		bubble(t, m.String(), func(t *testing.T) {
			e := newEmulator(200, 24)
			release := make(chan struct{})
			e.beforeEach = func() { <-release }
			s := session(New(e, m))
			get := func() (took time.Duration) {
				began := time.Now()
				_, err := sleeper("Wait").Of(6*time.Second).Get(t.Context(), lazy.In(s))
				require.NoError(t, err)
				return time.Since(began)
			}
			require.Equal(t, 6*time.Second+awaitMax, get())
			for range 5 {
				require.Equal(t, 6*time.Second, get())
			}
			close(release)
			synctest.Wait()
			require.Equal(t, 6*time.Second, get())
			require.Contains(t, e.screen(), "100%, 1 call in 6 s")
			e.check(t)
		})
	}
}

// Many runs at once, nested ones, and log lines, from many goroutines.
func TestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e := onTerminal(80, 24)
		s := &lazy.Session{Parallelism: 4, Observer: p}
		wait := sleeper("Wait")
		outer := lazy.Wrap1(func(ctx context.Context, n int) (int, error) {
			return wait.Of(time.Duration(n)*10*time.Millisecond).Get(ctx, lazy.In(s))
		}, lazy.Name("Outer"))
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				for j := range 20 {
					_, err := outer.Of(i+j).Get(t.Context(), lazy.In(s))
					require.NoError(t, err)
					_, err = fmt.Fprintf(p, "%d %d\n", i, j)
					require.NoError(t, err)
				}
			})
		}
		wg.Wait()
		logged := 0
		for _, l := range strings.Split(e.screen(), "\n") {
			if regexp.MustCompile(`^\d+ \d+$`).MatchString(l) {
				logged++
			} else {
				require.Regexp(t, `^✓ 100%, [\d,]+ calls in `, l) // one, or some: now and then no run goes on
			}
		}
		require.Equal(t, 400, logged)
		e.check(t)
	})
}

// loadKept is wrapped once: the cache knows it by its name.
var loadKept = lazy.Pure1(func(i int) int { time.Sleep(3 * time.Second); return i }, lazy.Name("LoadKept"), lazy.Memo())

// Results that are kept count as they come; the display ends at 100 % whatever part of the calls they are.
func TestCached(t *testing.T) {
	for _, c := range []struct{ kept, all int }{{0, 6}, {3, 6}, {6, 6}} {
		bubble(t, fmt.Sprint(c), func(t *testing.T) {
			l := newLog()
			store := cache.NewMemory(1 << 20)
			of := func(n int) (ds []lazy.Data[int]) {
				for i := range n {
					ds = append(ds, loadKept.Of(i))
				}
				return ds
			}
			_, err := lazy.GetAll(t.Context(), of(c.kept), lazy.In(&lazy.Session{Cache: store}))
			require.NoError(t, err)
			other := sleeper("Other")
			_, err = lazy.GetAll(t.Context(), append(of(c.all), other.Of(4*time.Second)),
				lazy.In(&lazy.Session{Cache: store, Parallelism: 8, Observer: New(l, Plain)}))
			require.NoError(t, err)
			want := "dally: 100%, 7 calls in 4 s"
			if c.kept > 0 {
				want += fmt.Sprintf(", %d cached", c.kept)
			}
			require.Contains(t, l.text(), want+", slowest: ")
		})
	}
}

// An error whose text Gets something itself, or writes, finds nothing locked.
func TestErrorThatGets(t *testing.T) {
	for _, m := range []Mode{TTY, Plain} {
		synctest.Test(t, func(t *testing.T) {
			p := New(newLog(), m)
			s := session(p)
			f := lazy.Wrap0(func(context.Context) (int, error) {
				time.Sleep(time.Second)
				return 0, getting{s, p}
			}, lazy.Name("Fail"))
			_, err := f().Get(t.Context(), lazy.In(s))
			require.Error(t, err)
		})
	}
}

type getting struct {
	s *lazy.Session
	p *Progress
}

func (g getting) Error() string {
	v, err := lazy.Pure0(func() int { return 3 })().Get(context.Background(), lazy.In(g.s))
	_, _ = fmt.Fprintln(g.p, "asked")
	return fmt.Sprint(v, err)
}

// With a recorder of others, what was there before does not count.
func TestEnded(t *testing.T) {
	f := graph.Function{Calls: [graph.NumStates]int{graph.Done: 2, graph.Running: 7, graph.Cached: 1}}
	require.Equal(t, 3, endedOf(&f))
}
