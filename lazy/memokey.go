package lazy

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"unsafe"

	"github.com/dally-go/dally/internal/content"
	"github.com/dally-go/dally/internal/kept"
)

// This file makes the keys of calls. The content of an argument is made by looking at its value – or known without one:
// that of a result is kept beside it, and that of a gathered slice follows from those of its elements. So the keys of a
// graph whose results are kept can be made from its sources without a single one of these results.

// keyRoom is room for what is hashed for a key, and contentRoom for an argument of that, with its length.
const (
	contentRoom = 42
	keyRoom     = 32 + 6*contentRoom
)

// notInKey stands for an argument that is left out of the key. No content is as long.
const notInKey = 0xff

// memoCall is what is known of a call that is about to be recalled, or remembered.
type memoCall struct {
	key      kept.Key
	contents []byte      // of the arguments, one behind the other
	flight   *flight     // that the call leads; nil: none
	result   kept.Entry  // for those who follow; without Meta: none
	verify   *kept.Entry // what was kept, where the call runs to verify that
}

// appendArgument appends the content of argument k, whose value is at p.
func (m *memo) appendArgument(dst []byte, k int, p unsafe.Pointer) ([]byte, error) {
	w := m.args[k]
	if w == nil {
		return append(dst, notInKey), nil
	}
	dst, _, err := w.Append(dst, p)
	if err != nil {
		return dst, argumentError(k, err)
	}
	return dst, nil
}

// argumentError says which argument it is that cannot be keyed.
func argumentError(k int, err error) error {
	u := (*content.UnkeyableError)(nil)
	if errors.As(err, &u) {
		return fmt.Errorf("unkeyable argument %d at %s: %s; IgnoreArg(%d), KeyBy or a method CacheKey may help",
			k+1, atPath(u.Path), u.Why, k)
	}
	return fmt.Errorf("unkeyable argument %d: %w", k+1, err)
}

func atPath(path string) string {
	if path == "" {
		return "the value itself"
	}
	return path
}

// keyOf is the key of a call, given what the function is and the contents of the arguments behind that.
func keyOf(hashed []byte) kept.Key { return sha256.Sum256(hashed) }

// contentsIn are the contents of the arguments in what is hashed for a key.
func contentsIn(hashed []byte) []byte { return hashed[len(memo{}.print):] }

// split returns the contents one by one; "" for an argument that is left out.
func (m *memo) split(contents []byte) []kept.Content {
	all := make([]kept.Content, 0, len(m.types))
	for len(contents) > 0 {
		n := 0
		if contents[0] != notInKey {
			n = int(contents[0])
		}
		all = append(all, kept.Content(contents[1:1+n]))
		contents = contents[1+n:]
	}
	return all
}

// appendHashed appends what is hashed for the call's key: what the function is, and the contents of the arguments.
func (x *execution) appendHashed(dst []byte) (_ []byte, err error) {
	m := x.node.fn.memo
	if m.unkeyed != nil {
		return dst, m.unkeyed
	}
	dst = append(dst, m.print[:]...)
	for k, in := range x.node.inputs() {
		if dst, err = m.appendInput(dst, k, in, x.valueOf(k, in)); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// valueOf is where the value of argument k is, which is in's.
func (x *execution) valueOf(k int, in *node) unsafe.Pointer {
	if x.framed {
		return x.frame.in[k].p
	}
	return in.inline()
}

// appendContent appends a content as content.Walker does.
func appendContent(dst []byte, c kept.Content) []byte { return append(append(dst, byte(len(c))), c...) }

// contentOf is the content of one version of a call's value.
type contentOf struct {
	of      unsafe.Pointer // where the value lies
	content kept.Content
}

// appendInput appends the content of argument k, in's value at p, which may be known: that of a result is made without
// rules of a function's own.
func (m *memo) appendInput(dst []byte, k int, in *node, p unsafe.Pointer) ([]byte, error) {
	if m.args[k] != nil && len(m.opts.own) == 0 {
		if c := in.knownContent(p); c != "" {
			return appendContent(dst, c), nil
		}
	}
	return m.appendArgument(dst, k, p)
}

// knownContent is the content of n's value at p, if it is known; "" if not.
func (n *node) knownContent(p unsafe.Pointer) kept.Content {
	if n.fn.memo == nil {
		return ""
	}
	e := n.more.Load()
	if e == nil {
		return ""
	}
	if c := e.content.Load(); c != nil && c.of == p {
		return c.content
	}
	return ""
}

// knowContent notes the content of n's value at p, if it is worth while: the content of a small value is soon made again.
func (n *node) knowContent(p unsafe.Pointer, c kept.Content) {
	if content.IsContent(c) && content.IsHash(c) && !n.fn.opts.transient { // it would keep the value
		n.extra().content.Store(&contentOf{of: p, content: c})
	}
}
