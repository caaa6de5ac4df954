package dallyprom_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/dallyprom"
	"github.com/dally-go/dally/viz/record"
)

const ms = time.Millisecond

// scrape asks a real /metrics handler, and returns what it says by name and labels: "dally_runs_total{done}".
func scrape(t testing.TB, c prometheus.Collector) map[string]*dto.Metric {
	reg := prometheus.NewPedanticRegistry()
	require.NoError(t, reg.Register(c))
	rec := httptest.NewRecorder()
	handler := promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError})
	handler.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, rec.Code, rec.Body.String())
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(rec.Body)
	require.NoError(t, err)
	all := map[string]*dto.Metric{}
	for name, f := range families {
		for _, m := range f.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, l.GetValue())
			}
			all[name+"{"+strings.Join(labels, ",")+"}"] = m
		}
	}
	return all
}

// kept is wrapped once, as functions with Memo are to be.
var kept = lazy.Pure1(func(x int) int { return x }, lazy.Name("Kept"), lazy.Memo())

// A run with a call in each state, and times that are exact.
func TestMetricsOfRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		rec := record.New()
		s := &lazy.Session{Observer: rec, Cache: cache.NewMemory(1 << 20), Parallelism: 1}
		load := lazy.Wrap1(func(_ context.Context, d time.Duration) (int, error) {
			time.Sleep(d)
			if d == 0 {
				return 0, errors.New("nothing to load")
			}
			return int(d), nil
		}, lazy.Name("Load"))
		user := lazy.Pure1(func(x int) int { return x }, lazy.Name("User"))
		get := func(d lazy.Data[int]) { _, _ = d.Get(t.Context(), lazy.In(s), lazy.KeepGoing()) }
		get(user(load.Of(3 * ms)))
		get(load.Of(3 * time.Microsecond))
		get(load.Of(time.Hour))
		get(user(load.Of(0)))
		get(kept.Of(1))
		get(kept.Of(1))
		ctx, cancel := context.WithTimeout(t.Context(), 10*ms)
		defer cancel()
		waits := lazy.Wrap0(func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }, lazy.Name("Waits"))()
		_, err := waits.Get(ctx, lazy.In(s))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait()

		c := dallyprom.New(rec)
		problems, err := testutil.CollectAndLint(c)
		require.NoError(t, err)
		require.Empty(t, problems)
		all := scrape(t, c)
		for series, want := range map[string]float64{
			"dally_calls_total{Load,done}": 3, "dally_calls_total{Load,failed}": 1, "dally_calls_total{Load,cached}": 0,
			"dally_calls_total{User,done}": 1, "dally_calls_total{User,skipped}": 1,
			"dally_calls_total{Kept,done}": 1, "dally_calls_total{Kept,cached}": 1,
			"dally_calls_total{Waits,cancelled}": 1, "dally_calls_total{Waits,done}": 0,
			"dally_calls_planned_total{}": float64(2 + 1 + 1 + 2 + 1 + 1 + 1),
			"dally_runs_total{done}":      5, "dally_runs_total{failed}": 1, "dally_runs_total{cancelled}": 1,
			"dally_spans_dropped_total{}": 0,
		} {
			require.Contains(t, all, series)
			require.Equal(t, want, all[series].GetCounter().GetValue(), series)
		}
		require.Zero(t, all["dally_runs_active{}"].GetGauge().GetValue())
		require.Zero(t, all["dally_calls_running{Load}"].GetGauge().GetValue())
		h := all["dally_call_duration_seconds{Load}"].GetHistogram()
		require.Equal(t, uint64(4), h.GetSampleCount())
		require.InDelta(t, 3600.003003, h.GetSampleSum(), 1e-9)
		require.Equal(t, map[string]uint64{
			"1e-06": 1, "4e-06": 2, "1.6e-05": 2, "6.4e-05": 2, "0.000256": 2, "0.001024": 2, "0.004096": 3, "0.016384": 3,
			"0.065536": 3, "0.262144": 3, "1.048576": 3, "4.194304": 3, "16.777216": 3, "67.108864": 3,
			"268.435456": 3, "1073.741824": 3, "+Inf": 4,
		}, bucketsOf(h))
	})
}

