package content

import "unsafe"

const (
	// freeDepth is how deep a walk may be before it looks out for cycles: nearly all values stay above, and are spared the
	// work.
	freeDepth = 64
	// depthMax bounds the stack that a walk takes, which is a few hundred bytes a level.
	depthMax = 100_000
	// enteredMax bounds the time that a walk takes, to some seconds: parts that are shared on many levels are walked as
	// often as there are ways to them.
	enteredMax = 1 << 26
)

// trail is what a walk knows about the way from the root to where it is, and what it has counted.
type trail struct {
	// size is how much memory was walked, in bytes, besides that of the root itself.
	size int64
	// depth is how many pointers, slices, maps and interfaces are being walked. deep says that it was above freeDepth.
	depth int
	deep  bool
	// entered is how many were, in all.
	entered int
	// open are those of them below freeDepth.
	open map[visit]struct{}
}

// visit is one pointer, slice or map that is being walked. A pointer to a struct and one to its first field differ by
// what they lead to, two slices of one array by their lengths.
type visit struct {
	to  unsafe.Pointer
	len int
	of  *node
}

func (t *trail) reset() { *t = trail{} }

// enter goes one level down. It fails if the walk is there already, or too deep. A walk that fails need not leave.
func (t *trail) enter(to unsafe.Pointer, n int, of *node) *UnkeyableError {
	t.depth++
	if t.entered++; t.entered > enteredMax {
		return &UnkeyableError{Type: of.typ, Why: "the value has too many pointers, slices and maps, or shares them on many levels"}
	}
	if t.depth <= freeDepth {
		return nil
	}
	return t.enterDeep(visit{to, n, of})
}

func (t *trail) enterDeep(v visit) *UnkeyableError {
	if t.depth > depthMax {
		return &UnkeyableError{Type: v.of.typ, Why: "it is nested too deep"}
	}
	if _, ok := t.open[v]; ok {
		return &UnkeyableError{Type: v.of.typ, Why: "it contains itself"}
	}
	if t.open == nil {
		t.open = make(map[visit]struct{})
	}
	t.deep = true
	t.open[v] = struct{}{}
	return nil
}

// leave goes back up, from where enter went down.
func (t *trail) leave(to unsafe.Pointer, n int, of *node) {
	if t.depth > freeDepth {
		delete(t.open, visit{to, n, of})
	}
	t.depth--
}
