package lazy

import (
	"crypto/sha256"
	"fmt"
	"io"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dally-go/dally/internal/codec"
	"github.com/dally-go/dally/internal/content"
	"github.com/dally-go/dally/internal/kept"
)

// # Results that are kept
//
//	Get ──► fetch: what the targets need and the cache has is read before anything is planned         fetch.go
//	         │      (in a process in which nothing was ever Set)
//	        plan, run
//	         │
//	        a call is claimed, its inputs are there ──► recall: key, look it up                         recall.go
//	         │                                           ├ kept: the value is the call's; it has not run
//	         │                                           ├ another call with this key is running: wait for it
//	         │                                           └ not kept, or not to be keyed
//	        the function runs
//	         │
//	        finish ──► remember: are the inputs what they were? ──► keep the result                     remember.go
//
// A key is the SHA-256 of what the function is (memoname.go) and of the contents of its arguments (memokey.go).

// memo is what is known about a function whose results are kept.
type memo struct {
	fn      *function
	id      functionID
	opts    memoOptions
	types   []reflect.Type // of the arguments
	once    sync.Once
	print   [32]byte          // of the function, the version and the types
	args    []*content.Walker // by argument; nil for one that is left out of the key
	result  *content.Walker
	codec   kept.Codec // nil: results do not leave the process, and local says why
	local   string
	fixed   bool // nobody who has the arguments can change them
	verify  atomic.Uint64
	unkeyed error // no call can be keyed
	// unkept is why a result was not kept, the last time that one was not.
	unkept atomic.Pointer[string]
}

// memoOptions are the options that are about keeping results.
type memoOptions struct {
	on      bool
	version string
	ttl     time.Duration
	valid   func(kept.Meta) bool
	ignored []int
	own     []content.Own
	codec   kept.Codec
	codes   reflect.Type // what codec is for
	first   string       // the first of these options, for errors
}

func (o *memoOptions) set(name string) *memoOptions {
	if o.first == "" {
		o.first = name
	}
	return o
}

// Memo has the results of the function kept in the session's [Session.Cache], under keys made of what the function is
// and of the contents of its arguments. A call whose result is kept does not run, whoever computed it and whenever:
// another call with equal arguments, an earlier run of the program, another machine. It is then in state Cached. Of
// several calls with equal keys that are wanted at the same time, in sessions with the same cache, one runs. Without a
// cache every call runs.
//
// It is for functions that take longer than a look into the cache – some 0.2 to 2 µs in memory, 10 in a directory – and
// whose results depend on their arguments and on nothing else: not on the time, on files, or on variables that change.
// (For a file, have its path, size and modification time among the arguments, or its digest.)
//
// What the function is: its [Name], or its own if it is declared at package level; the package that wraps it; its
// argument and result types; and the running program – any change to that is a miss – unless [Version] says what
// counts. A closure, a method value or an instance of a generic function without a Name is what it is only in this
// process: its results stay in the memory part of the cache. To wrap the same Name and Version twice panics, for the
// two could not be told apart; so does wrapping a function at package level twice with a [KeyBy] or a [Codec].
//
// Arguments are compared by content: numbers by their bits, through pointers, slices, maps and unexported fields. What
// cannot be – functions, channels, mutexes, files, cycles – keeps a call from being keyed: it runs, and a warning says
// why, once, as does [Explain]. KeyBy and a method CacheKey() []byte say what a value comes to instead, [IgnoreArg]
// leaves an argument out.
//
// Kept are results alone, no errors. A result is not kept if an argument was changed while the function ran, or if the
// function got a handle by a Get inside, given its context: the key knows nothing of that. In stores other than memory,
// results must be encodable: see Codec.
//
// A call that was invalidated runs, and so does one that was told to run [After] others; what comes of it is kept.
// Handles keep their values, whatever becomes of the cache.
//
// Results are shared: nobody may write to them. Memo cannot be combined with Bind or [Update]; wrapping panics.
func Memo() Option { return func(o *options) { o.memo.on = true } }

// Version says which version of the function it is that computes the results: calls of another version are not answered
// from the cache. With it, a new build of the program alone is no reason to compute everything again – so it is to be
// changed whenever what the function computes has changed, by itself or by what it calls. It matters for functions that
// are [Memo].
func Version(v string) Option { return func(o *options) { o.memo.version = v } }

// TTL has results of a [Memo] function count for so long after they were computed, and no longer. It panics if d <= 0.
func TTL(d time.Duration) Option {
	if d <= 0 {
		panic(fmt.Sprintf("lazy: TTL(%v): want a positive duration", d))
	}
	return func(o *options) { o.memo.set("TTL").ttl = d }
}

// Valid says whether a kept result of a [Memo] function may still be used, by what is known about it: when it was
// computed, how long that took, how large it is. Where it says no the call runs, and its result replaces the one that
// was kept. It is called from many goroutines. It panics if valid is nil.
func Valid(valid func(kept.Meta) bool) Option {
	if valid == nil {
		panic("lazy: Valid(nil): want a function")
	}
	return func(o *options) { o.memo.set("Valid").valid = valid }
}

