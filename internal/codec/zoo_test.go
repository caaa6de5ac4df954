package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// The types that tests go through.
type (
	small  struct{ A, B int32 }
	gapped struct {
		A int8
		B int64
		C bool
	}
	row struct {
		Name  string
		Score float64
		N     int
	}
	result struct {
		Title string
		Rows  []row
		Mean  float64
		Done  bool
		Count int
	}
	base     struct{ ID int64 }
	embedded struct {
		base
		small
		Name string
	}
	blank struct {
		A int32
		_ int32
		B [2]int16
		_ func()
	}
	onlyBlank      struct{ _ [9]int64 }
	named          float64
	pair[K, V any] struct {
		Key   K
		Value V
	}
	tree  struct{ Kids []tree }
	forks []forks
	links struct {
		Next *links
		Same []*int
	}
	maps   map[string]maps
	nested struct {
		M map[string][]float64
		P **pair[string, []byte]
		A [3]pair[bool, complex64]
		K map[[2]string]*small
		E map[float64]struct{}
		B [][]byte
	}
	stamped struct { // has the methods of time.Time, which know nothing of Place
		time.Time
		Place string
	}
	temperature struct{ tenths int64 }
	wide        struct{ hidden [4]int64 }
)

func (c temperature) MarshalBinary() ([]byte, error) {
	if c.tenths == 13 {
		panic("thirteen")
	}
	return binary.LittleEndian.AppendUint64(nil, uint64(c.tenths)), nil
}

func (c *temperature) UnmarshalBinary(b []byte) error {
	if len(b) != 8 {
		return errors.New("not eight bytes")
	}
	c.tenths = int64(binary.LittleEndian.Uint64(b))
	return nil
}

func (w *wide) GobEncode() ([]byte, error) {
	return binary.Append(nil, binary.BigEndian, w.hidden[:])
}

func (w *wide) GobDecode(b []byte) error {
	n, err := binary.Decode(b, binary.BigEndian, w.hidden[:])
	if err == nil && n != len(b) {
		err = errors.New("too long")
	}
	return err
}

var zoo = []reflect.Type{
	reflect.TypeFor[string](), reflect.TypeFor[[]byte](), reflect.TypeFor[[]float64](), reflect.TypeFor[[]int](),
	reflect.TypeFor[[]bool](), reflect.TypeFor[[3]bool](), reflect.TypeFor[[]named](), reflect.TypeFor[[5]uint16](),
	reflect.TypeFor[int](), reflect.TypeFor[uint](), reflect.TypeFor[int8](), reflect.TypeFor[uint8](),
	reflect.TypeFor[int32](), reflect.TypeFor[uint32](), reflect.TypeFor[float32](), reflect.TypeFor[bool](),
	reflect.TypeFor[complex64](), reflect.TypeFor[complex128](), reflect.TypeFor[[]complex64](), reflect.TypeFor[struct{}](),
	reflect.TypeFor[[]struct{}](), reflect.TypeFor[*struct{}](), reflect.TypeFor[map[struct{}]struct{}](),
	reflect.TypeFor[[0]func()](), reflect.TypeFor[[]small](), reflect.TypeFor[[]gapped](), reflect.TypeFor[result](),
	reflect.TypeFor[embedded](), reflect.TypeFor[[]blank](), reflect.TypeFor[[]onlyBlank](), reflect.TypeFor[pair[string, *int]](),
	reflect.TypeFor[tree](), reflect.TypeFor[forks](), reflect.TypeFor[*links](), reflect.TypeFor[maps](), reflect.TypeFor[nested](),
	reflect.TypeFor[stamped](), reflect.TypeFor[temperature](), reflect.TypeFor[*temperature](), reflect.TypeFor[[]*wide](),
	reflect.TypeFor[wide](), reflect.TypeFor[time.Time](), reflect.TypeFor[[]time.Time](), reflect.TypeFor[*big.Int](),
	reflect.TypeFor[big.Float](), reflect.TypeFor[netip.Addr](), reflect.TypeFor[map[float64]int](), reflect.TypeFor[[][]byte](),
	reflect.TypeFor[map[string][]float64](), reflect.TypeFor[[]string](), reflect.TypeFor[[][2]*bool](),
	reflect.TypeFor[map[bool][]map[int8]string](), reflect.TypeFor[[4]string](), reflect.TypeFor[time.Duration](),
}

// maker makes random values.
type maker struct {
	*rand.Rand
	depth int
	ints  []*int // shared among pointers
}

func (m *maker) value(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	m.set(v)
	return v
}

var zonesToMake = []*time.Location{
	time.UTC, time.Local, time.FixedZone("CET", 3600), time.FixedZone("", -1), time.FixedZone("Local", 5), time.FixedZone("UTC", 0),
}

