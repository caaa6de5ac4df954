package lazy_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

type factor struct{ k int }

func (f *factor) Scale(x int) int { return f.k * x }

func add[T int | float64](x T) T { return x + 1 }

var topLevelRuns atomic.Int32

func topLevel(x int) int { topLevelRuns.Add(1); return x + 100 }

// Two wraps of what only looks like one function to the runtime.
func TestFunctionsAreToldApart(t *testing.T) {
	s, _ := remembering(cache.NewMemory(1 << 20))
	three := &factor{3}
	made := func(k int) func(int) int {
		return reflect.MakeFunc(reflect.TypeFor[func(int) int](), func(in []reflect.Value) []reflect.Value {
			return []reflect.Value{reflect.ValueOf(k * int(in[0].Int()))}
		}).Interface().(func(int) int)
	}
	for name, fns := range map[string][2]func(int) int{
		"closures":        {times(2), times(3)},
		"method values":   {multiplier{2}.Mul, multiplier{3}.Mul},
		"pointer methods": {(&factor{2}).Scale, three.Scale},
		"made":            {made(2), made(3)},
	} {
		two, three := lazy.Pure1(fns[0], lazy.Memo()), lazy.Pure1(fns[1], lazy.Memo())
		require.Equal(t, 10, get(t, s, two.Of(5)), name)
		require.Equal(t, 15, get(t, s, three.Of(5)), name)
		require.Equal(t, 10, get(t, s, two.Of(5)), name)
	}
	require.Equal(t, 6, get(t, s, lazy.Pure1(add[int], lazy.Memo()).Of(5)))
	require.InDelta(t, 6.5, get(t, s, lazy.Pure1(add[float64], lazy.Memo()).Of(5.5)), 0)
}

func TestAFunctionAtPackageLevelIsItselfWhereverItIsWrapped(t *testing.T) {
	s, _ := remembering(cache.NewMemory(1 << 20))
	before := topLevelRuns.Load()
	for range 3 {
		require.Equal(t, 101, get(t, s, lazy.Pure1(topLevel, lazy.Memo()).Of(1)))
	}
	require.Equal(t, before+1, topLevelRuns.Load())
}

func TestOneNameTwicePanics(t *testing.T) {
	name := unique(t, "f")
	wrap := func(version string) {
		lazy.Pure1(func(x int) int { return x }, lazy.Name(name), lazy.Version(version), lazy.Memo())
	}
	wrap("")
	wrap("1")
	wrap("2")
	for _, version := range []string{"", "1"} {
		message := func() (message string) {
			defer func() { message = fmt.Sprint(recover()) }()
			wrap(version)
			return ""
		}()
		require.Contains(t, message, name)
		require.Equal(t, 2, strings.Count(message, "memo_identity_test.go:"), "both places: "+message)
	}
	lazy.Pure1(func(x int) int { return x }, lazy.Name(name)) // not Memo: nothing to mix up
}

// What can be told from others only in this process stays in it.
func TestWhatHasNoNameStaysInTheProcess(t *testing.T) {
	dir := t.TempDir()
	store, err := cache.OpenDir(dir)
	require.NoError(t, err)
	var runs atomic.Int32
	f := lazy.Pure1(func(x int) int { runs.Add(1); return x }, lazy.Memo())

	s, w := remembering(store)
	d := f.Of(1)
	get(t, s, d)
	get(t, s, f.Of(1))
	require.EqualValues(t, 2, runs.Load())
	require.Len(t, w.all(), 1)
	require.Contains(t, w.all()[0], "memo_identity_test.go:")
	require.Contains(t, w.all()[0], "give it a Name")
	require.Contains(t, lazy.Explain(d).String(), "give it a Name")
	require.Empty(t, records(t, dir))

	s, w = remembering(cache.Tiered(cache.NewMemory(1<<20), store))
	get(t, s, f.Of(1))
	get(t, s, f.Of(1))
	require.EqualValues(t, 3, runs.Load(), "in memory it is kept")
	require.Len(t, w.all(), 1)
	require.Empty(t, records(t, dir))
}

func TestWhatCannotBeEncodedStaysInTheProcess(t *testing.T) {
	type hidden struct{ secret int }
	dir := t.TempDir()
	store, err := cache.OpenDir(dir)
	require.NoError(t, err)
	s, w := remembering(cache.Tiered(cache.NewMemory(1<<20), store))
	var runs atomic.Int32
	f := lazy.Pure1(func(x int) hidden { runs.Add(1); return hidden{x} }, kept(t, "f")...)
	for range 3 {
		require.Equal(t, hidden{1}, get(t, s, f.Of(1)))
	}
	require.EqualValues(t, 1, runs.Load())
	require.Len(t, w.all(), 1)
	require.Contains(t, w.all()[0], "secret")
	require.Empty(t, records(t, dir))
}

