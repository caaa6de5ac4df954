package lazy

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"unsafe"
)

// Pair is two values that belong together: what a function with two results returns.
type Pair[A, B any] struct {
	First  A
	Second B
}

// MakePair makes a pair.
func MakePair[A, B any](a A, b B) Pair[A, B] { return Pair[A, B]{a, b} }

// Triple is three values that belong together.
type Triple[A, B, C any] struct {
	First  A
	Second B
	Third  C
}

// MakeTriple makes a triple.
func MakeTriple[A, B, C any](a A, b B, c C) Triple[A, B, C] { return Triple[A, B, C]{a, b, c} }

// builtins holds the wraps of this package's own functions, one per function and types, so that calls of theirs share
// slabs like those of any other function.
var builtins sync.Map // of builtinKey → the wrap

type builtinKey struct {
	name string
	typ  reflect.Type
}

// builtin returns the wrap with the given name and type F, made by make when first asked for.
func builtin[F any](name string, make func() F) F {
	key := builtinKey{name, reflect.TypeFor[F]()}
	if f, ok := builtins.Load(key); ok {
		return f.(F)
	}
	f, _ := builtins.LoadOrStore(key, make())
	return f.(F)
}

// Zip joins two handles into one of a pair.
func Zip[A, B any](a Data[A], b Data[B]) Data[Pair[A, B]] {
	return builtin("Zip", func() Func2[A, B, Pair[A, B]] { return Pure2(MakePair[A, B], Name("Zip")) })(a, b)
}

// Zip3 joins three handles into one of a triple.
func Zip3[A, B, C any](a Data[A], b Data[B], c Data[C]) Data[Triple[A, B, C]] {
	return builtin("Zip3", func() Func3[A, B, C, Triple[A, B, C]] {
		return Pure3(MakeTriple[A, B, C], Name("Zip"))
	})(a, b, c)
}

// Split returns handles on the two halves of a pair. The call that makes the pair runs once, whichever half is wanted.
func Split[A, B any](p Data[Pair[A, B]]) (Data[A], Data[B]) {
	first := builtin("First", func() Func1[Pair[A, B], A] {
		return Pure1(func(p Pair[A, B]) A { return p.First }, Name("First"))
	})
	second := builtin("Second", func() Func1[Pair[A, B], B] {
		return Pure1(func(p Pair[A, B]) B { return p.Second }, Name("Second"))
	})
	return first(p), second(p)
}

// Split3 is [Split] for triples.
func Split3[A, B, C any](t Data[Triple[A, B, C]]) (Data[A], Data[B], Data[C]) {
	first := builtin("First", func() Func1[Triple[A, B, C], A] {
		return Pure1(func(t Triple[A, B, C]) A { return t.First }, Name("First"))
	})
	second := builtin("Second", func() Func1[Triple[A, B, C], B] {
		return Pure1(func(t Triple[A, B, C]) B { return t.Second }, Name("Second"))
	})
	third := builtin("Third", func() Func1[Triple[A, B, C], C] {
		return Pure1(func(t Triple[A, B, C]) C { return t.Third }, Name("Third"))
	})
	return first(t), second(t), third(t)
}

// identity is the function that returns its argument, as a call.
func identity[T any]() Func1[T, T] {
	return builtin("Value", func() Func1[T, T] { return Pure1(func(v T) T { return v }, Name("Value")) })
}

// gatherer records calls with any number of inputs of one type.
type gatherer[T, R any] struct {
	f     *function
	slabs slabs[formMany[R]]
}

func (g *gatherer[T, R]) of(ds []Data[T]) Data[R] {
	in := make([]*node, len(ds))
	f := g.f
	for i, d := range ds {
		in[i] = d.n
		if d.n == nil {
			f = nil
		}
	}
	if f == nil || donations.some.Load() && f.refuses(in) {
		f = g.f.withoutInput(in)
	}
	return Data[R]{n: g.record(f, in)}
}