func (m *maker) set(v reflect.Value) {
	m.depth++
	defer func() { m.depth-- }()
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		if m.IntN(5) > 0 {
			*x = time.Unix(m.Int64N(1<<40)-1<<39, m.Int64N(1e9)).In(zonesToMake[m.IntN(len(zonesToMake))])
		}
		return
	case *temperature:
		x.tenths = 10 * m.Int64N(100)
		return
	case *wide:
		x.hidden[m.IntN(4)] = m.Int64()
		return
	case *big.Int:
		x.Exp(big.NewInt(m.Int64N(1000)-500), big.NewInt(m.Int64N(30)), nil)
		return
	case *big.Float:
		x.SetPrec(uint(m.IntN(200))).SetFloat64(m.NormFloat64())
		return
	case *netip.Addr:
		*x = []netip.Addr{{}, netip.MustParseAddr("1.2.3.4"), netip.MustParseAddr("fe80::1%eth0")}[m.IntN(3)]
		return
	}
	m.setKind(v)
}

func (m *maker) setKind(v reflect.Value) {
	length := m.IntN(4)
	if m.depth > 6 {
		length = 0
	} else if m.depth == 1 && m.IntN(4) == 0 {
		length = m.IntN(3000)
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(m.IntN(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(m.Uint64() >> m.IntN(64)))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(m.Uint64() >> m.IntN(64))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(m.float())
	case reflect.Complex64, reflect.Complex128:
		v.SetComplex(complex(m.float(), m.float()))
	case reflect.String:
		v.SetString(strings.Repeat("ä\x00", length*m.IntN(50)))
	case reflect.Slice:
		if m.IntN(5) > 0 {
			v.Set(reflect.MakeSlice(v.Type(), length, length+m.IntN(2)))
		}
		for i := range v.Len() {
			m.set(v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			m.set(v.Index(i))
		}
	case reflect.Map:
		if m.IntN(5) > 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range length {
				v.SetMapIndex(m.value(v.Type().Key()), m.value(v.Type().Elem()))
			}
		}
	case reflect.Pointer:
		m.setPointer(v)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.Name != "_" {
				m.set(reflect.NewAt(f.Type, v.Field(i).Addr().UnsafePointer()).Elem())
			}
		}
	}
}

func (m *maker) setPointer(v reflect.Value) {
	if m.IntN(5) == 0 || m.depth > 6 {
		return
	}
	p := reflect.New(v.Type().Elem())
	if x, ok := p.Interface().(*int); ok {
		if m.ints = append(m.ints, x); m.IntN(2) == 0 {
			p = reflect.ValueOf(m.ints[m.IntN(len(m.ints))])
		}
	}
	v.Set(p)
	m.set(p.Elem())
}

func (m *maker) float() float64 {
	special := []float64{0, math.Copysign(0, -1), math.Inf(1), math.NaN(), math.Float64frombits(0x7ff8_0000_dead_beef), 1}
	if i := m.IntN(2 * len(special)); i < len(special) {
		return special[i]
	}
	return m.NormFloat64()
}

// difference tells how two values of one type differ: bit for bit, nil and empty being two things; "" if they do not.
// Pointers and maps must be shared in the one as they are in the other.
type difference struct {
	to   map[pairOf]unsafe.Pointer
	from map[pairOf]unsafe.Pointer
}

type pairOf struct {
	p unsafe.Pointer
	t reflect.Type
}

func diff(a, b any) string {
	d := &difference{map[pairOf]unsafe.Pointer{}, map[pairOf]unsafe.Pointer{}}
	av, bv := reflect.New(reflect.TypeOf(a)).Elem(), reflect.New(reflect.TypeOf(b)).Elem()
	av.Set(reflect.ValueOf(a))
	bv.Set(reflect.ValueOf(b))
	if av.Type() != bv.Type() {
		return "types " + av.Type().String() + ", " + bv.Type().String()
	}
	return d.diff(av, bv, "")
}

// met reports whether the pair of references was compared before, and what is wrong with it.
func (d *difference) met(a, b reflect.Value, path string) (bool, string) {
	ka, kb := pairOf{a.UnsafePointer(), a.Type()}, pairOf{b.UnsafePointer(), b.Type()}
	if (ka.p == nil) != (kb.p == nil) {
		return true, path + ": nil or not"
	}
	if ka.p == nil || a.Kind() == reflect.Pointer && a.Type().Elem().Size() == 0 {
		return true, ""
	}
	pa, metA := d.to[ka]
	pb, metB := d.from[kb]
	if metA != metB || metA && (pa != kb.p || pb != ka.p) {
		return true, path + ": shared or not"
	}
	d.to[ka], d.from[kb] = kb.p, ka.p
	return metA, ""
}

