package lazy_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/dally-go/dally/lazy"
)

func ExampleOrElse() {
	parse := lazy.Wrap1(func(_ context.Context, s string) (int, error) { return strconv.Atoi(s) },
		lazy.Name("Parse"),
		lazy.OrElse(func(err error) int {
			fmt.Println("0 for a bad number:", errors.Is(err, strconv.ErrSyntax))
			return 0
		}))

	fmt.Println(lazy.GetAll(context.Background(), parse.Each([]string{"1", "two", "3"})))
	// Output:
	// 0 for a bad number: true
	// [1 0 3] <nil>
}
