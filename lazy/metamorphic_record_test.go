package lazy

import (
	"context"
	"errors"
	"fmt"
	"weak"

	"github.com/dally-go/dally/executor"
)

// record adds a step to the world.
func (w *world) record(s step) {
	k := len(w.steps)
	w.steps = append(w.steps, s)
	w.states = append(w.states, &stepState{want: -1, err: fmt.Errorf("trouble in step %d", k)})
	w.dynamic = w.dynamic || s.kind == anIf || s.kind == aMap || s.kind == aBind || s.kind == aNest
	in := make([]Data[int], len(s.in))
	for i, j := range s.in {
		in[i] = w.handles[j]
	}
	d := w.shape(k, s, in)
	if len(s.first) > 0 {
		first := make([]Target, len(s.first))
		for i, j := range s.first {
			first[i] = w.handles[j]
		}
		d = After(d, first...)
	}
	switch s.on {
	case 1:
		d = d.On(w.pool)
	case 2:
		d = d.On(executor.Func(loop))
	case 3:
		d = d.On(executor.Serial())
	}
	w.handles = append(w.handles, d)
	w.nodes = append(w.nodes, weak.Make(d.n))
	w.ids = append(w.ids, uint64(d.n.id()))
}

// shape records what the step's kind says. The last call recorded is the one with the body.
func (w *world) shape(k int, s step, in []Data[int]) Data[int] {
	switch s.kind {
	case aGather:
		return w.many(k, s, Gather(in...))
	case aZip:
		a, b := Split(Zip(in[0], in[1]))
		return w.call(k, s, []Data[int]{b, a})
	case aReduce:
		add := Pure2(func(a, b int) int { w.states[k].inner.Add(1); return a + b })
		return w.call(k, s, []Data[int]{Reduce(add, in...)})
	case aMap:
		each := Pure1(func(x int) int { w.states[k].inner.Add(1); return 3*x + 1 })
		return w.many(k, s, Map(each, Gather(in...)))
	case anIf:
		even := Pure1(func(x int) bool { return x%2 == 0 })(in[0])
		return w.call(k, s, []Data[int]{If(even, in[1], in[2])})
	case aBind:
		return w.bind(k, s, in)
	case aNest:
		return w.nest(k, s, in)
	default:
		return w.call(k, s, in)
	}
}

// call records a call of the body on up to four inputs. The wraps' first input is the number of the step; where there
// is no room for it, the step has a wrap of its own.
func (w *world) call(k int, s step, in []Data[int]) Data[int] {
	if s.memo {
		return w.memos.of(k, s, len(in))(in)
	}
	if len(in) == 0 || len(in) == 4 {
		return w.callAlone(k, s, in)
	}
	key := wrapKey{len(in), s.pure, s.how}
	f, ok := w.wraps[key]
	if !ok {
		f = w.wrap(key)
		w.wraps[key] = f
	}
	switch f := f.(type) {
	case Func2[int, int, int]:
		return f(Const(k), in[0])
	case Func3[int, int, int, int]:
		return f(Const(k), in[0], in[1])
	case Func4[int, int, int, int, int]:
		return f(Const(k), in[0], in[1], in[2])
	}
	panic("no such arity")
}

func (w *world) wrap(key wrapKey) any {
	o := append(w.options(key.how), Name("shared"))
	switch {
	case key.arity == 1 && key.pure:
		return Pure2(func(k, a int) int { return w.pure(k, a) }, o...)
	case key.arity == 2 && key.pure:
		return Pure3(func(k, a, b int) int { return w.pure(k, a, b) }, o...)
	case key.pure:
		return Pure4(func(k, a, b, c int) int { return w.pure(k, a, b, c) }, o...)
	case key.arity == 1:
		return Wrap2(func(ctx context.Context, k, a int) (int, error) { return w.body(ctx, k, a) }, o...)
	case key.arity == 2:
		return Wrap3(func(ctx context.Context, k, a, b int) (int, error) { return w.body(ctx, k, a, b) }, o...)
	default:
		return Wrap4(func(ctx context.Context, k, a, b, c int) (int, error) { return w.body(ctx, k, a, b, c) }, o...)
	}
}