func (g *gatherer[T, R]) record(f *function, in []*node) *node {
	c := g.slabs.take()
	c.in = in
	return f.record(&c.node, unsafe.Offsetof(c.val), manyInputs)
}

// Gather makes one handle on many values, in order. Of none it is an empty slice, not nil. The slice is made anew for
// each call of Gather and belongs to whoever reads it; it must not be changed, for others may read it, too.
func Gather[T any](ds ...Data[T]) Data[[]T] {
	return builtin("Gather", func() *gatherer[T, []T] {
		g := &gatherer[T, []T]{f: &function{name: "Gather", typ: typeOf[[]T]{}, plain: true, elem: reflect.TypeFor[T]()}}
		g.f.stride = unsafe.Sizeof(formMany[[]T]{})
		g.f.call = func(n *node, _ context.Context, at *frame) error {
			in := n.inputs()
			vs := make([]T, len(in))
			for i, d := range in {
				if at == nil {
					vs[i] = *valueAt[T](d)
				} else {
					vs[i] = *(*T)(at.in[i].p)
				}
			}
			put(n, at, vs)
			return nil
		}
		g.f.clone = func(n *node) *node { return g.record(n.fn, n.inputs()) }
		return g
	}).of(ds)
}

var errReduceNothing = errors.New("Reduce of nothing: want at least one handle")

// Reduce combines values with f, pairwise, as a balanced tree: f(f(a, b), f(c, d)). The order of operands is kept, so f
// need only be associative. Of one handle it is that handle; of none it is an error at Get.
func Reduce[T any](f Func2[T, T, T], ds ...Data[T]) Data[T] {
	if f == nil {
		panic("lazy: Reduce: the function is nil")
	}
	if len(ds) == 0 {
		return Wrap0(func(context.Context) (v T, err error) { return v, errReduceNothing }, Name("Reduce"))()
	}
	level := append([]Data[T](nil), ds...)
	for len(level) > 1 {
		next := level[:0]
		for i := 0; i+1 < len(level); i += 2 {
			next = append(next, f(level[i], level[i+1]))
		}
		if len(level)%2 == 1 {
			next = append(next, level[len(level)-1])
		}
		level = next
	}
	return level[0]
}

// If is one of two handles, chosen by a value. The other one's calls do not run for it.
func If[T any](cond Data[bool], then, otherwise Data[T]) Data[T] {
	d := builtin("If", func() Func1[bool, T] {
		f := &function{name: "If", typ: typeOf[T]{}, wantsContext: true, binds: true}
		f.call = func(n *node, _ context.Context, at *frame) error {
			chosen := n.more.Load().maybe[1]
			if take[bool](n, 0, at) {
				chosen = n.more.Load().maybe[0]
			}
			bind(n, at, chosen)
			return nil
		}
		return recorder1[bool, T](f)
	})(cond)
	d.n.extra().maybe = []*node{orMissing(then, 2).n, orMissing(otherwise, 3).n}
	d.n.word.Or(flagOwn)
	return Data[T]{n: d.n.boundChoice()}
}

// orMissing returns d or, if it is zero or donated, a call that says so: it is the k-th argument of If, and may not be
// wanted.
func orMissing[T any](d Data[T], k int) Data[T] {
	var err error
	switch {
	case d.n == nil:
		err = zeroArgument(k, "If", userLine())
	case d.n.isDonated():
		err = donatedArgument(d.n, k, "If", userLine())
	default:
		return d
	}
	return Wrap0(func(context.Context) (v T, _ error) { return v, err }, Name("If"))()
}

// sameLength panics if lengths differ.
func sameLength(op string, lens ...int) {
	for _, n := range lens[1:] {
		if n != lens[0] {
			panic(fmt.Sprintf("lazy: %s: the slices have %v elements: want equally many", op, lens))
		}
	}
}
