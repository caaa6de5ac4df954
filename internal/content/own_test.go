package content

import (
	"errors"
	"math/big"
	"net/netip"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

type (
	byValue struct {
		id   int
		hook func()
	}
	byPointer struct {
		id   int
		hook func()
	}
	bySlice    []func()
	byFunc     func()
	sameKey    struct{ id int }
	panicking  struct{ why any }
	inheriting struct {
		byValue
		X int
	}
	inheritingDeep struct {
		*inheriting
		Y int
	}
	overriding struct {
		byValue
		X int
	}
	overridingByPointer[T any] struct {
		*byPointer
		X T
	}
	inheritingInterface struct {
		cacheKeyer
		X int
	}
)

func (v byValue) CacheKey() []byte                 { return []byte{byte(v.id)} }
func (v *byPointer) CacheKey() []byte              { return []byte{byte(v.id)} }
func (v bySlice) CacheKey() []byte                 { return []byte{byte(len(v))} }
func (v byFunc) CacheKey() []byte                  { return nil }
func (v sameKey) CacheKey() []byte                 { return []byte{byte(v.id)} }
func (v panicking) CacheKey() []byte               { panic(v.why) }
func (v overriding) CacheKey() []byte              { return append([]byte("own"), byte(v.X)) }
func (v *overridingByPointer[T]) CacheKey() []byte { return append([]byte("own"), byte(v.id)) }

func hook() {}

func TestCacheKey(t *testing.T) {
	require.Equal(t, of(t, byValue{1, nil}), of(t, byValue{1, hook}))
	require.NotEqual(t, of(t, byValue{1, hook}), of(t, byValue{2, hook}))
	require.NotEqual(t, of(t, byValue{id: 1}), of(t, sameKey{id: 1}), "the type counts")
	require.Equal(t, of(t, byPointer{1, nil}), of(t, byPointer{1, hook}))
	require.NotEqual(t, of(t, byPointer{id: 1}), of(t, byPointer{id: 2}))
	require.Equal(t, of(t, &byValue{1, nil}), of(t, &byValue{1, hook}))
	require.NotEqual(t, of(t, (*byValue)(nil)), of(t, &byValue{}))
	require.Equal(t, of(t, &byPointer{1, nil}), of(t, &byPointer{1, hook}))
	require.NotEqual(t, of(t, bySlice{nil}), of(t, bySlice{nil, nil}))
	require.NotEqual(t, of(t, byFunc(nil)), of(t, byFunc(hook)))

	type fields struct {
		v  byValue
		p  byPointer
		pv *byValue
		pp **byPointer
		i  cacheKeyer
		e  any
		s  []byPointer
		m  map[byte]byValue
	}
	make := func(id int, hook func()) fields {
		p := &byPointer{id, hook}
		return fields{
			byValue{id, hook},
			*p, &byValue{id, hook}, &p, p,
			byValue{id, hook},
			[]byPointer{*p},
			map[byte]byValue{1: {id, hook}},
		}
	}
	require.Equal(t, of(t, make(1, nil)), of(t, make(1, hook)))
	require.NotEqual(t, of(t, make(1, nil)), of(t, make(2, nil)))
	of(t, fields{})
}

func TestCacheKeyPanics(t *testing.T) {
	cause := errors.New("the cause")
	u := refusedAs(t, struct{ A []panicking }{[]panicking{{cause}}})
	require.Equal(t, ".A[0]", u.Path)
	require.ErrorIs(t, u, cause)
	require.Contains(t, refusedAs(t, panicking{"text"}).Why, "panicked: text")
	var p *panicking
	of(t, p)
}

// A method that comes from an embedded field leaves out the others, so it is not the key of the whole.
func TestCacheKeyInherited(t *testing.T) {
	require.NotEqual(t, of(t, inheriting{X: 1}), of(t, inheriting{X: 2}))
	require.Equal(t, of(t, inheriting{byValue{1, nil}, 1}), of(t, inheriting{byValue{1, hook}, 1}))
	require.NotEqual(t, of(t, inheriting{byValue{1, nil}, 1}), of(t, inheriting{byValue{2, hook}, 1}))
	require.NotEqual(t, of(t, inheritingDeep{Y: 1}), of(t, inheritingDeep{Y: 2}))
	require.NotEqual(t, of(t, inheritingDeep{&inheriting{X: 1}, 2}), of(t, inheritingDeep{&inheriting{X: 2}, 2}))
	require.NotEqual(t, of(t, inheritingInterface{byValue{}, 1}), of(t, inheritingInterface{byValue{}, 2}))
	require.NotEqual(t, of(t, struct {
		byValue
		X int
	}{X: 1}), of(t, struct {
		byValue
		X int
	}{X: 2}))

	require.Equal(t, of(t, overriding{byValue{1, hook}, 1}), of(t, overriding{byValue{2, nil}, 1}))
	require.NotEqual(t, of(t, overriding{X: 1}), of(t, overriding{X: 2}))
	p := &byPointer{1, hook}
	require.Equal(t, of(t, overridingByPointer[int]{p, 1}), of(t, overridingByPointer[int]{p, 2}))
	require.NotEqual(t, of(t, overridingByPointer[int]{p, 1}), of(t, overridingByPointer[int]{&byPointer{2, nil}, 1}))
}

func TestDeclaredBy(t *testing.T) {
	const pkg = "github.com/dally-go/dally/internal/content."
	value, pointer := reflect.TypeFor[overriding](), reflect.TypeFor[overridingByPointer[map[string]int]]()
	require.True(t, declaredBy(pkg+"overriding.CacheKey", value))
	require.True(t, declaredBy(pkg+"(*overridingByPointer[...]).CacheKey", pointer))
	require.False(t, declaredBy(pkg+"byValue.CacheKey", value))
	require.False(t, declaredBy("example.com/content.overriding.CacheKey", value))
	require.False(t, declaredBy(pkg+"helper", value))
}

func TestBy(t *testing.T) {
	hooks := By(func(func()) ([]byte, error) { return []byte("hook"), nil })
	require.NotEqual(t, of(t, options{"a", nil}, hooks), of(t, options{"a", hook}, hooks))
	require.Equal(t, of(t, options{"a", hook}, hooks), of(t, options{"a", otherHook}, hooks))
	require.Error(t, For[options]().Err())

	ints := By((*big.Int).GobEncode)
	a, b := new(big.Int).SetBits(make([]big.Word, 1, 9)), big.NewInt(0)
	for _, rule := range [][]Own{{ints}, {}} {
		require.Equal(t, of(t, big.NewInt(5), rule...), of(t, big.NewInt(5), rule...))
		require.NotEqual(t, of(t, big.NewInt(5), rule...), of(t, big.NewInt(-5), rule...))
		require.NotEqual(t, of(t, (*big.Int)(nil), rule...), of(t, big.NewInt(0), rule...))
		of(t, struct{ N big.Int }{*a}, rule...)
	}
	require.Equal(t, of(t, *a, ints), of(t, *b, ints))

	addrs := By(netip.Addr.MarshalBinary)
	one, two := netip.MustParseAddr("fe80::1%eth0"), netip.MustParseAddr("fe80::1%eth1")
	for _, rule := range [][]Own{{addrs}, {}} {
		require.NotEqual(t, of(t, []netip.Addr{one}, rule...), of(t, []netip.Addr{two}, rule...))
		require.NotEqual(t, of(t, []any{one}, rule...), of(t, []any{two}, rule...))
		require.NotEqual(t, of(t, &one, rule...), of(t, &two, rule...))
	}
	require.NotEqual(t, of(t, one), of(t, one, addrs))

	errs := By(func(err error) ([]byte, error) { return []byte(err.Error()), nil })
	e1, e2 := struct{ Err error }{errors.New("a")}, struct{ Err error }{ownText("a")}
	require.Equal(t, of(t, e1, errs), of(t, e2, errs))
	require.NotEqual(t, of(t, e1), of(t, e2))
	of(t, struct{ Err error }{}, errs)

	last := By(func(byValue) ([]byte, error) { return nil, nil })
	require.Equal(t, of(t, byValue{id: 1}, By(byValue.key), last), of(t, byValue{id: 2}, By(byValue.key), last))
}

func (v byValue) key() ([]byte, error) { return []byte{byte(v.id)}, nil }

func otherHook() {}

type ownText string

func (e ownText) Error() string { return string(e) }