// pure is the body without a context and without an error.
func (w *world) pure(k int, in ...int) int {
	var none context.Context
	v, err := w.body(none, k, in...)
	if err != nil {
		w.found.add("step %d: the program is wrong: a pure step fails with %v", k, err)
	}
	return v
}

func (w *world) callAlone(k int, s step, in []Data[int]) Data[int] {
	o := append(w.options(s.how), Name("alone"))
	switch {
	case len(in) == 0 && s.pure:
		return Pure0(func() int { return w.pure(k) }, o...)()
	case len(in) == 0:
		return Wrap0(func(ctx context.Context) (int, error) { return w.body(ctx, k) }, o...)()
	case s.pure:
		return Pure4(func(a, b, c, d int) int { return w.pure(k, a, b, c, d) }, o...)(in[0], in[1], in[2], in[3])
	default:
		return Wrap4(func(ctx context.Context, a, b, c, d int) (int, error) {
			return w.body(ctx, k, a, b, c, d)
		}, o...)(in[0], in[1], in[2], in[3])
	}
}

// many records a call of the body on a slice.
func (w *world) many(k int, s step, in Data[[]int]) Data[int] {
	if s.memo {
		return w.memos.ofMany(k, s)(in)
	}
	o := append(w.options(s.how), Name("many"))
	if s.pure {
		return Pure1(func(in []int) int { return w.pure(k, in...) }, o...)(in)
	}
	return Wrap1(func(ctx context.Context, in []int) (int, error) { return w.body(ctx, k, in...) }, o...)(in)
}

// bind records a Bind whose function is the body, and then goes on in one of three ways.
func (w *world) bind(k int, s step, in []Data[int]) Data[int] {
	st := w.states[k]
	inner := Wrap2(func(_ context.Context, x, y int) (int, error) { st.inner.Add(1); return value(x, y), nil })
	var deeper Func1[int, int]
	deeper = Bind1(func(_ context.Context, depth int) (Data[int], error) {
		st.inner.Add(1)
		if depth == 0 {
			return in[1], nil
		}
		return deeper.Of(depth - 1), nil
	}, Name("deeper"))
	return Bind1(func(ctx context.Context, x int) (Data[int], error) {
		if _, err := w.body(ctx, k, x); err != nil {
			return Data[int]{}, err
		}
		switch x % 3 {
		case 0:
			return in[1], nil
		case 1:
			return inner(Const(x), in[2]), nil
		default:
			return deeper.Of(x % 7), nil
		}
	}, append(w.options(s.how), Name("bind"))...)(in[0])
}

// nest records a call that, having done what the body does, Gets handles while it runs.
func (w *world) nest(k int, s step, in []Data[int]) Data[int] {
	if s.memo {
		return w.memos.ofNest(k, s)(in[0])
	}
	return Wrap1(func(ctx context.Context, x int) (int, error) {
		return w.nested(ctx, k, x, in[1:])
	}, append(w.options(s.how), Name("nest"))...)(in[0])
}

func (w *world) nested(ctx context.Context, k, x int, more []Data[int]) (int, error) {
	st := w.states[k]
	if now := st.running.Add(1); now != 1 {
		w.found.add("step %d runs %d times at once", k, now)
	}
	defer st.running.Add(-1)
	if _, err := w.bodyCounted(ctx, k, []int{x}); err != nil {
		return 0, err
	}
	st.done.Add(-1) // not yet
	inside := ctx
	if w.steps[k].outside {
		inside = context.Background()
	}
	vs, err := GetAll(inside, more, In(w.session))
	if err != nil {
		if isContextError(err) && ctx.Err() == nil {
			w.found.add("step %d: a Get inside says %v without reason", k, err)
		}
		return 0, errors.Join(err)
	}
	st.done.Add(1)
	return value(x, vs...), nil
}
