package content

import (
	"net/netip"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestFixed(t *testing.T) {
	type fixedStruct struct {
		A int
		S string
		T time.Time
		D time.Duration
		R [3]struct{ c complex64 }
		N netip.AddrPort
		Z [0][]int
		Y reflect.Type
	}
	for _, v := range []any{1, "s", true, fixedStruct{}, [2]fixedStruct{}, zooGaps{}, zooKeyed{}, time.Now(), struct{}{}} {
		require.True(t, noRules.Of(reflect.TypeOf(v)).Fixed(), "%T", v)
	}
	for _, v := range []any{
		[]int{},
		ptr(1),
		map[int]int{},
		[1][]int{},
		struct{ e error }{},
		zooMixed{},
		byValue{},
		hook,
		[1]any{},
		make(chan int), unsafe.Pointer(nil),
	} {
		require.False(t, noRules.Of(reflect.TypeOf(v)).Fixed(), "%T", v)
	}
	require.False(t, For[any]().Fixed())
}

func TestKeyer(t *testing.T) {
	k := For[zooMixed]()
	require.Equal(t, reflect.TypeFor[zooMixed](), k.Type())
	require.NoError(t, k.Err())
	require.Same(t, k.Walker, For[zooMixed]().Walker)
}

// changed are types that all differ, though some have the same name.
func changed() []reflect.Type {
	var types []reflect.Type
	add := func(v any) { types = append(types, reflect.TypeOf(v)) }
	{
		type T struct{ A int }
		add(T{})
		add(struct{ t T }{})
		add([]T{})
		add([2]T{})
		add(map[string]T{})
		add(func(T) {})
		add(func() T { return T{} })
		add(func(...T) {})
		add(func([]T) {})
		add(make(chan T))
		add(make(<-chan T))
		add(struct{ T T }{})
		add(struct{ T }{})
	}
	{
		type T struct{ B int }
		add(T{})
		add(struct{ t T }{})
		add([]T{})
	}
	{
		type T struct {
			A int `tag:"x"`
		}
		add(T{})
		add(&T{})
	}
	{
		type T struct{ A int64 }
		add(T{})
	}
	{
		type T struct{ A, B int }
		add(T{})
	}
	{
		type T struct {
			A int
			_ int
		}
		add(T{})
	}
	{
		type T struct{ Next *T }
		add(T{})
	}
	{
		type T struct{ Next **T }
		add(T{})
	}
	{
		type T struct{ E interface{ Foo() } }
		add(T{})
	}
	{
		type T struct{ E interface{ Foo() int } }
		add(T{})
	}
	add(struct{ A int }{})
	add(1)
	add(time.Time{})
	add(zooInt(1))
	add(zooString(""))
	return types
}

func TestFingerprint(t *testing.T) {
	seen := make(map[[32]byte]reflect.Type)
	for _, typ := range changed() {
		print := noRules.Of(typ).Fingerprint()
		require.NotContains(t, seen, print, "%v", typ)
		seen[print] = typ
	}
	for _, typ := range changed() {
		require.Equal(t, typ, seen[fingerprint(typ)])
		fingerprints.Delete(typ)
		require.Equal(t, typ, seen[fingerprint(typ)], "computed again")
	}
}