func bucketsOf(h *dto.Histogram) map[string]uint64 {
	m := map[string]uint64{}
	for _, b := range h.Bucket {
		m[fmt.Sprint(b.GetUpperBound())] = b.GetCumulativeCount()
	}
	return m
}

// While a run goes on its calls run, and are planned.
func TestMetricsOfARunThatGoesOn(t *testing.T) {
	leak.Check(t)
	rec := record.New()
	c := dallyprom.New(rec)
	s := &lazy.Session{Observer: rec, Parallelism: 1}
	looks := lazy.Pure0(func() int {
		all := scrape(t, c)
		require.Equal(t, 1.0, all["dally_runs_active{}"].GetGauge().GetValue())
		require.Equal(t, 1.0, all["dally_calls_running{Looks}"].GetGauge().GetValue())
		require.Equal(t, 2.0, all["dally_calls_planned_total{}"].GetCounter().GetValue())
		return 1
	}, lazy.Name("Looks"))
	lazy.Must(lazy.Pure1(func(x int) int { return x }, lazy.Name("User"))(looks()).Get(t.Context(), lazy.In(s)))
	require.Equal(t, 0.0, scrape(t, c)["dally_calls_running{Looks}"].GetGauge().GetValue())
}

// Names that become the same are one series, and a scrape is never refused.
func TestHostileNames(t *testing.T) {
	leak.Check(t)
	rec := record.New()
	long := strings.Repeat("é", 200)
	for _, name := range []string{"a\xff", "a\uFFFD", "a\xfe", long + "1", long + "2", "", "x\"}\n# HELP", "\x1b[31m", "le", "other"} {
		lazy.Must(lazy.Pure0(func() int { return 1 }, lazy.Name(name))().Get(t.Context(), lazy.Observe(rec)))
	}
	all := scrape(t, dallyprom.New(rec))
	require.Equal(t, 3.0, all["dally_calls_total{a\uFFFD,done}"].GetCounter().GetValue())
	require.Equal(t, uint64(3), all["dally_call_duration_seconds{a\uFFFD}"].GetHistogram().GetSampleCount())
	require.Equal(t, 2.0, all["dally_calls_total{"+strings.Repeat("é", 99)+"…,done}"].GetCounter().GetValue())
	for _, m := range all {
		for _, l := range m.Label {
			require.True(t, utf8.ValidString(l.GetValue()))
			require.LessOrEqual(t, utf8.RuneCountInString(l.GetValue()), 100)
		}
	}
}

// A function that has a series keeps it when more come, and nothing is lost.
func TestMaxFunctions(t *testing.T) {
	leak.Check(t)
	rec := record.New(record.Spans(0))
	c := dallyprom.New(rec, dallyprom.MaxFunctions(3))
	run := func(names ...string) {
		for _, name := range names {
			lazy.Must(lazy.Pure0(func() int { return 1 }, lazy.Name(name))().Get(t.Context(), lazy.Observe(rec)))
		}
	}
	run("m", "n")
	require.Contains(t, scrape(t, c), "dally_calls_total{m,done}")
	run("a", "b", "other", "m")
	for range 2 {
		all := scrape(t, c)
		require.Equal(t, 2.0, all["dally_calls_total{m,done}"].GetCounter().GetValue())
		require.Equal(t, 1.0, all["dally_calls_total{n,done}"].GetCounter().GetValue())
		require.Equal(t, 1.0, all["dally_calls_total{a,done}"].GetCounter().GetValue())
		require.Equal(t, 2.0, all["dally_calls_total{other,done}"].GetCounter().GetValue())
		require.NotContains(t, all, "dally_calls_total{b,done}")
	}
	require.PanicsWithValue(t, "dallyprom: New: option 1 of 1 is nil: leave it out", func() { dallyprom.New(record.New(), nil) })
	require.PanicsWithValue(t, "dallyprom: MaxFunctions: n is 0; want 1 or more", func() { dallyprom.MaxFunctions(0) })
}

func TestNewWithoutRecorder(t *testing.T) {
	require.PanicsWithValue(t, "dallyprom: New: the Recorder is nil; want the one that observes, made by record.New",
		func() { dallyprom.New(nil) })
}

