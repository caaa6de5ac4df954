package lazy_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dally-go/dally/lazy"
)

// printer is something that has to be asked whether it is ready.
type printer struct{ asked int }

func (p *printer) ready() bool { p.asked++; return p.asked == 3 }

func ExamplePoll0() {
	var p printer
	warm := lazy.Poll0(func(t *lazy.Task) (string, error) {
		for range t.Spin() {
			if p.ready() {
				return "warm", nil
			}
		}
		return "", t.Err()
	}, lazy.Name("Warm"))

	fmt.Println(warm().Get(context.Background()))
	// Output: warm <nil>
}

// A thousand calls wait at the same time; one worker is enough for all of them.
func ExamplePoll1() {
	printed := lazy.Poll1(func(t *lazy.Task, page int) (int, error) {
		var p printer
		for range t.Spin() {
			if p.ready() {
				return page, nil
			}
		}
		return 0, t.Err()
	}, lazy.Name("Printed"))
	pages := printed.Each(make([]int, 1000))

	done, err := lazy.GetAll(context.Background(), pages, lazy.In(&lazy.Session{Parallelism: 1}))
	fmt.Println(len(done), err)
	// Output: 1000 <nil>
}

func ExamplePoll2() {
	both := lazy.Poll2(func(t *lazy.Task, a, b *printer) (string, error) {
		for range t.Spin() {
			if a.ready() {
				break
			}
		}
		for range t.Spin() { // the pace of this loop is learned by itself
			if b.ready() {
				break
			}
		}
		return "both", t.Err()
	})

	fmt.Println(both.Of(new(printer), new(printer)).Get(context.Background()))
	// Output: both <nil>
}

// Spin yields how often the function has looked before.
func ExampleTask_Spin() {
	looks := lazy.Poll0(func(t *lazy.Task) (int, error) {
		for n := range t.Spin() {
			fmt.Println("look", n)
			if n == 2 {
				return n + 1, nil
			}
		}
		return 0, t.Err()
	})

	fmt.Println(looks().Get(context.Background()))
	// Output:
	// look 0
	// look 1
	// look 2
	// 3 <nil>
}

// What a look needs may itself be computed: a Get with the task's context lends the worker while it waits.
func ExampleTask_Context() {
	stock := lazy.Pure1(func(day int) int { return 4 * day }, lazy.Name("Stock"))
	enough := lazy.Poll1(func(t *lazy.Task, want int) (int, error) {
		for day := range t.Spin() {
			have, err := stock.Of(day).Get(t.Context())
			if err != nil || have >= want {
				return day, err
			}
		}
		return 0, t.Err()
	})

	fmt.Println(enough.Of(10).Get(context.Background()))
	// Output: 3 <nil>
}

// When the call's time is over, Spin yields no more.
func ExampleTask_Err() {
	never := lazy.Poll0(func(t *lazy.Task) (int, error) {
		for range t.Spin() {
		}
		return 0, t.Err()
	}, lazy.Timeout(10*time.Millisecond))

	_, err := never().Get(context.Background())
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	// Output: true
}
