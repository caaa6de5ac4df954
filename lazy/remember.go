package lazy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"time"
	"unsafe"

	"github.com/dally-go/dally/internal/kept"
)

// This file keeps the results of calls that have run.

// rememberSafely is remember with a store and a codec that may panic.
func (r *run) rememberSafely(x *execution, ok bool) {
	returned := false
	defer func() {
		if v := recover(); !returned && v != nil {
			r.trouble(x.node.fn.memo, "put", newPanicError("Memo of "+x.node.fn.name, v))
		}
	}()
	r.remember(x, ok)
	returned = true
}

// remember keeps the result of a call that has come to an end, if there is one, and ends its flight.
func (r *run) remember(x *execution, ok bool) {
	defer x.land()
	if !ok {
		return
	}
	n := x.node
	p := x.valuePlace()
	n.notKept("")
	if x.cached {
		if !x.framed || x.first || x.frame.out != nil { // else the value is an equal one, whose content may be another
			n.knowContent(p, x.content)
		}
		return
	}
	m := n.fn.memo
	if why := r.notToBeKept(x); why != "" {
		n.notKept(": " + why)
		if why != keptMeanwhile {
			r.trouble(m, "keep", errors.New(why))
		}
		return
	}
	e := kept.NewEntry(r.describe(x, p), n.fn.typ.any(p))
	n.knowContent(p, e.Meta.Content)
	r.compareVerified(x, e.Meta)
	n.shareResult(p)
	x.memo.result = e
	ctx := context.WithoutCancel(r.context()) // a failure elsewhere is no reason to compute this again
	err := r.options.session.Cache.Put(ctx, e, m.codec)
	if errors.Is(err, kept.ErrStays) && m.local != "" {
		err = fmt.Errorf("%w: %s", err, m.local)
	}
	if err != nil {
		r.trouble(m, "put", err)
		n.notKept(" everywhere: " + err.Error())
	}
}

// shareResult notes that the result at p is shared with the cache, for as long as that likes, and so is whatever it may have
// in common with what it was made from: updates must not write to it.
func (n *node) shareResult(p unsafe.Pointer) {
	n.word.Or(flagShared)
	t := n.fn.typ.typ()
	own := &place{kind: memoryOf(t)}
	switch own.kind {
	case memoryFlat:
		return
	case memoryShallow:
		own.regions = regionsOf(nil, reflect.NewAt(t, p).Elem())
	}
	for todo := n.inputs(); len(todo) > 0; {
		i := todo[0]
		todo = todo[1:]
		w := i.word.Load()
		if i.isSource() || w&flagShared != 0 || !isReady(w) || !own.mayMeet(i, i.version()) {
			continue
		}
		i.word.Or(flagShared)
		todo = append(todo[:len(todo):len(todo)], i.inputs()...)
	}
}

// valuePlace is where the value is that the call has come to. If that is equal to the one it had, it is that one.
func (x *execution) valuePlace() unsafe.Pointer {
	switch {
	case !x.framed, x.first:
		return x.node.inline()
	case x.frame.out != nil:
		return x.frame.out.value()
	}
	return x.node.version().p
}

// notToBeKept says why the result of a call that has run is not to be kept; "" if it is.
func (r *run) notToBeKept(x *execution) string {
	m := x.node.fn.memo
	switch {
	case x.private, x.tainted:
		return keptMeanwhile
	case x.node.word.Load()&flagFound != 0:
		return "the function got other handles by a Get inside, of which the key knows nothing"
	case m.fixed:
		return ""
	}
	after, err := x.contentsAnew()
	if err != nil || !bytes.Equal(after, x.memo.contents) {
		return "an argument was changed while the function ran"
	}
	return ""
}

// keptMeanwhile is why a result is not kept that will be when it is computed again.
const keptMeanwhile = "it was computed while its inputs changed"

