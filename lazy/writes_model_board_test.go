package lazy

import (
	"errors"
	"math/rand/v2"
	"sync/atomic"
)

// board is what a script works on: a View, or the interpreter's rows.
type board interface {
	At(int) int
	Get(int) (int, bool)
	Set(int, int)
	Len() int
	each(func(k, v int))
	eachKey(func(k int))
}

type viewBoard struct{ *View[int, int] }

func (b viewBoard) each(f func(k, v int)) {
	for k, v := range b.All() {
		f(k, v)
	}
}

func (b viewBoard) eachKey(f func(k int)) {
	for k := range b.Keys() {
		f(k)
	}
}

var (
	errScript = errors.New("the script says so")
	errHandle = errors.New("the handle is broken")
)

// script is what call number n of the writer does: it depends on n and on what it reads. keys says which it may write.
func script(b board, n int, keys int, broken bool) error {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	sum := n
	for range 1 + r.IntN(4) {
		k := r.IntN(keys)
		switch r.IntN(8) {
		case 0, 1:
			sum += 3 * b.At(k)
		case 2:
			if v, ok := b.Get(k); ok {
				sum += v
			}
		case 3:
			sum += b.Len()
		case 4:
			b.eachKey(func(k int) { sum = sum*5 + k })
		case 5:
			b.each(func(k, v int) { sum = sum*7 + k*v })
		default:
			b.Set(k, sum%1000)
			sum += b.At(k)
		}
		if sum%97 == 0 { // a failure that depends on the state
			return errScript
		}
	}
	b.Set(r.IntN(keys), sum%1000)
	switch {
	case broken && n%11 == 0:
		return errScript
	case broken && n%11 == 1:
		panic(errScript)
	}
	return nil
}

// serialBoard is the interpreter's table: naive, in order.
type serialBoard struct {
	keys []int
	vals map[int]modelSlot
	own  map[int]int // what a script that may fail has written
	add  []int
}

type modelSlot struct {
	v      int
	handle *modelHandle
}

type modelHandle struct {
	v       int
	fails   bool // while the world is broken
	data    Data[int]
	started atomic.Int32
}

func (s *serialBoard) At(k int) int { v, _ := s.Get(k); return v }

func (s *serialBoard) Get(k int) (int, bool) {
	if v, ok := s.own[k]; ok {
		return v, true
	}
	v, ok := s.vals[k]
	return v.v, ok
}

func (s *serialBoard) Set(k, v int) {
	if _, ok := s.Get(k); !ok {
		s.add = append(s.add, k)
	}
	s.own[k] = v
}

func (s *serialBoard) Len() int { return len(s.keys) + len(s.add) }

func (s *serialBoard) eachKey(f func(int)) {
	for _, k := range append(append([]int(nil), s.keys...), s.add...) {
		f(k)
	}
}

func (s *serialBoard) each(f func(k, v int)) { s.eachKey(func(k int) { f(k, s.At(k)) }) }

func (s *serialBoard) assign(k int, v modelSlot) {
	if _, ok := s.vals[k]; !ok {
		s.keys = append(s.keys, k)
	}
	s.vals[k] = v
}

func (s *serialBoard) remove(k int) {
	if _, ok := s.vals[k]; !ok {
		return
	}
	delete(s.vals, k)
	for i := range s.keys {
		if s.keys[i] == k {
			s.keys = append(s.keys[:i:i], s.keys[i+1:]...)
			return
		}
	}
}