func (d *difference) diff(a, b reflect.Value, path string) string {
	switch x := a.Addr().Interface().(type) {
	case *time.Time:
		y := b.Addr().Interface().(*time.Time)
		if !x.Equal(*y) || x.Location().String() != y.Location().String() || x.Format(time.RFC3339Nano) != y.Format(time.RFC3339Nano) {
			return fmt.Sprint(path, ": ", x, ", ", y)
		}
		return ""
	case *big.Int:
		if x.Cmp(b.Addr().Interface().(*big.Int)) != 0 {
			return path + ": big.Int"
		}
		return ""
	case *big.Float:
		y := b.Addr().Interface().(*big.Float)
		if x.Cmp(y) != 0 || x.Signbit() != y.Signbit() || x.Prec() != y.Prec() || x.Mode() != y.Mode() || x.Acc() != y.Acc() {
			return path + ": big.Float"
		}
		return ""
	case *netip.Addr:
		if *x != b.Interface().(netip.Addr) {
			return path + ": Addr"
		}
		return ""
	}
	return d.diffKind(a, b, path)
}

func (d *difference) diffKind(a, b reflect.Value, path string) string {
	size := a.Type().Size()
	switch a.Kind() {
	case reflect.String:
		if a.String() != b.String() {
			return path + ": strings"
		}
	case reflect.Slice:
		if a.IsNil() != b.IsNil() || a.Len() != b.Len() {
			return fmt.Sprint(path, ": lengths ", a.Len(), b.Len(), a.IsNil(), b.IsNil())
		}
		if a.Type().Elem().Size() == 0 {
			return ""
		}
		return d.diffElems(a, b, path)
	case reflect.Array:
		return d.diffElems(a, b, path)
	case reflect.Struct:
		for i := range a.NumField() {
			f := a.Type().Field(i)
			if f.Name == "_" {
				continue
			}
			af := reflect.NewAt(f.Type, a.Field(i).Addr().UnsafePointer()).Elem()
			bf := reflect.NewAt(f.Type, b.Field(i).Addr().UnsafePointer()).Elem()
			if s := d.diff(af, bf, path+"."+f.Name); s != "" {
				return s
			}
		}
	case reflect.Pointer:
		if met, s := d.met(a, b, path); met {
			return s
		}
		return d.diff(a.Elem(), b.Elem(), path+"*")
	case reflect.Map:
		if met, s := d.met(a, b, path); met {
			return s
		}
		return d.diffMap(a, b, path)
	case reflect.Func:
		if !a.IsNil() || !b.IsNil() {
			return path + ": functions"
		}
	default:
		if !bytes.Equal(memory(a.Addr().UnsafePointer(), size), memory(b.Addr().UnsafePointer(), size)) {
			return fmt.Sprint(path, ": ", a, ", ", b)
		}
	}
	return ""
}

func (d *difference) diffElems(a, b reflect.Value, path string) string {
	for i := range a.Len() {
		if s := d.diff(a.Index(i), b.Index(i), fmt.Sprint(path, "[", i, "]")); s != "" {
			return s
		}
	}
	return ""
}

// diffMap compares keys by their bits as text, those of NaN in order of their values.
func (d *difference) diffMap(a, b reflect.Value, path string) string {
	if a.Len() != b.Len() {
		return path + ": sizes"
	}
	ae, be := entries(a), entries(b)
	for i := range ae {
		if ae[i].text != be[i].text {
			return path + ": keys " + ae[i].text + ", " + be[i].text
		}
		if s := d.diff(ae[i].value, be[i].value, path+"["+ae[i].text+"]"); s != "" {
			return s
		}
	}
	return ""
}

type entry struct {
	text  string
	value reflect.Value
}

func entries(m reflect.Value) []entry {
	var es []entry
	for it := m.MapRange(); it.Next(); {
		v := reflect.New(m.Type().Elem()).Elem()
		v.Set(it.Value())
		text := fmt.Sprintf("%#v", it.Key())
		if it.Key().Kind() == reflect.Float64 {
			text = fmt.Sprintf("%x", math.Float64bits(it.Key().Float()))
		}
		es = append(es, entry{text, v})
	}
	slices.SortFunc(es, func(x, y entry) int {
		if c := strings.Compare(x.text, y.text); c != 0 {
			return c
		}
		return strings.Compare(fmt.Sprint(x.value), fmt.Sprint(y.value))
	})
	return es
}

func TestDifferenceTells(t *testing.T) {
	one, other := new(int), new(int)
	for _, c := range [][2]any{
		{[]int(nil), []int{}},
		{math.NaN(), math.Float64frombits(0x7ff8_0000_dead_beef)},
		{0.0, math.Copysign(0, -1)},
		{[]*int{one, one}, []*int{one, other}},
		{map[int]int(nil), map[int]int{}},
		{time.Unix(1, 0).UTC(), time.Unix(1, 0).In(time.FixedZone("A", 0))},
	} {
		require.NotEmpty(t, diff(c[0], c[1]), c)
		require.Empty(t, diff(c[0], c[0]), c)
	}
}
