package lazy

// wayStack is the way from a target to where a walk is. It may be as long as the graph is deep, and is seldom longer than
// a few dozen: so it grows by blocks, which are never copied, and keeps but one of them.
type wayStack struct {
	top   *wayBlock // nil: empty, and none kept
	len   int       // of top
	spare *wayBlock
}

// wayBlock is part of a way.
type wayBlock struct {
	below *wayBlock
	at    [255]onTheWay // 4 KB in all
}

func (s *wayStack) empty() bool { return s.len == 0 }

// last is the end of the way, which must not be empty.
func (s *wayStack) last() *onTheWay { return &s.top.at[s.len-1] }

func (s *wayStack) push(n *node) {
	if s.top == nil || s.len == len(s.top.at) {
		b := s.spare
		if s.spare = nil; b == nil {
			b = new(wayBlock)
		}
		b.below = s.top
		s.top, s.len = b, 0
	}
	e := &s.top.at[s.len]
	e.n, e.next = n, 0
	s.len++
}

// pop takes the end off. What is kept of the stack does not keep the node.
func (s *wayStack) pop() {
	s.len--
	s.top.at[s.len].n = nil
	if b := s.top; s.len == 0 && b.below != nil {
		s.top, s.len = b.below, len(b.at)
		b.below = nil
		s.spare = b
	}
}

// clear empties the stack.
func (s *wayStack) clear() {
	for !s.empty() {
		s.pop()
	}
}