// records are the files of results below dir.
func records(t *testing.T, dir string) (files []string) {
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.Contains(path, string(filepath.Separator)+"ac"+string(filepath.Separator)) {
			files = append(files, path)
		}
		return err
	})
	require.NoError(t, err)
	return files
}

type weather struct {
	Place string
	Days  []float64
}

// TestMemoChild is run by TestAnotherProcessFindsTheResults in processes of its own.
func TestMemoChild(t *testing.T) {
	dir, version, _ := strings.Cut(os.Getenv("DALLY_TEST_MEMO"), "|")
	if dir == "" {
		t.Skip("for other tests")
	}
	store, err := cache.OpenDir(dir)
	require.NoError(t, err)
	s := &lazy.Session{Cache: store}
	var runs atomic.Int32
	forecast := lazy.Pure2(func(place string, days map[string]int) weather {
		runs.Add(1)
		return weather{place, make([]float64, len(days))}
	}, lazy.Name("forecast"), lazy.Memo(), lazy.Version(version))
	sum := lazy.Pure1(func(w weather) int { runs.Add(1); return len(w.Days) }, lazy.Name("sum"), lazy.Memo())
	d := sum(forecast.Of("here", map[string]int{"a": 1, "b": 2, "c": 3}))
	require.Equal(t, 3, get(t, s, d))
	fmt.Printf("runs=%d state=%v\n", runs.Load(), d.State())
}

func TestAnotherProcessFindsTheResults(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	dir := t.TempDir()
	child := func(version string) string {
		cmd := exec.Command(os.Args[0], "-test.run=^TestMemoChild$", "-test.v")
		cmd.Env = append(os.Environ(), "DALLY_TEST_MEMO="+dir+"|"+version)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, "runs=") {
				return strings.TrimSpace(line)
			}
		}
		return string(out)
	}
	require.Equal(t, "runs=2 state=done", child("1"))
	require.Equal(t, "runs=0 state=cached", child("1"))
	require.Equal(t, "runs=1 state=cached", child("2"), "another version runs; what it comes to is the same, and known to sum")
	require.Equal(t, "runs=0 state=cached", child("2"))
	require.Len(t, records(t, dir), 3)
	require.NoError(t, os.RemoveAll(dir))
	require.Equal(t, "runs=2 state=done", child("1"))
	require.Equal(t, "runs=0 state=cached", child("1"), "the folder was made again")
}

func TestDamagedEntriesAreMendedWithAWarning(t *testing.T) {
	dir := t.TempDir()
	store, err := cache.OpenDir(dir)
	require.NoError(t, err)
	s, w := remembering(store)
	var runs atomic.Int32
	f := lazy.Pure1(func(x int) weather { runs.Add(1); return weather{"x", make([]float64, x)} }, kept(t, "f")...)
	get(t, s, f.Of(3))
	files := records(t, dir)
	require.Len(t, files, 1)
	whole, err := os.ReadFile(files[0])
	require.NoError(t, err)
	whole[len(whole)/2] ^= 1
	require.NoError(t, os.WriteFile(files[0], whole, 0o666))
	require.Len(t, get(t, s, f.Of(3)).Days, 3)
	require.EqualValues(t, 2, runs.Load())
	require.Len(t, w.all(), 1)
	require.Contains(t, w.all()[0], "damaged")
	d := f.Of(3)
	require.Len(t, get(t, s, d).Days, 3)
	require.EqualValues(t, 2, runs.Load())
	require.Equal(t, graph.Cached, d.State())
}

func TestAStoreThatFailsOrPanicsFailsNoGet(t *testing.T) {
	for name, bad := range map[string]*spoiled{
		"fails": {
			get: func(context.Context, cache.Key, cache.Codec) (cache.Entry, error) { return cache.Entry{}, errBoom },
			put: func(context.Context, cache.Entry, cache.Codec) error { return errBoom },
		},
		"panics": {
			get: func(context.Context, cache.Key, cache.Codec) (cache.Entry, error) { panic(errBoom) },
			put: func(context.Context, cache.Entry, cache.Codec) error { panic(errBoom) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, changed := range []bool{false, true} {
				restore := lazy.NeverChanged()
				if changed {
					x := lazy.Source("x", 1)
					x.Set(2)
					get(t, &lazy.Session{}, x)
				}
				s, w := remembering(bad)
				f := lazy.Pure1(func(x int) int { return x }, kept(t, "f")...)
				for range 3 {
					require.Equal(t, 7, get(t, s, f.Of(7)))
				}
				require.Len(t, w.all(), 2, "one for what is got, one for what is put")
				restore()
			}
		})
	}
}