// Random calls are counted as a naive count has it, and the buckets hold for every call.
func TestAgainstNaiveCounts(t *testing.T) {
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		rec := record.New(record.Spans(1 + rnd.IntN(50)))
		at := rec.Start()
		states := []graph.State{graph.Done, graph.Failed, graph.Pending, graph.Cached, graph.Skipped}
		names := []string{"done", "failed", "cancelled", "cached", "skipped"}
		ended, took := map[string]float64{}, map[string][]time.Duration{}
		for id := range 300 {
			k, function := rnd.IntN(len(states)), fmt.Sprint("f", rnd.IntN(3))
			d := time.Duration(rnd.Float64() * float64(uint64(1)<<rnd.IntN(45)))
			i := lazy.CallInfo{Run: 1, ID: graph.ID(id), Name: function, Worker: rnd.IntN(4) - 1, State: states[k], Start: at, End: at.Add(d)}
			rec.CallDone(i)
			ended["dally_calls_total{"+function+","+names[k]+"}"]++
			if k < 3 {
				took[function] = append(took[function], d)
			}
		}
		all := scrape(t, dallyprom.New(rec))
		for series, n := range ended {
			require.Equal(t, n, all[series].GetCounter().GetValue(), series)
		}
		for function, times := range took {
			h := all["dally_call_duration_seconds{"+function+"}"].GetHistogram()
			require.Equal(t, uint64(len(times)), h.GetSampleCount())
			for _, b := range h.Bucket {
				below, total := uint64(0), time.Duration(0)
				for _, d := range times {
					total += d
					if d.Seconds() < b.GetUpperBound() {
						below++
					}
				}
				require.Equal(t, below, b.GetCumulativeCount(), "seed %d le %v", seed, b.GetUpperBound())
				require.InEpsilon(t, total.Seconds(), h.GetSampleSum(), 1e-9)
			}
		}
	}
}

// Scrapes while calls run see whole calls, and counters that never fall.
func TestScrapesAtOnce(t *testing.T) {
	leak.Check(t)
	rec := record.New(record.Spans(16))
	c := dallyprom.New(rec)
	s := &lazy.Session{Observer: rec, Parallelism: 4}
	f := lazy.Pure1(func(x int) int { return x }, lazy.Name("F"))
	const gets, width = 30, 200
	stop := make(chan struct{})
	var scrapers, getters sync.WaitGroup
	for range 2 {
		scrapers.Go(func() {
			before := map[string]float64{}
			for done := false; !done; {
				select {
				case <-stop:
					done = true // once more
				default:
				}
				all := scrape(t, c)
				for series, m := range all {
					if m.Counter != nil && m.Counter.GetValue() < before[series] {
						t.Errorf("%s fell from %v to %v", series, before[series], m.Counter.GetValue())
					}
					before[series] = m.GetCounter().GetValue()
				}
				if n := all["dally_call_duration_seconds{F}"].GetHistogram().GetSampleCount(); float64(n) != before["dally_calls_total{F,done}"] {
					t.Errorf("%d calls have times, %v are done", n, before["dally_calls_total{F,done}"])
				}
			}
		})
	}
	for range 3 {
		getters.Go(func() {
			for range gets {
				if _, err := lazy.GetAll(context.Background(), f.Each(make([]int, width)), lazy.In(s)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	getters.Wait()
	close(stop)
	scrapers.Wait()
	all := scrape(t, c)
	require.Equal(t, 3.0*gets*width, all["dally_calls_total{F,done}"].GetCounter().GetValue())
	require.Equal(t, 3.0*gets*width, all["dally_calls_planned_total{}"].GetCounter().GetValue())
	require.Equal(t, 3.0*gets, all["dally_runs_total{done}"].GetCounter().GetValue())
	require.Equal(t, float64(rec.Record().Dropped), all["dally_spans_dropped_total{}"].GetCounter().GetValue())
}

func BenchmarkScrape(b *testing.B) {
	rec := record.New()
	const functions = 1000
	at := rec.Start()
	for i := range functions {
		rec.CallDone(lazy.CallInfo{Run: 1, ID: graph.ID(i), Name: fmt.Sprint("f", i), State: graph.Done, Start: at, End: at.Add(ms)})
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(dallyprom.New(rec))
	for b.Loop() {
		if _, err := reg.Gather(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*functions), "ns/function")
}
