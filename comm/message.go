package comm

import (
	"context"
	"fmt"
	"reflect"
)

// Envelope says who sent a message, and with which tag.
type Envelope struct{ From, Tag int }

// Send sends v to rank to, which may be the sender itself, with a tag of 0 or more. It never waits for the receiver:
// messages pile up until they are received.
//
// v is not copied, it belongs to the receiver now: what it points to, as the elements of a slice, must not be written to
// by the sender any more. Send synchronizes before the return of the receive that takes v.
//
// A message to a rank that has ended is dropped: whether it has ended yet is not for the sender to know.
func Send[T any](ctx context.Context, c *Comm, to, tag int, v T) error {
	if err := c.begin(ctx, "Send"); err != nil {
		return err
	}
	defer c.done()
	if err := c.checkRank("Send", "the receiver", to); err != nil {
		return err
	}
	if tag < 0 {
		return fmt.Errorf("comm: rank %d: Send to rank %d: the tag is %d, want 0 or more", c.rank, to, tag)
	}
	m := Message{Envelope: Envelope{From: c.rank, Tag: tag}, Type: reflect.TypeFor[T](), Value: v}
	if m.Type.Kind() == reflect.Slice {
		m.Len = reflect.ValueOf(m.Value).Len()
	}
	return c.end.Send(ctx, to, m)
}

// Recv waits for a message from rank from, or AnySource, with a tag, or AnyTag, and returns its value, which belongs to
// the caller. Of several that match it takes the oldest; those of one rank with one tag come in the order of sending.
//
// A message that was sent as another type than T is an error. It stays where it is, so that a receive of the right type
// gets it.
//
// If ctx is done first, Recv returns its error promptly, and takes no message.
func Recv[T any](ctx context.Context, c *Comm, from, tag int) (T, error) {
	v, _, err := RecvFrom[T](ctx, c, from, tag)
	return v, err
}

// RecvFrom is Recv that also says who sent the message, and with which tag.
func RecvFrom[T any](ctx context.Context, c *Comm, from, tag int) (T, Envelope, error) {
	m, err := receive(ctx, c, "Recv", Want{From: from, Tag: tag, Type: reflect.TypeFor[T](), LenMax: -1})
	if err != nil {
		var none T
		return none, Envelope{}, err
	}
	return unbox[T](m.Value), m.Envelope, nil
}

// RecvInto receives a []T as Recv does, copies it to the start of buf, and returns how many elements it had. A message
// that is longer than buf is an error, and stays where it is. Nothing is written to buf beyond the message, nor if there
// is an error.
func RecvInto[T any](ctx context.Context, c *Comm, from, tag int, buf []T) (int, error) {
	m, err := receive(ctx, c, "RecvInto", Want{From: from, Tag: tag, Type: reflect.TypeFor[[]T](), LenMax: len(buf)})
	if err != nil {
		return 0, err
	}
	return copy(buf, unbox[[]T](m.Value)), nil
}

// receive checks w and receives.
func receive(ctx context.Context, c *Comm, op string, w Want) (Message, error) {
	if err := c.begin(ctx, op); err != nil {
		return Message{}, err
	}
	defer c.done()
	if w.From != AnySource {
		if err := c.checkRank(op, "the sender", w.From); err != nil {
			return Message{}, fmt.Errorf("%w, or AnySource", err)
		}
	}
	if w.Tag < 0 && w.Tag != AnyTag {
		return Message{}, fmt.Errorf("comm: rank %d: %s: the tag is %d, want 0 or more, or AnyTag", c.rank, op, w.Tag)
	}
	return c.end.Recv(ctx, w)
}

// unbox returns what was put into an any as a T. For a T that is an interface that may be nil.
func unbox[T any](v any) T {
	t, _ := v.(T)
	return t
}

// matches tells whether w is for a message with this envelope.
func (w *Want) matches(e Envelope) bool {
	return (w.From == AnySource || w.From == e.From) && (w.Tag == AnyTag || w.Tag == e.Tag)
}

// refuses returns why m, which w matches, cannot be received by rank, or nil.
func (w *Want) refuses(rank int, m *Message) error {
	if m.Type != w.Type {
		return fmt.Errorf("comm: rank %d: the message from rank %d with tag %d is of type %v, want %v: it stays until it "+
			"is received as what it is", rank, m.From, m.Tag, m.Type, w.Type)
	}
	if w.LenMax >= 0 && m.Len > w.LenMax {
		return fmt.Errorf("comm: rank %d: the message from rank %d with tag %d has %d elements, the buffer has room for %d: "+
			"it stays until it is received with more room, or with Recv", rank, m.From, m.Tag, m.Len, w.LenMax)
	}
	return nil
}
