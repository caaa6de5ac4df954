package codec

import (
	"math"
	"reflect"
	"unsafe"
)

func (d *decoder) slice(n *node, s *sliceHeader) error {
	if n.recursive {
		return d.sliceTracked(n, s)
	}
	x, err := d.count()
	if err != nil || x == 0 {
		return err
	}
	return d.sliceElems(n, s, x-1)
}

// sliceElems makes s a slice of the count elements that come. It asks for memory as they come: in one piece if that is
// what decoder.room allows, else with as much again as is full.
func (d *decoder) sliceElems(n *node, s *sliceHeader, count int) error {
	size := n.elem.size
	if n.elem.bulk && size > 0 && uintptr(count) >= unsetMin/size {
		return d.sliceBulk(n, s, count)
	}
	have := d.room(count, size)
	v := reflect.MakeSlice(n.t, have, have)
	for done := 0; ; {
		if err := d.sliceFill(n.elem, v, done); err != nil {
			return err
		}
		if have == count {
			*s = sliceHeader{v.UnsafePointer(), count, count}
			return nil
		}
		done = have
		have += min(count-done, max(done, d.room(count-done, size)))
		more := reflect.MakeSlice(n.t, have, have)
		reflect.Copy(more, v)
		v = more
	}
}

// sliceFill reads the elements of v from the done-th on. While it is at it, those that it has not come to are memory
// that was asked for ahead: values nested deeply must not ask for as much on each level.
func (d *decoder) sliceFill(elem *node, v reflect.Value, done int) error {
	count := v.Len() - done
	if elem.size == 0 || count == 0 {
		return nil
	}
	p := unsafe.Add(v.UnsafePointer(), uintptr(done)*elem.size)
	if elem.bulk || elem.op == opBool {
		return d.elems(elem, p, count)
	}
	d.ahead += count * int(elem.size)
	for i := range count {
		d.ahead -= int(elem.size)
		if err := d.value(elem, unsafe.Add(p, uintptr(i)*elem.size)); err != nil {
			return err
		}
	}
	return nil
}

// sliceBulk makes s a slice of the count elements that come as they are to be in memory, and are many.
func (d *decoder) sliceBulk(n *node, s *sliceHeader, count int) error {
	if uintptr(count) > math.MaxInt/n.elem.size {
		return corrupt("more than memory can hold")
	}
	b, err := d.data(count * int(n.elem.size))
	if err != nil {
		return err
	}
	*s = sliceHeader{unsafe.Pointer(unsafe.SliceData(b)), count, count}
	return checkBools(n.elem, b)
}

func (d *decoder) sliceTracked(n *node, s *sliceHeader) error {
	t, i, err := d.reference(n)
	if err != nil || i < 0 {
		*s = sliceHeader{t.p, t.len, t.len}
		return err
	}
	count, err := d.count()
	if err != nil {
		return err
	}
	d.refs[i].open = true
	if err := d.sliceElems(n, s, count); err != nil {
		return err
	}
	d.refs[i] = target{n: n, p: s.data, len: count}
	d.leave(n)
	return nil
}

func (d *decoder) pointer(n *node, p *unsafe.Pointer) error {
	if n.elem.size == 0 {
		x, err := d.uvarint()
		if err == nil && x > 1 {
			err = corrupt("a reference to nothing")
		}
		if x == 1 {
			*p = reflect.New(n.elem.t).UnsafePointer()
		}
		return err
	}
	t, i, err := d.reference(n)
	if err != nil || i < 0 {
		*p = t.p
		return err
	}
	*p = reflect.New(n.elem.t).UnsafePointer()
	d.refs[i].p = *p
	err = d.value(n.elem, *p)
	d.leave(n)
	return err
}

func (d *decoder) mapping(n *node, p unsafe.Pointer) error {
	t, i, err := d.reference(n)
	if err != nil || i < 0 {
		*(*unsafe.Pointer)(p) = t.p
		return err
	}
	count, err := d.count()
	if err != nil {
		return err
	}
	size := n.key.size + n.elem.size + 1
	room := d.room(count, size)
	m := reflect.MakeMapWithSize(n.t, room)
	reflect.NewAt(n.t, p).Elem().Set(m)
	d.refs[i].p = m.UnsafePointer()
	d.ahead += room * int(size)
	err = d.entries(n, m, count)
	d.ahead -= room * int(size)
	d.leave(n)
	return err
}

// entries reads count keys and values into m.
func (d *decoder) entries(n *node, m reflect.Value, count int) error {
	key, elem := reflect.New(n.key.t), reflect.New(n.elem.t)
	for i := range count {
		key.Elem().SetZero()
		elem.Elem().SetZero()
		if err := d.value(n.key, key.UnsafePointer()); err != nil {
			return err
		}
		if err := d.value(n.elem, elem.UnsafePointer()); err != nil {
			return err
		}
		m.SetMapIndex(key.Elem(), elem.Elem())
		if m.Len() != i+1 {
			return corrupt("a key that comes twice")
		}
	}
	return nil
}

// reference reads what encoder.tracked writes. If i is not negative, the content comes next, and is to be the i-th target;
// else t is the target, which is zero for nil.
func (d *decoder) reference(n *node) (t target, i int, err error) {
	x, err := d.uvarint()
	if err != nil || x == 0 {
		return t, -1, err
	}
	if x > 1 {
		if x-2 >= uint64(len(d.refs)) || d.refs[x-2].n != n || d.refs[x-2].open {
			return t, -1, corrupt("a reference to nothing")
		}
		return d.refs[x-2], -1, nil
	}
	if n.recursive {
		if d.depth++; d.depth > depthMax {
			return t, -1, corrupt("values nested too deeply")
		}
	}
	d.refs = append(d.refs, target{n: n})
	return t, len(d.refs) - 1, nil
}

// leave ends what reference began.
func (d *decoder) leave(n *node) {
	if n.recursive {
		d.depth--
	}
}
