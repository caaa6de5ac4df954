package lazy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
)

// A program of tables is a list of byte pairs. It is run on a Table, and by an interpreter that has one goroutine and a
// list, and does at a read what a serial program would have done at once.

const (
	modelKeys = 6 // keys are less
	modelList = 4 // length of a table of a slice
)

// modelEdit is an edit of the interpreter.
type modelEdit struct {
	kind  editKind
	key   int
	slot  modelSlot
	n     int
	from  *modelSlot // what a script is given instead of n
	saw   *modelSlot
	sawOK *sawn
}

// sawn says what an At has seen.
type sawn uint8

const (
	notSeen sawn = iota
	sawNothing
	sawValue
)

// tableModel runs a program both ways.
type tableModel struct {
	t       *testing.T
	ctx     context.Context
	session *Session
	table   *Table[int, int]
	write   Writer1[int, int, int]
	calls   atomic.Int32
	broken  atomic.Bool
	ofList  bool
	keys    int

	state serialBoard
	open  []modelEdit
	looks []modelLook
	trace []string
}

type modelLook struct {
	data Data[int]
	key  int
	slot *modelSlot
	ok   *sawn
}

func newTableModel(t *testing.T, ofList bool, workers int) *tableModel {
	m := &tableModel{t: t, ctx: context.Background(), session: &Session{Parallelism: workers}, ofList: ofList, keys: modelKeys}
	m.table = new(Table[int, int])
	m.state.vals = make(map[int]modelSlot)
	if ofList {
		m.keys = modelList
		m.table = TableOf(make([]int, modelList))
		for k := range modelList {
			m.state.assign(k, modelSlot{})
		}
	}
	m.write = Write1(func(_ context.Context, v *View[int, int], n int) error {
		m.calls.Add(1)
		return script(viewBoard{v}, n, m.keys, m.broken.Load())
	}, Name("Script"))
	return m
}

// run runs a program.
func (m *tableModel) run(p []byte) {
	for len(p) >= 2 {
		op, arg := int(p[0]), int(p[1])
		p = p[2:]
		m.step(op%16, arg%m.keys, arg)
	}
	m.broken.Store(false)
	m.readAll(true)
	for _, l := range m.looks {
		m.checkLook(l)
	}
}

func (m *tableModel) step(op, key, arg int) {
	m.trace = append(m.trace, fmt.Sprintf("%d(%d)", op, arg))
	switch op {
	case 0, 1:
		m.table.Put(key, arg)
		m.record(modelEdit{kind: assigned, key: key, slot: modelSlot{v: arg}})
	case 2, 3:
		h := m.newHandle(arg)
		m.table.Set(key, h.data)
		m.record(modelEdit{kind: assigned, key: key, slot: modelSlot{handle: h}})
	case 4:
		if !m.ofList {
			m.table.Delete(key)
			m.record(modelEdit{kind: removed, key: key})
		}
	case 9:
		if l := m.look(key); slices.Contains(m.knownKeys(), key) {
			m.write(m.table, l.data)
			m.record(modelEdit{kind: written, from: l.slot})
		}
	case 5, 6, 7, 8:
		m.write.Of(m.table, arg)
		m.record(modelEdit{kind: written, n: arg})
	case 10:
		m.look(key)
	case 11:
		m.readKey(key, arg%2 == 0)
	case 12:
		m.readAll(false)
	case 13:
		m.readAll(true)
	case 14:
		m.broken.Store(arg%2 == 0)
	case 15:
		require.Equal(m.t, m.knownKeys(), m.table.Keys(), "keys")
		require.Equal(m.t, len(m.knownKeys()), m.table.Len(), "length")
	}
}

// look is an At.
func (m *tableModel) look(key int) modelLook {
	l := modelLook{data: m.table.At(key), key: key, slot: new(modelSlot), ok: new(sawn)}
	m.record(modelEdit{kind: looked, key: key, saw: l.slot, sawOK: l.ok})
	m.looks = append(m.looks, l)
	return l
}

func (m *tableModel) newHandle(arg int) *modelHandle {
	h := &modelHandle{v: arg, fails: arg%7 == 0}
	h.data = Wrap0(func(context.Context) (int, error) {
		h.started.Add(1)
		if h.fails && m.broken.Load() {
			return 0, errHandle
		}
		return h.v, nil
	}, Name("Handle"))()
	return h
}

func (m *tableModel) eval(h *modelHandle) (int, error) {
	if h.fails && m.broken.Load() && h.data.n.word.Load()&stateMask != stateDone {
		return 0, errHandle
	}
	return h.v, nil
}

