package codec

import (
	"reflect"
	"strconv"
	"strings"
)

// shape describes a type as far as the bytes of its values depend on it, and the names of its types and fields: bytes of
// a struct whose fields were renamed or changed places are not read as those of the new one.
func shape(root *node) string {
	s := &shaper{numbers: make(map[*node]int)}
	s.add(root)
	return s.String()
}

type shaper struct {
	strings.Builder
	numbers map[*node]int // of the nodes already described
}

func (s *shaper) add(n *node) {
	if i, ok := s.numbers[n]; ok {
		s.WriteString("#" + strconv.Itoa(i) + ";")
		return
	}
	s.numbers[n] = len(s.numbers)
	if n.t.Name() != "" {
		s.WriteString(n.t.PkgPath() + "." + n.t.Name() + " ")
	}
	s.WriteString(n.t.Kind().String())
	switch n.op {
	case opTime, opBinary, opGob:
		s.WriteString(" as " + strconv.Itoa(int(n.op)) + ";")
		return
	}
	s.WriteString("{")
	if n.t.Kind() == reflect.Array {
		s.WriteString(strconv.Itoa(n.t.Len()) + " ")
	}
	for _, f := range n.fields {
		s.WriteString(strconv.Quote(f.name) + " ")
		s.add(f.n)
	}
	if n.key != nil {
		s.add(n.key)
	}
	if n.elem != nil {
		s.add(n.elem)
	}
	s.WriteString("}")
}
