package content

import (
	"context"
	"errors"
	"net"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"
	"weak"

	"github.com/stretchr/testify/require"
)

type options struct {
	Name string
	Hook func()
}

type recursiveRefused struct {
	Next *recursiveRefused
	More map[string][]recursiveRefused
	Last chan int
}

type ownContext struct{ context.Context }

func TestRefusedByType(t *testing.T) {
	tests := []struct {
		value any
		path  string
		typ   reflect.Type // of the part; nil: of the value
	}{
		{func() {}, "", nil},
		{make(chan int), "", nil},
		{uintptr(1), "", nil},
		{unsafe.Pointer(nil), "", nil},
		{options{}, ".Hook", reflect.TypeFor[func()]()},
		{struct{ Opts options }{}, ".Opts.Hook", reflect.TypeFor[func()]()},
		{struct{ opts *options }{}, ".opts.Hook", reflect.TypeFor[func()]()},
		{[]options{}, "[].Hook", reflect.TypeFor[func()]()},
		{[2]*options{}, "[].Hook", reflect.TypeFor[func()]()},
		{map[string]options{}, "[].Hook", reflect.TypeFor[func()]()},
		{map[chan int]options{}, "[key]", reflect.TypeFor[chan int]()},
		{recursiveRefused{}, ".Last", reflect.TypeFor[chan int]()},
		{struct{ mu sync.Mutex }{}, ".mu", reflect.TypeFor[sync.Mutex]()},
		{&sync.Once{}, "", reflect.TypeFor[sync.Once]()},
		{struct{ n atomic.Int64 }{}, ".n", reflect.TypeFor[atomic.Int64]()},
		{struct{ p atomic.Pointer[int] }{}, ".p", reflect.TypeFor[atomic.Pointer[int]]()},
		{struct{ ctx context.Context }{}, ".ctx", reflect.TypeFor[context.Context]()},
		{ownContext{}, "", nil},
		{os.Stdout, "", reflect.TypeFor[os.File]()},
		{struct{ conn *net.TCPConn }{}, ".conn", reflect.TypeFor[net.TCPConn]()},
		{time.UTC, "", reflect.TypeFor[time.Location]()},
		{time.Timer{}, ".C", reflect.TypeFor[<-chan time.Time]()},
		{reflect.Value{}, "", nil},
		{weak.Pointer[int]{}, ".u", reflect.TypeFor[unsafe.Pointer]()},
	}
	for _, tt := range tests {
		typ := reflect.TypeOf(tt.value)
		t.Run(typ.String(), func(t *testing.T) {
			w := noRules.Of(typ)
			require.Same(t, w, noRules.Of(typ))
			var u *UnkeyableError
			require.ErrorAs(t, w.Err(), &u)
			if tt.typ == nil {
				tt.typ = typ
			}
			require.Equal(t, tt.path, u.Path)
			require.Equal(t, tt.typ, u.Type)
			require.NotEmpty(t, u.Why)

			u = refusedAs(t, []any{0, map[string]any{"k": tt.value}})
			require.Equal(t, `[1]["k"]`+tt.path, u.Path)
			require.Equal(t, tt.typ, u.Type)
			require.Equal(t, tt.path, w.err.Path, "the error of the type is its own")
		})
	}
}

func TestAppendOfRefusedType(t *testing.T) {
	require.Equal(t, ".Hook", refusedAs(t, options{}).Path)
	require.ErrorContains(t, For[options]().Err(), "content: .Hook of type func() cannot be part of a key: funcs")
	require.ErrorContains(t, For[func()]().Err(), "content: a value of type func() cannot")
	require.False(t, For[[]options]().Joins())
}

func TestNotRefused(t *testing.T) {
	of(t, struct {
		_ [0]func()
		a [0]chan int
		_ sync.Mutex
		b any
		c error
		n net.IPNet
	}{})
	of(t, net.TCPAddr{IP: net.IPv4zero})
	require.NotEqual(t, of(t, struct {
		a [0]func()
		b int
	}{}), of(t, struct {
		a [0]int
		b int
	}{}))
}

