package ways

import (
	"context"

	"github.com/dally-go/dally/internal/bench/shape"
	"github.com/dally-go/dally/lazy"
)

// dally is the library, used as its documentation says.
func dally(workers int) Way {
	return Way{
		Name: bounded("dally", workers), Kind: Dally,
		Open: func(g *shape.Graph, calc shape.Calc) (func() Program, func()) {
			s := newScratch[lazy.Data[uint64]](g)
			r := recorder[lazy.Data[uint64]]{
				source: func(v uint64) lazy.Data[uint64] { return lazy.Source("source", v) },
				one:    lazy.Pure1(calc.One, lazy.Name("One")),
				two:    lazy.Pure2(calc.Two, lazy.Name("Two")),
				three:  lazy.Pure3(calc.Three, lazy.Name("Three")),
			}
			session := &lazy.Session{Parallelism: workers}
			return func() Program {
				sources, targets := s.record(r)
				return &lazyCalls{session, sources, targets}
			}, func() {}
		},
	}
}

type lazyCalls struct {
	session          *lazy.Session
	sources, targets []lazy.Data[uint64]
}

func (l *lazyCalls) Set(sources []uint64) {
	for i, s := range l.sources {
		s.Set(sources[i])
	}
}

func (l *lazyCalls) Run(ctx context.Context) ([]uint64, error) {
	return lazy.GetAll(ctx, l.targets, lazy.In(l.session))
}
