package comm_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/comm"
)

// wire is a Transport that carries bytes, as one between processes would: values are written by the sender and read
// by the receiver, who share nothing.
type wire struct{ comm.Transport }

func (w wire) Send(ctx context.Context, to int, m comm.Message) error {
	m.Value = written(m.Value)
	return w.Transport.Send(ctx, to, m)
}

func (w wire) Recv(ctx context.Context, want comm.Want) (comm.Message, error) {
	m, err := w.Transport.Recv(ctx, want)
	if err == nil {
		m.Value = read(m.Value, want.Type)
	}
	return m, err
}

func (w wire) Meet(ctx context.Context, op comm.Op, v any) ([]any, error) {
	if parts, ok := v.([]any); ok && op.Split {
		sent := make([]any, len(parts))
		for i, part := range parts {
			sent[i] = written(part)
		}
		v = sent
	} else if v != nil {
		v = written(v)
	}
	got, err := w.Transport.Meet(ctx, op, v)
	out := make([]any, len(got))
	for i := range got {
		if op.Type != nil && err == nil {
			out[i] = read(got[i], op.Type)
		}
	}
	return out, err
}

func written(v any) []byte {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func read(data any, t reflect.Type) any {
	v := reflect.New(t)
	if err := gob.NewDecoder(bytes.NewReader(data.([]byte))).DecodeValue(v); err != nil {
		panic(err)
	}
	return v.Elem().Interface()
}

func TestRanksThatShareNoMemory(t *testing.T) {
	const n = 4
	world := comm.NewLocal(n, comm.LocalOptions{})
	all(t, runWith(world, n, func(local *comm.Comm) error {
		c := comm.New(wire{world.Transport(local.Rank())})
		for root := range n {
			if err := everyCollective(t, c, root); err != nil {
				return err
			}
		}
		if c.Rank() > 0 {
			return comm.Send(bg, c, 0, c.Rank(), []float64{1, 2, float64(c.Rank())})
		}
		for from := 1; from < n; from++ {
			_, err := comm.Recv[[]int](bg, c, from, comm.AnyTag)
			require.ErrorContains(t, err, "is of type []float64, want []int")
			_, err = comm.RecvInto(bg, c, from, comm.AnyTag, make([]float64, 2))
			require.ErrorContains(t, err, "has 3 elements, the buffer has room for 2")
			v, e, err := comm.RecvFrom[[]float64](bg, c, comm.AnySource, from)
			require.NoError(t, err)
			require.Equal(t, []float64{1, 2, float64(from)}, v)
			require.Equal(t, comm.Envelope{From: from, Tag: from}, e)
		}
		return nil
	}))
}