// IgnoreArg leaves argument i, counted from 0, out of the keys of a [Memo] function: calls that differ in it alone are
// the same call. It is for loggers, progress bars, numbers of workers. Wrapping panics if there is no such argument.
func IgnoreArg(i int) Option {
	return func(o *options) { o.memo.set("IgnoreArg").ignored = append(o.memo.ignored, i) }
}

// KeyBy says what values of type T come to in the keys of a [Memo] function, wherever in its arguments they are: values
// with equal bytes are the same value. It is for types that cannot be compared by content, or not by all of it.
//
//	lazy.KeyBy(netip.Addr.MarshalBinary)
//	lazy.KeyBy(func(db *DB) ([]byte, error) { return []byte(db.Snapshot), nil })
//
// An error, or a panic, keeps the call from being keyed. A type can also say it itself, with a method CacheKey()
// []byte. It panics if key is nil.
func KeyBy[T any](key func(T) ([]byte, error)) Option {
	if key == nil {
		panic("lazy: KeyBy(nil): want a function")
	}
	return func(o *options) { o.memo.set("KeyBy").own = append(o.memo.own, content.By(key)) }
}

// newMemo describes the memo of f, which has the options for it.
func newMemo(f *function, fn reflect.Value) *memo {
	o := f.opts.memo
	m := &memo{fn: f, opts: o, id: identify(f, fn)}
	if o.codes != nil && o.codes != f.typ.typ() {
		panic(fmt.Sprintf("lazy: wrap at %s: Codec is for %v, but the function returns %v", f.where, o.codes, f.typ.typ()))
	}
	m.id.register(f, o.version)
	return m
}

// refuseMemo panics if f is Memo.
func (f *function) refuseMemo(what string) {
	if f.memo != nil {
		panic(fmt.Sprintf("lazy: wrap at %s: %s cannot be Memo: have the functions before and behind it be so", f.where, what))
	}
}

// takes says of what types the function's arguments are.
func (m *memo) takes(types ...reflect.Type) {
	for _, i := range m.opts.ignored {
		if i < 0 || i >= len(types) {
			panic(fmt.Sprintf("lazy: wrap at %s: IgnoreArg(%d): the function has %d arguments, counted from 0", m.fn.where, i, len(types)))
		}
	}
	m.types = types
}

// prepare makes what is needed once there is a cache.
func (m *memo) prepare() { m.once.Do(m.prepareNow) }

func (m *memo) prepareNow() {
	h := sha256.New()
	fmt.Fprintf(h, "dally memo 1\n%q\n", m.id.text)
	if m.opts.version != "" {
		fmt.Fprintf(h, "version %q\n", m.opts.version)
	} else {
		print, err := programPrint()
		fmt.Fprintf(h, "program %x\n", print)
		if err != nil && m.local == "" {
			m.local = "the program cannot be read to tell it from others: " + err.Error()
		}
	}
	if m.fn.ranks > 0 {
		fmt.Fprintf(h, "ranks %d\n", m.fn.ranks)
	}
	m.fixed = true
	rules := content.NewRules(m.opts.own...)
	for k, t := range m.types {
		w := rules.Of(t)
		if m.ignores(k) {
			fmt.Fprintf(h, "ignored\n")
			m.args = append(m.args, nil)
			continue
		}
		fmt.Fprintf(h, "argument %x\n", w.Fingerprint())
		if err := w.Err(); err != nil && m.unkeyed == nil {
			m.unkeyed = argumentError(k, err)
		}
		m.args = append(m.args, w)
		m.fixed = m.fixed && w.Fixed()
	}
	m.result = content.NewRules().Of(m.fn.typ.typ())
	fmt.Fprintf(h, "result %x\n", m.result.Fingerprint())
	h.Sum(m.print[:0])
	m.chooseCodec()
}

// ignores reports whether argument k is left out of keys.
func (m *memo) ignores(k int) bool { return slices.Contains(m.opts.ignored, k) }

// chooseCodec settles how results leave the process, or that they do not.
func (m *memo) chooseCodec() {
	switch {
	case m.local != "":
	case m.id.local != "":
		m.local = m.id.local
	case m.opts.codec != nil:
		m.codec = m.opts.codec
	default:
		c, err := codec.ForType(m.fn.typ.typ())
		if err != nil {
			m.local = err.Error()
			return
		}
		m.codec = c
	}
}

// Codec says how results of a [Memo] function are turned into bytes and back, in stores that keep bytes. Without it,
// basic types, strings, and slices of them are kept as they are in memory, types with MarshalBinary and UnmarshalBinary
// by these, and others field by field; a type that cannot be – for it has unexported fields, interfaces or functions –
// stays in memory, with a warning. decode is to return an error for bytes that encode cannot have written. T must be
// the type that the function returns; wrapping panics if it is not. Both may be called from many goroutines. Codec
// panics if one of them is nil.
func Codec[T any](encode func(w io.Writer, v T) error, decode func(r io.Reader) (T, error)) Option {
	if encode == nil || decode == nil {
		panic("lazy: Codec: want two functions")
	}
	return func(o *options) {
		m := o.memo.set("Codec")
		m.codec, m.codes = codec.Of(encode, decode), reflect.TypeFor[T]()
	}
}