// record does at once what nothing has to be waited for.
func (m *tableModel) record(e modelEdit) {
	if e.kind != written && len(m.open) == 0 {
		m.doKnown(e)
		return
	}
	if e.kind == assigned {
		for i := len(m.open) - 1; i >= 0; i-- {
			o := &m.open[i]
			if o.kind == written || o.kind != assigned && o.key == e.key {
				break
			}
			if o.kind == assigned && o.key == e.key {
				o.slot = e.slot
				return
			}
		}
	}
	m.open = append(m.open, e)
}

func (m *tableModel) doKnown(e modelEdit) {
	switch e.kind {
	case assigned:
		m.state.assign(e.key, e.slot)
	case removed:
		m.state.remove(e.key)
	case looked:
		*e.saw, *e.sawOK = m.state.vals[e.key], sawNothing
		if _, ok := m.state.vals[e.key]; ok {
			*e.sawOK = sawValue
		}
	}
}

// apply is what a read does first.
func (m *tableModel) apply() error {
	for len(m.open) > 0 {
		if err := m.applyFirst(m.open); err != nil {
			return err
		}
		m.open = m.open[1:]
	}
	return nil
}

func (m *tableModel) applyFirst(edits []modelEdit) error {
	last := -1
	for i := range edits {
		if edits[i].kind == written {
			last = i
		}
	}
	if last >= 0 {
		if err := m.settleHandles(); err != nil {
			return err
		}
	}
	e := edits[0]
	switch {
	case e.kind == written:
		if e.from != nil {
			e.n = e.from.v
			if e.from.handle != nil {
				var err error
				if e.n, err = m.eval(e.from.handle); err != nil {
					return err
				}
			}
		}
		m.state.own, m.state.add = make(map[int]int), nil
		defer func() { m.state.own, m.state.add = nil, nil }()
		if err := runScript(&m.state, e.n, m.keys, m.broken.Load()); err != nil {
			return err
		}
		own, add := m.state.own, m.state.add
		m.state.own, m.state.add = nil, nil
		for _, k := range add {
			m.state.assign(k, modelSlot{})
		}
		for k, v := range own {
			m.state.assign(k, modelSlot{v: v})
		}
	case e.kind == assigned && e.slot.handle != nil && last > 0:
		v, err := m.eval(e.slot.handle)
		if err != nil {
			return err
		}
		m.state.assign(e.key, modelSlot{v: v})
	default:
		m.doKnown(e)
	}
	return nil
}

func runScript(b board, n, keys int, broken bool) (err error) {
	defer func() {
		if e := recover(); e != nil {
			err = e.(error)
		}
	}()
	return script(b, n, keys, broken)
}

func (m *tableModel) settleHandles() (first error) {
	for _, k := range m.state.keys {
		s := m.state.vals[k]
		if s.handle == nil {
			continue
		}
		v, err := m.eval(s.handle)
		if err == nil {
			m.state.vals[k] = modelSlot{v: v}
		} else if first == nil {
			first = err
		}
	}
	return first
}

func (m *tableModel) knownKeys() []int {
	known := serialBoard{keys: append([]int(nil), m.state.keys...), vals: make(map[int]modelSlot)}
	for k, v := range m.state.vals {
		known.vals[k] = v
	}
	for _, e := range m.open {
		switch e.kind {
		case assigned:
			known.assign(e.key, e.slot)
		case removed:
			known.remove(e.key)
		}
	}
	return append([]int{}, known.keys...)
}

func runTableProgram(t *testing.T, p []byte) {
	for _, ofList := range []bool{false, true} {
		for _, workers := range []int{1, 2} {
			newTableModel(t, ofList, workers).run(p)
		}
	}
}

func TestTableModel(t *testing.T) {
	leak.Check(t)
	programs := 800
	if testing.Short() {
		programs = 200
	}
	const seed = 1 // the fuzz target looks at others
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	}()
	r := rand.New(rand.NewPCG(seed, 2))
	for range programs {
		p := make([]byte, 2*(4+r.IntN(40)))
		for i := range p {
			p[i] = byte(r.UintN(256))
		}
		runTableProgram(t, p)
		if t.Failed() {
			return
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add([]byte("\x02\x07\x0e\x00\x05\x01\x0d\x00"))
	f.Add([]byte("\x05\x01\x05\x02\x0a\x01\x05\x03\x0c\x00"))
	f.Fuzz(func(t *testing.T, p []byte) {
		if len(p) <= 200 {
			runTableProgram(t, p)
		}
	})
}
