package lazy

import "unsafe"

// item is one element of a stream on its way. It belongs to the feeder until it is counted in pulled, to the lane that
// has taken it until it is done, and then to the one who ranges.
type item struct {
	node *node // nil: there is no call, for err
	arg  *node // the constant that node's call was recorded with
	// value is where the result lies, once done without an error.
	value unsafe.Pointer
	err   error
	done  bool // guarded by stream.mu
}

// Items lie in pages, which are linked: a page that the last cursor has left is collected. The first ones are short,
// for short streams.
const (
	pageFirst = 16
	pageMax   = 512 // items; also the longest batch
)

type page struct {
	items []item
	next  *page // written before the first item of it is counted in pulled
}

func newPage(n int) *page { return &page{items: make([]item, n)} }

// cursor is a place in the pages: of the next item to be written, to be run, or to be yielded.
type cursor struct {
	page *page
	at   int
}

// add returns the place for one more item. For the feeder.
func (c *cursor) add() *item {
	if c.at == len(c.page.items) {
		c.page.next = newPage(min(2*len(c.page.items), pageMax))
		c.page, c.at = c.page.next, 0
	}
	c.at++
	return &c.page.items[c.at-1]
}

// rest returns the items from the cursor on, of one page. There must be one.
func (c *cursor) rest() []item {
	if c.at == len(c.page.items) {
		c.page, c.at = c.page.next, 0
	}
	return c.page.items[c.at:]
}
