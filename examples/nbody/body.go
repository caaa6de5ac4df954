package main

import (
	"context"
	"math"

	"github.com/dally-go/dally/lazy"
)

// body is a point with a mass that moves in a plane.
type body struct{ x, y, vx, vy, mass float64 }

func (b *body) update(fx, fy, dt float64) {
	b.vx += fx / b.mass * dt
	b.vy += fy / b.mass * dt
	b.x += b.vx * dt
	b.y += b.vy * dt
}

func (b *body) distanceSquared(o *body) float64 {
	dx, dy := b.x-o.x, b.y-o.y
	return dx*dx + dy*dy
}

const (
	dt         = 0.1 // of a step
	iterations = 50  // parts of a step
)

// moved is body i a step later, all others standing still.
func moved(bodies []body, i int) body {
	b := bodies[i]
	for range iterations {
		var fx, fy float64
		for k := range bodies {
			if k == i {
				continue
			}
			o := &bodies[k]
			d2 := o.distanceSquared(&b)
			f := o.mass * b.mass / d2
			d := math.Sqrt(d2)
			fx += (o.x - b.x) / d * f
			fy += (o.y - b.y) / d * f
		}
		b.update(fx, fy, dt/iterations)
	}
	return b
}

// serial is the program as it was.
type serial struct{}

func (serial) simulateBody(next, bodies []body, i int) { next[i] = moved(bodies, i) }

func (s serial) simulate(bodies []body) []body {
	next := make([]body, len(bodies))
	for i := range bodies {
		s.simulateBody(next, bodies, i)
	}
	return next
}

// simulateBody is the program as it is: the function is wrapped, and next is a view of a table.
var simulateBody = lazy.Write2(func(_ context.Context, next *lazy.View[int, body], bodies []body, i int) error {
	next.Set(i, moved(bodies, i))
	return nil
}, lazy.Name("SimulateBody"))

func simulate(ctx context.Context, bodies []body, opts ...lazy.RunOption) ([]body, error) {
	next := lazy.TableOf(make([]body, len(bodies)))
	for i := range bodies {
		simulateBody.Of(next, bodies, i)
	}
	return lazy.Slice(ctx, next, opts...)
}