func TestRefusedPaths(t *testing.T) {
	hook := func() {}
	tests := []struct {
		value any
		path  string
	}{
		{[]any{1, 2, hook}, "[2]"},
		{[][]any{{}, {1, hook}}, "[1][1]"},
		{[2]any{1, hook}, "[1]"},
		{struct{ a []error }{[]error{nil, ownError{hook}}}, ".a[1].hook"},
		{map[int]any{-5: hook}, "[-5]"},
		{map[bool]any{true: hook}, "[true]"},
		{map[uint8]any{200: hook}, "[200]"},
		{map[string]*struct{ X any }{`a"b`: {hook}}, `["a\"b"].X`},
		{map[any]int{ptrKey{make(chan int)}: 1}, "[key].c"},
		{map[[1]int]any{{1}: hook}, "[]"},
		{map[loud]any{1: hook}, "[1]"},
		{ptr(ptr(any(hook))), ""},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			u := refusedAs(t, tt.value)
			require.Equal(t, tt.path, u.Path)
			require.ErrorContains(t, u, " cannot be part of a key: ")
			require.ErrorContains(t, u, tt.path)
			require.ErrorContains(t, u, u.Type.String())
		})
	}
}

type loud int

func (loud) String() string { panic("nobody asks") }

type ptrKey struct{ c any }

type ownError struct{ hook any }

func (ownError) Error() string { return "" }

type link struct {
	n    int
	next *link
}

func chain(n int) *link {
	var l *link
	for i := range n {
		l = &link{i, l}
	}
	return l
}

func TestCycles(t *testing.T) {
	ring := chain(100)
	last := ring
	for last.next != nil {
		last = last.next
	}
	last.next = ring
	slice := make(zooList, 2)
	slice[1] = slice
	part := make(zooList, 3)
	part[2] = part[1:]
	tree := zooTree{}
	tree["a"] = zooTree{"b": tree}
	anys := make([]any, 1)
	anys[0] = &anys
	type self *self
	var me self
	me = &me
	for _, v := range []any{ring, slice, part, tree, anys, me, map[string]any{"x": tree}} {
		u := refusedAs(t, v)
		require.Equal(t, "it contains itself", u.Why)
		require.NotEmpty(t, u.Type)
	}
	require.Less(t, len(refusedAs(t, ring).Path), 2*pathMax)
	require.Truef(t, strings.HasPrefix(refusedAs(t, slice).Path, "[1][1][1]"), "%s", refusedAs(t, slice).Path)
}

func TestDeep(t *testing.T) {
	for _, n := range []int{freeDepth - 1, freeDepth, freeDepth + 1, 1000} {
		require.Equal(t, of(t, chain(n)), of(t, chain(n)))
		require.NotEqual(t, of(t, chain(n)), of(t, chain(n-1)))
	}
	of(t, chain(depthMax))
	require.Contains(t, refusedAs(t, chain(depthMax+1)).Why, "too deep")

	// A value met many times, far below, is no cycle.
	shared := &link{n: 1}
	row := []*link{shared, shared, shared}
	var deep any = []any{row, row}
	for range 2 * freeDepth {
		deep = []any{deep}
	}
	of(t, []any{deep, deep})
	var list any
	for range depthMax + 1 {
		list = struct{ tail any }{list}
	}
	require.Contains(t, refusedAs(t, list).Why, "too deep")
}

func TestDeepMaps(t *testing.T) {
	tree := zooTree{}
	for range 1000 {
		tree = zooTree{"a": tree}
	}
	require.Equal(t, of(t, tree), of(t, tree))
}

// After a walk that failed, encoders are as new.
func TestAfterRefusal(t *testing.T) {
	want := of(t, []any{"a", 1})
	for range 100 {
		refusedAs(t, []any{map[string]any{"a": strings.Repeat("a", 2*bufLen), "b": func() {}}})
		require.Equal(t, want, of(t, []any{"a", 1}))
	}
}

func TestErrorsOfOthers(t *testing.T) {
	cause := errors.New("no")
	u := refusedAs(t, []any{1, inner{}}, By(func(inner) ([]byte, error) { return nil, cause }))
	require.ErrorIs(t, u, cause)
	require.Equal(t, "[1]", u.Path)
}
