package lazy

// idMarks keeps a mark per node of a walk, by ID. IDs of one graph lie close together, so pages of them are
// faster than a map.
type idMarks struct {
	pages map[uint64]*[idPage]uint8
	last  *[idPage]uint8
	at    uint64 // the number of last
}

const idPage = 1 << 10

// of is the mark of node n, which may be changed.
func (m *idMarks) of(n *node) *uint8 {
	id := uint64(n.id())
	if page := id / idPage; m.last == nil || m.at != page {
		m.turn(page)
	}
	return &m.last[id%idPage]
}

func (m *idMarks) turn(page uint64) {
	if m.pages == nil {
		m.pages = map[uint64]*[idPage]uint8{}
	}
	if m.pages[page] == nil {
		m.pages[page] = new([idPage]uint8)
	}
	m.last, m.at = m.pages[page], page
}
