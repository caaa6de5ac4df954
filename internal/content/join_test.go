package content

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// joined keys a slice from the contents of its elements.
func joined[T any](t testing.TB, s []T, own ...Own) string {
	t.Helper()
	rules := NewRules(own...)
	one, all := &Keyer[T]{rules.Of(reflect.TypeFor[T]())}, rules.Of(reflect.TypeFor[[]T]())
	n := len(s)
	if s == nil {
		n = -1
	}
	out, err := all.AppendJoined([]byte("x"), n, func(dst []byte, i int) ([]byte, error) {
		dst, _, err := one.Append(dst, &s[i])
		return dst, err
	})
	require.NoError(t, err)
	return string(out[2:])
}

func TestJoin(t *testing.T) {
	long := strings.Repeat("long", 30)
	names := []string{"", "a", long, long + long}
	require.Equal(t, of(t, names), joined(t, names))
	require.Equal(t, of(t, []string(nil)), joined(t, []string(nil)))
	require.Equal(t, of(t, []string{}), joined(t, []string{}))
	require.Equal(t, of(t, names[:1]), joined(t, names[:1]))
	many := make([]string, 300)
	require.Equal(t, of(t, many), joined(t, many))

	nested := [][][]string{nil, {}, {{"a"}, nil, names}, {names, names}}
	require.Equal(t, of(t, nested), joined(t, nested))
	require.Equal(t, of(t, nested[2]), joined(t, nested[2]))
	mixed := []zooMixed{{Name: long, Any: []string{"a"}}, {Tags: names}}
	require.Equal(t, of(t, mixed), joined(t, mixed))
	lists := []zooList{nil, {}, {nil, {}}}
	require.Equal(t, of(t, lists), joined(t, lists))
	anys := []any{nil, 1, long, names, nested}
	require.Equal(t, of(t, anys), joined(t, anys))
	keyed := []byValue{{1, nil}, {2, hook}}
	require.Equal(t, of(t, keyed), joined(t, keyed))
	rule := By(func(v byValue) ([]byte, error) { return []byte(long), nil })
	require.Equal(t, of(t, keyed, rule), joined(t, keyed, rule))
	require.Equal(t, ofAny(t, makeRules(false), mixed), joined(t, mixed))
}

func TestJoins(t *testing.T) {
	joins := []any{
		[]string{},
		[]zooMixed{},
		zooList{},
		[][]int{},
		[][0]any{}[:0:0],
		[]any{},
		[]*int{},
		[]byValue{},
		[]map[int]int{},
		[][1]string{},
	}
	for _, v := range joins {
		_, zeroLen := v.([][0]any) // holds nothing, which is a number of bytes
		require.Equal(t, !zeroLen, noRules.Of(reflect.TypeOf(v)).Joins(), "%T", v)
		require.Equal(t, !zeroLen, makeRules(false).Of(reflect.TypeOf(v)).Joins(), "%T", v)
	}
	for _, v := range []any{
		1, "",
		bySlice{},
		[]int{},
		[]byte{},
		[]zooGaps{},
		[]zooPlain{},
		[][2]complex64{},
		[]struct{}{},
		[2]string{},
		[]func(){},
		map[int]string{},
	} {
		require.False(t, noRules.Of(reflect.TypeOf(v)).Joins(), "%T", v)
		require.False(t, makeRules(false).Of(reflect.TypeOf(v)).Joins(), "%T", v)
	}
}

func TestJoinMisuse(t *testing.T) {
	names := noRules.Of(reflect.TypeFor[[]string]())
	cause := errors.New("cause")
	out, err := names.AppendJoined([]byte("x"), 2, func([]byte, int) ([]byte, error) { return nil, cause })
	require.Equal(t, cause, err)
	require.Equal(t, "x", string(out))
	for _, c := range []string{"", "\x00", "\x01", "\x01aa", "\x30" + strings.Repeat("a", 0x30)} {
		require.Panics(t, func() {
			_, _ = names.AppendJoined(nil, 1, func(dst []byte, _ int) ([]byte, error) { return append(dst, c...), nil })
		})
	}
	require.Panics(t, func() { _, _ = noRules.Of(reflect.TypeFor[[]int]()).AppendJoined(nil, 0, nil) })
	want := of(t, []string{"a"})
	require.Equal(t, want, joined(t, []string{"a"}), "after panics")
}

// Many goroutines compile and walk types that lead to each other, in different orders.
func TestManyGoroutines(t *testing.T) {
	animals := zoo()
	want := make([]string, len(animals))
	for i, s := range animals {
		want[i] = ofAny(t, noRules, s.value)
	}
	for range 10 {
		r := makeRules(littleEndian)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for _, i := range rand.Perm(len(animals)) {
					if got := ofAny(t, r, animals[i].value); got != want[i] {
						t.Error(animals[i].name)
					}
				}
			})
		}
		wg.Wait()
	}
}