// contentsAnew are the contents of the arguments as they are now. What follows from a kept result is looked at, too.
func (x *execution) contentsAnew() (dst []byte, err error) {
	m := x.node.fn.memo
	for k, in := range x.node.inputs() {
		if dst, err = m.appendArgument(dst, k, x.valueOf(k, in)); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// describe is what is known about the result at p.
func (r *run) describe(x *execution, p unsafe.Pointer) *kept.Meta {
	m := x.node.fn.memo
	took := time.Duration(x.done - x.start)
	meta := &kept.Meta{
		Key: x.memo.key, Function: m.fn.name, Version: m.versionText(), Inputs: m.split(x.memo.contents),
		Cost: took, Created: time.Now(),
	}
	c, size, err := m.result.Append(nil, p)
	if meta.Size = size; err == nil {
		meta.Content = kept.Content(c[1:])
	}
	meta.Size = max(meta.Size, int64(m.fn.typ.typ().Size()))
	return meta
}

// versionText is the version as Meta has it.
func (m *memo) versionText() string {
	if m.opts.version != "" {
		return m.opts.version
	}
	print, _ := programPrint()
	return fmt.Sprintf("program %x", print[:8])
}

// compareVerified reports a result that is another one than the one that was kept, and one that somebody has written to.
func (r *run) compareVerified(x *execution, now *kept.Meta) {
	if x.memo.verify == nil {
		return
	}
	m, was := x.node.fn.memo, x.memo.verify.Meta
	var text string
	switch {
	case now.Content == "":
		text = "lazy: a kept result cannot be verified: its type has no content"
	case was.Content != now.Content:
		text = "lazy: a call came to another result than the one that was kept: its function depends on more than its arguments"
	case !m.isWhole(r.context(), x.memo.verify):
		text = "lazy: a kept result is not what it was when it was computed: somebody has written to it, or its Codec is not exact"
	default:
		return
	}
	var inputs []string
	for k, in := range x.node.inputs() {
		inputs = append(inputs, preview(in.valueType().any(x.valueOf(k, in))))
	}
	r.options.session.logger().Warn(text, slog.String("call", x.node.label()), slog.String("wrapped", x.node.fn.where),
		slog.String("key", now.Key.String()), slog.String("kept", fmt.Sprintf("%x", was.Content)),
		slog.String("computed", fmt.Sprintf("%x", now.Content)), slog.Any("inputs", inputs), slog.Time("created", was.Created))
}

// isWhole reports whether the value of an entry has the content that it had when it was computed, or cannot be had.
func (m *memo) isWhole(ctx context.Context, e *kept.Entry) bool {
	v, err := e.Value(ctx)
	if err != nil || v == nil {
		return true
	}
	p := reflect.New(m.result.Type())
	if !reflect.TypeOf(v).AssignableTo(m.result.Type()) {
		return true
	}
	p.Elem().Set(reflect.ValueOf(v))
	c, _, err := m.result.Append(nil, p.UnsafePointer())
	return err == nil && kept.Content(c[1:]) == e.Meta.Content
}

// notKept notes why the call's result is not kept, for Explain.
func (n *node) notKept(why string) {
	if why != "" {
		n.fn.memo.unkept.Store(&why)
	}
	if why != "" || n.more.Load() != nil {
		n.note(func(e *extra) { e.unkept = why })
	}
}

// troubleKey is what has been warned of already.
type troubleKey struct {
	memo *memo
	op   string
	kind string
}

// trouble warns of something that keeps results from being kept, or from being had: once for each function and kind.
func (r *run) trouble(m *memo, op string, err error) {
	if r.halted.Load() && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return
	}
	s := r.options.session
	k := troubleKey{memo: m, op: op}
	for _, kind := range []error{kept.ErrCorrupt, kept.ErrStays, kept.ErrTooLarge} {
		if errors.Is(err, kind) {
			k.kind = kind.Error()
		}
	}
	if _, told := s.troubles.LoadOrStore(k, true); told {
		return
	}
	s.logger().Warn("lazy: "+troubleText[op], "function", m.fn.name, "wrapped", m.fn.where, "err", err)
}

var troubleText = map[string]string{
	"key":  "calls of a Memo function cannot be keyed: they run each time",
	"get":  "the cache cannot be read: calls run instead",
	"put":  "a result of a Memo function was not kept",
	"keep": "results of a Memo function are not kept: its calls run each time",
}
